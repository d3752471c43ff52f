"""The bodies of requests: JSON objects, or a sentence about what is wrong with them."""

import json
import re
from typing import Any

import msgspec

from footfall.domain.wrong import Wrong

HALF = re.compile(r"[\ud800-\udfff]")
ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""Only where one stands can a text hold half a character."""


def json_object(body: bytes, example: str) -> dict[str, Any]:
    """What a body says; raises `Wrong` for all that is no JSON object of Unicode text."""
    wanted = f"must be a JSON object such as {example}"
    try:
        if ESCAPED_HALF.search(body):
            _check_whole(json.loads(body.decode()), "")
        found = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Wrong("the body", "must be JSON in UTF-8; it holds bytes that are none") from None
    except (msgspec.DecodeError, json.JSONDecodeError) as exc:
        raise Wrong("the body", f"{wanted}: {exc}" if body.strip() else f"{wanted}; it is empty") from None
    if not isinstance(found, dict):
        raise Wrong("the body", wanted)
    return found


def _check_whole(value: object, where: str) -> None:
    """That no text has half of a surrogate pair, for which there is no UTF-8."""
    if isinstance(value, str) and HALF.search(value):
        raise Wrong(where or "the body", "holds half of a surrogate pair, such as \\ud800 alone, which is no character")
    if isinstance(value, list):
        for index, each in enumerate(value):
            _check_whole(each, f"{where}[{index}]")
    if isinstance(value, dict):
        for name, each in value.items():
            _check_whole(name, where or "the body")
            _check_whole(each, f"{where}.{name}" if where else name)
