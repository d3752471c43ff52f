"""Run beside an installed Footfall by its own Python.

Hits, each by a connection of its own, and how they were answered, as JSON.
"""

import http.client
import json
import sys
import time
from collections import Counter
from pathlib import Path

HIT = json.dumps({"url": "https://example.com/often", "website": "example.com"})
HEADERS = {
    "User-Agent": (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/124.0.0.0 Safari/537.36"
    ),
    "Content-Type": "text/plain",
}
QUESTION = json.dumps(
    {
        "site_id": "example.com",
        "metrics": ["pageviews"],
        "date_range": "all",
        "filters": [["is", "event:page", ["/often"]]],
    }
)
PAUSE_SECONDS = 0.02
BEGUN = Path("/srv/begun")


def main(number: int) -> None:
    """Send so many, say so, and go on until that file is gone, and so many more."""
    statuses: Counter[str] = Counter()
    send(number, statuses)
    BEGUN.touch()
    while BEGUN.exists():
        send(1, statuses)
    send(number, statuses)
    print(json.dumps({"statuses": statuses, "counted": counted(statuses.total())}))


def send(number: int, statuses: Counter[str]) -> None:
    for _ in range(number):
        try:
            statuses[str(asked("/v1/track", HIT)[0])] += 1
        except OSError as exc:
            statuses[type(exc).__name__] += 1
        time.sleep(PAUSE_SECONDS)


def asked(path: str, body: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=120)
    headers = HEADERS if path == "/v1/track" else {"Content-Type": "application/json"}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def counted(wanted: int) -> int:
    """How many were counted, as soon as all were."""
    until = time.monotonic() + 60
    while True:
        status, body = asked("/api/v2/query", QUESTION)
        found: int = json.loads(body)["results"][0]["metrics"][0] if status == 200 else 0
        if found >= wanted or time.monotonic() > until:
            return found
        time.sleep(0.05)


main(int(sys.argv[1]))
