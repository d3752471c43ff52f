"""A website to be counted: pages made for a test, served under a host name of their own."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

HOST = "shop.test"


class Page(NamedTuple):
    """What is answered for a path."""

    body: str
    headers: Mapping[str, str] = MappingProxyType({})
    status: int = 200


class Website:
    """Serves `pages` by their paths on a free port; query strings are passed over."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, str]] = []
        """The paths asked for, each with what for, if a browser says."""

        website = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                website.asked.append((self.path.partition("?")[0], self.headers.get("sec-purpose", "")))
                page = website.pages.get(self.path.partition("?")[0], Page("nothing here", status=404))
                body = page.body.encode()
                self.send_response(page.status)
                for name, value in ({"content-type": "text/html; charset=utf-8", "content-length": str(len(body)), **page.headers}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, path: str, host: str = HOST) -> str:
        """Where a page is."""
        return f"http://{host}:{self._server.server_port}{path}"

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
