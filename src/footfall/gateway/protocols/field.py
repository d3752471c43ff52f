"""The fields of a hit, one by one: what is odd is cut, cleaned or left out, and named.

Each of these appends to `ignored` the name of what it did not take as it came.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any
from urllib.parse import quote

import msgspec

from footfall.domain.currency import DECIMALS
from footfall.gateway.sighting import LANGUAGE, UUID, clean

Number = int | float
ID_BYTES = 200
PROPS, PROP_KEY_BYTES, PROP_VALUE_BYTES, PROPS_BYTES = 30, 300, 2_000, 8_192
SHOWN_KEY = 40
MOST_WIDTH = 100_000
AMOUNT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)", re.ASCII)
MOST_AMOUNT = 1e12
FAR_MS = 10**15
"""Further from 1970 than any clock; integers in JSON may be too large to compute with."""

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
NO_TIME = "must be milliseconds since 1970 or ISO 8601"
_encode = msgspec.json.Encoder().encode


def cut(field: str, text: str, limit: int, ignored: list[str]) -> str:
    """Return a text of at most so many bytes, never ended within a character."""
    # A string of ASCII has as many bytes as characters; only others need encoding to be measured.
    if len(text) <= limit and (text.isascii() or len(_bytes(text)) <= limit):
        return text
    ignored.append(field)
    return _bytes(text)[:limit].decode("utf-8", "ignore")


def shortened(field: str, text: str, limit: int, ignored: list[str]) -> str:
    """Return a text without controls, of at most so many characters."""
    cleaned = clean(text)
    if len(cleaned) <= limit:
        return cleaned
    ignored.append(field)
    return cleaned[:limit].rstrip()


def named(field: str, text: str, ignored: list[str]) -> str | None:
    """Return an id as 32 digits: a UUID's own, or those of a hash of any other text."""
    if UUID.fullmatch(text):
        return text.replace("-", "")
    cleaned = text.strip()
    data = _bytes(cleaned)
    if not 0 < len(data) <= ID_BYTES:
        ignored.append(field)
        return None
    return blake2b(data, digest_size=16).hexdigest()


def clipped(field: str, number: Number, most: int, ignored: list[str]) -> int | None:
    """Return a number from 0 to the most, the nearer of both for one beyond, nothing for NaN."""
    if 0 <= number <= most:
        return int(number)
    ignored.append(field)
    if number != number:
        return None
    return 0 if number < 0 else most


def microseconds(field: str, milliseconds: Number, ignored: list[str]) -> int:
    """Return how long ago something was that is no time: none, or too long."""
    return (clipped(field, milliseconds, FAR_MS, ignored) or 0) * 1000


def width(field: str, number: Number, ignored: list[str]) -> int | None:
    """Return the width of a screen that none has; 0 is what some send for none."""
    if number != 0:
        ignored.append(field)
    return None


def language(text: str, ignored: list[str]) -> str | None:
    """Return a tag of BCP 47, also of the first language of a list or the name of a locale."""
    if LANGUAGE.fullmatch(text):
        return text
    first = text.partition(",")[0].partition(";")[0]
    tag = first.partition(".")[0].partition("@")[0].replace("_", "-").strip()
    if LANGUAGE.fullmatch(tag):
        return tag
    if text.strip():
        ignored.append("language")
    return None


def flag(field: str, value: Any, ignored: list[str]) -> bool:
    """Return whether a marker of any kind is set."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "0", "false", "no", "off")
    if isinstance(value, int | float):
        return bool(value)
    ignored.append(field)
    return False


def instant(value: Any) -> int | None:
    """Return microseconds since 1970 of milliseconds or ISO 8601; without an offset it is UTC."""
    if isinstance(value, str):
        text = value.strip().upper()
        return _moment(text) if not text.isdecimal() or len(text) <= 8 else instant(float(text))
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, -FAR_MS), FAR_MS) * 1000)


def _moment(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // MICROSECOND


def revenue(told: Mapping[str, Any], ignored: list[str]) -> tuple[str | None, float | None]:
    """Return currency and amount; a text such as `12.50` is an amount."""
    currency, amount = told.get("currency"), _amount(told.get("amount"))
    code = currency.strip().upper() if isinstance(currency, str) else ""
    if code in DECIMALS and amount is not None and abs(amount) < MOST_AMOUNT:
        return code, float(amount)
    ignored.append("revenue")
    return None, None


def _amount(value: Any) -> Number | None:
    if isinstance(value, str):
        text = value.strip()
        return float(text) if AMOUNT.fullmatch(text) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def props(told: Mapping[str, Any], ignored: list[str]) -> str | None:
    """Return the properties as JSON: texts by keys, as many as fit."""
    kept: dict[str, str] = {}
    for key, value in told.items():
        if value is None:
            continue
        text, name = _scalar(value), clean(key)
        if text is None or not name or len(_bytes(key)) > PROP_KEY_BYTES or len(kept) == PROPS:
            ignored.append(_shown(key))
        else:
            kept[name] = clean(cut(_shown(key), text, PROP_VALUE_BYTES, ignored))
    encoded = _encode(kept)
    while len(encoded) > PROPS_BYTES:
        ignored.append(_shown(kept.popitem()[0]))
        encoded = _encode(kept)
    return encoded.decode() if kept else None


def _scalar(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not isfinite(value):
        return None
    return _encode(value).decode() if isinstance(value, int | float) else None


def _shown(key: str) -> str:
    """Return how a property is named in a header: cut, and escaped where need be."""
    return f"props.{quote(clean(key)[:SHOWN_KEY], errors='replace')}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
