"""The spellings under which what a person looks for may be stored."""

import re
from collections.abc import Iterable
from unicodedata import normalize

from footfall.domain.page import canonical, readable

PATHS = ("event:page", "visit:entry_page", "visit:exit_page", "visit:referrer")
HOSTS = ("event:hostname", "visit:referrer", "visit:source")
"""Dimensions of which unknown ones are shown as the host's name."""

ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
LABEL = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")


def spellings(dimension: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return texts, and their other spellings in a dimension, each once."""
    return tuple(dict.fromkeys(each for value in values for each in _of_text(dimension, value)))


def expressions(dimension: str, values: Iterable[str]) -> tuple[str, ...]:
    """Return regular expressions, those of pages as they match pages that people read."""
    if dimension not in PATHS:
        return tuple(values)
    shown = (ESCAPED.sub(_literal, normalize("NFC", value)) for value in values)
    return tuple(dict.fromkeys(shown))


def _of_text(dimension: str, value: str) -> Iterable[str]:
    yield value
    if dimension in PATHS:
        shown = readable(value)
        if shown != "/":  # a session's parameter alone, of which nothing is left
            yield shown
            yield canonical(value)  # before pages had one spelling
    if value.isascii():
        return
    yield normalize("NFC", value)
    yield normalize("NFD", value)
    if dimension in HOSTS:
        host, slash, path = value.partition("/")
        yield LABEL.sub(_in_ascii, normalize("NFC", host).lower()) + slash + readable(path)


def _literal(found: re.Match[str]) -> str:
    return re.escape(readable(found[0]))


def _in_ascii(found: re.Match[str]) -> str:
    """Return a label of a host as it stands in addresses: RFC 3492."""
    label = found[0]
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
