"""Footfall on AWS, without servers: the functions, and what puts them there."""
