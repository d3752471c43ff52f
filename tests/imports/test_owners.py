"""What owners do with imports: try one out, do it again, take it back."""

import gzip
import io
import json
import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from footfall import compose
from footfall.__main__ import main
from footfall.settings import read
from tests.server import Server

SITE = "a.example"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
REPORTS: list[dict[str, Any]] = [
    {"metrics": ["visitors", "visits", "pageviews", "bounce_rate"], "dimensions": dimensions} for dimensions in ([], ["time:day"], ["event:page"], ["visit:source"])
]


def line(number: int, *, agent: str = BROWSER, host: str = "", day: int = 10) -> str:
    address = f"192.0.2.{number % 7}"
    time = f"{day}/Jun/2026:11:{number // 60 % 60:02}:{number % 60:02} +0000"
    return f'{host}{address} - - [{time}] "GET /{number % 5} HTTP/1.1" 200 5 "-" "{agent}"\n'


def text(first: int, last: int, **more: Any) -> str:
    return "".join(line(number, **more) for number in range(first, last))


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def page_views(self) -> int:
        found = re.search(r"import(?:ed)? ([\d,]+) page views", self.out)
        assert found, self
        return int(found[1].replace(",", ""))


class Home:
    """A data folder with a site, and a log beside it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.data, self.log = folder, folder / "data", folder / "access.log"
        self._capsys = capsys
        assert self("site", "add", SITE).status == 0

    def __call__(self, *arguments: object) -> Done:
        try:
            status = main([*map(str, arguments), "--data", str(self.data)])
        except SystemExit as exc:
            status = int(exc.code or 0)
        return Done(status, *self._capsys.readouterr())

    def write(self, content: str, path: Path | None = None) -> Path:
        """Write a log that nobody has written to for a while."""
        path = path or self.log
        path.write_text(content)
        os.utime(path, (1, 1))
        return path

    def take(self, *flags: object, path: Path | None = None, status: int = 0) -> Done:
        done = self("import", path or self.log, "--site", SITE, *flags)
        assert done.status == status, done
        return done

    def reports(self) -> list[Any]:
        with compose.owner(read({"data": str(self.data)}, {})) as owner:
            return [owner("report", site=SITE, query={"date_range": "all", **each})["results"] for each in REPORTS]

    @property
    def views(self) -> int:
        found: int = self.reports()[0][0]["metrics"][2]
        return found

    def list(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self("imports", "list", "--json").out)
        return found

    def drops(self) -> dict[str, int]:
        with compose.owner(read({"data": str(self.data)}, {})) as owner:
            meta = owner("report", site=SITE, query={"date_range": "all", **REPORTS[0]})["meta"]
        return dict(meta.get("dropped", {}))


@pytest.fixture
def home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    return Home(tmp_path, capsys)


def test_a_wrong_format_does_not_use_a_file_up(home: Home) -> None:
    home.write(text(0, 40))
    failed = home.take("--format", "vhost", status=1)
    assert "line 1 stops fitting in column" in failed.err
    assert "none of its first 40 lines fits" in failed.err
    assert (failed.page_views, home.list()) == (0, [])
    assert home.take("--format", "combined").page_views == 40
    assert home.views == 40
    assert home.take().page_views == 0
    assert home.views == 40


def test_lines_that_did_not_fit_can_be_imported_by_another_format(home: Home) -> None:
    """The server's format was changed, in the middle and once more."""
    home.write(text(0, 20) + text(20, 30, host="a.example ") + text(30, 40) + text(40, 55, host="a.example "))
    first = home.take("--format", "combined")
    assert first.page_views == 30
    assert "25 not of the format (such as" in first.out
    second = home.take("--format", "vhost")
    assert second.page_views == 25
    assert "55 lines had been imported before, 25 of which were read again" in second.out
    assert home.views == 55
    third = home.take("--format", "vhost")
    assert (third.page_views, home.views) == (0, 55)
    assert "55 lines had been imported before" in third.out
    assert [each["page_views"] for each in home.list()] == [30, 25]


def test_a_file_goes_on_with_what_did_not_fit_and_what_is_new(home: Home) -> None:
    content = text(0, 10) + text(10, 15, host="a.example ")
    home.write(content)
    assert home.take("--format", "combined").page_views == 10
    home.write(content + text(15, 18, host="a.example ") + text(18, 20))
    assert home.take("--format", "combined").page_views == 2
    assert home.take("--format", "vhost").page_views == 8
    assert home.views == 20


def test_switches_do_not_open_a_file_of_which_something_counted(home: Home) -> None:
    home.write(text(0, 20) + text(20, 30, agent=ROBOT))
    assert home.take().page_views == 20
    assert home.take("--keep-bots").page_views == 0
    assert home.take("--keep-bots", "--again").page_views == 30
    assert home.views == 30


