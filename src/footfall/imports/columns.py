"""From lines to events, in columns: an expensive look-up is made once for each different value.

Lines, addresses and user agents are in the memory of a database of their own, which writes nothing
to the disk; what it gives is a Parquet file of events that has neither.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from footfall.domain.address import within
from footfall.domain.channel import Sources, channel, source
from footfall.domain.client import Client
from footfall.domain.event import DAY_US, Hit, Tally
from footfall.domain.host import covers
from footfall.domain.identity import MIDNIGHT_US, Salt, visitor_id
from footfall.domain.reason import Reason
from footfall.domain.site import QUARTER_US, Offsets, Site
from footfall.gateway.collect import Place, page_of, page_reason, parse_page, referrer_of
from footfall.gateway.sighting import Invalid
from footfall.gateway.tags import NO_TAGS, TAGS
from footfall.imports.format import Format
from footfall.imports.reading import NoLog, Piece
from footfall.store.facts import STAGED

SECOND_US = 1_000_000
URL_BYTES = 2_000
MEMORY = "512MB"
"""Of each; a piece of a log takes about a fifth."""

ASSETS = frozenset(
    re.findall(
        r"\w+",
        "7z aac apk atom avi avif bin bmp br bz2 cab css csv cur dat deb dmg doc docx eot exe flac flv gif gz ico ics img iso jar jpeg jpg js json less log m3u8 m4a m4v map mid mjs mkv mov"
        " mp3 mp4 mpeg mpg msi odp ods odt ogg ogv opus otf pdf png ppt pptx ps rar rdf rpm rss scss svg svgz swf tar tgz tif tiff torrent ttf txt wasm wav webm webmanifest webp wmv woff"
        " woff2 xls xlsx xml xsl xz zip zst",
    )
)
"""Endings of what is fetched for a page, or by no reader of pages."""


class Wanted(NamedTuple):
    """What of a log counts. `hostname` and `scheme` are those of lines that name none."""

    hostname: str
    scheme: str = "https"
    keep_bots: bool = False
    keep_assets: bool = False


class Reject(NamedTuple):
    """A line that is no page view for a fault of its own."""

    line: int
    reason: str


class Made(NamedTuple):
    """What came of a piece: events in the file, hits dropped by reason and day, faulty lines, and lines that were no page views."""

    events: int
    tallies: Sequence[Tally]
    rejects: Sequence[Reject]
    others: int


@dataclass(frozen=True, slots=True)
class Lookups:
    """What turns lines into events. `salt_of` gives a day's salt, made if there is none."""

    client_of: Callable[[str], Client]
    place_of: Callable[[str], Place]
    offsets: Offsets
    sources: Sources
    salt_of: Callable[[int], Salt]


PARSED = "CREATE OR REPLACE TEMP TABLE parsed AS {sql}"
FAULTS = """
SELECT n, CASE WHEN address IS NULL AND time IS NULL THEN 'is not of the format' WHEN address IS NULL THEN 'has no address' WHEN time IS NULL THEN 'has no time'
    WHEN time > $now THEN 'lies in the future' WHEN time <= 0 THEN 'lies before 1970' ELSE 'has no request' END
FROM parsed WHERE address IS NULL OR time IS NULL OR target IS NULL OR time > $now OR time <= 0 ORDER BY n
"""
SOUND = "address IS NOT NULL AND time BETWEEN 1 AND $now AND target IS NOT NULL"
SEEN = """
CREATE OR REPLACE TEMP TABLE seen AS
SELECT n, time + n % 1000000 * (time % 1000000 = 0)::INT AS time, address, target, lower(host) AS host, coalesce(referrer, '') AS referrer, coalesce(agent, '') AS agent
FROM parsed WHERE {sound}{views}
"""
VIEWS = " AND method = 'GET' AND (status LIKE '2__' OR status = '304')"
OFFSET = "CASE WHEN {time} < {quarter}.change THEN {quarter}.before ELSE {quarter}.after END"
"""Microseconds, as wide as times are, so that their sum is too."""

