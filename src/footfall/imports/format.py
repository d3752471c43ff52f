"""Formats of access logs, as SQL: from the relation `lines` (n, line) to `COLUMNS`.

A line is taken apart at its quotation marks, then each part by an expression of its own: RE2 is
five times as fast with at most five groups, and every quoted part needs none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from footfall.imports.escape import BACKSLASH, QUOTE

COLUMNS = ("n", "time", "address", "method", "target", "status", "referrer", "agent", "host")
"""Line number, microseconds since 1970, and texts; null where a line does not tell or does not fit."""


class NoFormat(Exception):
    """What was asked for is no format, or what was found has none; its text says what would be right."""


@dataclass(frozen=True, slots=True)
class Format:
    """`sql` selects `COLUMNS`. A `header` format learns its fields from lines of the log that begin with `#`."""

    name: str
    sql: str = ""
    header: bool = False


COMMON = '%h %l %u %t "%r" %>s %b'
COMBINED = f'{COMMON} "%{{Referer}}i" "%{{User-Agent}}i"'
PATTERNS = {"combined": COMBINED, "vhost": f"%v {COMBINED}", "common": COMMON, "vhost-common": f"%v {COMMON}"}
NAMES = (*PATTERNS, "caddy", "w3c")

VARIABLES = {
    # nginx
    "remote_addr": "address", "realip_remote_addr": "address", "http_x_forwarded_for": "forwarded", "http_x_real_ip": "forwarded",
    "time_local": "clf", "time_iso8601": "iso", "msec": "seconds", "request": "request", "request_method": "method", "request_uri": "target",
    "uri": "target", "args": "query", "status": "status", "http_referer": "referrer", "http_user_agent": "agent",
    "host": "host", "http_host": "host", "server_name": "host",
    # Apache
    "h": "address", "a": "address", "{c}a": "address", "t": "clf", "r": "request", "m": "method", "U": "target", "q": "query", "s": "status",
    "v": "host", "V": "host", "{Referer}i": "referrer", "{User-Agent}i": "agent", "{Host}i": "host", "{X-Forwarded-For}i": "forwarded",
    "{%s}t": "seconds", "{sec}t": "seconds",
}  # fmt: skip
"""What the variables of nginx's `log_format` and Apache's `LogFormat` hold; others are passed over."""

TOKEN = re.compile(r"\$(?P<nginx>\w+)|\$\{(?P<braced>\w+)\}|%[<>!\d,]*(?P<apache>(?:\{[^}]*\})?[a-zA-Z])|(?P<percent>%%)")
SHIELDED = f"""replace(replace(line, '\\\\', '{BACKSLASH}'), '\\"', '{QUOTE}')"""
CLF = "epoch_us(try_strptime({}, '%d/%b/%Y:%H:%M:%S %z'))"
ISO = "epoch_us(try_cast({} AS TIMESTAMPTZ))"
SECONDS = "try_cast(try_cast({} AS DOUBLE) * 1e6 AS BIGINT)"
REQUEST = """CASE ' HTTP/' WHEN request[-9:-4] THEN request[:-10] WHEN request[-7:-2] THEN request[:-8] ELSE request END"""
"""A request without its version: one expression for all of it would take four times as long as all else of the line."""


class Variable(NamedTuple):
    """A place in a pattern that something is written to; `means` is one of `VARIABLES`' values, or nothing."""

    means: str | None
    bracketed: bool


Token = str | Variable


def named(name: str) -> Format:
    """A format by its name or pattern; raises `NoFormat`."""
    if name in PATTERNS:
        return Format(name, _select(PATTERNS[name]))
    if name == "caddy":
        return Format(name, CADDY)
    if name == "w3c":
        return Format(name, header=True)
    if "$" in name or "%" in name:
        return Format("pattern", _select(name))
    raise NoFormat(f"there is no format {name[:60]!r}; there are {', '.join(NAMES)}, and patterns such as nginx's log_format or Apache's LogFormat")


