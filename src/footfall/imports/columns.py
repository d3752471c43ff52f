"""From lines to events, in columns: an expensive look-up is made once for each different value.

Lines, addresses and user agents are in the memory of a database of their own, which writes nothing
to the disk; what it gives is a Parquet file of events that has neither.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np

from footfall.domain.address import within
from footfall.domain.channel import Sources, channel, source
from footfall.domain.client import Client
from footfall.domain.event import DAY_US, Hit
from footfall.domain.identity import Salt, visitor_id
from footfall.domain.reason import Reason
from footfall.domain.site import QUARTER_US, Offsets, Site
from footfall.gateway.collect import Place, referrer_of
from footfall.gateway.tags import NO_TAGS, TAGS
from footfall.imports import statements as sql
from footfall.imports.bundle import Bundle, place_of
from footfall.imports.escape import ESCAPED, unescaped
from footfall.imports.first import Line
from footfall.imports.format import Format, spans
from footfall.imports.peer import peer_of
from footfall.imports.reading import NoLog
from footfall.imports.reason import FAULTS, LineReason
from footfall.imports.request import Wanted, asked
from footfall.store.failure import is_of_the_machine, sentence
from footfall.store.importing import Outcome
from footfall.store.port import StoreBroken

MEMORY = 512_000_000
"""Bytes that one may use, unless told."""


class Reject(NamedTuple):
    """A line that is no page view for a fault of its own, by its name in the bundle."""

    name: int
    reason: LineReason


class Made(NamedTuple):
    """What came of a bundle: each of its lines is an event of the file or was left out.

    `events` are counted by file. `examples` are the first line left out for each reason, `rejects`
    the faulty lines.
    """

    events: Mapping[int, int]
    outcomes: Sequence[Outcome]
    examples: Mapping[LineReason, int]
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True)
class Lookups:
    """What turns lines into events. `salt_of` gives a day's salt, made if there is none."""

    client_of: Callable[[str], Client]
    place_of: Callable[[str], Place]
    offsets: Offsets
    sources: Sources
    salt_of: Callable[[int], Salt]


