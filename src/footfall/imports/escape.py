"""Escapes of Apache, nginx and JSON within a log's values, undone."""

import re

QUOTE, BACKSLASH = "\x01", "\x02"
"""Stand for an escaped quotation mark and an escaped backslash while a line is taken apart."""

ESCAPED = f"[\\\\{QUOTE}{BACKSLASH}]"
"""Matches a value that holds an escape."""

_ESCAPE = re.compile(r"(?:\\x[0-9a-fA-F]{2})+|(?:\\u[0-9a-fA-F]{4})+|\\[nrtbvf/\"\\]")
_PLAIN = '/"\\'
_SPACE = 0x20


def unescaped(text: str) -> str:
    """Return a value as it was before the server escaped it; control characters are none of it.

    Bytes that are no UTF-8 become `%E9`, as a browser would have sent them.
    """
    plain = _ESCAPE.sub(_meant, text)
    return plain.replace(QUOTE, '"').replace(BACKSLASH, "\\")


def _meant(match: re.Match[str]) -> str:
    written = match[0]
    if written[1] == "u":
        return _printable(bytes.fromhex(written.replace("\\u", "")).decode("utf-16-be", "replace"))
    if written[1] != "x":
        return written[1] if written[1] in _PLAIN else " "
    raw = bytes.fromhex(written.replace("\\x", ""))
    try:
        return _printable(raw.decode())
    except UnicodeDecodeError:
        return "".join(f"%{byte:02X}" for byte in raw)


def _printable(text: str) -> str:
    return "".join(each if ord(each) >= _SPACE else f"%{ord(each):02X}" for each in text)
