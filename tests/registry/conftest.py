"""The adapters that every promise of the registry's ports is tried on."""

from collections.abc import Callable, Iterator

import pytest

from footfall.registry.port import Registry, Salts
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts

ADAPTERS = ("memory", "sqlite")


@pytest.fixture(params=ADAPTERS)
def place(request, tmp_path) -> Callable[[str], str]:
    """Where an adapter keeps something of a name."""
    return lambda name: ":memory:" if request.param == "memory" else str(tmp_path / name)


@pytest.fixture
def registry(place) -> Iterator[Registry]:
    found = SqliteRegistry(place("registry.db"))
    yield found
    found.close()


@pytest.fixture
def salts(place) -> Iterator[Salts]:
    found = SqliteSalts(place("salts.db"))
    yield found
    found.close()
