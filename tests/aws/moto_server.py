"""DynamoDB, S3 and Kinesis as moto knows them, on a port of its own.

Run by the environment that has moto.

One request at a time: of concurrent writes it loses some, and answers others with 500. A query
whose range ends before it begins is refused, as by DynamoDB and not by moto.
"""

import io
import json
import re
import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_lock = threading.Lock()
_application = DomainDispatcherApplication(create_backend_app)


def one_at_a_time(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The server, behind a lock."""
    if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".Query"):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)
        if _backward(json.loads(body)):
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
            return [
                json.dumps(
                    {
                        "__type": "ValidationException",
                        "message": (
                            "The BETWEEN operator requires upper bound to be greater than or equal"
                            " to lower bound"
                        ),
                    }
                ).encode()
            ]
    with _lock:
        return list(_application(environ, start_response))


def _backward(query: dict[str, Any]) -> bool:
    found = re.search(r"BETWEEN\s+(:\w+)\s+AND\s+(:\w+)", query.get("KeyConditionExpression", ""))
    low, high = (
        (query["ExpressionAttributeValues"][name]["S"] for name in found.groups())
        if found
        else ("", "")
    )
    return bool(low > high)


if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
