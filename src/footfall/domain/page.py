"""The one spelling of a page: as a URL has it, and as people read it."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from unicodedata import is_normalized, normalize

ODD = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'*+,=]")
"""What may have a second spelling, or begin a session's parameter; most paths hold none of it."""

SESSION = re.compile(
    r"(?:;|%3b)"
    r"(?:jsessionid(?:sso)?|phpsessid|aspsessionid[a-z]*|sess(?:ion)?_?id|cfid|cftoken"
    r"|sid(?=(?:=|%3d)[^/;?#%]{16}))"
    r"(?:(?:=|%3d)(?:(?!%3b)[^/;?#])*)?(?=[/;?#]|%3b|$)",
    re.I,
)
"""Parameters in a path by which servers know a session where there are no cookies."""

COOKIELESS = re.compile(r"/\((?:[A-Z]\([^()/]*\))+\)(?=/)")
"""How ASP.NET writes the same: `/(S(lit3py55t21z5v55vlm25s55))/`."""

ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""RFC 3986, 2.3: with or without an escape it is the same page."""

SLASHES = re.compile("//+")
INVISIBLE = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u037e\u1fef]")
"""Printable by Unicode, though nothing is seen, or (the last two) another sign once composed."""


def canonical(path: str) -> str:
    """Return a path or URL in ASCII, as a link to it is written.

    Of equal spellings there is one: what needs no escape has none, all else an escape in upper
    case. What RFC 3986 reserves stays as it came, since it may tell pages apart.
    """
    if not ODD.search(path):
        return path
    return ESCAPES.sub(_escaped, readable(path))


def readable(path: str) -> str:
    """Return a path or URL as people read it: `/café` for `/caf%C3%A9`.

    Letters of all scripts are shown, composed (NFC) as they are typed; controls, spaces, marks of
    direction and what is reserved stay escaped, so that `canonical` brings the link back.
    """
    if not ODD.search(path):
        return path
    shown = ESCAPES.sub(_shown, _without_session(path))
    while not is_normalized("NFC", shown):  # a letter composed may be one that is not shown
        shown = ESCAPES.sub(_shown, _without_session(normalize("NFC", shown)))
    return shown


def merged(path: str) -> str:
    """Return a path with one slash for several, and none at its end; its fragment likewise."""
    page, mark, fragment = path.partition("#")
    return _slashed(page) + (mark + _slashed(fragment) if mark else "")


def _slashed(path: str) -> str:
    single = SLASHES.sub("/", path)
    return single if single == "/" else single.removesuffix("/")


def fits(page: str, globs: Iterable[str]) -> bool:
    """Return whether a readable page fits any of the globs, which may be written either way."""
    return any(fnmatchcase(page, readable(glob)) for glob in globs)


def _without_session(path: str) -> str:
    if "(" not in path and ";" not in path and "%3" not in path:
        return path
    return COOKIELESS.sub("", SESSION.sub("", path)) or "/"


def _bytes(found: re.Match[str]) -> bytes:
    text = found[0]
    if len(text) == 1:
        return text.encode("utf-8", "replace")
    return bytes.fromhex(text.replace("%", ""))


def _escaped(found: re.Match[str]) -> str:
    return "".join([chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in _bytes(found)])


def _shown(found: re.Match[str]) -> str:
    # Bytes that are no UTF-8 come as lone surrogates, which are not printable.
    text = _bytes(found).decode("utf-8", "surrogateescape")
    return "".join([_letter(each) for each in text])


def _letter(letter: str) -> str:
    if letter.isascii():
        return letter if ord(letter) in UNRESERVED else f"%{ord(letter):02X}"
    if letter.isprintable() and not INVISIBLE.match(letter):
        return letter
    return "".join([f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape")])
