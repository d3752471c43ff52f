"""Asking the product and the oracle the same question."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from footfall.query.answer import Answers
from footfall.store.duckdb import DuckdbFacts
from tests import oracle
from tests.oracle import DAY, HOUR, MINUTE, Seen, Visit
from tests.query.reckoning import EVENT_DIMENSIONS, METRICS, OF_GOALS, PLACES, VISIT_DIMENSIONS, Filter, Key, Question, Row, mentioned, report
from tests.store.relations import filled
from tests.traffic import GOALS, NAMES, PAGES, SITE, Act, at, crowd, made

Rows = dict[Key, Row]
Inside = Callable[[Seen], bool]


@dataclass
class Told:
    """A store with the traffic of all sites, and what the oracle saw of it."""

    acts: Sequence[Act]
    seen: Sequence[Seen] = field(init=False)
    facts: DuckdbFacts = field(init=False)
    visits: dict[str, list[Visit]] = field(init=False)

    def __post_init__(self) -> None:
        records = made(self.acts, one_shard=True)
        self.seen, self.facts = [each.seen for each in records], filled(records)
        self.visits = visits_of(self.seen)

    def ask(self, site: str, now: int, **query: Any) -> dict[str, Any]:
        """The product's answer."""
        return Answers(self.facts, lambda: now).query(SITE[site], {"site_id": site, **query})

    def rows(self, site: str, now: int, dimensions: Sequence[str], date_range: object, filters: Filter = (), metrics: Sequence[str] | None = None) -> Rows:
        """The product's answer by the dimensions' values, with every metric unless told."""
        asked = metrics or askable(dimensions, filters)
        return rows_of(self.ask(site, now, metrics=list(asked), dimensions=list(dimensions), date_range=date_range, filters=list(filters)), asked)

    def expected(self, site: str, dimensions: Sequence[str], inside: Inside, filters: Filter = (), metrics: Sequence[str] | None = None) -> Rows:
        """The oracle's answer to the same."""
        return report(Question(self.visits.get(site, []), inside, dimensions, filters, SITE[site].goals), metrics or askable(dimensions, filters))


def visits_of(seen: Sequence[Seen]) -> dict[str, list[Visit]]:
    """The visits of each site."""
    found: dict[str, list[Visit]] = {}
    for visit in oracle.visits(oracle.counted(seen)):
        found.setdefault(visit.start.site, []).append(visit)
    return found


def askable(dimensions: Sequence[str], filters: Filter = ()) -> tuple[str, ...]:
    """The metrics that may be asked for: conversions need a goal."""
    return METRICS if "event:goal" in {*dimensions, *mentioned(filters)} else tuple(metric for metric in METRICS if metric not in OF_GOALS)


def rows_of(answer: dict[str, Any], metrics: Sequence[str]) -> Rows:
    """An answer's rows by their dimensions, amounts without their texts."""
    found = {tuple(row["dimensions"]): named(metrics, row["metrics"]) for row in answer["results"]}
    assert len(found) == len(answer["results"]), "a row twice"
    return found


