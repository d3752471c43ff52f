"""Pure rules: what a hit is, who a visitor is, what the numbers mean. No I/O."""
