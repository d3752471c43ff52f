"""What no client of ours sends and no gateway of ours writes: requests and records that hold up none of those around them."""

import json
import random
import string
from base64 import b64encode
from typing import Any

from footfall.aws.velocity import Request
from footfall.domain.event import Hit, Tally
from footfall.stream.codec import decode, encode
from tests.traffic import Act, at, made

SEED = 20_261_130
NINE = at("2026-06-10 09:00")
PAGE = "https://example.com/"
(_MADE,) = made([Act(NINE)])
_HIT = decode(_MADE.record.data)


def printable(count: int) -> str:
    """Text of 94 letters, which no packing makes much shorter than it is."""
    return "".join(random.Random(SEED).choices(string.printable.strip(), k=count))


def noise(count: int) -> str:
    """Any bytes, as API Gateway reads them for text."""
    return random.Random(SEED).randbytes(count).decode("utf-8", "replace")


def _body(**fields: object) -> str:
    return json.dumps({"url": PAGE, **fields})


def _raw(fields: str) -> str:
    return f'{{"url": "{PAGE}", {fields}}}'


PLAIN = {"Content-Type": "text/plain"}
BODIES: dict[str, str] = {
    "500 KB of random text": printable(500_000),
    "5 MB of random text": printable(5_000_000),
    "500 KB of random bytes": noise(500_000),
    "64 KB of random text": printable(65_536),
    "a byte more": printable(65_537),
    "64 KB of random bytes": noise(65_536),
    "half a million of one letter": "a" * 500_000,
    "22,000 letters of three bytes": "\u65e5" * 22_000,
    "arrays within arrays": "[" * 60_000,
    "arrays in props": _raw('"props": {"a": ' + "[" * 20_000 + "]" * 20_000 + "}"),
    "objects within objects": '{"props":' * 7_000,
    "many props": _body(props={str(number): number for number in range(5_000)}),
    "an endless number": _raw('"screen": ' + "9" * 60_000),
    "a number beyond all floats": _raw('"age": 1e99999'),
    "a revenue beyond all floats": _body(event="sale", revenue={"currency": "EUR", "amount": "9" * 5_000}),
    "a date beyond all clocks": _body(date=10**30),
    "half a letter": _raw('"name": "\\ud800"'),
    "half a letter in the URL": _raw('"u": "\\udfff"'),
    "NULs": "\x00" * 60_000,
    "a URL of 60 KB": _body(url=PAGE + printable(60_000)),
    "a field of 60 KB that nobody knows": json.dumps({printable(60_000): 1}),
    "a wrong type with a long name": json.dumps({"url": PAGE, "props": {printable(50_000): [1]}}),
    "nothing": "",
}
"""Bodies that anybody may send."""

REQUESTS: dict[str, tuple[str, Request]] = {
    **{name: ("TrackPost", Request(PLAIN, body=body)) for name, body in BODIES.items()},
    "a query of 9 KB": ("PixelGet", Request(query={"u": PAGE, "n": printable(9_000)})),
    "a query of 2 MB": ("PixelGet", Request(query={"u": PAGE, "n": printable(2_000_000)})),
    "a query of 900 names": ("PixelGet", Request(query={f"n{number}": "" for number in range(900)})),
    "a query beside a body": ("TrackPost", Request(PLAIN, query={"x": printable(2_000_000)}, body=_body())),
    "a user agent of 9 KB": ("TrackPost", Request({**PLAIN, "User-Agent": printable(9_000)}, body=_body())),
    "a user agent of 2 MB": ("TrackPost", Request({**PLAIN, "User-Agent": printable(2_000_000)}, body=_body())),
    "a referrer of 1 MB": ("PixelGet", Request({"Referer": PAGE + printable(1_000_000)})),
    "an address list of 900 KB": ("TrackPost", Request({"X-Forwarded-For": "1," * 450_000}, body=_body())),
    "headers of random bytes": ("TrackPost", Request({"User-Agent": noise(3_000), "Referer": noise(3_000), "X-Forwarded-For": noise(900)}, body=_body())),
}  # fmt: skip
"""By the method of the template that takes them."""


def _hit(**fields: Any) -> bytes:
    """A hit as a gateway with a fault would write it."""
    assert isinstance(_HIT, Hit)
    return encode(_HIT._replace(**fields))


_WRAPPED = {"v": 1, "door": "track", "at": NINE // 1000, "id": "x", "ip": "192.0.2.1", "headers": {}, "query": [], "body": ""}


def _wrapped(**parts: object) -> bytes:
    return json.dumps({**_WRAPPED, **parts}).encode()


RECORDS: dict[str, bytes] = {
    "random bytes": random.Random(SEED).randbytes(900_000),
    "random bytes after a brace": b"{" + random.Random(SEED).randbytes(900_000),
    "an envelope of braces": b"{" * 900_000,
    "a field of the envelope that nobody knows": _wrapped(**{printable(300_000): 1}),
    "a door of 300 KB": _wrapped(door=printable(300_000)),
    "an id of 300 KB": _wrapped(id=printable(300_000)),
    "an id of half a letter": b'{"v":1,"door":"track","at":1,"id":"\\ud800","ip":"","headers":{},"query":[],"body":""}',
    "a body of 600 KB": _wrapped(body=b64encode(printable(600_000).encode()).decode()),
    "a header that is not base64": _wrapped(headers={"user-agent": "!"}),
    "a header of another alphabet": _wrapped(headers={"\u65e5": "eA=="}),
    "a hit of random bytes": b"h" + random.Random(SEED).randbytes(300_000),
    "a hit of nothing": b"h",
    "arrays within arrays in a hit": b"h" + b"\x91" * 500_000,
    "a day after the last": _hit(day=10**9),
    "a day before the first": _hit(day=-(10**9)),
    "a time after the last": _hit(time=2**63 - 1, received=2**63 - 1),
    "a negative id": _hit(id=-1),
    "more reading than a number holds": _hit(engaged=2**40),
    "a negative scroll": _hit(scroll=-5),
    "a scroll of 300": _hit(scroll=300),
    "a port of 2 ** 50": _hit(port=2**50),
    "an offset of 2 ** 50": _hit(utc_offset=2**50),
    "an amount that is none": _hit(amount=float("nan")),
    "a page of 700 KB": _hit(page="/" + printable(700_000)),
    "a site's id of 5 KB": _hit(site=printable(5_000)),
    "a site without an id": _hit(site=""),
    "a drop beyond what can be counted": encode(Tally("example", 20_614, "bot", 2**64 - 1)),
    "fewer drops than none": encode(Tally("example", 20_614, "bot", -5)),
    "a drop after the last day": encode(Tally("example", 10**9, "bot", 1)),
    "a drop for a reason of 500 KB": encode(Tally("example", 20_614, printable(500_000), 1)),
    "a drop with a negative id": encode(Tally("example", 20_614, "bot", 1, -7)),
    "an empty record": b"",
}  # fmt: skip
"""Records that may lie on a stream after a fault of ours, or of who writes onto it."""
