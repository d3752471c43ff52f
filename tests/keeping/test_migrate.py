"""Data folders of every schema so far are brought to this one's, and no figure changes.

No upgrade loses a hit.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest

from footfall import compose
from tests.end_to_end.load import Sender
from tests.end_to_end.test_exactly_once import SITE, check, small_disk
from tests.fixtures import HERE, NAMES, environment, unpack
from tests.keeping.conftest import Refused
from tests.server import FOOTFALL, Server, footfall, free_port

pytestmark = pytest.mark.slow
__all__ = ["small_disk"]


def test_every_schema_has_its_fixture() -> None:
    assert [f"schema-{number}" for number in range(1, compose.SCHEMA)] == [
        name for name in NAMES if name != f"schema-{compose.SCHEMA}"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_an_older_version(tmp_path: Path, name: str, refused: Refused) -> None:
    """Migrated, its waiting hits counted, every report is what that version would have answered."""
    data = unpack(name, "data", tmp_path / "data")
    number = int(name.removeprefix("schema-"))
    said = footfall("migrate", data=data)
    assert (f"from schema {number} to {compose.SCHEMA}" in said) == (number < compose.SCHEMA)
    assert f"of schema {compose.SCHEMA} already" in footfall("migrate", data=data)
    reports: list[dict[str, Any]] = json.loads((HERE / name / "expected.json").read_text())[
        "reports"
    ]
    server = Server(data)
    try:
        assert "is using" in refused("migrate", data=data)
        for report in reports:
            if "dimensions" not in report["query"] and "pageviews" in report["query"]["metrics"]:
                views = report["results"][0]["metrics"][
                    report["query"]["metrics"].index("pageviews")
                ]
                assert server.wait_for_total(report["query"]["site_id"], views) == views
        differing = []
        for report in reports:
            answer = server.client.post("/api/v2/query", json=report["query"])
            if answer.json().get("results") != report["results"]:
                differing.append((report, answer.text))
        assert not differing, differing[:3]
    finally:
        server.stop()


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_under_load(tmp_path: Path, name: str, refused: Refused) -> None:
    """The old version stops gracefully, this one starts on its folder, senders go on.

    Each hit counts once.
    """
    variables = environment(unpack(name, "source", tmp_path / "source"))
    data, port = tmp_path / "data", free_port()
    subprocess.run(
        [*FOOTFALL, "site", "add", "example.com", "--id", SITE, "--public", "--data", str(data)],
        env=variables,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    old = Server(data, "--trusted-proxy", "127.0.0.1", port=port, variables=variables)
    old.wait_until_ready()
    senders = [Sender(old.url, SITE, f"u{number}", repeat=True) for number in range(3)]
    for sender in senders:
        sender.start()
    while sum(len(sender.acknowledged) for sender in senders) < 150:
        senders[0].join(0.05)
    assert "is using" in refused("migrate", data=data), (
        "it shares no lock with this version, and is noticed all the same"
    )
    assert old.stop() == 0
    before = set().union(*(sender.acknowledged for sender in senders))
    new = Server(data, "--trusted-proxy", "127.0.0.1", port=port)
    try:
        new.wait_until_ready()
        while sum(len(sender.acknowledged) for sender in senders) < len(before) + 150:
            senders[0].join(0.05)
        for sender in senders:
            sender.finish()
        assert check(new, senders) >= 300
    finally:
        new.stop()


def test_a_newer_schema_is_refused(tmp_path: Path, refused: Refused) -> None:
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as facts:
        facts.execute("CREATE TABLE schema_version AS SELECT 99 AS version")
    assert "was written by a newer Footfall (schema 99, this one knows" in refused(
        "migrate", data=tmp_path
    )


def test_room_is_made_sure_of(small_disk: Path, refused: Refused) -> None:
    """Nothing is begun that the disk could not hold to its end."""
    data = unpack("schema-1", "data", small_disk / "data")
    filler = small_disk / "filler"
    filler.write_bytes(
        bytes(
            48 * 1024 * 1024 - sum(path.stat().st_size + 4096 for path in data.iterdir()) - 200_000
        )
    )
    before = (data / "facts.duckdb").read_bytes()
    assert "migrating may need as much room as the facts have" in refused("migrate", data=data)
    assert (data / "facts.duckdb").read_bytes() == before
    filler.unlink()
    assert "from schema 1 to" in footfall("migrate", data=data)


def test_nothing_to_migrate_is_said(tmp_path: Path, refused: Refused) -> None:
    assert "there are no facts in" in refused("migrate", data=tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
