"""Commands to the process that owns the facts, from others of the same user on its machine."""
