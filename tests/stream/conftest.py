"""The adapters that every promise of the stream's ports is tried on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.stream.kinesis import KinesisReader, KinesisWriter
from footfall.stream.port import Reader, Writer
from footfall.stream.sqlite import MEMORY, SqliteStream
from tests.aws.kinesis import Kinesis

LIMIT = 1_000_000


class Ends(NamedTuple):
    """What opens the ends of one stream, each for a process of its own."""

    writer: Callable[[], Writer]
    reader: Callable[[], Reader]


@pytest.fixture(params=["memory", "sqlite", pytest.param("kinesis", marks=pytest.mark.slow)])
def ends(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ends]:
    with ExitStack() as stack:

        def sqlite() -> SqliteStream:
            opened = SqliteStream(str(tmp_path / "stream.db"), LIMIT)
            stack.callback(opened.close)
            return opened

        def memory() -> Ends:
            both = SqliteStream(MEMORY, LIMIT)  # nobody else can open it
            stack.callback(both.close)
            return Ends(lambda: both, lambda: both)

        def kinesis() -> Ends:
            found: Kinesis = request.getfixturevalue("kinesis")
            name = found.stream()
            return Ends(
                lambda: KinesisWriter(found.client, name),
                lambda: KinesisReader(found.client, name, {}),
            )

        opened: dict[str, Callable[[], Ends]] = {
            "memory": memory,
            "sqlite": lambda: Ends(sqlite, sqlite),
            "kinesis": kinesis,
        }
        yield opened[request.param]()
