"""Bringing in what others have counted or written down."""