def _select(pattern: str) -> str:
    """The SQL of a pattern."""
    segments = _segments(pattern)
    found: dict[str, str] = {}
    parts: list[str] = []
    for index, tokens in enumerate(segments):
        means = [token.means for token in tokens if isinstance(token, Variable) and token.means and token.means not in found]
        place = f"s[{index + 1}]"
        if not means:
            continue
        if len(tokens) == 1 and not (isinstance(tokens[0], Variable) and tokens[0].bracketed):
            found[means[0]] = place
            continue
        wanted = set(means)
        parts.append(f"regexp_extract({place}, {_quoted(_expression(tokens, wanted))}, [{', '.join(map(_quoted, means))}]) AS g{index}")
        found |= {name: f"g{index}['{name}']" for name in means}
    _check(found)
    told = ", ".join(f"{_filled(name, expression)} AS {name}" for name, expression in found.items())
    least = len(segments) - (not segments[-1])  # the last quotation mark may be cut off
    return f"""
WITH split AS (SELECT n, string_split({SHIELDED}, '"') AS s FROM lines),
taken AS (SELECT n, s{"".join(f", {part}" for part in parts)} FROM split WHERE len(s) BETWEEN {least} AND {len(segments)}),
told AS (SELECT n, {told}{f", {REQUEST} AS asked, split_part(asked, ' ', 1) AS verb" if "request" in found else ""} FROM taken)
SELECT lines.n, {_time(found)} AS time, {_address(found)} AS address, {_request(found)}, {_text(found, "status")}, {_text(found, "referrer")}, {_text(found, "agent")}, {_text(found, "host")}
FROM lines LEFT JOIN told USING (n)
"""


def _segments(pattern: str) -> list[list[Token]]:
    """The tokens between the pattern's quotation marks."""
    segments: list[list[Token]] = [[]]
    place = 0
    for match in [*TOKEN.finditer(pattern), None]:
        literal = pattern[place : match.start() if match else len(pattern)]
        for number, text in enumerate(literal.replace('\\"', '"').split('"')):
            if number:
                segments.append([])
            if text:
                segments[-1].append(text)
        if match:
            name = match["nginx"] or match["braced"] or match["apache"]
            segments[-1].append(Variable(VARIABLES.get(name), bracketed=match["apache"] == "t") if name else "%")
            place = match.end()
    return segments


def _expression(tokens: Sequence[Token], wanted: set[str]) -> str:
    """The expression of a part, with groups for what is wanted, each once."""
    found = []
    left = set(wanted)
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            found.append(re.escape(token))
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        inner = "[^\\]]*" if token.bracketed else f"[^{re.escape(following[0])}]*" if isinstance(following, str) else "\\S*" if following else ".*"
        group = f"({inner})" if token.means in left else f"(?:{inner})"
        left.discard(token.means or "")
        found.append(f"\\[{group}\\]" if token.bracketed else group)
    return f"(?s)^{''.join(found)}$"


def _check(found: dict[str, str]) -> None:
    missing = [
        text
        for text, any_of in (
            ("the address ($remote_addr or %h)", ("address", "forwarded")),
            ("the time ($time_local or %t)", ("clf", "iso", "seconds")),
            ("the request ($request or %r)", ("request", "target")),
        )
        if not any(name in found for name in any_of)
    ]
    if missing:
        raise NoFormat(f"the pattern lacks {' and '.join(missing)}")


def _time(found: dict[str, str]) -> str:
    return next(form.format(name) for name, form in (("seconds", SECONDS), ("iso", ISO), ("clf", CLF)) if name in found)


def _address(found: dict[str, str]) -> str:
    """The peer's, unless only a forwarded one is written down: of several the last, which the nearest proxy saw."""
    return "address" if "address" in found else "nullif(trim(string_split(forwarded, ',')[-1]), '')"


