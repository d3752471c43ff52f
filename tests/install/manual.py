"""What docs tell people to type."""

import re
import shlex
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs"


def lines(name: str, heading: str = "") -> list[str]:
    """The indented lines of a text; with a heading, those of the first block below it."""
    text = (DOCS / name).read_text()
    if heading:
        block = re.search(r"(?:^ {4}\S.*\n)+", text.partition(f"## {heading}\n")[2], re.MULTILINE)
        text = block[0] if block else ""
    return [line.strip() for line in re.findall(r"^ {4}\S.*$", text, re.MULTILINE)]


def blocks(name: str, *languages: str, heading: str = "") -> list[str]:
    """The fenced blocks of a text in any of these languages.

    With a heading, those below it, up to the next.
    """
    text = (DOCS / name).read_text()
    if heading:
        text = re.split(
            r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE
        )[0]
    return [
        body
        for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        if language in languages
    ]


PROGRAMS = re.compile(
    r"(?:sudo )?(?:\.venv/bin/|/opt/footfall/bin/)?"
    r"(?:footfall|make|pip|python3|curl|zcat|docker|sha256sum|caddy|useradd|echo|printf|cd|cp)[ \n]"
    r"|[\d*]+ [\d*]+ [\d* ]+ footfall "  # a line of cron
)


class Typed(NamedTuple):
    """A command that a text has its readers type."""

    text: str
    line: str


def commands(path: Path) -> list[Typed]:
    """Return the commands of a text's indented blocks, each with the lines that go on with it."""
    found: list[Typed] = []
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for block in re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE):
        if PROGRAMS.match(block.strip()):
            found += [Typed(path.name, line) for line in _joined(dedent(block).splitlines())]
    return found


def _joined(written: list[str]) -> list[str]:
    """Return whole commands: what is between quotation marks may take several lines."""
    found: list[str] = []
    waiting = ""
    for line in written:
        waiting += line.removesuffix("\\")
        try:
            shlex.split(waiting, comments=True)
        except ValueError:
            waiting += "\n"
            continue
        if line.endswith("\\"):
            continue
        if shlex.split(waiting, comments=True):
            found.append(waiting.strip())
        waiting = ""
    assert not waiting, waiting
    return found
