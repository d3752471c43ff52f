"""Ctrl-C ends what DuckDB is about, and reads as Ctrl-C."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.store.relations import empty

LONG = "SELECT count(*) FROM range(1000000000000)"


@pytest.fixture
def soon() -> Iterator[Callable[[], None]]:
    """Has a signal sent in a moment, of which Python makes a KeyboardInterrupt."""
    before: Any = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
    yield timer.start
    timer.join()
    signal.signal(signal.SIGUSR1, before)


def test_while_reading(soon: Callable[[], None]) -> None:
    facts = empty()
    with facts.reading() as reading, pytest.raises(KeyboardInterrupt):
        soon()
        reading.rows(LONG)
    assert facts.rows("SELECT 1") == [(1,)]
    facts.close()


def test_while_writing(soon: Callable[[], None]) -> None:
    facts = empty()
    with pytest.raises(KeyboardInterrupt):
        soon()
        facts.load(f"SELECT *, NULL AS received, NULL AS page_view, NULL AS key_id, 's' AS shard, 1 AS sequence FROM events WHERE ({LONG}) > 0", {})
    assert facts.rows("SELECT count(*) FROM events") == [(0,)]
    assert facts.marks() == {}
    facts.close()
