"""Roll-ups in a table of DynamoDB.

| item | pk | sk | holds |
|---|---|---|---|
| site that has some | `U` | site | |
| question | `U#site` | the question in hexadecimal | `used`: the last day on which it was |
| part of a roll-up | `U#site` | question, day, number of the part | `version`, `parts`, `data` |
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from footfall.store.aws.table import Item, Table, key, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PART_BYTES = 350_000
"""An item takes 400 KB."""

MARKS = ("sk", "version", "parts", "used")
"""What tells which roll-ups there are."""


class DynamodbRollups:
    """See `port.Rollups`. Any thread may use it; `today` says when a question is used."""

    def __init__(self, client: "DynamoDBClient", table: str, today: Callable[[], date]) -> None:
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

    def put(self, site: str, question: bytes, days: Mapping[date, tuple[int, bytes]]) -> None:
        """See `port.Rollups`."""
        items = [key("U", site), {**key(f"U#{site}", question.hex()), "used": {"S": str(self._today())}}]
        for day, (version, data) in days.items():
            parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)] or [b""]
            items += [
                {**key(f"U#{site}", f"{question.hex()}#{day}#{number:03}"), "version": {"N": str(version)}, "parts": {"N": str(len(parts))}, "data": {"B": part}}
                for number, part in enumerate(parts)
            ]
        self._rows.write([{"PutRequest": {"Item": item}} for item in items])

    def versions(self, site: str, question: bytes, first: date, last: date) -> Mapping[date, int]:
        """See `port.Rollups`."""
        return {day: _version(parts[0]) for day, parts in _complete(self._between(site, question, first, last, MARKS)).items()}

    def sync(self) -> None:
        """See `port.Rollups`. Every write is."""

    def forget(self, standing: Collection[tuple[str, bytes]], before: date, last_trimmed: Callable[[str], date | None]) -> None:
        """See `port.Rollups`."""
        for site in [item["sk"]["S"] for item in self._rows.items("U")]:
            items = self._all(site)
            used = {item["sk"]["S"]: item["used"]["S"] for item in items if "used" in item}
            old = {question for question, day in used.items() if day < str(before) and (site, bytes.fromhex(question)) not in standing}
            trimmed = str(last_trimmed(site) or "")
            kept = {question for question, _, day in map(_place, items) if question in old and day and day <= trimmed}
            gone = [item for item in items for question, _, day in [_place(item)] if question in old and (day > trimmed if day else question not in kept)]
            self._delete(site, gone)

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
