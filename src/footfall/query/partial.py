"""Partial sums: what a question's SQL gives, split by day, merged, and packed for keeping."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec
import numpy as np

from footfall.query.metric import Column

Key = tuple[str, ...]

REST = "\ud800"
"""Stands for all values of a day that have no row of their own: no text that can be stored."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What days that were cut have of each row: on how many of them it is, and their bounds.

    The bound of a day is the smallest count of events of a value that has a row there.
    """

    days: Column
    bounds: Column


@dataclass(frozen=True, slots=True)
class Partial:
    """Sums (a column each) by the values of dimensions. It has marks where days were cut."""

    keys: Sequence[Key]
    sums: Sequence[Column]
    marks: Marks | None = None

    def counted(self) -> list[Key]:
        """Return the keys in which something was counted."""
        if self.marks is None:
            return list(self.keys)
        something = np.zeros(len(self.keys), dtype=bool)
        for column in self.sums:
            something |= column != 0
        return [key for key, here in zip(self.keys, something, strict=True) if here]


class _Packed(msgspec.Struct, array_like=True):
    """Where a day was cut, the last `rest` rows are of its rest, and `bound` is its bound."""

    rows: int
    keys: list[list[str]]
    sums: list[list[int | str]]
    rest: int = 0
    bound: int | None = None


def partial(columns: Mapping[str, Column], dimensions: int) -> Partial:
    """From the columns of a question's answer."""
    keys = [columns[f"d{index}"].tolist() for index in range(dimensions)]
    sums = [_whole(column) for name, column in columns.items() if name.startswith("s")]
    return Partial(list(zip(*keys, strict=True)) if keys else [()] * len(sums[0]), sums)


def by_day(columns: Mapping[str, Column], dimensions: int) -> dict[date, Partial]:
    """The same, of each day."""
    days = np.ma.getdata(columns["day"]).astype("datetime64[D]")
    order = np.argsort(days, kind="stable")
    cuts = np.flatnonzero(np.diff(days[order])) + 1
    parts = np.split(order, cuts) if len(order) else []
    return {days[part[0]].item(): partial({name: column[part] for name, column in columns.items()}, dimensions) for part in parts}


def merged(partials: Sequence[Partial], sums: int) -> Partial:
    """The sums of all; of nothing, an empty one of so many sums."""
    if len(partials) == 1:
        return partials[0]
    index: dict[Key, int] = {}
    numbers = [index.setdefault(key, len(index)) for each in partials for key in each.keys]
    places = np.array(numbers, dtype=np.intp)

    def total(columns: Sequence[Column]) -> Column:
        values = np.concatenate(columns) if columns else np.zeros(0, np.int64)
        found = np.zeros(len(index), values.dtype)
        np.add.at(found, places, values)
        return found

    totals = [total([each.sums[number] for each in partials]) for number in range(sums)]
    if all(each.marks is None for each in partials):
        return Partial(list(index), totals)
    marks = [each.marks or unmarked(len(each.keys)) for each in partials]
    both = Marks(total([each.days for each in marks]), total([each.bounds for each in marks]))
    return Partial(list(index), totals, both)


def unmarked(rows: int) -> Marks:
    """Marks of rows that no day that was cut has."""
    return Marks(np.zeros(rows, np.int64), np.zeros(rows, np.int64))


def marked(of: Partial, bound: int) -> Partial:
    """The sums of one day that was cut."""
    rows = len(of.keys)
    return replace(of, marks=Marks(np.ones(rows, np.int64), np.full(rows, bound, np.int64)))


def packed(of: Partial) -> bytes:
    """For keeping; `unpacked` reads it. What is cut is of one day, its rest last."""
    sums = [_listed(column) for column in of.sums]
    if of.marks is None:
        keys = [list(column) for column in zip(*of.keys, strict=True)]
        return _compressed(_Packed(len(of.keys), keys, sums))
    rest = sum(REST in key for key in of.keys)
    plain = [tuple("" if text == REST else text for text in key) for key in of.keys]
    keys = [list(column) for column in zip(*plain, strict=True)]
    bound = int(of.marks.bounds.max(initial=0))
    return _compressed(_Packed(len(of.keys), keys, sums, rest, bound))


def _compressed(of: _Packed) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(of), 1)


def _listed(column: Column) -> list[int | str]:
    if column.dtype == object:
        return [str(value) for value in column]
    found: list[int | str] = column.tolist()
    return found


def unpacked(data: bytes) -> Partial:
    """What `packed` made."""
    found = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
    keys: list[Key] = [()] * found.rows
    if found.keys:
        keys = list(zip(*found.keys, strict=True))
    for place in range(found.rows - found.rest, found.rows):
        keys[place] = (REST, *keys[place][1:])
    part = Partial(keys, [_column(column) for column in found.sums])
    return part if found.bound is None else marked(part, found.bound)


def _column(values: list[int | str]) -> Column:
    if values and isinstance(values[0], str):
        return np.array([int(value) for value in values], dtype=object)
    return np.array(values, dtype=np.int64)


def _whole(column: Column) -> Column:
    """A column of sums, nothing as 0; those too great for 64 bits come as texts."""
    if column.dtype == object:
        return np.array([int(value) if isinstance(value, str) else 0 for value in np.ma.filled(column, None)], dtype=object)
    return np.ma.filled(column, 0).astype(np.int64)
