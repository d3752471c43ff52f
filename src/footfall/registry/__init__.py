"""Keeps what is configured: sites, keys and salts."""
