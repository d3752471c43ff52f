"""Migrations are frozen text: what a later version adds to the columns changes none of them."""

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from footfall.store.facts import EVENTS, IDS, SPARES, VISITS
from footfall.store.migrations import MIGRATIONS, VERSION
from tests.fixtures import NAMES, unpack

ROOT = Path(__file__).parents[2]
RELEASED = {
    1: "b182ac4ef453504e",
    2: "6dc3193bf8c62285",
    3: "45f27ae60bd17167",
    4: "f9d5eb564a79f8bf",
    5: "ccf25cb36aa0925e",
}
"""Digests of what earlier versions ran, by the schema that it led to; never to be changed."""

LAST_FIELD = "    key_id: int | None = None\n"
SEND = """
from pathlib import Path
from tests.server import Server
server = Server(Path({data!r}))
try:
    print(server.client.post("/v1/track", json={{"url": "https://{site}/"}}).status_code)
    print(server.wait_for_total({site!r}, 1))
finally:
    server.stop()
"""


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_migration_is_as_it_was(version: int) -> None:
    statements = "\n".join("".join(each.split()) for each in MIGRATIONS[version - 1])
    assert sha256(statements.encode()).hexdigest()[:16] == RELEASED[version]


@pytest.mark.parametrize(
    ("relation", "columns"),
    [("events", EVENTS), ("visits", VISITS), ("ids", IDS), ("spares", SPARES)],
)
def test_all_migrations_make_the_columns_that_are_used(relation: str, columns: dict[str, str]) -> None:
    with duckdb.connect(":memory:") as connection:
        for statement in (each for statements in MIGRATIONS for each in statements):
            connection.execute(statement)
        made = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {relation})")
        assert dict(made.fetchall()) == columns


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source as a later version may be: with one more field of hits."""
    source = tmp_path_factory.mktemp("later") / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    event = source / "footfall/domain/event.py"
    text = event.read_text()
    assert text.count(LAST_FIELD) == 1
    event.write_text(text.replace(LAST_FIELD, f"{LAST_FIELD}    novel: str | None = None\n"))
    migrations = source / "footfall/store/migrations.py"
    text, count = re.subn(
        r"^MIGRATIONS = \((.*)\)$",
        r'MIGRATIONS = (\1, ("ALTER TABLE events ADD COLUMN novel VARCHAR",))',
        migrations.read_text(),
        flags=re.M,
    )
    assert count == 1
    migrations.write_text(text)
    return source


def by(source: Path, *arguments: str) -> str:
    variables = {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{ROOT}"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_column_more_opens_every_fixture(later: Path, name: str, tmp_path: Path) -> None:
    data = unpack(name, "data", tmp_path / "data")
    said = by(later, "-m", "footfall", "migrate", "--data", str(data))
    assert f"to {VERSION + 1}" in said


@pytest.mark.slow
def test_a_column_more_opens_an_empty_folder(later: Path, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    by(later, "-m", "footfall", "site", "add", "example.com", "--public", "--data", data)
    assert by(later, "-c", SEND.format(data=data, site="example.com")).split() == ["202", "1"]
