"""Which page a visit began and ended with, whichever of its hits arrives first."""

from collections.abc import Iterator
from itertools import permutations
from time import gmtime, time

import pytest

from tests.server import Server, footfall

pytestmark = pytest.mark.slow
PAGES = ("first", "second", "third")
APART_MS = 40
SKEWS = {"right": 0, "3 seconds fast": 3_000, "4 seconds slow": -4_000}


def noon() -> str:
    """A time zone where it is between noon and one, so that no midnight comes in between."""
    west = gmtime().tm_hour - 12
    return f"Etc/GMT{west:+d}" if west else "UTC"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("order") / "data"
    for site in range(len(SKEWS)):
        footfall("site", "add", f"shop-{site}.test", "--public", "--timezone", noon(), data=data)
    running = Server(data, "--trusted-proxy", "127.0.0.1")
    running.wait_until_ready()
    yield running
    running.stop()


@pytest.mark.parametrize(("site", "skew"), list(enumerate(SKEWS.values())), ids=SKEWS)
def test_entry_and_exit_page_do_not_follow_the_order_of_arrival(
    server: Server,
    site: int,
    skew: int,
) -> None:
    host = f"shop-{site}.test"
    orders = list(permutations(range(len(PAGES))))
    for visitor, order in enumerate(orders):
        began = int(time() * 1000) + skew - 1_000
        for page in order:
            hit = {"u": f"https://{host}/{PAGES[page]}", "d": began + page * APART_MS, "a": 0}
            headers = {"x-forwarded-for": f"203.0.113.{visitor}"}
            assert server.client.post("/v1/track", json=hit, headers=headers).status_code == 202
    assert server.wait_for_total(host, len(orders) * len(PAGES)) == len(orders) * len(PAGES)
    for dimension, wanted in (("visit:entry_page", "/first"), ("visit:exit_page", "/third")):
        rows = server.query(host, ["visits"], dimensions=[dimension])
        assert rows == [{"dimensions": [wanted], "metrics": [len(orders)]}]
