"""A server, a website whose pages it counts, and a browser."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from footfall.compose import open_registry
from footfall.domain.site import Site
from footfall.settings import read
from tests.end_to_end.test_browser import CHROMIUM
from tests.end_to_end.test_browser import FLAGS as USUAL
from tests.patience import SECONDS
from tests.server import Server
from tests.tracker.shop import Shop
from tests.tracker.website import Website

_numbers = count()

FLAGS = [*USUAL, "--host-resolver-rules=MAP *.test 127.0.0.1"]


@pytest.fixture(scope="package")
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """A server with a site for each test that might ask for one."""
    tests = [item for item in request.session.items if "shop" in getattr(item, "fixturenames", ())]
    data = tmp_path_factory.mktemp("counted") / "data"
    data.mkdir()
    registry = open_registry(read({"data": str(data)}, {}))
    for number in range(len(tests)):
        registry.put_site(Site(f"shop-{number}", (f"shop-{number}.test",), public=True), new=True)
    registry.close()
    running = Server(data)
    yield running
    running.stop()


@pytest.fixture(scope="package")
def website() -> Iterator[Website]:
    running = Website()
    yield running
    running.stop()


@pytest.fixture
def shop(server: Server, website: Website) -> Shop:
    """A site of this test alone: the one visitor is another one on every site."""
    return Shop(f"shop-{next(_numbers)}", server, website)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    # Without this flag gone it never restores a page as it was.
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, ignore_default_args=["--disable-back-forward-cache"])
    yield started
    started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens a window that shares nothing with others; no error may come up on any page in it."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def made(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(1_000 * SECONDS)
        context.on("weberror", lambda error: faults.append(str(error.error)))
        contexts.append(context)
        return context

    yield made
    for context in contexts:
        context.close()
    assert faults == []