def test_a_file_of_which_nothing_counted_is_open_to_other_switches(home: Home) -> None:
    home.write(text(0, 30, agent=ROBOT))
    done = home.take(status=1)
    assert "none of 30 lines counted, 30 for 'bot'" in done.err
    assert home.take(status=1).page_views == 0
    assert home.drops() == {}
    assert home.take("--keep-bots").page_views == 30
    home.write(text(0, 9, agent=ROBOT), other := home.folder / "few.log")
    assert "imported 0 page views of 9 lines" in home.take(path=other).out  # so few are no alarm


def test_what_another_domain_left_out_counts_once_the_site_has_it(home: Home) -> None:
    home.write(text(0, 30, host="shop.other.example "))
    assert "30 for 'other host'" in home.take(status=1).err
    home("site", "edit", SITE, "--domain", "shop.other.example")
    assert home.take().page_views == 30


def test_again_takes_back_what_the_same_file_brought(home: Home) -> None:
    home.write(text(0, 30))
    home.take()
    before = home.reports()
    for _ in range(2):
        assert home.take("--again").page_views == 30
        assert home.reports() == before
    assert len(home.list()) == 1
    home.log.rename(home.folder / "access.log.1")
    home.write(gzip.compress(text(0, 30).encode()).decode("latin-1"), home.folder / "x.gz")
    (home.folder / "x.gz").write_bytes(gzip.compress(text(0, 30).encode()))
    assert home.take("--again", path=home.folder / "x.gz").page_views == 30
    assert home.reports() == before


def test_again_of_a_file_that_grew_brings_all_of_it_once(home: Home) -> None:
    home.write(text(0, 30))
    home.take()
    home.write(text(0, 50))
    home.take()
    assert home.take("--again").page_views == 50
    assert (home.views, len(home.list())) == (50, 1)


def test_again_of_one_file_leaves_the_others_of_its_import(home: Home) -> None:
    folder = home.folder / "logs"
    folder.mkdir()
    for number in range(3):
        home.write(text(0, 10 + number, day=10 + number), folder / f"{number}.log")
    assert home.take(path=folder).page_views == 33
    assert home.take("--again", path=folder / "1.log").page_views == 11
    assert home.views == 33
    assert [(each["files"], each["page_views"]) for each in home.list()] == [(2, 22), (1, 11)]


def test_again_in_a_wrong_format_changes_nothing(home: Home) -> None:
    home.write(text(0, 30))
    home.take()
    before = home.reports(), home.list()
    home.take("--again", "--format", "vhost", status=1)
    assert (home.reports(), home.list()) == before
    assert home.take().page_views == 0


def test_again_of_what_was_never_imported_imports_it(home: Home) -> None:
    home.write(text(0, 30))
    assert home.take("--again").page_views == 30


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_an_import_taken_back_is_as_if_it_had_never_been(home: Home, gone: int) -> None:
    """Of a file that grew twice: what the others brought stays, and what is gone can come again."""
    parts = [text(0, 30), text(30, 50, day=11), text(50, 90, day=12)]
    for end in (1, 2, 3):
        home.write("".join(parts[:end]))
        home.take()
    everything = home.reports()
    taken_back = home("imports", "remove", gone, "--yes")
    size = (30, 20, 40)[gone - 1]
    assert taken_back.out == f"took back import {gone}: {size} page views\n"
    assert home.views == 90 - size
    assert [each["import"] for each in home.list()] == [number for number in (1, 2, 3) if number != gone]
    assert {day["dimensions"][0] for day in home.reports()[1]} == {f"2026-06-{number}" for number in (10, 11, 12) if number != 9 + gone}
    assert home.take().page_views == size
    assert home.reports() == everything
    assert home.list()[-1]["import"] == 4


def test_robots_of_an_import_taken_back_are_not_counted_any_more(home: Home) -> None:
    home.write(text(0, 20) + text(20, 30, agent=ROBOT))
    home.take()
    with compose.owner(read({"data": str(home.data)}, {})) as owner:
        counted = owner("report", site=SITE, query={"date_range": "all", **REPORTS[0]})
    assert home.list()[0]["left_out"] == {"bot": 10}
    home("imports", "remove", 1, "--yes")
    assert home.list() == []
    assert counted is not None


