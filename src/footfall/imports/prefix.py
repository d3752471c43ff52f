"""What stands before a server's own line: of syslog, containers and journals."""

import json
import re
from collections.abc import Sequence

from footfall.imports.pattern import quoted

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_COLOUR = r"(?:\x1b\[[\d;]*m)*"
PREFIXES = (
    r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)? (?:\S+ )?[^\s:\[\]]+(?:\[\d+\])?: ",
    rf"<\d{{1,3}}>\d (?:{_STAMP}|-) \S+ \S+ \S+ \S+ (?:-|(?:\[[^\]]*\])+) ?\x{{FEFF}}?",
    rf"(?:<\d{{1,3}}>)?{_STAMP} \S+ [^\s:\[\]]+(?:\[\d+\])?: ",
    rf"(?:\[pod/\S+\] )?{_STAMP} (?:stdout|stderr) [FP] ",
    rf"{_COLOUR}[\w.-]+ +\| {_COLOUR}(?:{_STAMP} )?",
    r"\[pod/\S+\] ",
    rf"{_STAMP} ",
)
"""Expressions; the first that most lines begin with is taken off."""

MEMBERS = ("log", "MESSAGE", "message", "msg", "textPayload", "line")
"""Names of the member that holds the line where each line is an object of a container's log."""

MOST = 0.9


def prefixes_of(lines: Sequence[str]) -> list[str]:
    """Return what most of some lines may begin with, as SQL of `line` without it; `line` is last."""
    found = [_stripped(each) for each in PREFIXES if _share(lines, each) >= MOST]
    if lines and all(line.startswith("{") for line in lines):
        found += [_member(name) for name in MEMBERS if _has(lines[0], name)]
    return [*found, "line"]


def _share(lines: Sequence[str], expression: str) -> float:
    matching = re.compile(expression.replace(r"\x{FEFF}", "\ufeff"))
    return sum(1 for line in lines if matching.match(line)) / max(len(lines), 1)


def _stripped(expression: str) -> str:
    return f"regexp_replace(line, {quoted('^' + expression)}, '')"


def _has(line: str, name: str) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get(name), str)


def _member(name: str) -> str:
    inner = f"json_extract_string(CASE WHEN json_valid(line) THEN line END, '$.\"{name}\"')"
    return f"rtrim(coalesce({inner}, line), chr(10) || chr(13))"
