"""One that is refused, wherever it lies and however it is refused, and those around it."""

import random
from collections.abc import Sequence
from math import ceil, log2

import pytest

from footfall.domain.event import Position
from footfall.processor.batch import Read, attempt
from footfall.processor.sieve import by_parts
from footfall.registry.port import RegistryBroken
from footfall.store.port import StoreBroken, TooLarge, Unfit
from footfall.stream.codec import KEPT_BYTES, REASON_BYTES, Unreadable, decode
from footfall.stream.port import Record

SEED = 13
COUNT = 500


class Panic(BaseException):
    """What a parser written in Rust raises."""


def records(count: int) -> list[Record]:
    return [Record(Position("s", number), b"x") for number in range(count)]


class Store:
    """Takes any part without a record that it refuses; those without content it takes."""

    def __init__(self, refused: set[int], error: Exception) -> None:
        self.refused, self.error, self.calls = refused, error, 0

    def take(self, part: Sequence[Record], read: Read) -> list[tuple[int, str]]:
        self.calls += 1
        why = "" if read is decode else str(attempt(lambda: read(b"")))
        if read is decode and self.refused & {each.position.sequence for each in part}:
            raise self.error
        return [(each.position.sequence, why) for each in part]


ERRORS = [
    Unfit("no"),
    TooLarge("too large"),
    RecursionError(),
    MemoryError(),
    OverflowError("1"),
    UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"),
    ZeroDivisionError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda each: type(each).__name__)
@pytest.mark.parametrize("refused", [0, 1, 2, 7], ids="{} refused".format)
def test_all_others_are_taken_in_order(error: Exception, refused: int) -> None:
    chosen = set(random.Random(SEED).sample(range(COUNT), refused))
    store = Store(chosen, error)
    taken = [each for part in by_parts(records(COUNT), decode, store.take) for each in part]
    assert [number for number, _ in taken] == list(range(COUNT))
    assert {number for number, why in taken if why} == chosen
    assert store.calls <= 1 + refused * 2 * (ceil(log2(COUNT)) + 1)


@pytest.mark.parametrize("error", [StoreBroken("away"), RegistryBroken("away")])
def test_what_does_not_answer_is_told_and_nothing_is_tried(error: Exception) -> None:
    store = Store({3}, error)
    with pytest.raises(type(error), match="away"):
        list(by_parts(records(COUNT), decode, store.take))
    assert store.calls == 1


def test_a_store_that_takes_nothing_is_broken() -> None:
    def take(part: Sequence[Record], read: Read) -> None:
        raise Unfit("no table is like this")

    with pytest.raises(StoreBroken, match="not even a record without content"):
        list(by_parts(records(4), decode, take))


def test_nothing_is_no_part() -> None:
    assert list(by_parts([], decode, Store(set(), Unfit("no")).take)) == []


@pytest.mark.parametrize("error", [*ERRORS, Panic("203.0.113.9"), RuntimeError("203.0.113.9")])
def test_whatever_one_raises_is_a_reason_that_quotes_nothing(error: BaseException) -> None:
    def fail() -> None:
        raise error.with_traceback(None)

    found = attempt(fail)
    assert isinstance(found, Unreadable)
    assert type(error).__name__ in str(found) and "fail" in str(found)
    assert "203.0" not in str(found) and found.kept == b""


@pytest.mark.parametrize("error", [StoreBroken("x"), RegistryBroken("x"), KeyboardInterrupt()])
def test_some_errors_are_of_no_record(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        attempt(fail)


@pytest.mark.parametrize("text", ["x" * 10_000, "\u65e5" * 10_000, "\ud800", "\x00"])
def test_reasons_and_what_is_kept_are_cut(text: str) -> None:
    found = Unreadable(text, b"y" * 10_000)
    assert str(found).isascii() and len(str(found)) <= REASON_BYTES
    assert len(found.kept) == KEPT_BYTES
