"""What Lambda is called with, and what the door without code puts on the stream."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from footfall.aws import template
from footfall.aws.shipped import TEMPLATE, shipped
from footfall.aws.velocity import Request, rendered

RESOURCES = template.parsed(shipped(TEMPLATE))["Resources"]
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def wrapped(
    request: Request, name: str = "TrackPost", kind: str = "application/json"
) -> tuple[dict[str, Any], bytes]:
    """What a mapping template of the template asks of Kinesis, and the record in it."""
    text = RESOURCES[name]["Properties"]["Integration"]["RequestTemplates"][kind]
    asked = json.loads(
        rendered(text, replace(request, variables=request.variables or {"stream": "hits"}))
    )
    return asked, b64decode(asked["Data"])


def proxied(
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A request as API Gateway hands it to a function."""
    sent = {"Host": "api.example", "Content-Type": "application/json", **(headers or {})}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()}
        if query
        else None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {
            "resourcePath": "/",
            "httpMethod": method,
            "path": f"/v1{path}",
            "stage": "v1",
            "identity": {"sourceIp": "198.51.100.1"},
            "requestId": "x",
        },
    }


def to_url(
    method: str, path: str, body: bytes = b"", query: str = "", **headers: str
) -> dict[str, Any]:
    """A request as a function's URL hands it on, past CloudFront unless `headers` hold its own."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "isBase64Encoded": True,
        "body": b64encode(body).decode(),
        "headers": {"host": "x.lambda-url.example", "user-agent": BROWSER, **headers},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "130.176.0.1",
                "userAgent": BROWSER,
            },
            "stage": "$default",
            "requestId": "x",
        },
    }
