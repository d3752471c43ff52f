"""A site of a test's own: its pages, and what the reports say of them."""

from time import sleep
from typing import Any

from tests.patience import wait_for
from tests.server import Server
from tests.tracker.website import HOST, Page, Website

AFTERWARDS_SECONDS = 0.4
"""What should not have been counted would have come by then."""


class Shop:
    """Pages are named by their path's last part, in reports too."""

    def __init__(self, site: str, server: Server, website: Website) -> None:
        self.site, self.server = site, server
        self._website = website

    @property
    def tag(self) -> str:
        """The snippet."""
        return self.tagged()

    def tagged(self, attributes: str = "", source: str | None = None) -> str:
        """The snippet with further attributes, or of another script."""
        return f'<script defer src="{source or self.server.url + "/js/f.js"}" data-site="{self.site}" {attributes}></script>'

    def put(self, name: str, content: str = "", head: str | None = None, host: str = HOST, **headers: str) -> str:
        """Put a page there, with the snippet unless another head is given; its address."""
        path = f"/{self.site}/{name}"
        body = f"<!doctype html><html lang=en><title>{name}</title>{self.tag if head is None else head}<body>{content}"
        self._website.pages[path] = Page(body, {key.replace("_", "-"): value for key, value in headers.items()})
        return self._website.url(path, host)

    def expect(self, metrics: list[str], dimensions: list[str], wanted: dict[Any, Any], *filters: Any) -> None:
        """Wait until a report is as wanted, and see that it stays so."""
        found = wait_for(lambda: self.counts(metrics, dimensions, *filters), wanted)
        assert found == wanted
        sleep(AFTERWARDS_SECONDS)
        self.server.wait_until_counted()
        assert self.counts(metrics, dimensions, *filters) == wanted

    def expect_views(self, wanted: dict[str, int]) -> None:
        """Wait for page views by page."""
        self.expect(["pageviews"], ["event:page"], wanted)

    def counts(self, metrics: list[str], dimensions: list[str], *filters: Any) -> dict[Any, Any]:
        """Figures by dimensions; single ones without a tuple around them."""
        rows = self.server.query(self.site, metrics, dimensions=dimensions, filters=list(filters))
        return {self._bare(row["dimensions"]): self._bare(row["metrics"]) for row in rows}

    def _bare(self, values: list[Any]) -> Any:
        short = tuple(value.removeprefix(f"/{self.site}/") if isinstance(value, str) else value for value in values)
        return short[0] if len(short) == 1 else short
