"""What a stream promises."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from footfall.domain.event import Position


class Record(NamedTuple):
    """One record as it lies on the stream."""

    position: Position
    data: bytes


class Chunk(NamedTuple):
    """What a read returns: records in the order they count, and what to discard once applied.

    `received` is the moment the oldest of them was appended (microseconds), None when empty.
    """

    records: Sequence[Record]
    through: int
    received: int | None


class StreamFull(Exception):
    """There is no room: the size limit is reached, the disk is full, or too much comes at once.

    Nothing was appended to a stream on this machine; elsewhere some of it may have been.
    """


class StreamBroken(Exception):
    """The stream cannot be used now. What was being appended may or may not be on it."""


class Writer(Protocol):
    """The gateway's end. One thread calls it."""

    def append(self, records: Sequence[bytes]) -> None:
        """Put records on the stream; they are durable when this returns.

        Raises `StreamFull` or `StreamBroken`; the caller then acknowledges none of them. Without
        records it only tries whether the stream can be used.
        """

    def close(self) -> None:
        """Give up the stream; what was appended stays."""


class Reader(Protocol):
    """The processor's end. One thread of one process calls it."""

    def read(self, limit: int) -> Chunk:
        """The oldest records, about `limit` of them, the same again until they are discarded.

        Within a shard they come in order of sequence. What survived of a damaged stream comes
        first. Raises `StreamBroken`.
        """

    def discard(self, through: int) -> None:
        """Forget all that a read returned up to `through`, once it has been applied."""

    def close(self) -> None:
        """Give up the stream; nothing is discarded."""


class OwnReader(Reader, Protocol):
    """The end of a stream that lies on this machine."""

    def copy(self, path: str) -> None:
        """Write all that is on it, as of one moment, to a new file, while appending goes on.

        Raises `StreamFull` and `StreamBroken`.
        """
