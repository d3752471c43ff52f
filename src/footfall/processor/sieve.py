"""Doing something with records in as few parts as will go, without those that never will."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from footfall.domain.event import Hit, Tally
from footfall.processor.batch import NOT_ANSWERING, Read, unexpected
from footfall.store.port import StoreBroken, Unfit
from footfall.stream.codec import Unreadable
from footfall.stream.port import Record

T = TypeVar("T")
Once = Callable[[Sequence[Record], Read], T]

log = logging.getLogger(__name__)


def by_parts(records: Sequence[Record], read: Read, once: Once[T]) -> Iterator[T]:
    """What `once` returns of the records, in order, given a part and how to read it.

    A part that is refused is halved, down to one record, which is then read as `Unreadable`. So
    one record delays the others by some tries and never holds them up. Raises `NOT_ANSWERING`,
    also where even a record without content is refused: that is the store's fault then.
    """
    parts = [records] if records else []
    while parts:
        part = parts.pop()
        try:
            done = once(part, read)
        except NOT_ANSWERING:
            raise
        except Exception as exc:
            if len(part) > 1:
                half = len(part) // 2
                parts += [part[half:], part[:half]]
                continue
            done = _without_content(part, exc, once)
        yield done


def _without_content(part: Sequence[Record], error: Exception, once: Once[T]) -> T:
    why = Unreadable(f"refused: {error}") if isinstance(error, Unfit) else unexpected(error)
    log.error("a record is set aside: %s", why)

    def refuse(_: bytes) -> Hit | Tally:
        raise why

    try:
        return once(part, refuse)
    except NOT_ANSWERING:
        raise
    except Exception as exc:
        raise StoreBroken(f"not even a record without content is taken: {exc}") from exc
