"""Roll-ups in a table of DynamoDB.

| item | pk | sk | holds |
|---|---|---|---|
| site that has some | `U` | site | `spare`: the bytes of those made on demand, at most |
| question | `U#site` | the question in hexadecimal | `used`: the last day on which it was |
| part of a roll-up | `U#site` | question, day, number of the part | `version`, `parts`, `data`, `bytes` |
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from footfall.store.aws.table import Item, Table, key, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PART_BYTES = 350_000
"""An item takes 400 KB."""

MARKS = ("sk", "version", "parts", "used", "bytes")
"""What tells which roll-ups there are."""

BUDGET_BYTES = 256_000_000
FULL, EMPTIED = 0.9, 0.75
"""Shares of the budget: from which on room is made, and how far."""


class Held(NamedTuple):
    """A question that is answered on demand: the day it was used last, and its bytes."""

    used: str
    size: int


class DynamodbRollups:
    """See `port.Rollups`. Any thread may use it; `today` says when a question is used."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        today: Callable[[], date],
        budget: int = BUDGET_BYTES,
    ) -> None:
        self._budget = budget
        self._client = client
        self._table = table
        self._rows = Table(client, table)
        self._today = today
        self._used: dict[tuple[str, bytes], date] = {}

    def get(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, tuple[int, bytes]]:
        """See `port.Rollups`."""
        found = _whole(self._between(site, question, first, last))
        if found and self._used.get((site, question)) != self._today():
            with translated(), suppress(self._client.exceptions.ConditionalCheckFailedException):
                self._client.update_item(
                    TableName=self._table, Key=key(f"U#{site}", question.hex()), UpdateExpression="SET used = :today",
                    ConditionExpression="used < :today", ExpressionAttributeValues={":today": {"S": str(self._today())}},
                )  # fmt: skip
            self._used[site, question] = self._today()
        return found

    def put(
        self,
        site: str,
        question: bytes,
        days: Mapping[date, tuple[int, bytes]],
        *,
        on_demand: bool = False,
    ) -> None:
        """See `port.Rollups`. Replaced ones count twice until the next `forget`."""
        size = sum(len(data) for _, data in days.values()) if on_demand else 0
        if on_demand and self._spare(site) + size > self._budget:
            return
        items = [{**key(f"U#{site}", question.hex()), "used": {"S": str(self._today())}}]
        for day, (version, data) in days.items():
            items += _parts(f"U#{site}", f"{question.hex()}#{day}", version, data)
        self._add(site, size)
        self._rows.write([{"PutRequest": {"Item": item}} for item in items])

    def _spare(self, site: str) -> int:
        """Return the bytes of what was made on demand."""
        item = self._rows.item("U", site) or {}
        return int(item["spare"]["N"]) if "spare" in item else 0

    def _add(self, site: str, size: int) -> None:
        """Note more bytes, and that the site has roll-ups."""
        with translated():
            self._client.update_item(
                TableName=self._table,
                Key=key("U", site),
                UpdateExpression="ADD spare :size",
                ExpressionAttributeValues={":size": {"N": str(size)}},
            )

    def versions(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, int]:
        """See `port.Rollups`."""
        return {day: _version(parts[0]) for day, parts in _complete(self._between(site, question, first, last, MARKS)).items()}

    def sync(self) -> None:
        """See `port.Rollups`. Every write is."""

    def forget(self, standing: Collection[tuple[str, bytes]], before: date, last_trimmed: Callable[[str], date | None]) -> None:
        """See `port.Rollups`."""
        for site in [item["sk"]["S"] for item in self._rows.items("U")]:
            items = self._all(site)
            own = {question for of, question in standing if of == site}
            trimmed = str(last_trimmed(site) or "")
            held = self._held(items, own)
            gone = _too_old(held, before) | self._too_much(held)
            kept = {question for question, _, day in map(_place, items) if question in gone and day and day <= trimmed}
            dropped = [item for item in items for question, _, day in [_place(item)] if question in gone and (day > trimmed if day else question not in kept)]
            self._delete(site, dropped)
            names = {item["sk"]["S"] for item in dropped}
            left = [item for item in items if item["sk"]["S"] not in names and _place(item)[0] in held]
            self._add(site, sum(map(_bytes, left)) - self._spare(site))

    def _held(self, items: Sequence[Item], standing: Collection[bytes]) -> dict[str, Held]:
        """Return the questions that do not stand, those first that were used the longest ago."""
        used = {item["sk"]["S"]: item["used"]["S"] for item in items if "used" in item}
        sizes: dict[str, int] = defaultdict(int)
        for item in items:
            sizes[_place(item)[0]] += _bytes(item)
        spare = sorted((day, question) for question, day in used.items() if bytes.fromhex(question) not in standing)
        return {question: Held(day, sizes[question]) for day, question in spare}

    def _too_much(self, held: Mapping[str, Held]) -> set[str]:
        """Return the questions that go so that there is room for what comes."""
        taken = sum(each.size for each in held.values())
        gone: set[str] = set()
        if taken <= FULL * self._budget:
            return gone
        for question, each in held.items():
            if taken <= EMPTIED * self._budget:
                break
            gone.add(question)
            taken -= each.size
        return gone

    def every(self, site: str, days: Collection[date]) -> Iterator[tuple[bytes, date, bytes]]:
        """See `port.Rollups`."""
        for question in sorted({_place(item)[0] for item in self._all(site)}) if days else ():
            for day, (_, data) in sorted(_whole(self._between(site, bytes.fromhex(question), min(days), max(days))).items()):
                if day in days:
                    yield bytes.fromhex(question), day, data

    def clear(self, site: str, standing: Mapping[date, int] | None = None) -> None:
        """See `port.Rollups`."""
        items = self._all(site)
        if standing is not None:
            versions = {str(day): version for day, version in standing.items()}
            items = [item for item in items if (day := _place(item)[2]) in versions and _version(item) != versions[day]]
        self._delete(site, items)
        if standing is None:
            self._rows.write([{"DeleteRequest": {"Key": key("U", site)}}])

    def close(self) -> None:
        """See `port.Rollups`; the client stays open."""

    def _between(self, site: str, question: bytes, first: date, last: date, only: Sequence[str] = ()) -> list[Item]:
        if first > last:
            return []
        return list(self._rows.items(f"U#{site}", f"{question.hex()}#{first}", f"{question.hex()}#{last}#~", only))

    def _all(self, site: str) -> list[Item]:
        """All of a site but for the sums themselves, which may be large."""
        return list(self._rows.items(f"U#{site}", only=MARKS))

    def _delete(self, site: str, items: Sequence[Item]) -> None:
        self._rows.write([{"DeleteRequest": {"Key": key(f"U#{site}", item["sk"]["S"])}} for item in items])


