"""`footfall import`: every line counts once, whatever happens, and as definitions say."""

import atexit
import gzip
import json
import os
import random
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard

from footfall import compose
from footfall.gateway.clients import client_lookup
from footfall.imports.request import ASSETS
from footfall.settings import read
from tests.imports.sample import SITE, lines, log
from tests.patience import SECONDS, wait_until
from tests.server import FOOTFALL, Server, footfall

pytestmark = pytest.mark.slow
REPORTS: list[dict[str, Any]] = [
    {"metrics": ["visitors", "visits", "pageviews", "bounce_rate", "visit_duration"], "dimensions": dimensions}
    for dimensions in ([], ["time:day"], ["event:page"], ["visit:source"], ["visit:exit_page"], ["visit:browser"], ["visit:channel"], ["visit:country"])
]
LINE = re.compile(r'(\S+) \S+ \S+ \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d+) \S+ "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"?')


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    footfall("site", "add", SITE, data=folder)
    return folder


def imported(data: Path, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*FOOTFALL, "import", *map(str, arguments), "--site", SITE, "--data", str(data)], capture_output=True, text=True, timeout=2 * SECONDS)
    assert done.returncode == status, done.stderr
    return done


def reports(data: Path) -> list[Any]:
    with compose.owner(read({"data": str(data)}, {})) as owner:
        return [owner("report", site=SITE, query={"date_range": "all", **query})["results"] for query in REPORTS]


def views(data: Path) -> int:
    found: int = reports(data)[0][0]["metrics"][2]
    return found


def test_the_figures_are_goaccess_s(data: Path, tmp_path: Path) -> None:
    """With bots and assets a visitor is an address and user agent per day, for both.

    GoAccess leaves those out of the visitors that only ever met errors of theirs (4xx), unless told otherwise.
    """
    path = log(tmp_path)
    imported(data, path, "--keep-bots", "--keep-assets")
    by_day = {row["dimensions"][0]: row["metrics"] for row in reports(data)[1]}
    for flags, only_errors in (([], True), (["--4xx-to-unique-count"], False)):
        out = tmp_path / "goaccess.json"
        subprocess.run(["goaccess", str(path), "--log-format=COMBINED", "--no-progress", "-o", str(out), *flags], check=True, capture_output=True, timeout=SECONDS)
        told = json.loads(out.read_text(errors="replace"))
        theirs = {f"{day['data'][:4]}-{day['data'][4:6]}-{day['data'][6:]}": (day["visitors"]["count"], day["hits"]["count"]) for day in told["visitors"]["data"]}
        ours = {day: (metrics[0] - (erring(path)[day] if only_errors else 0), metrics[2]) for day, metrics in by_day.items()}
        assert ours == theirs
    if path.name == "apache_logs":
        assert (sum(metrics[2] for metrics in by_day.values()), sum(metrics[0] for metrics in by_day.values())) == (10_000, 2_144)


def erring(path: Path) -> Mapping[str, int]:
    """By day, the visitors all of whose requests were errors of theirs."""
    met: dict[tuple[str, str, str], bool] = {}
    for address, moment, _, status, _, agent in parsed(path):
        visitor = (str(moment.date()), address, agent)
        met[visitor] = met.get(visitor, True) and status.startswith("4")
    return Counter(day for (day, _, _), only in met.items() if only)


def parsed(path: Path) -> Iterator[tuple[str, datetime, str, str, str, str]]:
    for line in path.read_text(errors="replace").split("\n"):
        match = LINE.match(line)
        if match:
            address, moment, request, status, referrer, agent = match.groups()
            yield address, datetime.strptime(moment, "%d/%b/%Y:%H:%M:%S %z"), request, status, referrer, agent


def test_what_is_no_page_view_of_a_reader_is_left_out(data: Path, tmp_path: Path) -> None:
    """Counted line by line, in plain Python."""
    path, client_of = log(tmp_path), client_lookup()
    pages: Counter[str] = Counter()
    people: set[tuple[Any, ...]] = set()
    for address, moment, request, status, _, agent in parsed(path):
        method, _, rest = request.partition(" ")
        page = urlsplit("http://x" + rest.rpartition(" ")[0]).path
        name = page.rpartition("/")[2]
        if method != "GET" or not (status.startswith("2") or status == "304") or ("." in name and name.rpartition(".")[2].lower() in ASSETS):
            continue
        if not client_of("" if agent == "-" else agent).robot:
            pages[page] += 1
            people.add((moment.date(), address, agent))
    imported(data, path)
    found = {row["dimensions"][0]: row["metrics"][2] for row in reports(data)[2]}
    assert sum(found.values()) == sum(pages.values()) and len(pages) - len(found) <= 2  # a path may be written in several ways
    assert {page: count for page, count in found.items() if "%" not in page} == {page: count for page, count in pages.items() if page in found and "%" not in page}
    assert reports(data)[0][0]["metrics"][0] == len(people)


def test_twice_adds_nothing_and_growing_adds_what_is_new(data: Path, tmp_path: Path) -> None:
    written = [f"{line}\n".encode() for line in lines(3_000)]
    path = tmp_path / "access.log"
    path.write_bytes(b"".join(written[:2_000]))
    os.utime(path, (1, 1))
    imported(data, path, "--keep-bots", "--keep-assets")
    first = views(data)
    assert 1_950 < first < 2_000
    again = imported(data, path, "--keep-bots", "--keep-assets")
    assert "imported 0 page views" in again.stdout and "2,000 lines had been imported before" in again.stdout
    for name, pack in (("access.log.1.gz", gzip.compress), ("renamed.zst", zstandard.compress)):
        (tmp_path / name).write_bytes(pack(path.read_bytes()))
        assert "imported 0 page views" in imported(data, tmp_path / name).stdout
    with path.open("ab") as more:
        more.write(b"".join(written[2_000:]))
    os.utime(path, (1, 1))
    imported(data, tmp_path / "*.log*", "--keep-bots", "--keep-assets")
    assert first + 950 < views(data) < 3_000
    assert_same_as_whole(data, tmp_path, b"".join(written))


