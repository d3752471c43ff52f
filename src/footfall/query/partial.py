"""Partial sums: what a question's SQL gives, split by day, merged, and packed for keeping."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
import numpy as np

from footfall.query.metric import Column

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partial:
    """Sums (a column each) by the values of dimensions."""

    keys: Sequence[Key]
    sums: Sequence[Column]


class _Packed(msgspec.Struct, array_like=True):
    rows: int
    keys: list[list[str]]
    sums: list[list[int | str]]


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
    places = np.array([index.setdefault(key, len(index)) for each in partials for key in each.keys], dtype=np.intp)
    columns = []
    for number in range(sums):
        values = np.concatenate([each.sums[number] for each in partials]) if partials else np.zeros(0, np.int64)
        total = np.zeros(len(index), values.dtype)
        np.add.at(total, places, values)
        columns.append(total)
    return Partial(list(index), columns)


def packed(of: Partial) -> bytes:
    """For keeping; `unpacked` reads it."""
    keys = [list(column) for column in zip(*of.keys, strict=True)]
    sums: list[list[int | str]] = [[str(value) for value in column] if column.dtype == object else column.tolist() for column in of.sums]
    return zlib.compress(msgspec.msgpack.encode(_Packed(len(of.keys), keys, sums)), 1)


def unpacked(data: bytes) -> Partial:
    """What `packed` made."""
    found = msgspec.msgpack.decode(zlib.decompress(data), type=_Packed)
    keys: list[Key] = list(zip(*found.keys, strict=True)) if found.keys else [()] * found.rows
    return Partial(keys, [_column(column) for column in found.sums])


def _column(values: list[int | str]) -> Column:
    if values and isinstance(values[0], str):
        return np.array([int(value) for value in values], dtype=object)
    return np.array(values, dtype=np.int64)


def _whole(column: Column) -> Column:
    """A column of sums, nothing as 0; those too great for 64 bits come as texts."""
    if column.dtype == object:
        return np.array([int(value) if isinstance(value, str) else 0 for value in np.ma.filled(column, None)], dtype=object)
    return np.ma.filled(column, 0).astype(np.int64)