def _place(item: Item) -> tuple[str, str, str]:
    """Question, number of the part, and day; the latter two are empty for the question itself."""
    question, _, rest = item["sk"]["S"].partition("#")
    day, _, number = rest.partition("#")
    return question, number, day


def _parts(pk: str, sk: str, version: int, data: bytes) -> list[Item]:
    """Return a roll-up as items."""
    pieces = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)] or [b""]
    return [
        {
            **key(pk, f"{sk}#{number:03}"),
            "version": {"N": str(version)},
            "parts": {"N": str(len(pieces))},
            "bytes": {"N": str(len(piece))},
            "data": {"B": piece},
        }
        for number, piece in enumerate(pieces)
    ]


def _too_old(held: Mapping[str, Held], before: date) -> set[str]:
    return {question for question, each in held.items() if each.used < str(before)}


def _bytes(item: Item) -> int:
    return int(item["bytes"]["N"]) if "bytes" in item else 0


def _version(item: Item) -> int:
    return int(item["version"]["N"])


def _complete(items: Sequence[Item]) -> dict[date, list[Item]]:
    """The parts of roll-ups of which every part is there and of one version; others are made again."""
    parts: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if "parts" in item:
            parts[_place(item)[2]].append(item)
    return {date.fromisoformat(day): some for day, some in parts.items() if len(set(map(_version, some))) == 1 and len(some) == int(some[0]["parts"]["N"])}


def _whole(items: Sequence[Item]) -> dict[date, tuple[int, bytes]]:
    return {day: (_version(some[0]), b"".join(item["data"]["B"] for item in some)) for day, some in _complete(items).items()}
