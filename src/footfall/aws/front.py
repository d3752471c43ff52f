"""Serves the two APIs of the template on this machine, for trying them out.

Renders the template's own mappings; stream, table and bucket are those of emulators. What a
stream's mapping does in AWS a task does here; reports are answered by the function's application.
"""

import asyncio
import json
import logging
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from time import time_ns
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn

from footfall import compose
from footfall.aws.template import parsed
from footfall.aws.velocity import Request, rendered
from footfall.compose import functions
from footfall.functions.compact import Compact
from footfall.functions.process import Process
from footfall.gateway.files import File
from footfall.gateway.head import Bounded
from footfall.gateway.wire import Headers, Patience, Receive, Scope, Send, respond
from footfall.settings import BadSettings, read
from footfall.store.port import StoreBroken
from footfall.stream.port import Reader, StreamBroken

BATCH = 100
PAUSE_SECONDS = 0.1
TIDY_SECONDS = 10.0
BODY_BYTES = 10_000_000
"""What API Gateway takes."""

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
ANYBODY = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
"""Emulators let everybody in."""

STREAM, TABLE, SALTS, BUCKET = "footfall-hits", "footfall", "footfall-salts", "footfall-archive"
ADDRESSES = {
    "stream": f"kinesis:{STREAM}",
    "store": f"dynamodb:{TABLE}/{BUCKET}",
    "registry": f"dynamodb:{TABLE}",
    "salts": f"dynamodb:{SALTS}",
    "rollups": f"dynamodb:{TABLE}",
}
JSON = [(b"content-type", b"application/json")]
TO_ALL = [(b"access-control-allow-origin", b"*")]

log = logging.getLogger(__name__)


