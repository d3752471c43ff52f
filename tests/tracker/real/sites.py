"""Real pages to be counted: Python's documentation of Debian, and an app built with VitePress. The snippet is put in on the way out."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any

DOCS = Path("/usr/share/doc/python3.11/html")
APP = Path(__file__).parent / "app" / "dist"
ELSEWHERE = "elsewhere.example.test"
EXTRAS = """<div id=extras><a class=file href=/files/manual.pdf>manual</a> <a class=away href="{elsewhere}">elsewhere</a> <button data-event=Vote data-prop-kind=up>vote</button></div>"""


class RealSites:
    """Serves the documentation at hosts `docs-….test` and the app at `app-….test`, each with the script at an address for the site of the host's first part."""

    def __init__(self, script: str) -> None:
        sites = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host, path = self.headers["host"].partition(":")[0], self.path.partition("?")[0]
                status, kind, body = sites.answer(host, path)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                if path.startswith("/files/"):
                    self.send_header("content-disposition", "attachment")
                self.end_headers()
                with suppress(OSError):  # who has gone on to another page hangs up
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._script = script
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, host: str) -> str:
        """The first page of a host."""
        return f"http://{host}:{self._server.server_port}/"

    def answer(self, host: str, path: str) -> tuple[int, str, bytes]:
        """What there is at a path."""
        if host == ELSEWHERE:
            return 200, "text/html", b"<!doctype html><title>Elsewhere</title>"
        if path.startswith("/files/"):
            return 200, "application/pdf", b"%PDF-1.4"
        root = DOCS if host.startswith("docs-") else APP
        file = (root / path.lstrip("/") / ("index.html" if path.endswith("/") else "")).resolve()
        found = ".." not in path and file.is_file()
        kind = (guess_type(file.name)[0] or "application/octet-stream") if found else "text/html"
        body = file.read_bytes() if found else b"<!doctype html><html><head><title>Not found</title></head><body></body></html>"
        if kind == "text/html":
            tag = f'<script defer src="{self._script}" data-site="{host.removesuffix(".test")}"></script>'
            body = body.replace(b"</head>", tag.encode() + b"</head>", 1).replace(b"</body>", EXTRAS.format(elsewhere=self.url(ELSEWHERE)).encode() + b"</body>", 1)
        return 200 if found else 404, kind, body

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
