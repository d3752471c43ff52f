"""Renders mapping templates as API Gateway does.

That is Velocity with `$input`, `$util`, `$context` and `$stageVariables`.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from airspeed import Template


@dataclass(frozen=True, slots=True)
class Request:
    """What API Gateway knows of a request when it renders a template; headers as spelled."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    address: str = "192.0.2.1"
    time_ms: int = 0
    extended_id: str = "A="
    variables: Mapping[str, str] = field(default_factory=dict)


class _Input:
    def __init__(self, request: Request) -> None:
        self.body = request.body
        self._maps = {
            "path": dict(request.path),
            "querystring": dict(request.query),
            "header": dict(request.headers),
        }

    def params(self, name: str | None = None) -> Any:
        if name is None:
            return self._maps
        return next((found[name] for found in self._maps.values() if name in found), "")

    def json(self, path: str) -> str:
        assert path == "$", "only the whole body is needed here"
        return self.body


class _Util:
    def base64Encode(self, text: str) -> str:
        return b64encode(text.encode("utf-8", "surrogatepass")).decode()

    def base64Decode(self, text: str) -> str:
        return b64decode(text).decode()

    def urlEncode(self, text: str) -> str:
        return quote_plus(text)

    def urlDecode(self, text: str) -> str:
        return unquote_plus(text)

    def escapeJavaScript(self, text: str) -> str:
        return json.dumps(text)[1:-1].replace("'", "\\'")


def rendered(template: str, request: Request) -> str:
    """The text that a template makes of a request."""
    context = {
        "requestTimeEpoch": request.time_ms,
        "extendedRequestId": request.extended_id,
        "identity": {"sourceIp": request.address},
    }
    names = {
        "input": _Input(request),
        "util": _Util(),
        "context": context,
        "stageVariables": dict(request.variables),
    }
    text: str = Template(template).merge(names)
    return text