class Front:
    """An ASGI application.

    `put` puts a record on the stream, as API Gateway calls it; `resources` are those of the
    template.
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        stream: str,
        put: Callable[..., Any],
        reports: Any,
        files: Mapping[str, File],
        counting: Coroutine[Any, Any, None],
    ) -> None:
        self._methods = {
            name: resources[name]["Properties"]["Integration"]
            for name in ("TrackPost", "TrackOptions", "PixelGet")
        }
        self._stream = stream
        self._put = put
        self._reports = reports
        self._files = files
        self._counting = counting
        self._patience = Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path, method = scope["path"], scope["method"]
        if path == "/v1/track" and method == "POST":
            await self._integrated("TrackPost", scope, receive, send)
        elif path == "/v1/track" and method == "OPTIONS":
            await self._said(self._methods["TrackOptions"]["IntegrationResponses"][0], send)
        elif path == "/v1/track.gif" and method == "GET":
            await self._integrated("PixelGet", scope, receive, send)
        elif path in ("/v1/ranking", "/v1/series") or path.startswith("/api/"):
            await self._reports(scope, receive, send)
        elif file := self._files.get(path):
            await respond(send, 200, *file.answer(b""))
        else:
            await respond(send, 403, b'{"message":"Missing Authentication Token"}', JSON)

    async def _integrated(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an integration with an action of Kinesis does."""
        integration = self._methods[name]
        headers = _spelled(scope["headers"])
        body = await self._patience.body(dict(scope["headers"]), receive, BODY_BYTES)
        template = integration["RequestTemplates"].get(_kind(headers))
        if isinstance(body, int) or template is None:
            status = body if isinstance(body, int) else 415
            await respond(send, status, b'{"message": "Unsupported Media Type"}', TO_ALL)
            return
        query = parse_qsl(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
        request = Request(
            headers=headers,
            query=dict(query),
            body=body.decode("utf-8", "replace"),
            address=scope["client"][0],
            time_ms=time_ns() // 1_000_000,
            extended_id=b64encode(secrets.token_bytes(11)).decode(),
            variables={"stream": self._stream},
        )
        outcome = await asyncio.to_thread(self._record, rendered(template, request))
        await self._said(_chosen(integration["IntegrationResponses"], outcome), send)

    def _record(self, text: str) -> str:
        """Put a record; return the status that a call of the service would have."""
        asked = json.loads(text)
        try:
            self._put(**{**asked, "Data": b64decode(asked["Data"])})
        except Exception as exc:
            log.error("%s", exc)
            return "400"
        return "200"

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        task = asyncio.create_task(self._counting)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await send({"type": "lifespan.shutdown.complete"})

    async def _said(self, response: Mapping[str, Any], send: Send) -> None:
        headers = []
        for name, value in response.get("ResponseParameters", {}).items():
            header = name.rpartition("header.")[2].lower()
            headers.append((header.encode(), value.strip("'").encode()))
        template = response.get("ResponseTemplates", {}).get("application/json", "")
        if response.get("ContentHandling") == "CONVERT_TO_BINARY":
            body = b64decode(template)
        else:
            body = rendered(template, Request()).encode()
        await respond(send, int(response["StatusCode"]), body, headers)


def _kind(headers: Mapping[str, str]) -> str:
    """Return the media type of a request; API Gateway takes one without for JSON."""
    for name, value in headers.items():
        if name.lower() == "content-type":
            return value.partition(";")[0].strip().lower()
    return "application/json"


def _chosen(responses: Sequence[Mapping[str, Any]], outcome: str) -> Mapping[str, Any]:
    """Return the response of an integration to a status, else the one for all others."""
    for each in responses:
        if each.get("SelectionPattern") == outcome:
            return each
    return next(each for each in responses if "SelectionPattern" not in each)


async def count(
    reader: Reader, process: Process, compact: Compact, sites: Callable[[], Sequence[str]]
) -> None:
    """Count what is on the stream, and make files of it now and then, until cancelled."""
    tidied = 0.0
    while True:
        try:
            chunk = await asyncio.to_thread(reader.read, BATCH)
            if chunk.records:
                done = await asyncio.to_thread(process.apply, chunk.records)
                if done.failed is None:
                    reader.discard(chunk.through)
            elif (now := asyncio.get_running_loop().time()) - tidied > TIDY_SECONDS:
                for site in await asyncio.to_thread(sites):
                    await asyncio.to_thread(compact, {"site": site}, None)
                tidied = now
        except (StreamBroken, StoreBroken) as exc:
            log.error("%s; trying again", exc)
        await asyncio.sleep(PAUSE_SECONDS)


def _spelled(headers: Headers) -> dict[str, str]:
    """Return headers as browsers spell them over HTTP/1.1.

    Of several of a name it is the last, as with API Gateway.
    """
    return {name.decode("latin-1").title(): value.decode("latin-1") for name, value in headers}


def serve(template: str, endpoint_url: str, host: str, port: int) -> None:
    """Serve both APIs, the dashboard and the example website until stopped; raise `BadSettings`.

    What the emulators lack is made there.
    """
    if urlsplit(endpoint_url).hostname not in LOOPBACK:
        raise BadSettings(
            "--endpoint-url must be that of emulators on this machine,"
            f" such as http://127.0.0.1:5000, not {endpoint_url!r}"
        )
    os.environ.update({**ANYBODY, **os.environ, "AWS_ENDPOINT_URL": endpoint_url})
    functions.make(STREAM, TABLE, SALTS, BUCKET)
    settings = read(ADDRESSES, {})
    registry = functions.open_registry(settings)
    compose.add_example(registry)
    facts = functions.open_facts(settings, registry)
    counting = count(
        functions.open_reader(settings),
        functions.process(settings),
        functions.compact(settings),
        lambda: facts.due(frozenset(), 0),
    )
    application = Front(
        parsed(template)["Resources"],
        STREAM,
        functions.client("kinesis").put_record,
        functions.query(settings),
        compose.pages(demo=True),
        counting,
    )
    config = uvicorn.Config(application, host=host, port=port, log_level="warning", http=Bounded)
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    root = f"http://{host}:{listening.getsockname()[1]}/"
    print(f"Dashboard: {root}?site=example\nWebsite: {root}example/", flush=True)
    server.run([listening])