def assert_same_as_whole(data: Path, tmp_path: Path, text: bytes, *flags: str) -> None:
    """The reports are those of one undisturbed import of everything."""
    whole = tmp_path / "whole"
    footfall("site", "add", SITE, data=whole)
    (tmp_path / "whole.txt").write_bytes(text)
    os.utime(tmp_path / "whole.txt", (1, 1))
    imported(whole, tmp_path / "whole.txt", *(flags or ("--keep-bots", "--keep-assets")))
    assert reports(whole) == reports(data)


@pytest.mark.parametrize(("serving", "by"), [(False, signal.SIGKILL), (True, signal.SIGKILL), (False, signal.SIGINT)], ids=["killed", "killed beside a server", "interrupted"])
def test_an_import_that_is_ended_repeats_and_loses_no_line(data: Path, tmp_path: Path, serving: bool, by: signal.Signals) -> None:
    """At random moments, again and again; with a server, its engine is killed too."""
    dice = random.Random(7)
    text = "".join(f"{line}\n" for line in lines(30_000)).encode()
    path = tmp_path / "access.log"
    path.write_bytes(text)
    os.utime(path, (1, 1))
    command = [*FOOTFALL, "import", str(path), "--site", SITE, "--data", str(data), "--keep-bots", "--keep-assets"]
    with running(data) if serving else nothing() as server:
        for _ in range(4):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with_engine = server is not None and dice.random() < 0.5
            sleep(dice.uniform(0.8, 2.2))
            if with_engine and server:
                server.kill("engine")
                sleep(dice.uniform(0, 0.5))
            process.send_signal(by)
            process.wait()
        imported(data, path, "--keep-bots", "--keep-assets")
        assert_same_as_whole(data, tmp_path, text)
    assert not list((data / "exchange").glob("import-*.parquet"))


@contextmanager
def running(data: Path) -> Iterator[Server | None]:
    server = Server(data)
    server.wait_until_ready()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def nothing() -> Iterator[Server | None]:
    yield None


def good(written: list[str]) -> int:
    """How many of some lines are page views, with bots and assets."""
    right = [line for line in written if LINE.match(line) and "Quux" not in line]
    return sum('"-" 408' not in line for line in right)


def has(data: Path, count: int) -> bool:
    return views(data) >= count


def test_a_log_is_followed_through_rotation(data: Path, tmp_path: Path) -> None:
    written = [f"{line}\n" for line in lines(900)]
    path = tmp_path / "access.log"
    path.write_text("".join(written[:300]))
    process = subprocess.Popen(
        [*FOOTFALL, "import", str(path), "--follow", "--keep-bots", "--keep-assets", "--site", SITE, "--data", str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    atexit.register(process.kill)  # a test that fails may not come to its end
    server = Server(data)
    server.wait_until_ready()
    for start in (300, 500):
        with path.open("a") as more:
            more.write("".join(written[start : start + 200])[:-20])
            more.flush()
            wait_until(partial(has, data, good(written[: start + 199])))
            more.write("".join(written[start : start + 200])[-20:])
    path.rename(tmp_path / "access.log.1")
    path.write_text("".join(written[700:]))
    wait_until(partial(has, data, good(written)))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=SECONDS)
    server.stop()
    assert views(data) == good(written), said
    assert process.returncode == 130
    assert "imported 0 page views" in imported(data, tmp_path / "access.log.1", "--format", "combined").stdout


def test_a_log_whose_header_was_read_before_goes_on(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "u_ex.log"
    path.write_text(
        "#Software: IIS\n#Fields: date time cs-method cs-uri-stem c-ip cs(User-Agent) cs(Referer) sc-status\n" + "".join(W3C.format(second) for second in range(10, 20))
    )
    os.utime(path, (1, 1))
    imported(data, path)
    with path.open("a") as more:
        more.write("".join(W3C.format(second) for second in range(20, 25)) + W3C.format(25).replace("https://r.example/", "%FF%2"))
    os.utime(path, (1, 1))
    assert "imported 6 page views" in imported(data, path).stdout
    assert views(data) == 16


W3C = "2026-06-10 11:22:{} GET /a 192.0.2.7 Mozilla/5.0+Firefox/140.0 https://r.example/ 200\n"
CADDY = '{{"ts":{},"request":{{"client_ip":"192.0.2.7","method":"GET","host":"semicomplete.com","uri":"/"}},"status":200}}\n'


def test_each_file_of_a_folder_has_its_own_format(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.log").write_text("".join(f"{line}\n" for line in lines(40, faulty=False)))
    (folder / "b.log").write_text("".join(f"{SITE} {line}\n" for line in lines(40, 2, faulty=False)))
    (folder / "c.json").write_text("".join(CADDY.format(moment) for moment in (1781090553.0, 1781090554.0, 1781090555.0, 1e300, '"x"')))
    (folder / "d.log").write_text("#Fields: date time cs-method cs-uri-stem c-ip cs(User-Agent) cs(Referer) sc-status\n" + W3C.format(10))
    (folder / "e.gz").write_bytes(gzip.compress("".join(f"{line}\n" for line in lines(4_000, 3, faulty=False)).encode())[:-2_000])
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    for _ in range(2):  # the second time much is known when the damaged one is read
        done = imported(data, folder, "--keep-bots", "--keep-assets", status=1)
        assert done.stderr.count("damaged or cut off") == 1 and "Traceback" not in done.stderr
    assert 84 < views(data) < 4_084
