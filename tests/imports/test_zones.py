"""Imported page views lie on the local days and hours that Python's zoneinfo says, in every zone."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import duckdb
import pytest

from footfall import compose
from footfall.domain.identity import Salt
from footfall.domain.site import Offsets, Site, Zone
from footfall.gateway.clients import client_lookup, place_lookup
from footfall.imports.bundle import unknown
from footfall.imports.columns import Columns, Lookups
from footfall.imports.format import named
from footfall.imports.reading import Piece
from footfall.imports.request import Wanted
from footfall.settings import read
from tests.server import footfall

LINE = '192.0.2.7 - - [{}] "GET /{} HTTP/1.1" 200 5 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"'
NOW = datetime(2026, 6, 10, tzinfo=UTC)
READ = """
SELECT epoch(time)::BIGINT, utc_offset, day, strftime(time + to_seconds(utc_offset), '%Y-%m-%d %H'),
    prev IS NOT NULL
FROM read_parquet(?) ORDER BY sequence
"""


@cache
def lookups() -> Lookups:
    def salt_of(day: int) -> Salt:
        return Salt(day, b"%d" % day, 0)

    return Lookups(client_lookup(), place_lookup(None), Offsets(), compose.sources(), salt_of)


Viewed = tuple[int, int, object, str, bool]
"""Second, offset, local day and hour, and whether the visit may go on from the day before."""


def imported(zone: str, instants: Sequence[datetime], folder: Path) -> list[Viewed]:
    """Each page view that comes of a line."""
    columns = Columns(Site("s", ("a.example",), zones=(Zone(zone),)), Wanted("a.example"), lookups())
    clf = [instant.strftime("%d/%b/%Y:%H:%M:%S +0000") for instant in instants]
    texts = [LINE.format(time, number) for number, time in enumerate(clf)]
    path = folder / "part.parquet"
    bundle = unknown(0, Piece(texts, 1, len(texts), b"x", 1, []), ())
    made = columns.make(bundle, named("combined"), _us(NOW), path)
    columns.close()
    assert made.events == {0: len(instants)}
    with duckdb.connect() as connection:
        return connection.execute(READ, [str(path)]).fetchall()


def expected(zone: str, instant: datetime) -> Viewed:
    local = instant.astimezone(ZoneInfo(zone))
    ahead = local.utcoffset()
    before = (instant - timedelta(minutes=30)).astimezone(ZoneInfo(zone))
    assert ahead is not None
    return (
        int(instant.timestamp()),
        int(ahead.total_seconds()),
        local.date(),
        local.strftime("%Y-%m-%d %H"),
        before.date() < local.date(),
    )


def _us(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _around(text: str) -> list[datetime]:
    """Every three minutes for four hours around an instant, and the seconds next to it."""
    moment = _at(text)
    near = [moment + timedelta(seconds=seconds) for seconds in (-1, 0, 1)]
    return near + [moment + timedelta(minutes=minutes) for minutes in range(-120, 121, 3)]


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        pytest.param("Europe/Berlin", "2024-03-31T01:00:00", id="a day of 23 hours"),
        pytest.param("Europe/Berlin", "2024-10-27T01:00:00", id="a day of 25 hours"),
        pytest.param("Australia/Lord_Howe", "2024-04-06T15:00:00", id="half an hour back"),
        pytest.param("America/Sao_Paulo", "2018-11-04T03:00:00", id="a day that begins at one"),
        pytest.param("Asia/Beirut", "2021-10-30T21:00:00", id="a midnight that comes twice"),
        pytest.param("Pacific/Apia", "2011-12-30T10:00:00", id="a day that there was not, Samoa"),
        pytest.param("Pacific/Kwajalein", "1993-08-21T12:00:00", id="a day that there was not, Kwajalein"),
        pytest.param("America/St_Johns", "2010-03-14T03:31:00", id="a change a minute after midnight"),
        pytest.param("Africa/Monrovia", "1972-01-07T00:44:30", id="a change within a minute"),
        pytest.param("Pacific/Kiritimati", "1979-10-01T10:40:00", id="a change of 40 minutes"),
        pytest.param("Asia/Kathmandu", "2024-07-10T18:15:00", id="45 minutes"),
        pytest.param("Pacific/Chatham", "2024-09-28T14:00:00", id="45 minutes and summer time"),
        pytest.param("Pacific/Kiritimati", "2024-07-10T10:00:00", id="14 hours ahead"),
        pytest.param("Etc/GMT+12", "2024-07-10T12:00:00", id="12 hours behind"),
        pytest.param("America/Los_Angeles", "1970-01-01T02:00:01", id="the first hours of 1970"),
        pytest.param("Africa/Casablanca", "2024-03-10T02:00:00", id="behind by law in Ramadan"),
    ],
)
def test_page_views_around_a_change_lie_where_the_zone_says(zone: str, moment: str, tmp_path: Path) -> None:
    instants = _around(moment)
    assert imported(zone, instants, tmp_path) == [expected(zone, each) for each in instants]


@pytest.mark.slow
def test_page_views_lie_where_the_zone_says_in_every_zone(tmp_path: Path) -> None:
    met = set()
    for zone in sorted(available_timezones()):
        instants = list(_instants(zone))
        right = [expected(zone, each) for each in instants]
        if tuple(right) not in met:  # many zones are other names of one
            assert imported(zone, instants, tmp_path) == right, zone
        met.add(tuple(right))
    assert len(met) > 200


def _instants(zone: str) -> Iterator[datetime]:
    """Some instants of all years since 1970, and those next to changes of the zone's clocks."""
    clock = ZoneInfo(zone)
    starts = [_at("1970-01-01T00:00:01") + timedelta(days=days) for days in range(0, 20_600, 40)]
    for start, end in pairwise(starts):
        yield start
        if start.astimezone(clock).utcoffset() != end.astimezone(clock).utcoffset():
            change = _change(clock, start, end)
            yield from (change + timedelta(seconds=seconds) for seconds in (-1, 0, 1_799, 1_800))


def _change(clock: ZoneInfo, same: datetime, change: datetime) -> datetime:
    """The second at which the offset changes between two instants."""
    while change - same > timedelta(seconds=1):
        middle = same + (change - same) // timedelta(seconds=2) * timedelta(seconds=1)
        if middle.astimezone(clock).utcoffset() == same.astimezone(clock).utcoffset():
            same = middle
        else:
            change = middle
    return change


@pytest.mark.slow
def test_a_log_of_one_line_counts_in_the_zone_of_the_documentation(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "access.log"
    footfall("site", "add", "example.com", "--timezone", "Europe/Berlin", data=data)
    log.write_text(LINE.format("30/Jun/2025:22:30:00 +0000", "") + "\n")
    assert "imported 1 page views of 1 lines" in footfall("import", str(log), "--site", "example.com", data=data)
    query = {"metrics": ["pageviews"], "date_range": "all", "dimensions": ["time:hour"]}
    with compose.owner(read({"data": str(data)}, {})) as owner:
        answer = owner("report", site="example.com", query=query)
    assert answer["results"] == [{"dimensions": ["2025-07-01 00:00:00"], "metrics": [1]}]
