"""Run beside an installed Footfall by its own Python: a hit, and what becomes of it, as JSON."""

import json
import time

import httpx

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
SITE = "example.com"


def main() -> None:
    with httpx.Client(base_url="http://127.0.0.1:8000", timeout=20.0, headers={"user-agent": AGENT}) as client:
        hit = {"url": f"https://{SITE}/first", "name": "First"}
        seen = {"hit": client.post("/v1/track", json=hit, headers={"x-forwarded-for": "193.0.6.139"}).status_code, "counted": counted(client)}
        seen |= {path: client.get(path).status_code for path in ("/", "/example/", "/api/docs/", "/api/docs/swagger-ui/swagger-ui-bundle.js", "/readyz")}
        page = client.get("/").text
        script = page.split('src="./', 1)[1].split('"', 1)[0]
        print(json.dumps(seen | {"script": client.get(f"/{script}").status_code}))


def counted(client: httpx.Client) -> object:
    """The answer about the hit, as soon as there is one."""
    question = {"site_id": SITE, "metrics": ["pageviews", "visitors"], "date_range": "day", "dimensions": ["event:page", "visit:country"]}
    until = time.monotonic() + 20
    while True:
        results = client.post("/api/v2/query", json=question).json().get("results")
        if results or time.monotonic() > until:
            return results
        time.sleep(0.05)


main()
