"""What runs as functions on AWS: applying the stream, making files of segments, and the gateway."""
