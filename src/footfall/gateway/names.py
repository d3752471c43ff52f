"""The names that browsers and systems go by, whatever a parser calls them."""

import json
import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver
from ua_parser_rs import UserAgentExtractor

TABLE = Path(str(files("footfall") / "data" / "clients.json"))
SHORT = re.compile(r"(/\d+)(?=[ ;)\]]|$)")
"""A version of one number; many of ua-parser's patterns ask for more."""

WEB_VIEW = "; wv)"


class Named(NamedTuple):
    """A browser or a system, and its version."""

    name: str | None
    version: str | None


NOTHING = Named(None, None)


def name_lookup() -> Callable[[str], tuple[Named, Named]]:
    """Return the look-up of browser and system of a user agent. Patterns are compiled here, once.

    Apps and systems of the table go before what ua-parser finds, and its names are put into the
    field's: mobile browsers have the name of the same browser elsewhere, since the system tells
    them apart. ua-parser's patterns for devices are left out: they take 13 MB.
    """
    table = json.loads(TABLE.read_text("utf-8"))
    apps, own_systems = _extractor(table["apps"]), _extractor(table["systems"])
    browser_names, system_names = table["browser_names"], table["system_names"]
    without_version = frozenset(table["without_version"])
    # Those that are not lazy compile every pattern with `re` first, in vain.
    browsers, systems, _ = load_lazy_builtins()
    parse = Resolver((browsers, systems, []))

    def names_of(user_agent: str) -> tuple[Named, Named]:
        user_agent = SHORT.sub(r"\1.0.0.0", user_agent)
        found = parse(user_agent, Domain.USER_AGENT | Domain.OS)
        browser, system = NOTHING, NOTHING
        if app := apps.extract(user_agent):
            browser = Named(app.family, _version(app.major, app.minor))
        elif parsed := found.user_agent:
            name = browser_names.get(parsed.family, parsed.family)
            browser = Named(name, _version(parsed.major, parsed.minor))
        if browser.name == "Chrome" and WEB_VIEW in user_agent:
            browser = browser._replace(name="Android WebView")
        if browser.name in without_version:
            browser = browser._replace(version=None)
        if own := own_systems.extract(user_agent):
            system = Named(own.family, _version(own.major, own.minor))
        elif found.os:
            name = system_names.get(found.os.family, found.os.family)
            system = Named(name, _version(found.os.major, found.os.minor))
        return browser, system

    return names_of


def _extractor(rows: Sequence[tuple[str, str]]) -> UserAgentExtractor:
    return UserAgentExtractor((pattern, name, None, None, None, None) for pattern, name in rows)


def _version(major: str | None, minor: str | None) -> str | None:
    return f"{major}.{minor}" if major and minor else major
