"""Turns batches of hits into facts."""
