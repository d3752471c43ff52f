"""Which requests are page views, and what they tell of the visitor; the same for WSGI and ASGI."""

from collections.abc import Callable
from typing import TypedDict

Header = Callable[[str], str]
"""The value of a request's header by its name in lower case; empty where there is none."""


class Visitor(TypedDict):
    """What to tell of who caused an event."""

    ip: str | None
    user_agent: str
    language: str | None


def visitor(address: str, header: Header) -> Visitor:
    """The visitor, by the address of the connection and the headers."""
    language = header("accept-language").partition(",")[0].partition(";")[0].strip()
    is_named = language not in ("", "*")
    return {
        "ip": address or None,
        "user_agent": header("user-agent"),
        "language": language if is_named else None,
    }


def asks_for_a_page(method: str, header: Header, ignore_signals: bool) -> bool:
    """Return whether a person who may be counted may be waiting for this.

    Not so a script of the page, a browser that fetches ahead, or who wants not to be counted.
    """
    wanted = ignore_signals or (header("sec-gpc") != "1" and header("dnt") != "1")
    ahead = "prefetch" in header("sec-purpose") or "prefetch" in header("purpose")
    return wanted and not ahead and method == "GET" and header("sec-fetch-dest") in ("", "document")


def is_page(status: int, content_type: str) -> bool:
    """Return whether an answer is a page."""
    is_html = content_type.lower().startswith(("text/html", "application/xhtml"))
    return 200 <= status < 300 and is_html
