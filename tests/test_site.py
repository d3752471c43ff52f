"""The documentation: its site can be built, hangs together, and leaves nothing out."""

import argparse
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from footfall.cli.parser import parser
from footfall.domain.event import Hit
from footfall.domain.reason import Reason
from footfall.settings import OPTIONS
from footfall.store.facts import EVENTS, VISITS
from footfall.telemetry import EngineMetrics, GatewayMetrics
from tests.site import ROOT, build

DOCS = ROOT / "docs"
LOADS = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Page(HTMLParser):
    """What a page loads, where it leads, what can be led to, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if tag in LOADS and LOADS[tag] in given:
            self.loads.append(given[LOADS[tag]])
        if tag == "a":
            self.links.append(given["href"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(folder).as_posix(): Page(path) for path in folder.rglob("*.html")}
    missing = [(name, each) for name, page in pages.items() if name != "404.html" for each in page.loads if not (folder / name).parent.joinpath(each).is_file()]
    assert missing == []
    return pages


def test_nothing_is_loaded_from_elsewhere(site):
    assert [(name, each) for name, page in site.items() for each in page.loads if urlsplit(each).scheme or urlsplit(each).netloc] == []
    styles = (DOCS / "theme" / "style.css").read_text("utf-8")
    assert not re.search(r"url\(|@import", styles)


def test_every_page_is_reached_from_the_first_by_links_that_lead_somewhere(site):
    seen, waiting = {"index.html"}, ["index.html"]
    while waiting:
        name = waiting.pop()
        for link in site[name].links:
            target = urlsplit(urljoin(f"http://site/{name}", link))
            if target.netloc != "site":
                continue
            page, anchor = unquote(target.path[1:]), unquote(target.fragment)
            assert page in site, f"{name} leads to {link}, which is not there"
            assert not anchor or anchor in site[page].anchors, f"{name} leads to {link}, which has no such heading"
            if page not in seen:
                seen.add(page)
                waiting.append(page)
    assert site.keys() - seen == {"404.html"}


def test_every_file_of_the_folder_is_a_page(site):
    pages = [path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")]
    assert [name for name in (*pages, "architecture.html", "changes.html") if name not in site] == []
    assert "Positions are never reused" in site["architecture.html"].text


def test_the_list_of_decisions_is_whole(site):
    headings = [path.read_text("utf-8").partition("\n")[0].removeprefix("# ").replace("`", "") for path in sorted((DOCS / "decisions").glob("0*.md"))]
    text = site["decisions/index.html"].text
    assert [heading for heading in headings if heading not in text] == []


def commands(command: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A command and all below it."""
    yield command
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from commands(below)


@pytest.mark.parametrize("command", list(commands(parser()))[1:], ids=lambda command: command.prog)
def test_every_command_and_flag_is_documented(site, command):
    headings = re.split(r"(?m)^(footfall [a-z -]+?)#$", site["commands.html"].text)
    sections = dict(zip(headings[1::2], headings[2::2], strict=True))
    assert command.prog in sections, f"docs/commands.md has no {command.prog}"
    assert command.description
    if any(isinstance(action, argparse._SubParsersAction) for action in command._actions):
        return
    for action in command._actions:
        if not isinstance(action, argparse._HelpAction):
            names = action.option_strings or [str(action.metavar or action.dest.upper())]
            assert [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sections[command.prog])] == []
            assert action.dest in OPTIONS or action.help, f"{names} of {command.prog} has no help"


def test_every_column_that_is_kept_is_explained_to_those_who_ask_for_privacy():
    text = (DOCS / "privacy.md").read_text("utf-8")
    columns = {name.removeprefix("visit_") for name in (*EVENTS, *VISITS, *Hit._fields)}
    assert sorted(name for name in columns if f"`{name}`" not in text) == []


@pytest.mark.parametrize("name", ["stream.db.damaged-1", "facts.duckdb.wal", "salts.db-wal", "rollups.db-shm", "registry.db"])
def test_files_of_the_data_folder_are_explained(name):
    assert explained(name)


def explained(name: str) -> bool:
    """Whether the table of files has a row for a file of the data folder."""
    rows = re.findall(r"^\| (`[^|]+`) \|", (DOCS / "privacy.md").read_text("utf-8"), re.M)
    return any(fnmatch(name, pattern) for row in rows for pattern in re.findall(r"`([^`]+)`", row))


def test_every_test_that_is_named_exists():
    for page in ("privacy.md", "promises.md"):
        named = re.findall(r"`(tests/[\w/.]+\.py)`", (DOCS / page).read_text("utf-8"))
        assert named and [name for name in named if not (ROOT / name).is_file()] == []


def test_every_metric_and_every_reason_is_explained():
    text = (DOCS / "operations.md").read_text("utf-8")
    kinds = {"counter": "_total", "histogram": "", "gauge": ""}
    metrics = [family for each in (GatewayMetrics(), EngineMetrics()) for counter in vars(each).values() for family in counter.describe()]
    assert len(metrics) >= 8
    assert [family.name for family in metrics if f"`{family.name}{kinds[family.type]}" not in text] == []
    assert [reason for reason in Reason if f"`{reason}`" not in (DOCS / "numbers.md").read_text("utf-8")] == []
