"""Run beside an installed Footfall by its own Python: hits, each by a connection of its own, and how they were answered, as JSON."""

import http.client
import json
import sys
import time
from collections import Counter

HIT = json.dumps({"url": "https://example.com/often", "website": "example.com"})
HEADERS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Content-Type": "text/plain"}
QUESTION = json.dumps({"site_id": "example.com", "metrics": ["pageviews"], "date_range": "all", "filters": [["is", "event:page", ["/often"]]]})
PAUSE_SECONDS = 0.02


def main(number: int) -> None:
    statuses: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(number):
        began = time.monotonic()
        try:
            statuses[str(asked("/v1/track", HIT)[0])] += 1
        except OSError as exc:
            statuses[type(exc).__name__] += 1
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(PAUSE_SECONDS)
    print(json.dumps({"statuses": statuses, "slowest": slowest, "counted": counted(number)}))


def asked(path: str, body: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=30)
    try:
        connection.request("POST", path, body, HEADERS if path == "/v1/track" else {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def counted(wanted: int) -> int:
    """How many were counted, as soon as all were."""
    until = time.monotonic() + 20
    while True:
        status, body = asked("/api/v2/query", QUESTION)
        found: int = json.loads(body)["results"][0]["metrics"][0] if status == 200 else 0
        if found >= wanted or time.monotonic() > until:
            return found
        time.sleep(0.05)


main(int(sys.argv[1]))
