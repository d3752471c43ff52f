"""One scenario over real sockets in both homes.

`footfall serve`, and the template's doors and functions in front of emulators. Every report is the
same.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zlib import crc32
from zoneinfo import ZoneInfo

import httpx
import pytest

from footfall.aws.front import ANYBODY as EMULATED
from tests.aws.emulators import Aws
from tests.aws.test_front import front
from tests.aws.test_real_log import Line, log_lines
from tests.imports.sample import log
from tests.patience import SECONDS, wait_until
from tests.server import FOOTFALL, Server, footfall

__all__ = ["front"]
pytestmark = pytest.mark.slow

SITE = "semicomplete.com"
AHEAD = 14 - datetime.now(UTC).hour
"""Hours of the site before UTC: there it is afternoon, and midnight far away."""

ZONE_NAME = f"Etc/GMT{-AHEAD:+d}"
ZONE = ZoneInfo(ZONE_NAME)
BEGAN = datetime.now(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
STEP_SECONDS = 16
"""Between two hits.

No multiple lies near half an hour, where a visit would end by chance, nor near a minute, five
seconds on.
"""

TODAY = f"{BEGAN:%Y-%m-%d}"
RANGES: Sequence[Any] = ("all", [TODAY, TODAY], [f"{BEGAN:%Y}-01-01", f"{BEGAN:%Y}-12-31"])
REPORTS: Sequence[dict[str, Any]] = [
    {"metrics": ["visitors", "visits", "pageviews", "events", "bounce_rate", "views_per_visit"]},
    *(
        {"metrics": ["visitors", "visits", "pageviews"], "dimensions": list(each)}
        for each in (
            ["event:page"],
            ["visit:source"],
            ["visit:browser", "visit:os"],
            ["time:day"],
            ["visit:entry_page"],
        )
    ),
    *(
        {"metrics": ["visitors", "pageviews"], "dimensions": ["event:page"], "filters": each}
        for each in (
            [["contains", "event:page", ["blog"]]],
            [["is_not", "visit:browser", ["Chrome"]]],
        )
    ),
    {
        "metrics": ["visitors", "events"],
        "dimensions": ["event:name"],
        "filters": [["is", "event:name", ["Sale"]]],
    },
]
DATES = tuple(
    f"{BEGAN:{form}}"
    for form in (
        "YEAR:%Y",
        "MONTH:%Y-%m",
        "DATE:%Y-%m-%d",
        "HOUR:%Y-%m-%dT%H",
        "MINUTE:%Y-%m-%dT%H:05",
    )
)


class Home(NamedTuple):
    """Where hits go and reports come from."""

    client: httpx.Client

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, query: dict[str, Any]) -> Any:
        answer = self.client.post("/api/v2/query", json={"site_id": SITE, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def counted(self) -> list[int]:
        """Page views, events, and hits left out."""
        (row,) = self.report({"metrics": ["pageviews", "events"], "date_range": "all"})["results"]
        return [
            *row["metrics"],
            sum(
                each["hits"]
                for each in self.get("/api/v1/stats/dropped", site_id=SITE, period="all")["results"]
            ),
        ]


@pytest.fixture(scope="module")
def homes(
    front: str, aws: Aws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Home, Home]]:
    data = tmp_path_factory.mktemp("home") / "data"
    footfall("site", "add", SITE, "--public", "--timezone", ZONE_NAME, data=data)
    far = ["--registry", "dynamodb:footfall"]
    variables = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": aws.url, **EMULATED}

    def there(*arguments: str) -> str:
        return subprocess.run(
            [*FOOTFALL, *arguments, *far],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
            env=variables,
        ).stdout

    there("site", "add", SITE, "--public", "--timezone", ZONE_NAME)
    server = Server(data)
    with server.client, httpx.Client(base_url=front, timeout=SECONDS) as client:
        yield Home(server.client), Home(client)
    server.stop()


def bodies(lines: Sequence[Line]) -> Iterator[tuple[dict[str, Any], str]]:
    """What is sent, and by which browser.

    Page views, copies of some, events with money, pixels' worth of nothing, and what is no hit.
    """
    dice = Random(4)
    for number, line in enumerate(lines):
        # All come from one address.
        agent = f"{line.agent} Person/{crc32(line.address.encode()) % 50}"
        hit = {
            "website": SITE,
            "url": line.url,
            "referrer": line.referrer,
            "id": f"{number:032x}",
            "name": f"Titel – {number % 7}",
        }
        yield hit, agent
        if dice.random() < 0.2:
            yield hit, agent
        if dice.random() < 0.1:
            yield (
                {
                    **hit,
                    "id": f"{number + 10**6:032x}",
                    "event": "Sale",
                    "revenue": {"currency": "EUR", "amount": "12.50"},
                    "name": None,
                },
                agent,
            )
        if dice.random() < 0.05:
            yield (
                {**hit, "url": "https://elsewhere.example/", "id": f"{number + 2 * 10**6:032x}"},
                agent,
            )


def are_equal(homes: tuple[Home, Home]) -> bool:
    first, second = (home.counted() for home in homes)
    return first == second and first[0] >= 50


def test_every_report_is_the_same(homes: tuple[Home, Home], tmp_path: Path) -> None:
    sent = list(bodies(log_lines(log(tmp_path), 300)))
    for home in homes:
        for place, (body, agent) in enumerate(sent):
            age = datetime.now(ZONE) - BEGAN - timedelta(seconds=place * STEP_SECONDS + 5)
            hit = {**body, "age": 1000 * age.total_seconds()}
            headers = {"content-type": "application/json", "user-agent": agent}
            answer = home.client.post("/v1/track", content=json.dumps(hit), headers=headers)
            assert answer.status_code == 202, answer.text
    wait_until(lambda: are_equal(homes), lambda: [home.counted() for home in homes])
    (totals,) = homes[0].report({**REPORTS[0], "date_range": "all"})["results"]
    assert (
        totals["metrics"][0] > 20
        and len(homes[0].report({**REPORTS[1], "date_range": "all"})["results"]) > 5
    ), "there is something to compare"
    for query in REPORTS:
        for date_range in RANGES:
            one, other = (home.report({**query, "date_range": date_range}) for home in homes)
            assert one["results"] == other["results"], (query, date_range)
    for call in ("ranking", "series"):
        for date in DATES:
            one, other = (home.get(f"/v1/{call}", website=SITE, date=date) for home in homes)
            assert one == other, (call, date)
    assert homes[0].get("/v1/ranking", website=SITE, date=DATES[0])
    one, other = (home.get("/api/v1/stats/dropped", site_id=SITE, period="all") for home in homes)
    assert one == other and len(one["results"]) > 1
