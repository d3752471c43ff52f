"""Escapes of Apache, nginx and JSON within a log's values, undone."""

import re

QUOTE, BACKSLASH = "\x01", "\x02"
"""Stand for an escaped quotation mark and an escaped backslash while a line is taken apart."""

ESCAPED = f"[\\\\{QUOTE}{BACKSLASH}]"
"""Matches a value that holds an escape."""

_BYTES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_UNITS = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
_LETTER = re.compile(r"\\([nrtbvf/])")
_LETTERS = {"n": " ", "r": " ", "t": " ", "b": " ", "v": " ", "f": " ", "/": "/"}
_SPACE = 0x20


def unescaped(text: str) -> str:
    """Return a value as it was before the server escaped it; control characters are none of it.

    Bytes that are no UTF-8 become `%E9`, as a browser would have sent them.
    """
    text = _BYTES.sub(_of_bytes, text)
    text = _UNITS.sub(_of_units, text)
    text = _LETTER.sub(lambda match: _LETTERS[match[1]], text)
    return text.replace(QUOTE, '"').replace(BACKSLASH, "\\")


def _of_bytes(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match[0].replace("\\x", ""))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return "".join(f"%{byte:02X}" for byte in raw)
    return _printable(text)


def _of_units(match: re.Match[str]) -> str:
    raw = bytes.fromhex(match[0].replace("\\u", ""))
    return _printable(raw.decode("utf-16-be", "replace"))


def _printable(text: str) -> str:
    return "".join(each if ord(each) >= _SPACE else f"%{ord(each):02X}" for each in text)
