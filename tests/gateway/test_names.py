"""The table of names of browsers and systems."""

import json
import re

import pytest
from ua_parser.lazy import UserAgentMatcher
from ua_parser.loaders import load_lazy_builtins

from footfall.gateway.names import TABLE

NAMES = json.loads(TABLE.read_text("utf-8"))
INTERNAL = re.compile(r"Mobile|Tablet|iOS$|iOS |Android|WebView|WKWebView| App$|Client$")
BY_THAT_NAME = {"Android Browser", "Android WebView", "Apple $1 App", "HTTPClient", "HipChat Desktop Client"}


def test_no_internal_name_of_the_parser_reaches_anybody():
    browsers, _, _ = load_lazy_builtins()
    families = {matcher.family for matcher in browsers if isinstance(matcher, UserAgentMatcher)}
    internal = {family for family in families if family and INTERNAL.search(family)}
    assert internal
    assert internal <= {*NAMES["browser_names"], *BY_THAT_NAME}
    assert not {name for name in NAMES["browser_names"].values() if INTERNAL.search(name)} - BY_THAT_NAME


@pytest.mark.parametrize("kind", ["apps", "systems"])
def test_every_pattern_has_a_name_and_stands_once(kind):
    patterns = [pattern for pattern, _ in NAMES[kind]]
    assert len(set(patterns)) == len(patterns)
    for pattern, name in NAMES[kind]:
        assert re.compile(pattern).groups in (1, 3) or name == "Zalo", pattern
        assert name == name.strip() != ""


def test_names_are_not_renamed_again():
    for table in (NAMES["browser_names"], NAMES["system_names"]):
        assert not set(table) & set(table.values())