LOCAL_DAY = f"CAST(floor(({{time}} + {OFFSET}) / {DAY_US}) AS INTEGER)"
EARLIER = f"(s.time - {MIDNIGHT_US})"
JOINED = f"""
CREATE OR REPLACE TEMP TABLE joined AS
SELECT s.n, s.time, {LOCAL_DAY.format(time="s.time", quarter="q")} AS day,
    {LOCAL_DAY.format(time=EARLIER, quarter="e")} < day AS early,
    {OFFSET.format(time="s.time", quarter="q")} // {SECOND_US} AS utc_offset, s.address, s.agent,
    p.scheme, p.hostname, p.port, p.page, {", ".join(f"p.{name}" for name in TAGS)}, r.referrer, d.country, d.region, d.city,
    a.browser, a.browser_version, a.os, a.os_version, a.device,
    CASE WHEN a.robot THEN 'bot' WHEN d.dropped <> '' THEN d.dropped WHEN p.dropped <> '' THEN p.dropped WHEN s.time < $oldest THEN 'too_late' END AS dropped
FROM seen s JOIN pages p ON p.target = s.target AND p.host = coalesce(s.host, '') JOIN agents a ON a.agent = s.agent JOIN places d ON d.address = s.address
    JOIN referrers r ON r.linking = s.referrer AND r.host = p.hostname
    JOIN quarters q ON q.quarter = s.time // {QUARTER_US} JOIN quarters e ON e.quarter = {EARLIER} // {QUARTER_US}
WHERE p.kind = 'page'
"""
QUARTERS = f"""
SELECT DISTINCT unnest([time // {QUARTER_US}, (time - {MIDNIGHT_US}) // {QUARTER_US}]) FROM seen
"""
DROPPED = "SELECT day, dropped, count(*) FROM joined WHERE dropped IS NOT NULL GROUP BY ALL ORDER BY ALL"
PEOPLE = "SELECT DISTINCT day, address, agent, early FROM joined WHERE dropped IS NULL"
_origin = ("referrer", *TAGS)
PLACE, AGENT = ("country", "region", "city"), ("browser", "browser_version", "os", "os_version", "device")
ORIGINS = f"SELECT DISTINCT {', '.join(_origin)} FROM joined WHERE dropped IS NULL"
WRITTEN = ("id", "time", "day", "utc_offset", "visitor", "prev", "scheme", "hostname", "port", "page", *_origin, *PLACE, *AGENT, "source", "channel", "sequence")
_values = {
    "id": "hash($site, $digest, j.n)", "time": "make_timestamp(j.time)", "day": "DATE '1970-01-01' + j.day", "visitor": "v.visitor", "prev": "v.prev",
    "source": "o.source", "channel": "o.channel", "sequence": "j.n",
}  # fmt: skip
EVENTS = f"""
COPY (SELECT {", ".join(f"CAST({_values.get(name, f'j.{name}')} AS {STAGED[name]}) AS {name}" for name in WRITTEN)}
FROM joined j JOIN people v ON v.day = j.day AND v.address = j.address AND v.agent = j.agent AND v.early = j.early
JOIN origins o ON {" AND ".join(f"o.{name} IS NOT DISTINCT FROM j.{name}" for name in _origin)}
WHERE j.dropped IS NULL) TO '{{path}}' (FORMAT parquet)
"""
_same = {"site": "$site", "kind": "'pageview'", "received": "make_timestamp(epoch_us(now()))", "interactive": "true", "engaged": "0", "shard": "$shard"}
_read = [name if name in WRITTEN else f"{_same.get(name, 'NULL')} AS {name}" for name in STAGED]
PARTS = f"SELECT {', '.join(_read)} FROM read_parquet($parts)"
"""Selects the events of parts (a list of files) in the columns of `facts.STAGED`."""


