"""A server whose site counts what clients tell it."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from footfall.compose import open_registry
from footfall.domain.site import Site
from footfall.registry.key import mint
from footfall.registry.port import Scope
from footfall.settings import read
from tests.patience import wait_for
from tests.server import Server

SITES = 20
_numbers = count()


class Shop:
    """A site of one test, and the key that writes its events."""

    def __init__(self, server: Server, site: str, key: str) -> None:
        self.server, self.site, self.key = server, site, key

    def expect(
        self, wanted: dict[str, int], metric: str = "pageviews", dimension: str = "event:page"
    ) -> None:
        """Wait until a report is as wanted, and see that it stays so."""
        assert wait_for(lambda: self.found(metric, dimension), wanted) == wanted
        self.server.wait_until_counted()
        assert self.found(metric, dimension) == wanted

    def found(self, metric: str, dimension: str) -> dict[str, int]:
        rows = self.server.query(
            self.site, [metric], dimensions=[dimension], pagination={"limit": 10_000}
        )
        return {row["dimensions"][0]: row["metrics"][0] for row in rows}


@pytest.fixture(scope="package")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client") / "data"


@pytest.fixture(scope="package")
def shops(data: Path) -> Iterator[Iterator[Shop]]:
    data.mkdir()
    registry, made = open_registry(read({"data": str(data)}, {})), []
    for number in range(SITES):
        site = f"shop-{number}"
        secret, key = mint(site, (Scope.EVENTS_WRITE,), 0)
        registry.put_site(Site(site, (f"{site}.test",), public=True), new=True)
        registry.put_key(key)
        made.append((site, secret))
    registry.close()
    server = Server(data)
    yield iter([Shop(server, site, key) for site, key in made])
    assert server.stop() == 0


@pytest.fixture
def shop(shops: Iterator[Shop]) -> Shop:
    return next(shops)
