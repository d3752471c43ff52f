"""The API does what its own description says, whatever it is sent."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, footfall

pytestmark = pytest.mark.slow
SITE = "example.com"
OTHER = "other.example"
UNFIT = {
    "unsupported_method": "405 comes without the header Allow",
    "allow_header_conformance": "the framework answers OPTIONS of a path with several methods for the first alone",
    "use_after_free": "goals are found by name, and the same name may be added again",
}
"""Checks that do not fit, and why."""


UNSAYABLE = {
    "query": "an order is by what the query asks for, a conversion needs a goal, an expression must be one of RE2, a period ends after it begins",
    "aggregate": "the same, and filters are a language of their own",
    "timeseries": "the same, and an interval must suit the period",
    "breakdown": "as aggregate",
    "track": "a key is for its own site",
    "batch": "bodies are limited in bytes",
    "pixel": "a page needs an address, by query or by header, and an id is a UUID",
    "erase": "as query, and a filter or a period is needed",
    "add_goal": "a name must be printable, and no other goal's",
}
"""Operations with rules that no JSON schema can say, so that what fits theirs may still be refused."""
LENIENT = {"track": "reading is looked at in engagements alone", "batch": "what is wrong with an event is told in the answer, a 202"}
"""Operations that accept what their description does not."""

ENDING = ("remove_site", "rename_site", "merge_site")
"""Operations after which the site would not be there: they are tried on one that the key is not for."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("schemathesis") / "data"
    footfall("site", "add", SITE, "--timezone", "Europe/Berlin", data=data)
    footfall("site", "add", OTHER, data=data)
    running = Server(data)
    for number in range(40):
        hit: dict[str, Any] = {"url": f"https://{SITE}/{number % 7}?utm_source=letter", "name": "A page", "referrer": "https://www.google.com/"}
        if number % 5 == 0:
            hit |= {"event": "Purchase", "props": {"plan": "pro"}, "revenue": {"currency": "EUR", "amount": "12.50"}}
        running.client.post("/v1/track", json=hit, headers={"user-agent": running.client.headers["user-agent"].replace("124", str(100 + number % 9))}).raise_for_status()
    yield running
    running.stop()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", [pytest.param(30, id="fast"), pytest.param(400, id="torture", marks=pytest.mark.torture)])
def test_no_request_finds_the_description_wrong(server: Server, tmp_path: Path, seconds: int) -> None:
    key = footfall(
        "key", "add", "--site", SITE, "--scope", "stats:read", "--scope", "sites:write", "--scope", "sites:erase", "--scope", "events:write", data=server.data
    ).splitlines()[-1]
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps(about(server.client.get("/api/openapi.json").json(), SITE)))
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(settings(tmp_path)), "run", str(described), "--url", server.url,
            "--header", f"Authorization: Bearer {key}", "--max-time", str(seconds), "--exclude-checks", ",".join(UNFIT), "--no-color", "--generation-database", ":memory:",
        ],
        capture_output=True, text=True, timeout=seconds + 300, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, short(done.stdout + done.stderr)
    assert "Traceback" not in server.log
    assert server.client.get("/api/v1/stats/realtime/visitors", params={"site_id": SITE}, headers={"authorization": f"Bearer {key}"}).status_code == 200


def about(document: dict[str, Any], site: str) -> dict[str, Any]:
    """The document, in which sites are called as the one that there is: what is sent should rarely end at an unknown site."""
    schemas = document["components"]["schemas"]
    schemas["Query"]["properties"]["site_id"]["enum"] = [site]
    schemas["Hit"]["properties"]["website"] = {"type": "string", "enum": [site]}
    schemas["Hit"]["required"].append("website")  # with a key it is
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in ("site_id", "website"):
                    named = OTHER if operation["operationId"] in ENDING else site
                    parameter["schema"] = {"type": "string", "enum": [named]}
    return document


def settings(folder: Path) -> Path:
    """What the command line does not take: a wrong body may also be refused for its size, and not all that fits is right."""
    path = folder / "schemathesis.toml"
    said = ["[checks.negative_data_rejection]", "expected-statuses = [400, 401, 404, 405, 409, 413, 422]"]
    for operation in UNSAYABLE:
        said += ["[[operations]]", f'include-operation-id = "{operation}"', "checks.positive_data_acceptance.enabled = false"]
        if operation in LENIENT:
            said.append("checks.negative_data_rejection.enabled = false")
    for operation in ENDING:  # what one call answers would be another's site
        said += ["[[operations]]", f'include-operation-id = "{operation}"']
        said.append("phases.stateful.enabled = false")
    path.write_text("\n".join(said))
    return path


def short(text: str) -> str:
    """The text without the ends of its long lines."""
    return "\n".join(line[:2_000] for line in text.splitlines()[-400:])
