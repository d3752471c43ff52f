"""While facts are held still nothing changes a byte of them, and what another process copies then is all of them."""

import shutil
import threading
from hashlib import sha256
from pathlib import Path

from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import Batch

MARKS = "SELECT max(sequence) FROM marks"


def digests(files: list[str]) -> list[str]:
    return [sha256(Path(file).read_bytes()).hexdigest() for file in files]


def test_batches_wait_and_reports_do_not(tmp_path: Path) -> None:
    path = tmp_path / "facts.duckdb"
    facts = DuckdbFacts(str(path), "256MB")
    for number in range(1, 20):
        facts.apply(Batch(marks={"shard": number}))
    later = threading.Thread(target=facts.apply, args=(Batch(marks={"shard": 99}),))
    with facts.still() as files:
        assert list(files) == [str(path), f"{path}.wal"]
        copied = tmp_path / "copied"
        copied.mkdir()
        for file in files:
            shutil.copy(file, copied)
        before = digests(list(files))
        later.start()
        for _ in range(20):
            assert facts.rows(MARKS) == [(19,)]
        later.join(0.2)
        assert later.is_alive() and digests(list(files)) == before
    later.join(30)
    assert facts.rows(MARKS) == [(99,)]
    facts.close()
    copy = DuckdbFacts(str(copied / "facts.duckdb"), "256MB")
    assert copy.rows(MARKS) == [(19,)]
    copy.close()


def test_facts_in_memory_have_no_files() -> None:
    facts = DuckdbFacts(":memory:", "256MB")
    with facts.still() as files:
        assert files == []
    facts.close()
