"""Keeps a data folder safe: copies it, exchanges it for a copy, and finds what is wrong with it."""
