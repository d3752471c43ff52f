"""DynamoDB, S3 and Kinesis as moto knows them, on a port of its own; run by the environment that has moto.

One request at a time: of concurrent writes it loses some, and answers others with 500.
"""

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
    with _lock:
        return list(_application(environ, start_response))


if __name__ == "__main__":
    server = make_server("127.0.0.1", int(sys.argv[1]), one_at_a_time, threaded=True)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
