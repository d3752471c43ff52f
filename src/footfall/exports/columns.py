"""The exported columns of events and visits: names to SQL, in the order of the file."""

from collections.abc import Mapping

from footfall.exports.formula import harmless_sql
from footfall.store.facts import EVENTS, ORIGIN, VISITOR, VISITS

_NAMES = ("visitor", "visit", "id")
"""Hashes of 64 bits, as sixteen hexadecimal digits: spreadsheets round such large numbers."""

_EVENT_COLUMNS = (
    "id",
    "kind",
    "time",
    "day",
    "utc_offset",
    "visitor",
    "visit",
    "scheme",
    "hostname",
    "port",
    "page",
    "title",
    "name",
    "props",
    "currency",
    "amount",
    "interactive",
    "engaged",
    "scroll",
    "tag",
    "click",
    *ORIGIN,
    *VISITOR,
    "entry_page",
    *(f"visit_{name}" for name in ORIGIN),
)
_VISIT_COLUMNS = (
    "visit",
    "visitor",
    "start",
    "last",
    "day",
    "utc_offset",
    "duration",
    "pageviews",
    "events",
    "interactions",
    "bounce",
    "hostname",
    "entry_page",
    "exit_page",
    *ORIGIN,
    *VISITOR,
)
_MADE = {
    "duration": "epoch_us(last - start) / 1000000",
    "bounce": "pageviews = 1 AND interactions = 0",
    "engaged": "engaged / 1000",
}
_JSON = "coalesce(TRY_CAST(props AS JSON), to_json(props))"


def _expression(name: str) -> str:
    if name in _NAMES:
        return f"printf('%016x', {name})"
    return _MADE.get(name, name)


COLUMNS: Mapping[str, Mapping[str, str]] = {
    "events": {name: _expression(name) for name in _EVENT_COLUMNS},
    "visits": {name: _expression(name) for name in _VISIT_COLUMNS},
}
TEXTS = {
    "events": {name for name, kind in EVENTS.items() if kind == "VARCHAR"},
    "visits": {name for name, kind in VISITS.items() if kind == "VARCHAR"},
}


def select(relation: str, form: str, mark: str = "") -> str:
    """Return the SQL of a site's rows between two days; `mark` begins the first column's name.

    In no order: sorting rows so wide takes longer than all else, and memory that reports need.
    """
    columns = dict(COLUMNS[relation])
    if form == "csv":
        from_others = TEXTS[relation] & set(columns)
        columns |= {name: harmless_sql(name) for name in from_others}
    if form == "ndjson" and relation == "events":
        columns["props"] = _JSON
    marks = [mark, *[""] * (len(columns) - 1)]
    chosen = ", ".join(
        f'{expression} AS "{begin}{name}"'
        for begin, (name, expression) in zip(marks, columns.items(), strict=True)
    )
    return f"SELECT {chosen} FROM {relation} WHERE site = $site AND day BETWEEN $first AND $last"
