"""What docs tell people to type."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def lines(name: str, heading: str = "") -> list[str]:
    """The indented lines of a text; with a heading, those of the first block below it."""
    text = (DOCS / name).read_text()
    if heading:
        block = re.search(r"(?:^ {4}\S.*\n)+", text.partition(f"## {heading}\n")[2], re.MULTILINE)
        text = block[0] if block else ""
    return [line.strip() for line in re.findall(r"^ {4}\S.*$", text, re.MULTILINE)]


def blocks(name: str, *languages: str, heading: str = "") -> list[str]:
    """The fenced blocks of a text in any of these languages; with a heading, those below it, up to the next."""
    text = (DOCS / name).read_text()
    if heading:
        text = re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return [body for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if language in languages]
