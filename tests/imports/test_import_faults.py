"""Logs that are hostile, imports that fail in between, and what is told of either."""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from footfall import compose
from footfall.compose import importing
from footfall.control.client import Owner
from footfall.imports.access_log import Importer, Plan
from footfall.imports.reading import Log
from footfall.imports.request import Wanted
from footfall.settings import read
from footfall.store.port import StoreBroken
from tests.imports.sample import SITE, lines, log
from tests.imports.test_import import assert_same_as_whole, data, imported, parsed, views

__all__ = ["data"]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("content", "says", "status", "counted"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(2_000), "is no text", 1, 0),
        (b"", "", 0, 0),
        (b"hello\nworld\n" * 100, "is in none of the formats combined", 1, 0),
        (gzip.compress(b"x" * 5_000_000), "is in none of the formats", 1, 0),
        (gzip.compress("".join(f"{line}\n" for line in lines(400)).encode())[:-50], "damaged or cut off", 1, None),
        (b"".join(f"{line}\n".encode() for line in lines(40)) + b"y" * 1_000_000 + b"\n\0\0\n\xff\xfe\n", "line 41: too long", 0, 40),
        ("".join(f"{line}\r\n" for line in lines(40)).encode("latin-1"), "", 0, 40),
    ],
    ids=["a program", "nothing", "no log", "one long line, packed", "cut off", "a long line and no text", "CRLF and Latin-1"],
)
def test_what_is_hostile_is_told_and_harms_nothing(data: Path, tmp_path: Path, content: bytes, says: str, status: int, counted: int | None) -> None:
    path = tmp_path / "input"
    path.write_bytes(content)
    os.utime(path, (1, 1))
    done = imported(data, path, "--keep-bots", "--keep-assets", status=status)
    assert says in done.stderr and "Traceback" not in done.stderr
    assert "y" * 100 not in done.stderr + done.stdout and "hello" not in done.stderr
    if counted is not None:
        assert views(data) == counted


class Failing:
    """An owner whose second command to take something in fails."""

    def __init__(self, owner: Owner) -> None:
        self.owner, self.calls = owner, 0

    def __call__(self, name: str, **arguments: Any) -> Any:
        self.calls += name == "take_in"
        if name == "take_in" and self.calls == 2:
            raise StoreBroken("no room")
        return self.owner(name, **arguments)


def test_what_fails_in_between_leaves_no_gap(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{line}\n" for line in lines(30_000))
    path = tmp_path / "access.log"
    path.write_text(text)
    os.utime(path, (1, 1))
    monkeypatch.setattr("footfall.imports.access_log.PARTS_AT_ONCE", 1)
    monkeypatch.setattr("footfall.imports.access_log.LEAST_BYTES", 1)
    settings = read({"data": str(data)}, {})
    registry, salts = compose.open_registry(settings), compose.open_salts(settings)
    (site,) = registry.sites()
    makers = importing.makers(settings, site, Wanted(SITE, keep_bots=True, keep_assets=True), salts)
    compose.exchange(settings).mkdir()
    with compose.owner(settings) as owner, path.open("rb") as stream:
        failing: Any = Failing(owner)
        importer = Importer(
            plan=Plan(site.id, "access.log"),
            makers=makers,
            owner=failing,
            exchange=compose.exchange(settings),
            now=compose.now,
            rejected=lambda *_: None,
            progress=lambda *_: None,
        )
        with pytest.raises(StoreBroken, match="no room"), importer:
            opened = Log(str(path), stream, len(text))
            importer.begin(opened)
            importer.take(opened)
            importer.finish()
    assert 0 < importer.tally.events == views(data)
    for maker in makers:
        maker.close()
    registry.close()
    salts.close()
    assert 0 < views(data) < 10_000
    imported(data, path, "--keep-bots", "--keep-assets")
    assert_same_as_whole(data, tmp_path, text.encode())


def test_rejects_are_told_by_file_line_and_reason_and_never_shown(data: Path, tmp_path: Path) -> None:
    written = lines(400)
    path = tmp_path / "access.log"
    path.write_text("\n".join([*written[:20], "secret nonsense 192.0.2.99", '192.0.2.1 - - [17/May/2095:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "x"', *written[60:380]]) + "\n")
    done = imported(data, path, "--keep-bots", "--keep-assets", "--rejects", tmp_path / "rejects.csv")
    told = (tmp_path / "rejects.csv").read_text().splitlines()
    assert told[:3] == ["file,line,reason", f"{path},21,not of the format", f"{path},22,in the future"]
    assert "secret" not in done.stderr + done.stdout + "".join(told)
    assert f"{path}, line 21: not of the format" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.log"], "there is no file nowhere.log"),
        (["-", "--follow"], "--follow takes one file"),
        (["-", "--format", "apache"], "there is no format 'apache'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(data: Path, arguments: list[str], says: str) -> None:
    done = imported(data, *arguments, status=1)
    assert done.stderr.startswith("footfall: ") and says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_address_and_no_agent_is_left_in_any_file(data: Path, tmp_path: Path) -> None:
    imported(data, log(tmp_path), "--keep-bots", "--keep-assets")
    text = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    found = [value for address, _, _, _, _, agent in list(parsed(log(tmp_path)))[:2_000] for value in (address, agent) if len(value) > 8 and value.encode() in text]
    assert found == []
