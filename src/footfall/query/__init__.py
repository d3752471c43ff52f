"""Answers reports from facts."""
