"""Tells robots by their user agents: by name, by a word that only they use, or by their kind."""

import json
import re
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path

import crawleruseragents
from ua_parser_rs import UserAgentExtractor

TABLE = Path(str(files("footfall") / "data" / "robots.json"))
ENGINE = re.compile(
    r"AppleWebKit/|Gecko/\d|Trident/|Presto/|Goanna/|KHTML/|Servo/|MSIE \d|like Gecko"
    r"|CFNetwork/|Darwin/|Dalvik/|iOS \d|iPhone OS|Android \d"
)
"""A browser's engine or a phone's: behind one, a robot is told by its own word, not by its kind."""


def robot_lookup() -> Callable[[str], bool]:
    """Return the verdict on user agents. The patterns are compiled here, once.

    `marks` tell a robot whatever else stands beside them. A list of crawlers tells it by name;
    names that are those of apps too, and all kinds, count only where no engine is named: behind
    one somebody reads.
    """
    table = json.loads(TABLE.read_text("utf-8"))
    apps = set(table["apps"])
    listed = [entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA]
    marks = [f"(?i:{'|'.join(table['marks'])})"]
    kinds = [f"(?i:{'|'.join(kind)})" for kind in table["kinds"].values()]
    always = _extractor([*marks, *(pattern for pattern in listed if pattern not in apps)])
    without_engine = _extractor([*kinds, *apps])

    def is_robot(user_agent: str) -> bool:
        if not user_agent or always.extract(user_agent) is not None:
            return True
        engine = ENGINE.search(user_agent) is not None
        return not engine and without_engine.extract(user_agent) is not None

    return is_robot


def _extractor(patterns: Iterable[str]) -> UserAgentExtractor:
    return UserAgentExtractor((pattern, None, None, None, None, None) for pattern in patterns)
