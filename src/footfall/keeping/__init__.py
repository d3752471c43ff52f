"""Keeps a data folder safe: copies of it, its exchange for another, and what may be wrong with it."""
