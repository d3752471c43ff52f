"""The adapters that every promise of the registry's ports is tried on."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from footfall.registry.dynamodb import DynamodbRegistry, DynamodbSalts
from footfall.registry.port import Registry, Salts
from footfall.registry.sqlite import SqliteRegistry, SqliteSalts
from tests.aws.emulators import Aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture(params=["memory", "sqlite", pytest.param("dynamodb", marks=pytest.mark.slow)])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def registry(request: pytest.FixtureRequest, adapter: str, tmp_path: Path) -> Iterator[Registry]:
    found: Registry = DynamodbRegistry(*table(request)) if adapter == "dynamodb" else SqliteRegistry(file(adapter, tmp_path))
    yield found
    found.close()


@pytest.fixture
def salts(request: pytest.FixtureRequest, adapter: str, tmp_path: Path) -> Iterator[Salts]:
    found: Salts = DynamodbSalts(*table(request)) if adapter == "dynamodb" else SqliteSalts(file(adapter, tmp_path))
    yield found
    found.close()


def table(request: pytest.FixtureRequest) -> "tuple[DynamoDBClient, str]":
    """A new table, and who to ask for it."""
    aws: Aws = request.getfixturevalue("aws")
    return aws.dynamodb, aws.table()


def file(adapter: str, folder: Path) -> str:
    """Where SQLite keeps what is to be kept."""
    return ":memory:" if adapter == "memory" else str(folder / "kept.db")
