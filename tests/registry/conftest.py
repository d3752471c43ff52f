"""The adapters that every promise of the registry's ports is tried on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.registry.dynamodb import DynamodbRegistry, DynamodbSalts
from footfall.registry.port import Registry, Salts
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from tests.aws.emulators import Aws


@pytest.fixture(params=["memory", "sqlite", pytest.param("dynamodb", marks=pytest.mark.slow)])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def registry(request: pytest.FixtureRequest, adapter: str, tmp_path: Path) -> Iterator[Registry]:
    def dynamodb() -> Registry:
        aws: Aws = request.getfixturevalue("aws")
        return DynamodbRegistry(aws.dynamodb, aws.table())

    opened: dict[str, Callable[[], Registry]] = {
        "memory": lambda: SqliteRegistry(":memory:"),
        "sqlite": lambda: SqliteRegistry(str(tmp_path / "registry.db")),
        "dynamodb": dynamodb,
    }
    found = opened[adapter]()
    yield found
    found.close()


@pytest.fixture
def salts(request: pytest.FixtureRequest, adapter: str, tmp_path: Path) -> Iterator[Salts]:
    def dynamodb() -> Salts:
        aws: Aws = request.getfixturevalue("aws")
        return DynamodbSalts(aws.dynamodb, aws.table())

    opened: dict[str, Callable[[], Salts]] = {
        "memory": lambda: SqliteSalts(":memory:"),
        "sqlite": lambda: SqliteSalts(str(tmp_path / "salts.db")),
        "dynamodb": dynamodb,
    }
    found = opened[adapter]()
    yield found
    found.close()
