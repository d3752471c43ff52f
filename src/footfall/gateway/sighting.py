"""What a protocol understood of a request, before anyone knows the site or the visitor."""

import re
from typing import NamedTuple

import msgspec

from footfall.domain.event import Kind
from footfall.domain.hint import Hints

CONTROL = dict.fromkeys((*range(32), 127), " ")
TITLE_LENGTH = 500


class Sighting(msgspec.Struct, gc=False):
    """One thing that a client says happened. Every field is within the limits of the wire.

    `age_us` is how long ago; `time_us` an explicit time, which only a key may set, by the field
    `time_field`; `hash_mode` says that the URL's fragment tells one page of the site from another;
    `ignored` names what was cut or left out. A struct, since one is made for every hit and a
    dataclass of this width takes three times as long to make.
    """

    url: str
    kind: Kind = "pageview"
    website: str | None = None
    title: str | None = None
    name: str | None = None
    referrer: str | None = None
    props: str | None = None
    currency: str | None = None
    amount: float | None = None
    interactive: bool = True
    event_id: str | None = None
    page_view: str | None = None
    age_us: int = 0
    time_us: int | None = None
    time_field: str = "date"
    engaged: int = 0
    scroll: int | None = None
    screen: int | None = None
    language: str | None = None
    robot: bool = False
    hash_mode: bool = False
    ignored: tuple[str, ...] = ()


class Caller(NamedTuple):
    """What a request tells of its sender. Lives in memory only, and only for one request.

    `key_id` tells one API key from another where it is `keyed`.
    """

    address: str
    user_agent: str
    gpc: bool = False
    dnt: bool = False
    prefetch: bool = False
    keyed: bool = False
    hints: Hints | None = None
    key_id: int = 0


class Invalid(Exception):
    """A request that breaks the wire's rules: which field, and what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


def clean(text: str) -> str:
    """Text without control characters: a NUL in a title has broken many a report."""
    return text.strip() if text.isprintable() else text.translate(CONTROL).strip()


UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,6}")
