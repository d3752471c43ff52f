"""The bodies of requests: JSON objects, or a sentence about what is wrong with them."""

import json
import re
from typing import Any

import msgspec

from footfall.domain.wrong import Wrong

HALF = re.compile(r"[\ud800-\udfff]")
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Only where one stands can a text hold half a character."""

NAME_LENGTH = 60
"""Of a name in a sentence."""


def json_object(body: bytes, example: str) -> dict[str, Any]:
    """What a body says; raises `Wrong` for all that is no JSON object of Unicode text."""
    wanted = f"must be a JSON object such as {example}"
    try:
        if ESCAPED_HALF.search(body):
            _check_whole(json.loads(body.decode()))
        found = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Wrong("the body", "must be JSON in UTF-8; it holds bytes that are none") from None
    except (msgspec.DecodeError, json.JSONDecodeError) as exc:
        raise Wrong("the body", f"{wanted}: {exc}" if body.strip() else f"{wanted}; it is empty") from None
    if not isinstance(found, dict):
        raise Wrong("the body", wanted)
    return found


def _check_whole(value: object) -> None:
    """Raise `Wrong` where a text has half of a surrogate pair, for which there is no UTF-8."""
    where = _half(value)
    if where is not None:
        raise Wrong(where.lstrip(".") or "the body", "holds half of a surrogate pair, such as \\ud800 alone, which is no character")


def _half(value: object) -> str | None:
    """Return the place of the first half of a character, None where there is none.

    Places are put together on the way back: one for every value would take the square of the body.
    """
    if isinstance(value, str) and HALF.search(value):
        return ""
    if isinstance(value, list):
        for index, each in enumerate(value):
            if (within := _half(each)) is not None:
                return f"[{index}]{within}"
    if isinstance(value, dict):
        for name, each in value.items():
            if HALF.search(name):
                return ""
            if (within := _half(each)) is not None:
                return f".{name[:NAME_LENGTH]}{within}"
    return None
