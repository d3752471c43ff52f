"""Run beside an installed Footfall by its own Python: a hit, and what becomes of it, as JSON.

Its argument is how many there are then.
"""

import json
import sys
import time

import httpx

AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/124.0.0.0 Safari/537.36"
)
SITE = "example.com"


def main(wanted: int) -> None:
    with httpx.Client(
        base_url="http://127.0.0.1:8000", timeout=120.0, headers={"user-agent": AGENT}
    ) as client:
        seen = {"hit": hit(client), "counted": counted(client, wanted)}
        seen |= {
            path: client.get(path).status_code
            for path in (
                "/",
                "/example/",
                "/api/docs/",
                "/api/docs/swagger-ui/swagger-ui-bundle.js",
                "/readyz",
            )
        }
        script = client.get("/").text.split('src="./', 1)[1].split('"', 1)[0]
        print(json.dumps(seen | {"script": client.get(f"/{script}").status_code}))


def hit(client: httpx.Client) -> int:
    """The status of a hit, once the gateway has heard of the site.

    One added just now takes it a moment.
    """
    until = time.monotonic() + 60
    while True:
        answer = client.post(
            "/v1/track",
            json={"url": f"https://{SITE}/first", "name": "First"},
            headers={"x-forwarded-for": "193.0.6.139"},
        )
        if "x-footfall-dropped" not in answer.headers or time.monotonic() > until:
            return answer.status_code
        time.sleep(0.05)


def counted(client: httpx.Client, wanted: int) -> object:
    """The answer about the hits, as soon as it has all."""
    question = {
        "site_id": SITE,
        "metrics": ["pageviews", "visitors"],
        "date_range": "all",
        "dimensions": ["event:page", "visit:country"],
    }
    until = time.monotonic() + 60
    while True:
        results = client.post("/api/v2/query", json=question).json().get("results")
        if time.monotonic() > until or (results and results[0]["metrics"][0] >= wanted):
            return results
        time.sleep(0.05)


main(int(sys.argv[1]))
