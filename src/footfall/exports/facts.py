"""Writing a site's facts to a file."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from footfall.control.port import Refusal
from footfall.domain.site import Site
from footfall.exports.columns import COLUMNS, select
from footfall.registry.port import Registry
from footfall.store.port import Facts

_TIMES = "TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'"
WRITTEN = {
    "csv": f"FORMAT csv, HEADER, {_TIMES}, USE_TMP_FILE false",
    "ndjson": f"FORMAT json, {_TIMES}, USE_TMP_FILE false",
    "parquet": "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false",
}
"""The options of COPY for each form. The caller names a file only once it is whole."""

BOM = "\ufeff"
"""By which Excel knows that a CSV file is UTF-8."""

TRIMMED = (
    "SELECT count(*) FROM days WHERE site = $site AND day BETWEEN $first AND $last AND trimmed"
)


@dataclass(frozen=True, slots=True)
class Export:
    """The command `export`: events or visits of a site and some days, as of one moment."""

    facts: Facts
    registry: Registry
    exchange: Path

    def __call__(
        self,
        site: str,
        what: str,
        form: str,
        file: str,
        first: str | None = None,
        last: str | None = None,
        bom: bool = False,
    ) -> dict[str, Any]:
        """Write to a file in `exchange`, over what is there; raise `Refusal`.

        Returns how many rows, and how many days are left out since their facts are gone.
        """
        _check(what, form, bom)
        known(self.registry, site)
        days = {
            "site": site,
            "first": _day("--from", first, date.min),
            "last": _day("--to", last, date.max),
        }
        if days["first"] > days["last"]:
            raise Refusal("--from must not lie after --to")
        mark = BOM if bom else ""
        copy = f"COPY ({select(what, form, mark)}) TO $path ({WRITTEN[form]})"
        path = str(self.exchange / Path(file).name)
        with self.facts.reading() as reading:
            ((rows,),) = reading.rows(copy, {**days, "path": path})
            ((left_out,),) = reading.rows(TRIMMED, days)
        return {"rows": rows, "left_out": left_out}


def known(registry: Registry, site_id: str) -> Site:
    """The site of an id; raises `Refusal`."""
    found = next((each for each in registry.sites() if each.id == site_id), None)
    if found is None:
        raise Refusal(f"there is no site {site_id!r}; 'footfall site list' shows all")
    return found


def _check(what: str, form: str, bom: bool) -> None:
    if what not in COLUMNS or form not in WRITTEN:
        raise Refusal(f"there are {' and '.join(COLUMNS)}, as {', '.join(WRITTEN)}")
    if bom and form != "csv":
        raise Refusal("only CSV begins with a byte order mark")


def _day(flag: str, text: str | None, otherwise: date) -> Any:
    try:
        return date.fromisoformat(text) if text else otherwise
    except ValueError:
        raise Refusal(f"{flag} must be a date such as 2026-01-31, not {text!r}") from None
