"""What stands for the sandbox of a function.

Its code unpacked, AWS's own runtime client, and the API that this asks for work.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple

from tests.aws.cloud import PYTHON
from tests.patience import SECONDS

PREFIX = "/2018-06-01/runtime/"


class Answer(NamedTuple):
    """What came of an invocation.

    `response`, `error` (of the handler) or `init` (the code could not be loaded).
    """

    kind: str
    body: Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.asked: Queue[tuple[str, bytes]] = Queue()
        self.answers: Queue[Answer] = Queue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sandbox that ends does not say goodbye."""


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """The next invocation; waits for one."""
        name, event = self.server.asked.get()
        self._answer(
            200,
            event,
            {
                "Lambda-Runtime-Aws-Request-Id": name,
                "Lambda-Runtime-Deadline-Ms": "9999999999999",
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:x",
            },
        )

    def do_POST(self) -> None:
        body = self._body()
        kind = "init" if self.path == f"{PREFIX}init/error" else self.path.rpartition("/")[2]
        self.server.answers.put(Answer(kind, json.loads(body or b"null")))
        self._answer(202, b"{}", {})

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            **headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Sandbox:
    """A function that runs."""

    def __init__(self, server: _Server, running: "subprocess.Popen[bytes]") -> None:
        self._server, self._running = server, running
        self._numbers = count()

    def invoke(self, event: Any) -> Answer:
        """Have an event handled."""
        self._server.asked.put((f"request-{next(self._numbers)}", json.dumps(event).encode()))
        return self._server.answers.get(timeout=SECONDS)


@contextmanager
def sandbox(code: Path, handler: str, environment: Mapping[str, str]) -> Iterator[Sandbox]:
    """A function of this code with its environment and no other.

    What it logs goes where the tests' does.
    """
    server = _Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    given = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "LAMBDA_TASK_ROOT": str(code),
        "PYTHONPATH": str(code),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.environ["PATH"],
        **environment,
    }
    running = subprocess.Popen([PYTHON, "-m", "awslambdaric", handler], env=given, cwd=code)
    try:
        yield Sandbox(server, running)
    finally:
        running.kill()
        running.wait(20)
        server.asked.put(("", b"{}"))  # for a thread that still waits
        server.shutdown()
        thread.join()
        server.server_close()