class Columns:
    """Makes events of one site's lines. Not for two threads at once."""

    def __init__(self, site: Site, wanted: Wanted, lookups: Lookups) -> None:
        self._site, self._wanted, self._lookups = site, wanted, lookups
        self._connection = duckdb.connect(
            ":memory:", config={"temp_directory": "", "memory_limit": MEMORY, "threads": 1, "preserve_insertion_order": False, "autoinstall_known_extensions": False}
        )
        self._connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")

    def make(self, piece: Piece, format_: Format, now_us: int, path: Path) -> Made:
        """Write the events of a piece to a Parquet file, for `PARTS`; raises `NoLog`."""
        try:
            return self._make(piece, format_, now_us, path)
        except duckdb.Error as exc:  # its text may hold a value of the log
            raise NoLog(f"the lines {piece.first:,} to {piece.last:,} cannot be taken apart ({type(exc).__name__})") from None

    def _make(self, piece: Piece, format_: Format, now_us: int, path: Path) -> Made:
        self._register("arrived", {"n": np.arange(piece.first, piece.last + 1), "line": np.array(piece.lines, dtype=object)})
        self._run("CREATE OR REPLACE TEMP TABLE lines AS SELECT n, rtrim(line, chr(13)) AS line FROM arrived WHERE line <> '' AND line <> chr(13)")
        self._run(PARSED.format(sql=format_.sql))
        rejects = [Reject(line, "is too long") for line in piece.long] + [Reject(*row) for row in self._run(FAULTS, now=now_us)]
        self._run(SEEN.format(sound=SOUND, views="" if self._wanted.keep_assets else VIEWS), now=now_us)
        self._look_up()
        rejects += [
            Reject(*row) for row in self._run("SELECT s.n, 'has no page' FROM seen s JOIN pages p ON p.target = s.target AND p.host = coalesce(s.host, '') WHERE p.kind = 'none'")
        ]
        oldest = now_us - self._site.retention_days * DAY_US if self._site.retention_days is not None else 0
        self._run(JOINED, oldest=oldest)
        tallies = [Tally(self._site.id, day, reason, hits) for day, reason, hits in self._run(DROPPED)]
        self._table("people", self._people(self._run(PEOPLE)))
        self._table("origins", self._origins(self._run(ORIGINS)))
        self._run(EVENTS.format(path=str(path).replace("'", "''")), site=self._site.id, digest=piece.digest.hex())
        ((events, all_lines),) = self._run("SELECT (SELECT count(*) FROM joined WHERE dropped IS NULL), (SELECT count(*) FROM lines)")
        dropped = sum(tally.hits for tally in tallies)
        return Made(events, tallies, sorted(rejects), all_lines - events - dropped - (len(rejects) - len(piece.long)))

    def sample(self, lines: Sequence[str], format_: Format) -> int:
        """How many of some lines fit a format."""
        self._register("arrived", {"n": np.arange(len(lines)), "line": np.array(lines, dtype=object)})
        self._run("CREATE OR REPLACE TEMP TABLE lines AS FROM arrived")
        ((fitting,),) = self._run(f"SELECT count(*) FROM ({format_.sql}) WHERE address IS NOT NULL AND time IS NOT NULL")
        return int(fitting)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def _look_up(self) -> None:
        quarters = [self._quarter(number) for (number,) in self._run(QUARTERS)]
        names = ("quarter", "before", "change", "after")
        self._table("quarters", {name: _numbers(quarters, place, "i8") for place, name in enumerate(names)})
        self._table("agents", _named(("agent", "browser", "browser_version", "os", "os_version", "device", "robot"), map(self._agent, self._each("agent"))))
        self._table("places", _named(("address", "country", "region", "city", "dropped"), map(self._place, self._each("address"))))
        pages = [self._page(target, host) for target, host in self._run("SELECT DISTINCT target, coalesce(host, '') FROM seen")]
        self._table("pages", _named(("target", "host", "kind", "dropped", "scheme", "hostname", "port", "page", *TAGS), pages))
        linking = self._run("SELECT DISTINCT referrer, p.hostname FROM seen s JOIN pages p ON p.target = s.target AND p.host = coalesce(s.host, '') WHERE p.kind = 'page'")
        self._table("referrers", _named(("linking", "host", "referrer"), [(each, host, referrer_of(each, host, self._site)) for each, host in linking]))

    def _quarter(self, number: int) -> tuple[int, int, int, int]:
        start = number * QUARTER_US
        found = self._lookups.offsets.around(start, self._site.zone_at(start))
        return number, found.before * SECOND_US, found.change, found.after * SECOND_US

    def _agent(self, agent: str) -> tuple[Any, ...]:
        client = self._lookups.client_of(agent)
        return agent, *client[:5], client.robot and not self._wanted.keep_bots

    def _place(self, address: str) -> tuple[Any, ...]:
        place, exclusions = self._lookups.place_of(address), self._site.exclusions
        dropped = (
            Reason.EXCLUDED_ADDRESS if exclusions.addresses and within(address, exclusions.addresses) else Reason.EXCLUDED_COUNTRY if place.country in exclusions.countries else ""
        )
        return address, *place[1:], str(dropped)

    def _page(self, target: str, host: str) -> tuple[Any, ...]:
        """What a request asked for: a page of the site, something else, or nothing that can be named."""
        url = (
            target
            if target.lower().startswith(("http://", "https://"))
            else f"{self._wanted.scheme}://{host or self._wanted.hostname}{'' if target.startswith('/') else '/'}{target}"
        )
        nothing = (None,) * (4 + len(TAGS))
        try:
            page = parse_page(url) if len(url.encode()) <= URL_BYTES else None
        except Invalid:
            page = None
        if page is None:
            return target, host, "none", "", *nothing
        if host and not covers(self._site.domains, page.host):
            return target, host, "other", "", *nothing
        if not self._wanted.keep_assets and _is_asset(page.path):
            return target, host, "other", "", *nothing
        page = page_of(page, self._site)
        dropped = page_reason(page, self._site) or ""
        return target, host, "page", str(dropped), *page[:4], *(page.tags or NO_TAGS)

    def _people(self, rows: Sequence[tuple[int, str, str, bool]]) -> Mapping[str, Any]:
        """Visitors, and for those soon after midnight what they would have been called the day before."""
        found, prior = [], []
        for day, address, agent, early in rows:
            key = self._lookups.place_of(address).key or address.encode()
            name = agent.encode("utf-8", "surrogatepass")
            found.append(visitor_id(self._lookups.salt_of(day).secret, self._site.id, key, name))
            prior.append(visitor_id(self._lookups.salt_of(day - 1).secret, self._site.id, key, name) if early else None)
        named = _named(("day", "address", "agent", "early"), rows)
        masked: Any = np.ma.array([each or 0 for each in prior], dtype="u8", mask=[each is None for each in prior])
        return {**named, "visitor": np.array(found, dtype="u8"), "prev": masked, "day": _numbers(rows, 0, "i4"), "early": _numbers(rows, 3, "?")}

    def _origins(self, rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Any]:
        told = []
        for row in rows:
            hit = BLANK._replace(**dict(zip(_origin, row, strict=True)))
            name = source(hit, self._lookups.sources)
            told.append((*row, name, channel(hit, name, self._lookups.sources)))
        return _named((*_origin, "source", "channel"), told)

    def _each(self, column: str) -> list[str]:
        return [value for (value,) in self._run(f"SELECT DISTINCT {column} FROM seen")]

    def _run(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters or None).fetchall()

    def _table(self, name: str, columns: Mapping[str, Any]) -> None:
        self._register("given", columns)
        kinds = {"port": "INTEGER", "robot": "BOOLEAN"}
        shown = ", ".join(f"CAST({column} AS {kinds.get(column, 'VARCHAR')}) AS {column}" if values.dtype == object else column for column, values in columns.items())
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {shown} FROM given")

    def _register(self, name: str, columns: Mapping[str, Any]) -> None:
        self._connection.register(name, dict(columns))


BLANK = Hit("", 0, "pageview", 0, 0, 0, 0, 0, None, "", "", None, "")


def _is_asset(path: str) -> bool:
    name = path.rpartition("/")[2]
    return "." in name and name.rpartition(".")[2].lower() in ASSETS


def _named(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    found = {}
    for name, values in zip(names, columns, strict=True):
        array = np.empty(len(values), dtype=object)
        array[:] = values
        found[name] = array
    return found


def _numbers(rows: Sequence[tuple[Any, ...]], place: int, kind: str) -> Any:
    return np.array([row[place] for row in rows], dtype=kind)