def _request(found: dict[str, str]) -> str:
    if "request" in found:
        return (
            "CASE WHEN regexp_full_match(verb, '[A-Za-z_-]+') THEN verb END AS method, CASE WHEN method IS NOT NULL THEN nullif(trim(asked[length(verb) + 2:]), '') END AS target"
        )
    query = " || CASE WHEN query IS NULL THEN '' WHEN query LIKE '?%' THEN query ELSE '?' || query END" if "query" in found else ""
    return f"{'method' if 'method' in found else _quoted('GET')} AS method, target{query} AS target"


def _text(found: dict[str, str], name: str) -> str:
    if name not in found:
        return f"{_quoted('200') if name == 'status' else 'NULL'} AS {name}"
    return name


def _filled(name: str, expression: str) -> str:
    """A value, null where a line has none; a user agent that is empty is told from one not logged."""
    return f"CASE WHEN {expression} = '-' THEN '' ELSE {expression} END" if name == "agent" else f"nullif(nullif({expression}, ''), '-')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_caddy = [
    "$.ts", "$.request.remote_ip", "$.request.client_ip", "$.request.method", "$.request.uri", "$.status",
    "$.request.headers.Referer[0]", "$.request.headers.User-Agent[0]", "$.request.host", "$.request.remote_addr",
]  # fmt: skip
CADDY = f"""
WITH told AS (SELECT n, CASE WHEN json_valid(line) THEN json_extract_string(line, [{", ".join(map(_quoted, _caddy))}]) END AS j FROM lines)
SELECT n, coalesce({SECONDS.format("j[1]")}, {ISO.format("j[1]")}) AS time, coalesce(j[3], j[2], regexp_replace(j[10], ':[0-9]+$', '')) AS address, j[4] AS method, j[5] AS target,
    j[6] AS status, j[7] AS referrer, j[8] AS agent, j[9] AS host FROM told
"""

FIELDS = re.compile(r"#Fields:\s*(.*)")
MEANS = {
    "date": "date", "time": "clock", "c-ip": "address", "cs-method": "method", "cs-uri-stem": "stem", "cs-uri-query": "query", "sc-status": "status",
    "cs(Referer)": "referrer", "cs(User-Agent)": "agent", "cs-host": "host", "cs(Host)": "host", "x-host-header": "host",
}  # fmt: skip


def of_fields(header: str) -> Format:
    """The format that a line `#Fields:` of IIS (between spaces) or CloudFront (between tabs) announces; raises `NoFormat`."""
    match = FIELDS.match(header)
    names = match[1].split() if match else []
    places = {MEANS[name]: f"s[{index + 1}]" for index, name in enumerate(names) if name in MEANS}  # x-host-header comes last and is the visitor's
    missing = [name for name in ("date", "time", "c-ip", "cs-uri-stem") if MEANS[name] not in places]
    if missing:
        raise NoFormat(f"the log's line '#Fields:' lacks {', '.join(missing)}")
    told = ", ".join(f"nullif({places.get(name, 'NULL')}, '-') AS {name}" for name in dict.fromkeys(MEANS.values()))
    plus = "coalesce(try(url_decode(url_decode(replace({0}, '+', ' ')))), {0})"  # IIS writes a space as a plus, CloudFront as %2520
    return Format(
        "w3c",
        f"""
WITH told AS (SELECT n, {told} FROM (SELECT n, string_split(line, CASE WHEN contains(line, chr(9)) THEN chr(9) ELSE ' ' END) AS s FROM lines WHERE line NOT LIKE '#%') WHERE len(s) = {len(names)})
SELECT lines.n, epoch_us(try_cast(date || ' ' || clock AS TIMESTAMP)) AS time, address, coalesce(method, 'GET') AS method,
    stem || CASE WHEN query IS NULL THEN '' ELSE '?' || query END AS target, coalesce(status, '200') AS status,
    {plus.format("referrer")} AS referrer, {plus.format("agent")} AS agent, host FROM lines LEFT JOIN told USING (n) WHERE line NOT LIKE '#%'
""",
        header=True,
    )
