"""The metrics of reports; a module here is all that a new one needs (docs/add-a-metric.md)."""
