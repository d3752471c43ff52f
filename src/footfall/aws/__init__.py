"""Footfall on AWS, without servers: what Lambda calls, and what puts it there."""
