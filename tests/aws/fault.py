"""A network between Footfall and AWS on which anything may go wrong: a proxy before an emulator."""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from tests.patience import SECONDS

HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "date", "server"}


class Call(BaseHTTPRequestHandler):
    """One call of a service, and what a fault may do about it.

    A fault that answers nothing cuts the connection.
    """

    protocol_version = "HTTP/1.1"
    server: "_Server"
    sent: bytes

    def do_POST(self) -> None:
        self.sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        fault = self.server.fault(self.action)
        fault(self)

    do_GET = do_PUT = do_DELETE = do_POST

    @property
    def action(self) -> str:
        """What is called, such as `PutItem`; of S3 the method."""
        return str(self.headers.get("x-amz-target", "")).rpartition(".")[2] or self.command

    @property
    def of_s3(self) -> bool:
        """Whether S3 is called, which names its errors otherwise."""
        return self.action == self.command

    def pass_on(self) -> tuple[int, dict[str, str], bytes]:
        """Have the emulator do it; its answer.

        A transaction sent again with its token is not done again, as in AWS and not in moto.
        """
        token = (
            json.loads(self.sent)["ClientRequestToken"]
            if self.action == "TransactWriteItems"
            else None
        )
        if token in self.server.done:
            return self.server.done[token]
        upstream = HTTPConnection(self.server.upstream, timeout=SECONDS)
        try:
            upstream.request(
                self.command,
                self.path,
                self.sent,
                {name: value for name, value in self.headers.items() if name.lower() not in HOP},
            )
            answer = upstream.getresponse()
            found = (
                answer.status,
                {name: value for name, value in answer.getheaders() if name.lower() not in HOP},
                answer.read(),
            )
        finally:
            upstream.close()
        if token and answer.status == 200:
            self.server.done[token] = found
        return found

    def answer(
        self, status: int, headers: dict[str, str], body: bytes, sent: int | None = None
    ) -> None:
        """Send an answer, or so many bytes of its body."""
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent])

    def refuse(self, status: int, error: str) -> None:
        """Answer with an error as AWS names it."""
        said = "by the fault proxy"
        if self.of_s3:
            self.answer(
                status,
                {"content-type": "application/xml"},
                f"<Error><Code>{error}</Code><Message>{said}</Message></Error>".encode(),
            )
        else:
            self.answer(
                status,
                {"content-type": self.headers["content-type"]},
                json.dumps({"__type": error, "message": said}).encode(),
            )

    def log_message(self, format: str, *args: Any) -> None:
        pass


Fault = Callable[[Call], None]


class Once:
    """Has something happen at one call, counted from 1; `calls` is how many there were."""

    def __init__(self, at: int, happen: Callable[[], None]) -> None:
        self._at, self._happen, self.calls = at, happen, 0

    def fault(self, call: Call) -> None:
        """The fault."""
        self.calls += 1
        if self.calls == self._at:
            self._happen()
        none(call)


def always(fault: Fault) -> Callable[[str], Fault]:
    """The choice of one fault for whatever is called."""
    return lambda _: fault


def none(call: Call) -> None:
    """All is well."""
    call.answer(*call.pass_on())


def throttle(call: Call) -> None:
    """Too much at once; nothing is done."""
    call.refuse(
        *((503, "SlowDown") if call.of_s3 else (400, "ProvisionedThroughputExceededException"))
    )


def fail(call: Call) -> None:
    """The service has an error; nothing is done."""
    call.refuse(500, "InternalServerError")


def cut(call: Call) -> None:
    """The connection breaks before the service has the request."""
    call.close_connection = True


def lose(call: Call) -> None:
    """The service does it, and the connection breaks before its answer comes."""
    call.pass_on()
    call.close_connection = True


def tear(call: Call) -> None:
    """The service does it, and the connection breaks in the midst of its answer."""
    status, headers, body = call.pass_on()
    call.answer(status, headers, body, len(body) // 2)
    call.close_connection = True


def halve(call: Call) -> None:
    """Of the records of a `PutRecords` every other is put, the rest are throttled."""
    asked = json.loads(call.sent)
    records = asked["Records"]
    call.sent = json.dumps({**asked, "Records": records[::2]}).encode()
    status, headers, body = call.pass_on()
    answer = json.loads(body)
    put = iter(answer["Records"])
    refused = {
        "ErrorCode": "ProvisionedThroughputExceededException",
        "ErrorMessage": "by the fault proxy",
    }
    mixed = [refused if index % 2 else next(put) for index in range(len(records))]
    call.answer(
        status,
        headers,
        json.dumps({**answer, "FailedRecordCount": len(records) // 2, "Records": mixed}).encode(),
    )


class Conflicts:
    """Transactions as DynamoDB isolates them: one that meets another on an item is cancelled.

    `seen` counts those.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self.seen = 0

    def fault(self, call: Call) -> None:
        """The fault: a transaction takes some time, and its items are others' to conflict with."""
        if call.action != "TransactWriteItems":
            none(call)
            return
        items = [_item_of(each) for each in json.loads(call.sent)["TransactItems"]]
        with self._lock:
            met = self._busy.intersection(items)
            if not met:
                self._busy.update(items)
        if met:
            self.seen += 1
            codes = [{"Code": "TransactionConflict" if each in met else "None"} for each in items]
            said = {"__type": "TransactionCanceledException", "CancellationReasons": codes}
            body = json.dumps({**said, "message": "by the fault proxy"}).encode()
            call.answer(400, {"content-type": call.headers["content-type"]}, body)
            return
        try:
            sleep(self._seconds)
            none(call)
        finally:
            with self._lock:
                self._busy.difference_update(items)


def _item_of(action: dict[str, Any]) -> str:
    (what,) = action.values()
    key = what.get("Key") or {name: what["Item"][name] for name in ("pk", "sk")}
    return json.dumps([what["TableName"], key], sort_keys=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, upstream: str, choose: Callable[[str], Fault]) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.upstream = urlsplit(upstream).netloc
        self._choose = choose
        self._lock = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.done: dict[str, tuple[int, dict[str, str], bytes]] = {}

    def fault(self, action: str) -> Fault:
        with self._lock:
            fault = self._choose(action)
            self.seen[fault.__name__] += 1
            return fault


class Network:
    """The proxy's address.

    `faults` are those of the next calls of an action, `seen` counts how often each came.
    """

    def __init__(self, upstream: str, choose: Callable[[str], Fault] | None) -> None:
        self.faults: defaultdict[str, list[Fault]] = defaultdict(list)
        self.server = _Server(upstream, choose or self._planned)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.seen = self.server.seen

    def _planned(self, action: str) -> Fault:
        return self.faults[action].pop(0) if self.faults[action] else none


@contextmanager
def network(upstream: str, choose: Callable[[str], Fault] | None = None) -> Iterator[Network]:
    """A proxy before `upstream`.

    `choose` gives the fault of each call of an action, else `faults` do.
    """
    made = Network(upstream, choose)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        thread.join()
        made.server.server_close()
