"""Keeps facts: events, visits and what follows from them."""
