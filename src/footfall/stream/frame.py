"""A frame: the records of one group commit as one blob that knows whether it is whole."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from struct import Struct

LENGTH = Struct("<I")
DIGEST_BYTES = 8


class Damaged(Exception):
    """A frame whose bytes are not those that were written."""


def pack(shard: str, first: int, records: Sequence[bytes]) -> bytes:
    """One blob; its checksum covers the position too, so that no frame passes for another."""
    body = b"".join([part for record in records for part in (LENGTH.pack(len(record)), record)])
    return _digest(shard, first, body) + body


def unpack(shard: str, first: int, blob: bytes) -> list[bytes]:
    """The records of a frame; raises `Damaged`."""
    body = blob[DIGEST_BYTES:]
    if blob[:DIGEST_BYTES] != _digest(shard, first, body):
        raise Damaged(f"frame {shard}/{first} fails its checksum")
    return list(_records(body))


def _records(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        (length,) = LENGTH.unpack_from(body, start)
        start += LENGTH.size
        yield body[start : start + length]
        start += length


def _digest(shard: str, first: int, body: bytes) -> bytes:
    return blake2b(body, digest_size=DIGEST_BYTES, key=f"{shard}/{first}".encode()).digest()
