"""For WSGI applications: Flask, Django and others."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import request_uri

from footfall.client.page import Header, Visitor, asks_for_a_page, is_page
from footfall.client.page import visitor as visitor_of
from footfall.client.synchronous import Client


class PageViews:
    """Middleware that counts each page the application answers with: GET, 2xx, HTML.

    Visitors who send Global Privacy Control or Do Not Track are not counted, unless
    `ignore_signals`. Their address is `REMOTE_ADDR`: behind a proxy let the server or a
    middleware put the right one there.
    """

    def __init__(
        self, application: WSGIApplication, client: Client, *, ignore_signals: bool = False
    ) -> None:
        self._application = application
        self._client = client
        self._ignore_signals = ignore_signals

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI's entry."""
        header = _header(environ)
        if not asks_for_a_page(environ["REQUEST_METHOD"], header, self._ignore_signals):
            return self._application(environ, start_response)
        url, who = request_uri(environ), visitor(environ)  # now: applications change these

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            if is_page(int(status[:3]), _content_type(headers)):
                self._client.track(url, referrer=header("referer") or None, **who)
            return start_response(status, headers, exc_info)

        return self._application(environ, started)


def visitor(environ: WSGIEnvironment) -> Visitor:
    """Return who asks: `client.track(url, "Order", **visitor(request.environ))`.

    In Django, pass `request.META`.
    """
    return visitor_of(environ.get("REMOTE_ADDR", ""), _header(environ))


def _content_type(headers: list[tuple[str, str]]) -> str:
    for name, value in headers:
        if name.lower() == "content-type":
            return value
    return ""


def _header(environ: WSGIEnvironment) -> Header:
    return lambda name: str(environ.get("HTTP_" + name.upper().replace("-", "_"), ""))
