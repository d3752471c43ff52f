"""One file a protocol: from bytes on the wire to a `Report` of something that happened."""
