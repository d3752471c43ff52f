"""What a store holds, in a form that compares with another store or with the oracle."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from footfall.domain.site import day_date
from footfall.store.duckdb import DuckdbFacts
from footfall.store.port import Facts, Reading
from tests import oracle
from tests.oracle import Seen
from tests.traffic import ORIGIN_TRAITS, PLACE_TRAITS, Act, Made, apply, made

TRAITS = (*ORIGIN_TRAITS, *PLACE_TRAITS, "screen", "language")
VISITS = f"""
SELECT v.visit, v.site, epoch_us(start), epoch_us(last), day, utc_offset, pageviews, events, interactions, entry_page, exit_page, {", ".join(TRAITS)} FROM visits v
"""
BESIDE = f"SELECT id, epoch_us(time), visit, entry_page, {', '.join(f'visit_{name}' for name in ORIGIN_TRAITS)} FROM events"
EVENTS = "SELECT site, id, epoch_us(time), kind, engaged, day, utc_offset, page, hostname, interactive FROM events ORDER BY ALL"

Told = tuple[Any, ...]
Groups = dict[frozenset[tuple[int, int]], Told]


def empty() -> DuckdbFacts:
    return DuckdbFacts(":memory:", "512MB")


def filled(*batches: Sequence[Made]) -> DuckdbFacts:
    facts = empty()
    apply(facts, *batches)
    return facts


def everything(facts: Facts | Reading) -> tuple[Sequence[Told], Sequence[Told]]:
    """Both relations, every column but that of imports, which only a store at home has."""
    events = facts.rows("SELECT COLUMNS(lambda c: c != 'import') FROM events ORDER BY ALL")
    return events, facts.rows("SELECT * FROM visits ORDER BY ALL")


def copies(facts: Facts | Reading) -> Sequence[Told]:
    """How many copies of each site and day were left out."""
    return facts.rows("SELECT site, day, sum(count) FROM drops WHERE reason = 'copy' GROUP BY ALL ORDER BY ALL")


def versions(facts: Facts | Reading) -> dict[tuple[str, str], int]:
    return {(site, str(day)): version for site, day, version in facts.rows("SELECT site, day, version FROM days")}


def stored_events(facts: Facts | Reading) -> Sequence[Told]:
    return facts.rows(EVENTS)


def expected_events(seen: Iterable[Seen]) -> Sequence[Told]:
    return sorted((e.site, e.id, e.time, e.kind, e.engaged, day_date(e.day), e.offset, e.page, e.hostname, e.interactive) for e in oracle.counted(seen))


def stored_visits(facts: Facts | Reading) -> Groups:
    """Each visit by the events that it holds; what stands beside those must be the visit's own."""
    members: dict[Any, set[tuple[int, int]]] = defaultdict(set)
    beside: dict[Any, set[Told]] = defaultdict(set)
    for event_id, time, visit, *attributes in facts.rows(BESIDE):
        members[visit].add((event_id, time))
        beside[visit].add(tuple(attributes))
    assert beside.pop(None, set()) <= {(None,) * (1 + len(ORIGIN_TRAITS))}
    members.pop(None, None)
    found: Groups = {}
    for visit, *told in facts.rows(VISITS):
        assert beside.pop(visit) == {(told[8], *told[10 : 10 + len(ORIGIN_TRAITS)])}
        found[frozenset(members.pop(visit))] = tuple(told)
    assert not members, "events of a visit that is not there"
    return found


def expected_visits(seen: Iterable[Seen]) -> Groups:
    return {
        frozenset((e.id, e.time) for e in v.events): (
            v.start.site, v.start.time, v.last, day_date(v.start.day), v.start.offset, len(v.pageviews), len(v.acts), v.interactions,
            v.entry_page, v.exit_page, *(v.start.traits[name] for name in TRAITS),
        )
        for v in oracle.visits(oracle.counted(seen))
    }  # fmt: skip


def agree(facts: Facts | Reading, acts: Sequence[Made]) -> None:
    """Events and visits are what the oracle makes of the same acts."""
    seen = [each.seen for each in acts]
    assert stored_events(facts) == expected_events(seen)
    assert stored_visits(facts) == expected_visits(seen)


def after(*acts: Act) -> DuckdbFacts:
    """A store to which these acts came in one batch, and which agrees with the oracle."""
    several = made(acts)
    facts = filled(several)
    agree(facts, several)
    return facts