def named(metrics: Sequence[str], values: Sequence[Any]) -> Row:
    return {metric: _plain(value) for metric, value in zip(metrics, values, strict=True)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {"currency": value["currency"], "value": value["value"]} if isinstance(value, dict) else value


def days(first: str, last: str) -> Inside:
    """What happened on local days, both included."""
    low, high = (int((date.fromisoformat(day) - date(1970, 1, 1)).days) for day in (first, last))
    return lambda event: low <= event.day <= high


def instants(since: str, until: str) -> Inside:
    """What happened from an instant until before another."""
    low, high = (int(datetime.fromisoformat(moment).timestamp() * 1_000_000) for moment in (since, until))
    return lambda event: low <= event.time < high


def last(now: int, span: int) -> Inside:
    """What happened in the microseconds before now."""
    return lambda event: event.time >= now - span


ZONES = {"berlin": "Europe/Berlin", "kathmandu": "Asia/Kathmandu", "coast": "America/Los_Angeles", "moved": "Europe/Berlin"}
FIRST = {"berlin": "2026-03-28", "kathmandu": "2026-06-29", "coast": "2026-10-31", "moved": "2026-06-10"}
"""Where the traffic of each site begins; it lasts three days."""


def told() -> Told:
    """Three days of traffic on four sites: over a day of 23 hours, the turn of a month, a day of 25 hours, a move."""
    acts = [act for seed, (site, first) in enumerate(FIRST.items()) for act in crowd(seed, date.fromisoformat(first), 3, 70, site)]
    return Told([*acts, Act(at("2026-06-30 12:00"), site="berlin2")])


def now_of(site: str) -> int:
    """Half past three in the afternoon of the third day."""
    return at(f"{FIRST[site]} 15:30", ZONES[site]) + 2 * DAY


def periods(site: str) -> dict[str, tuple[object, Inside]]:
    """Periods, as asked for and as the oracle understands them."""
    first = date.fromisoformat(FIRST[site])
    second, third, fourth = (str(first + timedelta(number)) for number in (1, 2, 3))
    since, until = f"{second}T07:20:00+02:00", f"{third}T01:10:30+02:00"
    return {
        "day": ("day", days(third, third)),
        "24h": ("24h", last(now_of(site), DAY)),
        "realtime": ("realtime", last(now_of(site), 30 * MINUTE)),
        "7d": ("7d", days("2026-01-01", third)),
        "month": ("month", days(third[:8] + "01", third)),
        "year": ("year", days("2026-01-01", third)),
        "all": ("all", days("1970-01-01", third)),
        "one day": ([second, second], days(second, second)),
        "the day after": ([fourth, fourth], days(fourth, fourth)),
        "all three": ([FIRST[site], third], days(FIRST[site], third)),
        "instants": ([since, until], instants(since, until)),
        "nothing": (["2025-01-01", "2025-01-02"], days("2025-01-01", "2025-01-02")),
    }


PERIODS = tuple(periods("berlin"))


def check(told: Told, site: str, dimensions: Sequence[str], period: str, filters: Filter = (), metrics: Sequence[str] | None = None) -> None:
    """The product's answer is the oracle's."""
    date_range, inside = periods(site)[period]
    # What is to come is part of the traffic, but not of a period that ends now.
    until = now_of(site) + (MINUTE - 1 if period in ("24h", "realtime") else DAY)
    expected = told.expected(site, dimensions, inside if isinstance(date_range, list) else lambda event: inside(event) and event.time <= until, filters, metrics)
    assert not differences(told.rows(site, now_of(site), dimensions, date_range, filters, metrics), expected), (site, dimensions, date_range, filters)


def differences(found: Rows, expected: Rows) -> dict[Key, Any]:
    """What was found and what was expected, where they differ."""
    both = {key: (found.get(key), expected.get(key)) for key in {*found, *expected} if found.get(key) != expected.get(key)}
    return {key: {name: (a[name], b[name]) for name in a if a[name] != b[name]} if a and b else ("found", a, "expected", b) for key, (a, b) in both.items()}


def hours_of(acts: Sequence[Act], start: int, hours: int) -> tuple[int, list[str]]:
    """Some hours around the first act: their beginning, and their ends as they are asked for."""
    since = acts[0].at // HOUR * HOUR + start * HOUR
    return since, [f"{date(1970, 1, 1) + timedelta(each // DAY)}T{each // HOUR % 24:02}:00:00+00:00" for each in (since, since + hours * HOUR)]


OPERATORS = ("is", "is_not", "contains", "contains_not", "matches", "matches_not")
PATTERNS = ("^/", "/.*d$", "[A-Z]", r"\.", "^$", "^(not|Direct)", "o|ö", r"\d", "(?:e)+r", "^.{4}$", "'s", "c.d")
"""Of which RE2 and Python's `re` think the same."""
_TEXTS: dict[str, tuple[str, ...]] = {
    "event:page": PAGES,
    "event:hostname": ("berlin.example", "shop.berlin.example", "coast.example", "moved.example"),
    "event:name": ("pageview", *NAMES),
    "event:goal": tuple(goal.name for goal in GOALS),
    "event:title": tuple(f"Page {page}" for page in PAGES),
    "event:props:plan": ("pro", "Pro", "free", ""),
    "visit:source": ("Google", "letter", "Direct / None"),
    "visit:referrer": ("www.google.de", "news.example.org/a", "Direct / None"),
    "visit:channel": ("Direct", "Email", "Organic Search", "Referral"),
    "visit:utm_campaign": ("may",),
    "visit:country": ("DE", "NP"),
    "visit:region": ("DE-BE",),
    "visit:city": ("Berlin",),
    "visit:device": ("desktop", "mobile", "other"),
    "visit:browser": ("Firefox", "Safari"),
    "visit:screen": ("Mobile", "Desktop"),
    "visit:language": ("de", "en-GB"),
    "visit:entry_page": PAGES,
    "visit:exit_page": PAGES,
}
_PIECES = ("/", "a", "d", "_", "%", "o", "ÖF", "(not", "e", ".", "'", " ")


def texts_of(dimension: str) -> tuple[str, ...]:
    """Texts to look for in a dimension, some of which are there."""
    texts = _TEXTS.get(dimension, ("x's", "50 %", "top", "140.0", "Linux"))
    return texts if dimension == "event:goal" else (*texts, "(not set)")


@st.composite
def _leaves(draw: st.DrawFn, dimensions: Sequence[str]) -> Filter:
    dimension, operator = draw(st.sampled_from(dimensions)), draw(st.sampled_from(OPERATORS))
    if operator.startswith("matches"):
        texts = st.sampled_from(PATTERNS)
    elif operator.startswith("contains"):
        texts = st.sampled_from((*_PIECES, *texts_of(dimension)))
    else:
        texts = st.sampled_from(texts_of(dimension))
    values, cased = draw(st.lists(texts, min_size=1, max_size=3)), draw(st.sampled_from((None, None, True, False)))
    # A goal is asked for by its name, of which there must be one.
    if cased is False and operator.startswith(("is", "contains")) and dimension != "event:goal":
        values = [value.swapcase() for value in values]
    return [operator, dimension, values] if cased is None else [operator, dimension, values, {"case_sensitive": cased}]


def _trees(dimensions: Sequence[str], depth: int) -> st.SearchStrategy[Filter]:
    leaves = _leaves(dimensions)
    if depth == 1:
        return leaves
    inner = _trees(dimensions, depth - 1)
    several = st.tuples(st.sampled_from(("and", "or")), st.lists(inner, min_size=1, max_size=3)).map(list)
    one = st.tuples(st.sampled_from(("not", "has_done", "has_not_done")), inner).map(list)
    return st.one_of(leaves, several, one)


_SPOKEN_OF = (tuple(PLACES), (*PLACES, "visit:entry_page", "visit:exit_page", "visit:source"), ("event:goal", "event:props:plan", "event:name", "event:page"), VISIT_DIMENSIONS)
every_filter: st.SearchStrategy[Filter] = st.sampled_from((*(tuple(sorted(each)) for each in _SPOKEN_OF), (*EVENT_DIMENSIONS, *VISIT_DIMENSIONS))).flatmap(
    lambda dimensions: st.lists(_trees(dimensions, 3), min_size=1, max_size=3)
)
every_metric = st.one_of(st.none(), st.lists(st.sampled_from(METRICS), min_size=1, max_size=3, unique=True))
