"""What is exported of events and visits: every column by its name, as SQL, in the order of the file."""

from collections.abc import Mapping

from footfall.exports.formula import harmless_sql
from footfall.store.facts import EVENTS, ORIGIN, VISITOR, VISITS

_NAMES = ("visitor", "visit", "id")
"""Hashes of 64 bits: sixteen hexadecimal digits, since spreadsheets round whole numbers of that size."""

_CHOSEN: Mapping[str, tuple[str, ...]] = {
    "events": (
        "id", "kind", "time", "day", "utc_offset", "visitor", "visit", "scheme", "hostname", "port", "page", "title", "name", "props", "currency", "amount",
        "interactive", "engaged", "scroll", "tag", "click", *ORIGIN, *VISITOR, "entry_page", *(f"visit_{name}" for name in ORIGIN),
    ),
    "visits": ("visit", "visitor", "start", "last", "day", "utc_offset", "duration", "pageviews", "events", "interactions", "bounce", "hostname", "entry_page", "exit_page", *ORIGIN, *VISITOR),
}  # fmt: skip
_MADE = {
    "duration": "epoch_us(last - start) / 1000000",
    "bounce": "pageviews = 1 AND interactions = 0",
    "engaged": "engaged / 1000",
}
_JSON = "coalesce(TRY_CAST(props AS JSON), to_json(props))"

COLUMNS: Mapping[str, Mapping[str, str]] = {
    relation: {name: f"printf('%016x', {name})" if name in _NAMES else _MADE.get(name, name) for name in chosen} for relation, chosen in _CHOSEN.items()
}
TEXTS = {"events": {name for name, kind in EVENTS.items() if kind == "VARCHAR"}, "visits": {name for name, kind in VISITS.items() if kind == "VARCHAR"}}


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
    chosen = ", ".join(f'{expression} AS "{begin}{name}"' for begin, (name, expression) in zip(marks, columns.items(), strict=True))
    return f"SELECT {chosen} FROM {relation} WHERE site = $site AND day BETWEEN $first AND $last"
