"""Made-up traffic: plausible, the same for the same seed, and folded as any other."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from footfall.compose import sources
from footfall.domain.channel import channel, source
from footfall.domain.event import Event, Hit, Position
from footfall.domain.site import date_day, day_date, local_day, problems, utc_offset
from footfall.store import demo
from footfall.store.demo import Origin
from footfall.store.duckdb import DuckdbFacts
from footfall.store.facts import OWN
from footfall.store.port import Batch
from tests.store.relations import empty, everything

CLOCKS_BACK = date_day(date(2026, 10, 25))  # in Berlin; a week later in New York
FAR = 2**52
TIMES = ("received", "time")


def filled(seed: int = 1, events: int = 5_000, first: int = CLOCKS_BACK - 1, days: int = 3, portions: int = 1, until: int = FAR) -> DuckdbFacts:
    facts = empty()
    wanted = demo.site_days(demo.sites(2), events, first, first + days - 1, seed)
    size = -(-len(wanted) // portions)
    for start in range(0, len(wanted), size):
        facts.load(demo.EVENTS, {"seed": seed, "until": until, "days": [day._asdict() for day in wanted[start : start + size]]})
    return facts


@pytest.fixture(scope="module")
def facts() -> DuckdbFacts:
    return filled()


@pytest.fixture(scope="module")
def many() -> DuckdbFacts:
    return filled(events=100_000)


def events_of(facts: DuckdbFacts) -> list[Event]:
    """What is stored, as it would have come from the stream."""
    read = {name: f"epoch_us({name})" for name in TIMES} | {"day": "CAST(day - DATE '1970-01-01' AS INTEGER)", "received": "epoch_us(time)", "page_view": "NULL", "key_id": "NULL"}
    columns = ", ".join(read.get(name, name) for name in OWN)
    rows = facts.rows(f"SELECT {columns} FROM events")
    return [Event(Hit._make(row[:-2]), row[-2], row[-1], Position("stream", number + 1)) for number, row in enumerate(rows)]


def test_the_same_seed_makes_the_same_rows_in_whatever_portions(facts: DuckdbFacts) -> None:
    assert everything(filled()) == everything(facts)
    assert everything(filled(portions=6)) == everything(facts)


def test_another_seed_makes_others(facts: DuckdbFacts) -> None:
    ids = {event_id for (event_id,) in facts.rows("SELECT id FROM events")}
    assert ids.isdisjoint({event_id for (event_id,) in filled(seed=2).rows("SELECT id FROM events")})


def test_it_makes_about_as_many_as_wanted(facts: DuckdbFacts, many: DuckdbFacts) -> None:
    assert facts.rows("SELECT abs(count(*) - 5_000) < 1_000 FROM events") == [(True,)]
    assert many.rows("SELECT abs(count(*) - 100_000) < 8_000 FROM events") == [(True,)]


def test_small_batches_in_any_order_make_the_same_visits(facts: DuckdbFacts) -> None:
    events = events_of(facts)
    Random(7).shuffle(events)
    other = empty()
    for start in range(0, len(events), 500):
        other.apply(Batch(events[start : start + 500]))
    assert everything(other) == everything(facts)


def test_some_visits_cross_midnight_and_every_event_has_one(many: DuckdbFacts) -> None:
    assert many.rows("SELECT count(*) FROM events WHERE visit IS NULL") == [(0,)]
    assert many.rows("SELECT count(*) > 5 FROM (SELECT visit FROM events GROUP BY visit HAVING count(DISTINCT day) = 2 AND count(prev) > 0)") == [(True,)]


def test_days_and_offsets_are_those_of_the_sites_clock() -> None:
    for first in (CLOCKS_BACK - 1, date_day(date(2026, 3, 28)), date_day(date(2026, 3, 7))):
        zones = {site.id: site.zones[0].name for site in demo.sites(2)}
        rows = filled(first=first).rows("SELECT DISTINCT ON (site, day, utc_offset) site, day, utc_offset, epoch_us(time) FROM events")
        assert len({offset for site, _, offset, _ in rows if site == "demo-1"}) == (1 if first == date_day(date(2026, 3, 7)) else 2)
        for site, day, offset, time in rows:
            assert (offset, day) == (utc_offset(time, zones[site]), day_date(local_day(time, offset)))


def test_nothing_happens_after_the_end() -> None:
    end = int(datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp()) * 1_000_000
    assert filled(until=end).rows("SELECT max(epoch_us(time)) BETWEEN ? AND ? FROM events", [end - 3_600_000_000, end - 1]) == [(True,)]


@pytest.mark.parametrize("origin", demo.ORIGINS, ids=lambda origin: f"{origin.source} {origin.utm_campaign or ''}")
def test_sources_and_channels_are_those_that_the_engine_would_find(origin: Origin) -> None:
    fields: dict[str, Any] = {name: value for name, value in origin._asdict().items() if name not in ("weight", "source", "channel")}
    hit = Hit("demo-1", 1, "pageview", 0, 0, 0, 0, 1, None, "https", "demo-1.example", None, "/", **fields)
    known = sources()
    name = source(hit, known)
    assert (name, channel(hit, name, known)) == (origin.source, origin.channel)


@pytest.mark.parametrize("weights", [demo.ORIGINS, demo.COUNTRIES, demo.DEVICES, demo.LANGUAGES, demo.CUSTOM], ids=["origins", "countries", "devices", "languages", "custom"])
def test_weights_fill_the_slots(weights: tuple[tuple[Any, ...], ...]) -> None:
    assert sum(row[0] if isinstance(row, Origin) else row[-1] for row in weights) == demo.SLOTS


def test_the_hours_fill_the_slots() -> None:
    assert sum(demo.HOURS) == demo.SLOTS


def test_the_sites_may_be_stored_and_every_goal_is_reached(many: DuckdbFacts) -> None:
    assert [problem for site in demo.sites(20) for problem in problems(site)] == []
    assert many.rows("SELECT count(*) > 0 FROM events WHERE name = 'Signup' AND props LIKE '%\"plan\":\"pro\"%'") == [(True,)]
    assert many.rows("SELECT count(*) > 0, min(amount) > 0 FROM events WHERE currency = 'EUR'") == [(True, True)]
    assert many.rows("SELECT count(*) > 0 FROM events WHERE page LIKE '/blog/%' AND kind = 'pageview'") == [(True,)]
    assert many.rows("SELECT count(*) FROM events WHERE (kind = 'engagement') <> (engaged > 0 AND scroll BETWEEN 10 AND 100)") == [(0,)]
