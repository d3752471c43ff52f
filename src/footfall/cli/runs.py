"""`footfall imports`: what was imported of logs, and taking it back."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from footfall import compose
from footfall.cli.figures import visible
from footfall.cli.table import Table
from footfall.control.port import Refusal
from footfall.registry.port import RegistryBroken
from footfall.settings import Settings
from footfall.store.port import StoreBroken

EXPECTED = (Refusal, StoreBroken, RegistryBroken, OSError)
COLUMNS = (
    "number",
    "when",
    "site",
    "what",
    "files",
    "first day",
    "last day",
    "lines",
    "page views",
    "left out",
)


def run(settings: Settings, given: dict[str, Any]) -> int:
    """Do what `action` says."""
    return ACTIONS[given["action"]](settings, given)


def _list(settings: Settings, given: dict[str, Any]) -> int:
    with compose.owner(settings) as owner:
        found = owner("imports", site=given["site_id"])
    if given["json"]:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    elif not found:
        print("nothing was imported")
    else:
        _print(found)
    return 0


def _print(imports: list[dict[str, Any]]) -> None:
    width = Console().width if sys.stdout.isatty() else None
    shown = Table(COLUMNS, len(COLUMNS), width)
    for each in imports:
        texts = (
            str(each["import"]),
            each["at"],
            each["site"],
            each["source"],
            f"{each['files']:,}",
            each["first"] or "",
            each["last"] or "",
            f"{each['lines']:,}",
            f"{each['page_views']:,}",
            _left_out(each),
        )
        shown.add([Text(visible(text)) for text in texts])
    for line in shown.lines():
        print(line.plain)


def _left_out(found: dict[str, Any]) -> str:
    counts = sorted(found["left_out"].items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in counts)


def _remove(settings: Settings, given: dict[str, Any]) -> int:
    number = given["number"]
    with compose.owner(settings) as owner:
        found = [each for each in owner("imports") if each["import"] == number]
        if not found:
            raise Refusal(f"there is no import {number}; 'footfall imports list' shows all")
        if not given["yes"]:
            _ask(found[0])
        taken_back = owner("take_back", number=number)
    print(f"took back import {number}: {taken_back['events']:,} page views")
    if taken_back["kept_days"]:
        print(_kept(taken_back["kept_days"]))
    return 0


def _kept(days: int) -> str:
    subject = "1 day keeps" if days == 1 else f"{days:,} days keep"
    return f"{subject} what it brought to their sums: the facts of them are deleted already"


def _ask(found: dict[str, Any]) -> None:
    """Go on only when the owner says so; raises `Refusal`."""
    if not sys.stdin.isatty():
        raise Refusal("there is no terminal to ask on: say --yes to take the import back")
    what = f"{found['page_views']:,} page views of {found['source']} in {found['site']}"
    answer = input(f"Take back import {found['import']}, {what}? Type yes: ")
    if answer.strip().lower() not in ("y", "yes"):
        raise Refusal("nothing was taken back")


ACTIONS = {"list": _list, "remove": _remove}
