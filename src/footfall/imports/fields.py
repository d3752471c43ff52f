"""W3C logs, whose lines `#Fields:` say what follows: those of IIS, CloudFront and others."""

import re

from footfall.imports.pattern import quoted

HEADER = "#Fields:"
NAMES = re.compile(r"#Fields:\s*(.*)")
MEANS = {
    "date": "date", "time": "clock", "timestamp": "moment", "x-timestamp": "moment",
    "date-time": "moment", "c-ip": "address", "x-forwarded-for": "forwarded",
    "cs(x-forwarded-for)": "forwarded", "c-dns": "address", "cs-method": "method",
    "cs-uri-stem": "stem", "cs-uri": "stem", "cs-url": "stem", "cs-uri-query": "query",
    "sc-status": "status", "cs(referer)": "referrer", "cs-referer": "referrer",
    "cs(referrer)": "referrer", "cs-referrer": "referrer", "cs(user-agent)": "agent",
    "cs-user-agent": "agent", "cs-useragent": "agent", "cs-host": "host", "cs(host)": "host",
    "x-host-header": "viewed",
}  # fmt: skip
NEEDED = {
    "the date and the time": (("date", "clock"), ("moment",)),
    "c-ip": (("address",), ("forwarded",)),
    "cs-uri-stem": (("stem",),),
}
QUOTED = r'"(?:[^"]|"")*"|[^ ]+'
# IIS writes a space as a plus, CloudFront as %2520.
PLUS = "coalesce(try(url_decode(url_decode(replace({0}, '+', ' ')))), {0})"


class NoFields(Exception):
    """A header that lacks what is needed; its text names that."""


def fields_sql(header: str) -> str:
    """Return what selects `format.COLUMNS` from lines that follow a header; raise `NoFields`."""
    match = NAMES.match(header)
    named = match[1] if match else ""
    names = named.split("\t") if "\t" in named.strip() else named.split()
    places: dict[str, str] = {}
    for index, name in enumerate(names):
        if means := MEANS.get(name.strip().lower()):
            places.setdefault(means, f"s[{index + 1}]")
    missing = [name for name, ways in NEEDED.items() if not _any(ways, places)]
    if missing:
        raise NoFields(", ".join(missing))
    values = ", ".join(f"{_value(places, name)} AS {name}" for name in dict.fromkeys(MEANS.values()))
    day = "coalesce(moment, date || ' ' || clock)"
    stem = "CASE WHEN tabbed THEN replace(stem, '%25', '%') ELSE replace(stem, '+', '%20') END"
    mark = "CASE WHEN query LIKE '?%' THEN '' ELSE '?' END"
    return f"""
WITH split AS (SELECT n, contains(line, chr(9)) AS tabbed, {_split()} AS s FROM lines),
told AS (SELECT n, tabbed, {values} FROM split WHERE len(s) = {len(names)})
SELECT n, epoch_us(try_cast({day} AS TIMESTAMPTZ)) AS time,
    concat_ws(', ', forwarded, address) AS address, coalesce(method, 'GET') AS method,
    {stem} || CASE WHEN query IS NULL THEN '' ELSE {mark} || query END AS target,
    {"status" if "status" in places else "'200'"} AS status, {PLUS.format("referrer")} AS referrer,
    {PLUS.format("agent")} AS agent, coalesce(viewed, host) AS host
FROM told WHERE date IS NOT NULL OR moment IS NOT NULL
"""


def _any(ways: tuple[tuple[str, ...], ...], places: dict[str, str]) -> bool:
    return any(all(name in places for name in way) for way in ways)


def _value(places: dict[str, str], name: str) -> str:
    place = places.get(name)
    if place is None:
        return "NULL::VARCHAR"
    if name == "agent":
        return f"CASE WHEN {place} = '-' THEN '' ELSE {place} END"
    return f"nullif(nullif({place}, '-'), '')"


def _split() -> str:
    """Fields lie between tabs, or between spaces, where one with spaces is quoted."""
    parts = f"regexp_extract_all(line, {quoted(QUOTED)})"
    bare = "CASE WHEN x LIKE '\"%\"' THEN replace(x[2:-2], '\"\"', '\"') ELSE x END"
    return (
        "CASE WHEN contains(line, chr(9)) THEN string_split(line, chr(9))"
        f" WHEN contains(line, '\"') THEN list_transform({parts}, lambda x: {bare})"
        " ELSE string_split(line, ' ') END"
    )
