"""`footfall query`, `export` and `import` as people use them."""

import csv
import io
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from footfall import compose
from footfall.__main__ import main
from footfall.cli.output import written
from footfall.control.port import Refusal
from footfall.settings import read
from tests.oracle import HOUR
from tests.patience import SECONDS
from tests.traffic import SITE, Act, apply, crowd, made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site that had visitors in June."""
    folder = tmp_path_factory.mktemp("data")
    fill(
        folder,
        "berlin",
        *crowd(4, date(2026, 6, 10), 4, 40),
        Act(compose.now() - HOUR, page="/today"),
    )
    return folder


def fill(folder: Path, site: str, *acts: Act) -> None:
    settings = read({"data": str(folder)}, {})
    registry, facts = compose.open_registry(settings), compose.open_facts(settings)
    registry.put_site(SITE[site], new=True)
    apply(facts, made(acts, one_shard=True))
    facts.close()
    registry.close()


@pytest.fixture
def run(data: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Iterator[Any]:
    def done(*arguments: str, folder: Path = data) -> tuple[int, str, str]:
        status = main([*arguments, "--data", str(folder)])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    was = os.umask(0o077)
    yield done
    os.umask(was)


JUNE = ("--period", "2026-06-10,2026-06-13")


def test_a_query_without_flags_says_something_sensible(run: Any) -> None:
    status, out, err = run("query")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("berlin, 20") and [line.split() for line in lines[2:]] == [
        ["visitors", "1"],
        ["pageviews", "1"],
    ]


def test_a_query_as_a_table_and_as_data_says_the_same(run: Any) -> None:
    asked = (
        "query",
        "--by",
        "event:page",
        "--metric",
        "pageviews,visits",
        *JUNE,
        "--order",
        "visits:asc",
        "--limit",
        "3",
    )
    _, table, err = run(*asked)
    assert "rows 1 to 3 of 5; --limit and --offset show others" in err
    _, found, _ = run(*asked, "--format", "json")
    rows = [(*row["dimensions"], *map(str, row["metrics"])) for row in json.loads(found)["results"]]
    assert [tuple(line.split()) for line in table.splitlines()[3:]] == rows
    assert [int(visits) for *_, visits in rows] == sorted(int(visits) for *_, visits in rows)
    _, text, _ = run(*asked, "--format", "csv")
    assert [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))] == rows
    _, lines, _ = run(*asked, "--format", "ndjson")
    assert [tuple(map(str, json.loads(line).values())) for line in lines.splitlines()] == rows


def test_filters_are_those_of_the_older_api(run: Any) -> None:
    def pageviews(*flags: str) -> int:
        _, out, _ = run("query", "--metric", "pageviews", *JUNE, "--format", "json", *flags)
        return int(json.loads(out)["results"][0]["metrics"][0])

    everything, front, rest = (
        pageviews(),
        pageviews("--filter", "event:page==/|/a"),
        pageviews("--filter", "event:page!=/", "--filter", "event:page!=/a"),
    )
    assert front and rest and front + rest == everything
    assert (
        pageviews("--filter", "event:page==/c*;event:hostname==berlin.example")
        < pageviews("--filter", "event:page==/c*")
        < everything
    )


def test_a_whole_body(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {
        "metrics": ["visits"],
        "date_range": ["2026-06-10", "2026-06-13"],
        "dimensions": ["visit:country"],
        "site_id": "berlin",
    }
    _, told, _ = run("query", "--json", json.dumps(body), "--format", "json")
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(body)))
    _, read_in, _ = run("query", "--json", "-", "--format", "json")
    assert json.loads(told) == json.loads(read_in) and json.loads(told)["results"]
    _, table, _ = run("query", "--json", json.dumps(body))
    assert table.splitlines()[2].split() == ["visit:country", "visits"]


def test_what_is_compared_has_columns(run: Any) -> None:
    _, out, _ = run(
        "query",
        "--by",
        "time:day",
        "--metric",
        "visits",
        "--period",
        "2026-06-12,2026-06-13",
        "--compare",
        "2026-06-10,2026-06-11",
        "--format",
        "csv",
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == [
        "time:day",
        "visits",
        "time:day_before",
        "visits_before",
        "visits_change",
    ]
    assert rows[0]["time:day_before"] == "2026-06-10"


def test_nothing_is_said_in_a_sentence(run: Any) -> None:
    assert run("query", "--by", "event:page", "--period", "2020-01-01,2020-01-02") == (
        0,
        "Nothing was counted on site berlin, 2020-01-01 to 2020-01-02.\n",
        "",
    )
    status, out, _ = run(
        "query", "--by", "event:page", "--period", "2020-01-01,2020-01-02", "--format", "csv"
    )
    assert (status, out.splitlines()) == (0, ["event:page,visitors,pageviews"])


WRONG = [
    (("--by", "event:pge"), 2, "--by has no 'event:pge'; there are time,"),
    (("--metric", "hits"), 2, "--metric has no 'hits'; there are"),
    (("--period", "fortnight"), 2, "--period must be one of realtime"),
    (("--period", "2026-02-02,2026-02-01"), 2, "--period must not end before it begins"),
    (("--filter", "visit:country=DE"), 2, "--filter cannot be read at 'visit:country=DE'"),
    (("--filter", "visit:land==DE"), 2, "--filter have no 'visit:land'"),
    (("--order", "bounce_rate"), 2, "--order may only name the query's own"),
    (("--compare", "yesterday"), 2, "--compare must be"),
    (("--limit", "0"), 2, "--limit must be a whole number from 1"),
    (("--limit", "many"), 2, "--limit must be a whole number, not 'many'"),
    (("--site", "nobody"), 1, "there is no site 'nobody'; 'footfall site list' shows all"),
    (("--json", "{"), 2, "--json cannot be read"),
    (("--json", "[1]"), 2, "--json must be an object"),
    (("--json", "{}", "--by", "time"), 2, "--json takes the place of --by: say it in the body"),
    (
        ("--json", '{"metrics": ["visits"], "date_range": "all", "fields": 1}'),
        1,
        "fields is not a field of a query",
    ),
    (("--output", "nowhere/x.csv"), 1, "there is no folder"),
]


@pytest.mark.parametrize(
    ("flags", "status", "says"),
    WRONG,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_wrong_is_one_sentence(
    flags: tuple[str, ...], status: int, says: str, run: Any
) -> None:
    found = run("query", *flags)
    assert (found[0], found[1], found[2].count("\n")) == (status, "", 1)
    assert found[2].startswith("footfall: ") and says in found[2]


def test_a_site_need_only_be_named_among_several(run: Any, tmp_path: Path) -> None:
    assert (
        "there is no site yet; 'footfall site add' adds one"
        in run("query", folder=tmp_path / "new")[2]
    )
    fill(tmp_path / "two", "berlin")
    registry = compose.open_registry(read({"data": str(tmp_path / "two")}, {}))
    registry.put_site(SITE["coast"], new=True)
    registry.close()
    assert "--site is needed: there are berlin, coast" in run("query", folder=tmp_path / "two")[2]


def test_a_file_is_what_its_name_says(run: Any, tmp_path: Path) -> None:
    for name, begins in (
        ("a.csv", b"event:page,"),
        ("a.json", b"{"),
        ("a.ndjson", b'{"event:page"'),
        ("a.parquet", b"PAR1"),
        ("a.txt", b"berlin, "),
    ):
        assert run("query", "--by", "event:page", *JUNE, "--output", str(tmp_path / name)) == (
            0,
            "",
            "",
        )
        assert (tmp_path / name).read_bytes().startswith(begins)
        assert os.stat(tmp_path / name).st_mode & 0o777 == 0o600
    assert run("export", "--site", "berlin", "--output", str(tmp_path / "b.parquet"))[0] == 0
    assert (tmp_path / "b.parquet").read_bytes()[:4] == b"PAR1"


def test_facts_to_a_file_and_to_standard_output_are_the_same(
    run: Any, tmp_path: Path, data: Path
) -> None:
    status, out, err = run("export", "--site", "berlin", "--output", str(tmp_path / "events.csv"))
    assert (
        (status, out) == (0, "")
        and err.startswith("wrote ")
        and err.endswith(f" events to {tmp_path / 'events.csv'}\n")
    )
    status, out, err = run("export", "--site", "berlin", "--output", "-")
    assert sorted(out.splitlines()) == sorted((tmp_path / "events.csv").read_text().splitlines())
    assert not list((data / "exchange").iterdir()), "nothing is left in the data folder"
    _, out, _ = run(
        "export",
        "--site",
        "berlin",
        "--what",
        "visits",
        "--format",
        "ndjson",
        "--from",
        "2026-06-11",
        "--to",
        "2026-06-11",
        "--output",
        "-",
    )
    assert {json.loads(line)["day"] for line in out.splitlines()} == {"2026-06-11"}


CSV = (
    ("query", "--by", "event:page", *JUNE, "--format", "csv"),
    ("query", "--by", "event:page", "--period", "2020-01-01,2020-01-02", "--format", "csv"),
    ("export", "--site", "berlin", "--output", "-"),
    ("export", "--site", "berlin", "--what", "visits", "--format", "csv", "--output", "-"),
    ("export", "--site", "berlin", "--to", "2020-01-01", "--output", "-"),
)


@pytest.mark.parametrize("command", CSV, ids=" ".join)
def test_a_byte_order_mark_goes_before_csv(command: tuple[str, ...], run: Any) -> None:
    """The same rows follow; those of an export are in no order."""
    plain, marked = run(*command), run(*command, "--bom")
    assert plain[0] == marked[0] == 0 and "\ufeff" not in plain[1]
    mark, rest = marked[1][:1], marked[1][1:]
    assert mark == "\ufeff" and "\ufeff" not in rest
    assert rest.splitlines()[0] == plain[1].splitlines()[0]
    assert sorted(rest.splitlines()) == sorted(plain[1].splitlines())


def test_a_file_begins_with_the_mark_too(run: Any, tmp_path: Path) -> None:
    for number, command in enumerate((("query",), ("export", "--site", "berlin"))):
        path = tmp_path / f"{number}.csv"
        assert run(*command, "--bom", "--output", str(path))[0] == 0
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "flags",
    [
        ("query", "--format", "table"),
        ("query",),
        ("query", "--format", "json"),
        ("query", "--output", "x.parquet"),
        ("export", "--site", "berlin", "--format", "ndjson", "--output", "-"),
        ("export", "--site", "berlin", "--output", "x.parquet"),
        ("export", "--site", "berlin", "--archive", "x.zip"),
    ],
    ids=" ".join,
)
def test_nothing_else_takes_a_byte_order_mark(flags: tuple[str, ...], run: Any) -> None:
    status, out, err = run(*flags, "--bom")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "--bom goes with" in err
    assert not Path(flags[-1]).exists()


def test_nothing_is_written_over_unless_asked(run: Any, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for command in (("query",), ("export", "--site", "berlin")):
        for flag in ("--output", "--archive") if command[0] == "export" else ("--output",):
            status, _, err = run(*command, flag, str(taken))
            assert status == 1 and "is there already; --force writes over it" in err
            assert taken.read_text() == "mine"
    status, _, _ = run("export", "--site", "berlin", "--archive", str(taken), "--force")
    assert status == 0 and zipfile.is_zipfile(taken) and os.stat(taken).st_mode & 0o777 == 0o600
    assert (
        "is not a file"
        in run("export", "--site", "berlin", "--output", str(tmp_path), "--force")[2]
    )
    assert "is not a file" in run("query", "--output", os.devnull, "--force")[2]
    assert [each.name for each in tmp_path.iterdir()] == ["taken"]


def test_a_name_taken_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    with (
        pytest.raises(Refusal, match="is there already"),
        written(str(tmp_path / "x"), tmp_path, force=False) as path,
    ):
        Path(path).write_text("ours")
        (tmp_path / "x").write_text("theirs")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("x", "theirs")]


def test_a_file_may_go_to_another_disk(run: Any) -> None:
    with tempfile.TemporaryDirectory(
        dir="/dev/shm" if os.path.isdir("/dev/shm") else None
    ) as elsewhere:
        for name in ("events.csv", "site.zip"):
            flag, output = (
                "--archive" if name.endswith("zip") else "--output",
                Path(elsewhere, name),
            )
            assert run("export", "--site", "berlin", flag, str(output))[0] == 0
            assert output.stat().st_size > 1000 and output.stat().st_mode & 0o777 == 0o600
            assert "is there already" in run("export", "--site", "berlin", flag, str(output))[2]
        assert sorted(os.listdir(elsewhere)) == ["events.csv", "site.zip"]


def test_after_an_error_nothing_is_left(run: Any, tmp_path: Path) -> None:
    for flags in (("--output", str(tmp_path / "x")), ("--archive", str(tmp_path / "x"))):
        status, out, err = run("export", "--site", "nobody", *flags)
        assert (status, out) == (1, "") and "there is no site 'nobody'" in err
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_command_left_goes_a_day_later(run: Any, data: Path, tmp_path: Path) -> None:
    exchange = data / "exchange"
    exchange.mkdir(exist_ok=True)
    for name in ("archive-old", "archive-new"):
        (exchange / name).mkdir()
        (exchange / name / "events.parquet").touch()
    for name in (".footfall-old.part", ".footfall-new.part", "import.lock"):
        (exchange / name).touch()
    for name in ("archive-old", ".footfall-old.part", "import.lock"):
        os.utime(exchange / name, (1, 1))
    assert run("export", "--site", "berlin", "--output", str(tmp_path / "x.csv"))[0] == 0
    assert sorted(each.name for each in exchange.iterdir()) == [
        ".footfall-new.part",
        "archive-new",
        "import.lock",
    ]
    shutil.rmtree(exchange)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((), "needs either --output FILE"),
        (("--output", "x", "--archive", "y"), "needs either --output FILE"),
        (("--output", "x.csv.gz"), "a file is not written as .gz"),
        (("--archive", "-"), "an archive needs the name of a file"),
        (
            ("--archive", "x", "--what", "visits", "--from", "2026-01-01"),
            "the whole site: --what, --from goes with --output only",
        ),
    ],
)
def test_an_export_is_of_one_thing(flags: tuple[str, ...], says: str, run: Any) -> None:
    status, _, err = run("export", "--site", "berlin", *flags)
    assert status == 2 and says in err


def test_a_site_goes_from_folder_to_folder(run: Any, tmp_path: Path) -> None:
    archive, new = str(tmp_path / "site.zip"), tmp_path / "new"
    _, _, err = run("export", "--site", "berlin", "--archive", archive)
    assert err.startswith("wrote site berlin: ")
    status, out, err = run("import", archive, folder=new)
    assert (
        (status, err) == (0, "")
        and out.splitlines()[0].startswith("imported site berlin: ")
        and out.splitlines()[1] == "added site berlin"
    )
    asked = (
        "query",
        "--by",
        "event:page",
        "--metric",
        "visitors,visits,bounce_rate",
        *JUNE,
        "--format",
        "json",
    )
    assert run(*asked) == run(*asked, folder=new)
    assert "was imported before: nothing to do" in run("import", archive, folder=new)[1]
    assert "belongs to site 'berlin'" in run("import", archive, "--site", "copy", folder=new)[2]
    assert "has facts already" in run("import", archive)[2]
    assert list((new / "exchange").iterdir()) == []
    (tmp_path / "site.zip").write_bytes(b"PK" * 1000)
    status, out, err = run("import", archive, folder=tmp_path / "other")
    assert (status, out) == (1, "") and "is no archive of Footfall" in err
    assert run("import", str(tmp_path / "none.zip"))[2].count("\n") == 1


def test_a_terminal_has_bars_and_no_other_output_has(data: Path) -> None:
    flags = ["query", "--by", "event:page", *JUNE, "--data", str(data)]
    shown, piped = (
        on_a_terminal(*flags),
        subprocess.run(
            [sys.executable, "-m", "footfall", *flags],
            capture_output=True,
            timeout=SECONDS,
            check=True,
        ).stdout.decode(),
    )
    assert "█" in shown and "\x1b[" in shown
    assert "█" not in piped and "\x1b" not in piped
    assert "▅▆▆█" in on_a_terminal("query", *JUNE, "--data", str(data))


def test_a_terminal_sees_how_far_it_is(data: Path, tmp_path: Path) -> None:
    archive, new = str(tmp_path / "site.zip"), str(tmp_path / "new")
    assert "exporting" in on_a_terminal(
        "export", "--site", "berlin", "--archive", archive, "--data", str(data), stream="stderr"
    )
    assert "taking in" in on_a_terminal("import", archive, "--data", new, stream="stderr")


def on_a_terminal(*arguments: str, stream: str = "stdout") -> str:
    """What a command writes to a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {
        "TERM": "xterm-256color",
        "COLUMNS": "100",
    }
    streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": None, stream: theirs}
    with subprocess.Popen(
        [sys.executable, "-m", "footfall", *arguments],
        stdin=subprocess.DEVNULL,
        env=environment,
        **streams,
    ) as process:
        os.close(theirs)
        found = b""
        while select.select([ours], [], [], SECONDS)[0]:
            try:
                found += os.read(ours, 65_536)
            except OSError:  # so a terminal says that it is over
                break
        assert process.wait(SECONDS) == 0
    os.close(ours)
    return found.decode()