class Columns:
    """Makes events of one site's lines. Not for two threads at once."""

    def __init__(
        self,
        site: Site,
        wanted: Wanted,
        lookups: Lookups,
        memory: int = MEMORY,
    ) -> None:
        self._site, self._wanted, self._lookups = site, wanted, lookups
        config: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": "",
            "memory_limit": f"{memory}B",
            "threads": 1,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        }
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")

    def make(self, bundle: Bundle, format_: Format, now_us: int, path: Path | None) -> Made:
        """Write the events of a bundle to a Parquet file, for `PARTS`, or only say what there are.

        Raises `NoLog`, and `StoreBroken` where memory or the disk is too small.
        """
        try:
            made = self._make(bundle, format_, now_us)
            if path:
                self._write(bundle, path)
        except duckdb.Error as exc:  # its text may hold a value of the log
            if is_of_the_machine(exc):
                raise StoreBroken(sentence(exc)) from None
            first, last = (place_of(int(bundle.names[end]))[1] for end in (0, -1))
            kind = type(exc).__name__
            raise NoLog(f"the lines {first:,} to {last:,} cannot be taken apart ({kind})") from None
        return made

    def _make(self, bundle: Bundle, format_: Format, now_us: int) -> Made:
        empty = self._take_apart(bundle, format_)
        self._table("peers", self._peers())
        self._run(sql.JUDGED.format(view="" if self._wanted.keep_assets else sql.VIEW), now=now_us)
        self._run(sql.SEEN)
        self._look_up()
        days = self._site.retention_days
        self._run(sql.JOINED, oldest=0 if days is None else now_us - days * DAY_US)
        outcomes, examples = self._left(empty, bundle.long)
        return Made(dict(self._run(sql.COUNT)), outcomes, examples, self._rejects(bundle.long))

    def _write(self, bundle: Bundle, path: Path) -> None:
        self._table("people", self._people(self._run(sql.PEOPLE)))
        self._table("origins", self._origins(self._run(sql.ORIGINS)))
        target = str(path).replace("'", "''")
        site, digest = self._site.id, bundle.digest.hex()
        self._run(sql.EVENTS.format(path=target), site=site, digest=digest)

    def _take_apart(self, bundle: Bundle, format_: Format) -> list[int]:
        """Make `parsed`; return the numbers of the lines in which there is nothing."""
        blank = sql.BLANK + (sql.COMMENT if format_.header else "")
        self._register("arrived", {"n": bundle.names, "line": np.array(bundle.lines, dtype=object)})
        self._run(sql.PARSED)
        for first, end, spoken in spans(bundle, format_):
            text = sql.LINES.format(blank=blank, stripped=spoken.stripped)
            self._run(text, first=first, end=end)
            self._parse(spoken, first)
        for column in sql.ESCAPING:
            found = self._run(sql.SPELLED.format(column=column), escaped=ESCAPED)
            if found:
                spelled = [(was, unescaped(was)) for (was,) in found]
                self._table("spelled", _named(("was", "meant"), spelled))
                self._run(sql.RESPELL.format(column=column))
        return [number for (number,) in self._run(sql.EMPTY.format(blank=blank))]

    def _parse(self, format_: Format, first: int) -> None:
        """Add `lines` to `parsed`; those that do not fit have nothing there but their names."""
        if format_.sql:
            self._run(sql.PARSE.format(sql=format_.sql))
        ((left,),) = self._run(sql.UNPARSED, first=first)
        if left and format_.retry:
            self._run(sql.ONLY_LEFT)
            self._run(sql.PARSE.format(sql=format_.retry))
        if left:
            self._run(sql.NO_FORMAT)

    def _left(self, empty: Sequence[int], long: Sequence[int]) -> tuple[list[Outcome], dict[LineReason, int]]:
        """Return the lines left out by file, day and reason, and the first of each reason."""
        found: list[Outcome] = []
        examples: dict[LineReason, int] = {}
        for file, day, reason, count, example in self._run(sql.REASONS):
            found.append(Outcome(file, day, reason, count))
            examples[reason] = min(example, examples.get(reason, example))
        nothing = sorted(set(empty) - set(long))
        for reason, names in ((LineReason.EMPTY, nothing), (LineReason.TOO_LONG, sorted(long))):
            counts = Counter(place_of(name)[0] for name in names)
            found += [Outcome(file, None, reason, count) for file, count in counts.items()]
            if names:
                examples[reason] = min(names[0], examples.get(reason, names[0]))
        return found, {LineReason(reason): name for reason, name in examples.items()}

    def _rejects(self, long: Sequence[int]) -> list[Reject]:
        faulty = self._run(sql.REJECTS, faults=[str(reason) for reason in FAULTS])
        found = [Reject(line, LineReason(reason)) for line, reason in faulty]
        return sorted([*found, *(Reject(line, LineReason.TOO_LONG) for line in long)])

    def sample(self, lines: Sequence[str], format_: Format) -> int:
        """Return how many of some lines fit a format."""
        self._arrive(lines, format_.stripped)
        ((fitting,),) = self._run(sql.FITTING.format(sql=format_.sql))
        return int(fitting)

    def stripped(self, lines: Sequence[str], stripped: str) -> list[str]:
        """Return lines without what stands before them."""
        if stripped == "line":
            return list(lines)
        self._arrive(lines, stripped)
        return [line for (line,) in self._run("SELECT line FROM lines ORDER BY n")]

    def _arrive(self, lines: Sequence[str], stripped: str) -> None:
        values = np.array(lines, dtype=object)
        self._register("arrived", {"n": np.arange(len(lines)), "line": values})
        text = sql.LINES.format(blank=sql.BLANK, stripped=stripped)
        self._run(text, first=0, end=len(lines))

    def first_lines(self) -> list[Line]:
        """Return the lines of the last bundle as they were read."""
        self._table("origins", self._origins(self._run(sql.ORIGINS)))
        found = []
        for name, *shown, reason in self._run(sql.FIRST):
            told = LineReason(reason) if reason else None
            found.append(Line(place_of(name)[1], shown, told))
        return found

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def _look_up(self) -> None:
        quarters = [self._quarter(number) for (number,) in self._run(sql.QUARTERS)]
        clocks = enumerate(("quarter", "before", "change", "after"))
        self._table("quarters", {name: _numbers(quarters, place, "i8") for place, name in clocks})
        agents = [self._agent(agent) for (agent,) in self._run("SELECT DISTINCT agent FROM seen")]
        self._table("agents", _named(("agent", *sql.AGENT, "robot"), agents))
        requests = self._run("SELECT DISTINCT target, host FROM seen")
        pages = [self._page(target, host) for target, host in requests]
        names = ("target", "host", "reason", "scheme", "hostname", "port", "page", *TAGS)
        self._table("pages", _named(names, pages))
        linking = self._run(sql.LINKING)
        referrers = [(each, host, referrer_of(each, host, self._site)) for each, host in linking]
        self._table("referrers", _named(("linking", "host", "referrer"), referrers))

    def _quarter(self, number: int) -> tuple[int, int, int, int]:
        start = number * QUARTER_US
        found = self._lookups.offsets.around(start, self._site.zone_at(start))
        return number, found.before * sql.SECOND_US, found.change, found.after * sql.SECOND_US

    def _agent(self, agent: str) -> tuple[Any, ...]:
        if agent == sql.UNTOLD:
            return agent, *(None for _ in sql.AGENT), False
        client = self._lookups.client_of(agent)
        return agent, *client[:5], client.robot and not self._wanted.keep_bots

    def _peers(self) -> Mapping[str, Any]:
        raw = self._run("SELECT DISTINCT address FROM parsed WHERE address IS NOT NULL")
        names = ("raw", "address", "host", *sql.PLACE, "excluded")
        return _named(names, [self._peer(text) for (text,) in raw])

    def _peer(self, raw: str) -> tuple[Any, ...]:
        peer = peer_of(raw)
        if peer is None:
            return raw, *(None for _ in range(6))
        place = self._lookups.place_of(peer.address)
        return raw, *peer, *place[1:], self._excluded(peer.address, place)

    def _excluded(self, address: str, place: Place) -> str | None:
        exclusions = self._site.exclusions
        if exclusions.addresses and within(address, exclusions.addresses):
            return str(Reason.EXCLUDED_ADDRESS)
        return str(Reason.EXCLUDED_COUNTRY) if place.country in exclusions.countries else None

    def _page(self, target: str, host: str) -> tuple[Any, ...]:
        page, reason = asked(target, host, self._site, self._wanted)
        told = str(reason) if reason else None
        if page is None:
            return target, host, told, *(None for _ in range(4 + len(TAGS)))
        return target, host, told, *page[:4], *(page.tags or NO_TAGS)

    def _people(self, rows: Sequence[tuple[int, str, str, bool]]) -> Mapping[str, Any]:
        """Visitors, and for those soon after midnight what they would have been called the day before."""
        found, prior = [], []
        for day, address, agent, early in rows:
            key = self._lookups.place_of(address).key or address.encode()
            name = agent.removeprefix(sql.UNTOLD).encode("utf-8", "surrogatepass")
            found.append(visitor_id(self._lookups.salt_of(day).secret, self._site.root, key, name))
            prior.append(visitor_id(self._lookups.salt_of(day - 1).secret, self._site.root, key, name) if early else None)
        named = _named(("day", "address", "agent", "early"), rows)
        masked: Any = np.ma.array([each or 0 for each in prior], dtype="u8", mask=[each is None for each in prior])
        return {**named, "visitor": np.array(found, dtype="u8"), "prev": masked, "day": _numbers(rows, 0, "i4"), "early": _numbers(rows, 3, "?")}

    def _origins(self, rows: Sequence[tuple[Any, ...]]) -> Mapping[str, Any]:
        told = []
        for row in rows:
            hit = BLANK._replace(**dict(zip(sql.ORIGIN, row, strict=True)))
            name = source(hit, self._lookups.sources)
            told.append((*row, name, channel(hit, name, self._lookups.sources)))
        return _named((*sql.ORIGIN, "source", "channel"), told)

    def _run(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters or None).fetchall()

    def _table(self, name: str, columns: Mapping[str, Any]) -> None:
        self._register("given", columns)
        kinds = {"port": "INTEGER", "robot": "BOOLEAN"}
        shown = ", ".join(f"CAST({column} AS {kinds.get(column, 'VARCHAR')}) AS {column}" if values.dtype == object else column for column, values in columns.items())
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {shown} FROM given")

    def _register(self, name: str, columns: Mapping[str, Any]) -> None:
        self._connection.register(name, dict(columns))


BLANK = Hit("", 0, "pageview", 0, 0, 0, 0, 0, None, "", "", None, "")


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
