"""The body of a hit as it comes: read strictly, and where it is odd field by field."""

import json
import re
from typing import Any, TypeVar

import msgspec

from footfall.gateway.sighting import Invalid

Number = int | float
Text = str | None


class Track(msgspec.Struct, gc=False):
    """The body as it comes: each field by its long or its short name, the long one first."""

    url: Text = None
    u: Text = None
    name: Text = None
    n: Text = None
    event: Text = None
    e: Text = None
    website: Text = None
    w: Text = None
    date: Any = None
    d: Any = None
    referrer: Text = None
    r: Text = None
    props: dict[str, Any] | None = None
    p: dict[str, Any] | None = None
    revenue: dict[str, Any] | None = None
    money: dict[str, Any] | None = msgspec.field(default=None, name="$")
    interactive: bool | None = None
    i: bool | None = None
    id: Text = None
    k: Text = None
    page: Text = None
    g: Text = None
    age: Number | None = None
    a: Number | None = None
    engaged: Number | None = None
    t: Number | None = None
    scroll: Number | None = None
    s: Number | None = None
    screen: Number | None = None
    x: Number | None = None
    language: Text = None
    l: Text = None  # noqa: E741 - the wire's own short name
    bot: Any = None
    b: Any = None
    hash: bool | None = None
    h: bool | None = None


class Keyed(Track):
    """An event of a batch: what only a key may say besides."""

    ip: Any = None
    user_agent: Text = None
    at: Any = None


AnyTrack = TypeVar("AnyTrack", bound=Track)

FIELDS = Track.__struct_fields__
LONG = dict(zip(FIELDS[1::2], FIELDS[::2], strict=True)) | {"$": "revenue"}
"""Long names by short ones."""

SURROGATE = re.compile("[\ud800-\udfff]")
_whole = json.JSONDecoder(strict=False, parse_int=lambda digits: _number(digits)).decode


def lenient(body: bytes, kind: type[AnyTrack], ignored: list[str]) -> AnyTrack:
    """Return what a body says in those of its fields that can be read; name the others.

    It takes what a decoder of JSON refuses: bytes that are no UTF-8, halves of characters,
    controls within texts, NaN. Raise `Invalid` where the body is no object of JSON.
    """
    told = _object(body)
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        value = told.get(field.encode_name)
        long = LONG.get(field.encode_name, field.encode_name)
        mended = value if long == "url" else _mended(value)
        if isinstance(value, str | dict) and mended != value:
            ignored.append(long)
        try:
            fields[field.name] = msgspec.convert(mended, field.type)
        except msgspec.ValidationError:
            ignored.append(long)
    return kind(**fields)


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = _whole(body.decode("utf-8", "replace").removeprefix("\ufeff"))
    except ValueError:
        raise Invalid("body", "is not valid JSON") from None
    except RecursionError:
        raise Invalid("body", "is nested too deeply") from None
    if not isinstance(told, dict):
        raise Invalid("body", "must be an object of JSON")
    return told


def _number(digits: str) -> Number:
    """Return a whole number, as a float where it is too long to compute with."""
    return int(digits) if len(digits) < 20 else float(digits)


def _mended(value: Any) -> Any:
    """Return a value without halves of characters, in its texts and those one step below."""
    if isinstance(value, str):
        return SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {SURROGATE.sub("\ufffd", key): _mended(each) if isinstance(each, str) else each for key, each in value.items()}
    return value
