"""Where the files of a day are and what they hold, and how that is written as an item of DynamoDB."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from footfall.store.port import StoreBroken

DIGITS = 56
"""Of a sequence number of Kinesis; DynamoDB's own numbers have 38, so they are text."""

Item = dict[str, Any]


class Day(NamedTuple):
    """What the relation `days` says of one; None as `version` where only drops are known of it."""

    version: int | None
    settled: bool
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """The versions of a day's files, by part, and by shard up to where they hold its segments. `generation` grows with each writing."""

    generation: int
    day: Day
    files: Mapping[str, str]
    marks: Mapping[str, int]

    def item(self) -> Item:
        """Its attributes, but for its keys."""
        version, settled, trimmed = self.day
        return {
            "generation": {"N": str(self.generation)}, "settled": {"BOOL": settled}, "trimmed": {"BOOL": trimmed},
            "files": {"M": {part: {"S": file} for part, file in self.files.items()}},
            "marks": {"M": {shard: {"S": padded(last)} for shard, last in self.marks.items()}},
            **({} if version is None else {"version": {"N": str(version)}}),
        }  # fmt: skip


def pointer_of(item: Item) -> Pointer:
    """The pointer that an item is."""
    version = int(item["version"]["N"]) if "version" in item else None
    files = {part: file["S"] for part, file in item["files"]["M"].items()}
    marks = {shard: int(last["S"]) for shard, last in item["marks"]["M"].items()}
    return Pointer(int(item["generation"]["N"]), Day(version, item["settled"]["BOOL"], item["trimmed"]["BOOL"]), files, marks)


def file_key(site: str, day: date, part: str) -> str:
    """The key of a day's file in the bucket; which version of it counts, its pointer says."""
    return f"{site}/{day}/{part}.parquet"


def padded(sequence: int) -> str:
    """A sequence number as text that sorts as the number does."""
    text = f"{sequence:0{DIGITS}}"
    if len(text) > DIGITS:
        raise StoreBroken(f"a sequence number has more than {DIGITS} digits: {text}")
    return text
