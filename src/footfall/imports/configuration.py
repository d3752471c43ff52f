"""A pattern out of what is pasted from a server's configuration."""

import re

_NGINX = re.compile(r"\s*log_format\s+(?P<name>\S+)\s+(?:escape=\w+\s+)?(?P<body>.*?);?\s*", re.S)
_APACHE = re.compile(r"\s*(?:LogFormat|CustomLog)\s+(?P<body>.*?)\s*", re.S | re.I)
_LIGHTTPD = re.compile(r"\s*accesslog\.format\s*=\s*(?P<body>.*?)\s*", re.S)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.S)
_ESCAPED = re.compile(r"\\(.)", re.S)
_LETTERS = {"t": "\t", "n": "\n"}
_GUNICORN = re.compile(r"%\((?P<name>\{[^}]*\}i|[a-zA-Z])\)s")
_GUNICORN_NAMES = {"f": "%{Referer}i", "a": "%{User-Agent}i"}


def pattern_of(text: str) -> str:
    """Return the pattern in a pasted line of configuration, or the text where it is none."""
    if match := _NGINX.fullmatch(text):
        return _joined(match["body"]) or match["body"]
    if match := _APACHE.fullmatch(text) or _LIGHTTPD.fullmatch(text):
        body = match["body"].replace("\\\n", "")
        first = _QUOTED.match(body)
        return _meant(first) if first else body
    bare = text.strip().removesuffix(";")
    if (whole := _QUOTED.fullmatch(bare)) and ("$" in bare or "%" in bare):
        return _meant(whole)
    return _GUNICORN.sub(_apache, text.strip("\r\n"))


def _joined(body: str) -> str:
    """Quoted pieces, one after the other."""
    return "".join(_meant(piece) for piece in _QUOTED.finditer(body))


def _meant(piece: re.Match[str]) -> str:
    text = piece[1] if piece[1] is not None else piece[2]
    return _ESCAPED.sub(lambda escape: _LETTERS.get(escape[1], escape[1]), text)


def _apache(match: re.Match[str]) -> str:
    name = match["name"]
    return _GUNICORN_NAMES.get(name, f"%{name}")
