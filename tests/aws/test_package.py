"""The functions' zip.

What is in it, that it is always the same, and that it needs nothing beside it.
"""

import re
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from footfall import __version__
from footfall.aws.package import LAMBDA, LEFT_OUT, CannotPackage, Package, Target, needed, package
from footfall.aws.shipped import LOCK, shipped
from tests.aws.runtime import sandbox
from tests.aws.zipped import HERE

MOST_UNPACKED = 250 << 20
"""What Lambda allows."""

LINES = """\
# This file was made
both==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via something
old==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:cc
new==2.5.5 ; python_full_version >= '3.12' and sys_platform != 'win32' \\
    --hash=sha256:dd
windows==1 ; sys_platform == 'win32' \\
    --hash=sha256:ee
rich==15.0.0 \\
    --hash=sha256:ff
"""


def test_of_a_lock_the_lines_are_needed_that_hold_on_the_target() -> None:
    both = "both==1.0 --hash=sha256:aa --hash=sha256:bb"
    assert [re.sub(" +", " ", line) for line in needed(LINES, LAMBDA)] == [
        both,
        "new==2.5.5 --hash=sha256:dd",
    ]
    assert [re.sub(" +", " ", line) for line in needed(LINES, Target("3.11", "x86_64", 31))] == [
        both,
        "old==2.4.6 --hash=sha256:cc",
    ]


@pytest.mark.parametrize(
    "line",
    ["-e .", "name>=1 --hash=sha256:aa", "name==1", "name==1 ; os_name == 'nt' --hash=sha256:aa"],
)
def test_a_line_that_is_not_understood_stops_it(line: str) -> None:
    with pytest.raises(CannotPackage, match="not understood"):
        needed(line, LAMBDA)


def test_the_lock_is_understood_and_what_is_left_out_is_in_it() -> None:
    names = set(re.findall(r"^([\w.-]+)==", shipped(LOCK), re.MULTILINE))
    assert set(LEFT_OUT) <= names
    assert {line.partition("==")[0] for line in needed(shipped(LOCK), LAMBDA)} == names - set(
        LEFT_OUT
    )


@pytest.mark.slow
def test_the_zip_is_the_same_when_it_is_made_again(code: Package, tmp_path: Path) -> None:
    again = package(tmp_path / "again.zip", HERE)
    assert again.path.read_bytes() == code.path.read_bytes()
    assert (again.sha256, again.size) == (
        sha256(code.path.read_bytes()).hexdigest(),
        code.path.stat().st_size,
    )


@pytest.mark.slow
def test_the_zip_for_lambda_is_for_arm_and_within_what_lambda_takes(tmp_path: Path) -> None:
    made = package(tmp_path / "functions.zip")
    assert made.unpacked < MOST_UNPACKED
    with zipfile.ZipFile(made.path) as opened:
        names = opened.namelist()
        assert names == sorted(names)
        assert {(entry.date_time, entry.external_attr >> 16) for entry in opened.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644)
        }
    libraries = [name for name in names if name.endswith(".so")]
    assert libraries
    assert not [name for name in libraries if "x86_64" in name]
    assert {
        "footfall/static/tracker/f.js",
        "footfall/static/dashboard/index.html",
        "footfall/data/country.mmdb",
        "tzdata/zoneinfo/Europe/Berlin",
    } <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.startswith("boto")]


@pytest.mark.slow
def test_unpacked_it_needs_nothing_else(unpacked: Path) -> None:
    program = """
import sys
sys.path[:] = [sys.argv[1], *(each for each in sys.path if "site-packages" not in each)]
import footfall.compose, footfall.gateway.collector, footfall.processor.batch
import footfall.query.answer, footfall.query.http, footfall.store.duckdb
from footfall import compose, __file__
assert __file__.startswith(sys.argv[1])
compose.script(), compose.sources(), compose.versions()
from footfall.gateway.clients import client_lookup, place_lookup
assert client_lookup()("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
place_lookup(compose._data() / "country.mmdb")
print("good")
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program, str(unpacked)],
        capture_output=True,
        text=True,
        cwd=unpacked,
    )
    assert (done.stdout, done.returncode) == ("good\n", 0), done.stderr


@pytest.mark.slow
def test_unpacked_it_runs_as_a_function(unpacked: Path) -> None:
    (unpacked / "probe.py").write_text(
        "from footfall import compose\n\ndef handler(event, _):\n"
        "    return compose.versions()[event['of']]\n"
    )
    with sandbox(unpacked, "probe.handler", {}) as function:
        assert function.invoke({"of": "footfall"}) == ("response", __version__)
        failed = function.invoke({"of": "nothing"})
        assert (failed.kind, failed.body["errorType"]) == ("error", "KeyError")
        assert function.invoke({"of": "footfall"}) == ("response", __version__)
    with sandbox(unpacked, "missing.handler", {}) as function:
        assert function.invoke({}).kind == "init"