def test_imports_are_listed_with_what_came_of_them(home: Home) -> None:
    assert home("imports", "list").out == "nothing was imported\n"
    home.write(text(0, 20) + text(20, 30, agent=ROBOT) + "nonsense\n\n")
    home.take()
    (found,) = home.list()
    assert found.pop("at").startswith("20")
    assert found == {
        "import": 1,
        "site": SITE,
        "source": str(home.log),
        "files": 1,
        "first": "2026-06-10",
        "last": "2026-06-10",
        "lines": 32,
        "page_views": 20,
        "left_out": {"bot": 10, "not_of_the_format": 1, "empty_or_a_comment": 1},
    }
    shown = home("imports", "list").out
    assert "page views" in shown and "10 bot" in shown and str(home.log) in shown
    assert json.loads(home("imports", "list", "--json", "--site", "another").out) == []


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["remove", "1"], 1, "there is no terminal to ask on: say --yes"),
        (["remove", "7", "--yes"], 1, "there is no import 7; 'footfall imports list' shows all"),
        (["remove", "x", "--yes"], 2, "must be the number of an import, not 'x'"),
        (["remove", "-1", "--yes"], 2, ""),
        (["remove", "99999999999", "--yes"], 2, "must be the number of an import"),
        (["remove"], 2, "NUMBER"),
        ([], 2, "ACTION"),
    ],
)
def test_what_cannot_be_removed_is_refused(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    home.write(text(0, 10))
    home.take()
    done = home("imports", *arguments) if arguments else Done(*_parsed(home))
    assert done.status == status and says in done.err
    assert home.views == 10


def _parsed(home: Home) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["imports"])
    return int(ended.value.code or 0), *home._capsys.readouterr()


def test_a_dry_run_says_what_would_come_and_changes_nothing(home: Home) -> None:
    home.write(text(0, 20) + text(20, 30, agent=ROBOT) + "nonsense\n" + 'x"\n')
    before = contents(home.data)
    tried = home.take("--dry-run")
    assert contents(home.data) == before
    assert "192.0.2." not in tried.out + tried.err and "Mozilla" not in tried.out
    rows = tried.out.split("\n\n")[0].splitlines()
    assert rows[0].split() == ["line", "time", "page", "source", "country", "browser", "device", "left", "out"]
    assert re.fullmatch(r"1 +2026-06-10 11:00:00 +/0 +Firefox +desktop", rows[1])
    assert len(rows) == 21
    done = home.take()
    assert (tried.page_views, done.page_views) == (20, 20)
    assert [each.out.splitlines()[-1] for each in (tried, done)] == [done.out.splitlines()[-1]] * 2


def contents(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in found}


def test_a_dry_run_shows_why_lines_do_not_count(home: Home) -> None:
    home.write("nonsense\n" + line(1, agent=ROBOT) + line(2).replace("GET /2", "GET /2.css") + line(3).replace(" 200 ", " 301 "))
    rows = home.take("--dry-run", "--format", "combined").out.splitlines()
    assert [row.split("  ")[-1].strip() for row in rows[1:5]] == ["not of the format", "bot", "asset", "redirect"]


def test_a_dry_run_of_a_file_that_was_imported_shows_it_all_the_same(home: Home) -> None:
    home.write(text(0, 20))
    home.take()
    assert home.take("--dry-run").page_views == 20
    assert (home.views, len(home.list())) == (20, 1)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--dry-run", "--follow"], "leave --follow out"),
        (["-", "--again"], "--again takes files"),
    ],
)
def test_flags_that_cannot_go_together_are_refused(home: Home, flags: list[str], says: str) -> None:
    home.write(text(0, 5))
    files = [] if "-" in flags else [home.log]
    done = home("import", *files, *flags, "--site", SITE)
    assert (done.status, says in done.err) == (1, True)


def test_standard_input_twice_adds_nothing_and_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for expected, before in ((30, ""), (0, "30 lines had been imported before")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe(text(0, 30).encode())))
        done = home("import", "-", "--site", SITE)
        assert (done.status, done.page_views) == (0, expected), done
        assert before in done.out
    assert (home.views, len(home.list())) == (30, 1)
    home("imports", "remove", 1, "--yes")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe(text(0, 30).encode())))
    assert home("import", "-", "--site", SITE).page_views == 30


class Pipe(io.BufferedReader):
    """What cannot be read again."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        read_end, write_end = os.pipe()
        os.close(write_end)
        self._number = read_end

    def fileno(self) -> int:
        return self._number

    def seekable(self) -> bool:
        return False


def test_the_same_text_under_several_names_counts_once(home: Home) -> None:
    folder = home.folder / "logs"
    folder.mkdir()
    home.write(text(0, 30), folder / "a.log")
    home.write(text(0, 30), folder / "b.log")
    (folder / "c.gz").write_bytes(gzip.compress(text(0, 30).encode()))
    home.write(text(0, 40), folder / "d.log")
    done = home.take(path=folder)
    assert (done.page_views, home.views) == (40, 40)
    assert "90 lines had been imported before" in done.out


@pytest.mark.slow
def test_beside_a_server_and_its_hits(home: Home) -> None:
    home("site", "edit", SITE, "--public")
    server = Server(home.data)
    try:
        server.wait_until_ready()
        server.wait_until_known(f"https://{SITE}/live")
        assert server.client.post("/v1/track", json={"url": f"https://{SITE}/live"}).status_code == 202
        assert server.wait_for_total(SITE, 1) == 1
        home.write(text(0, 30))
        home.take()
        assert server.total(SITE) == 31
        assert home("imports", "remove", 1, "--yes").status == 0
        assert server.total(SITE) == 1
        assert home.take("--dry-run").page_views == 30
        assert server.total(SITE) == 1
    finally:
        server.stop()
