"""Something between a client and the server that behaves as networks and proxies do."""

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

import httpx

from tests.patience import SECONDS


class Front:
    """Passes requests on.

    `faults` are what happens to the next ones instead: a status, or `lose`, which keeps the answer
    back.

    `most_bytes` is the longest body that it takes, as a proxy's limit is.
    """

    def __init__(self, behind: str, most_bytes: int = 10_000_000) -> None:
        self.faults: list[tuple[int, dict[str, str]] | str] = []
        self.open = threading.Event()
        """While it is not set, what has no fault is kept waiting."""

        self.open.set()
        self.seen: list[tuple[float, int, int]] = []
        """Of each request: when, bytes, and the status that it came to; 0 for a lost answer."""

        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = front.faults.pop(0) if front.faults else None
                status, headers, said = 413, {}, b"too large"
                if isinstance(fault, tuple):
                    status, headers, said = *fault, b"not now"
                elif len(body) <= most_bytes:
                    if not fault:
                        front.open.wait(SECONDS)
                    passed = {
                        name: value
                        for name, value in self.headers.items()
                        if name.lower() not in ("host", "connection")
                    }
                    answer = httpx.post(
                        behind + self.path, content=body, headers=passed, timeout=SECONDS
                    )
                    status, said = answer.status_code, answer.content
                front.seen.append((monotonic(), len(body), 0 if fault == "lose" else status))
                if fault == "lose":
                    with suppress(OSError):
                        self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {"content-length": str(len(said)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()
