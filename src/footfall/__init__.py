"""Footfall: web analytics on a stream, on one machine or on AWS without servers."""

__version__ = "0.1.0"
