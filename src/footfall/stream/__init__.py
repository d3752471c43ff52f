"""The durable queue between gateway and processor."""
