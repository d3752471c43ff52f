"""What functions may do by the template, and what of visitors they keep."""

import json
from base64 import b64encode
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import time_ns
from typing import Any
from urllib.parse import urljoin

import pytest
import zstandard

from footfall.domain.event import DAY_US
from footfall.registry.key import mint
from footfall.registry.port import Scope
from tests.aws.emulators import Aws
from tests.aws.events import BROWSER, RESOURCES, proxied
from tests.aws.place import Place, place
from tests.aws.test_lambdas import OF_THE_MAPPING, ZSTD, _rows, through_cloudfront
from tests.patience import wait_until

__all__ = ["place"]
pytestmark = pytest.mark.slow


def _old_salt(place: Place) -> None:
    """A secret whose time is over and that nobody destroyed yet, and a hit of its day."""
    now = time_ns() // 1000
    day = now // DAY_US - 9
    place.salts.make(day, now - 9 * DAY_US)
    secret, key = mint("example", (Scope.EVENTS_WRITE,), now)
    place.registry.put_key(key)
    noon = (day * DAY_US + DAY_US // 2) // 1000
    past = {"url": "https://example.com/past", "website": "example", "date": noon}
    place.hit(past)
    place.deliver()
    place.salts.destroy(now + 20 * DAY_US)
    place.salts.make(day, now - 9 * DAY_US)
    place.give_up("aws/lambda/x")
    for older in (day - 1, day - 31):
        place.salts.make(older, now - 9 * DAY_US)
    for days in (1, 31):
        body = json.dumps({**past, "date": noon - days * 86_400_000}).encode()
        wait_until(partial(_taken, place, body, f"Bearer {secret}"))
    place.deliver()


def _taken(place: Place, body: bytes, authorization: str) -> bool:
    """Whether a function takes a hit: a warm one does not know of a new key at once."""
    asked = through_cloudfront("POST", "/v1/track", body, authorization=authorization)
    answer = place.call("collect", asked)["answer"]
    assert answer["statusCode"] in (202, 401)
    return bool(answer["statusCode"] == 202)


def _rolled_up(place: Place) -> None:
    """Days that ended, a report that is kept, asked for on another day, and a goal."""
    for each in place.call("compact", {})["invoked"]:
        place.call("compact", each)
    for _ in range(2):
        _rows(place, date_range="30d", filters=[["is", "event:page", ["/past"]]])
    secret, key = mint("example", (Scope.SITES_WRITE,), time_ns() // 1000)
    place.registry.put_key(key)
    answer = place.call(
        "query",
        proxied(
            "POST",
            "/api/sites/example/goals",
            {},
            {"event": "Signup"},
            {"Authorization": f"Bearer {secret}"},
        ),
    )["answer"]
    assert answer["statusCode"] == 201, answer


def _late(place: Place) -> None:
    """A report for which its asker cannot wait, by a sandbox that is only just made."""
    asked = proxied(
        "POST",
        "/api/v2/query",
        {},
        {"site_id": "example", "metrics": ["visitors"], "date_range": "7d"},
    )
    told = place.call("query", asked, SOON_SECONDS="0.02")
    assert told["answer"]["statusCode"] == 202, told
    where = urljoin("/api/v2/query", told["answer"]["headers"]["location"])
    (invoked,) = told["invoked"]
    assert BROWSER not in json.dumps(invoked) and "198.51.100.1" not in json.dumps(invoked)
    assert place.call("query", proxied("GET", where))["answer"]["statusCode"] == 202
    assert place.call("query", invoked)["answer"] is None
    assert json.loads(place.call("query", proxied("GET", where))["answer"]["body"])["results"]


def _deleted(place: Place, disk: Path) -> None:
    """Facts that are older than their site keeps them, once their days have settled.

    By a sandbox that has none of their files.
    """
    place.salts.destroy(time_ns() // 1000 + 20 * DAY_US)
    place.registry.put_site(
        replace(
            next(site for site in place.registry.sites() if site.id == "example"), retention_days=30
        ),
        new=False,
    )
    for each in place.call("compact", {})["invoked"]:
        place.call("compact", each, TMPDIR=str(disk))
    assert {"site": "example"} not in place.call("compact", {})["invoked"]


@pytest.fixture(scope="module")
def busy(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One whose functions did also what is rare."""
    _old_salt(place)
    _rolled_up(place)
    _late(place)
    _deleted(place, tmp_path_factory.mktemp("disk"))
    place.salts.make(20_000, 20_000 * DAY_US)  # to be destroyed by the schedule
    place.call("compact", {})
    return place


@pytest.mark.parametrize("name", ["process", "compact", "query", "collect", "failures"])
def test_a_function_may_do_what_it_does_and_nothing_else(busy: Place, name: str) -> None:
    place = busy
    named = {real: logical for logical, real in place.names.items()}
    used = {
        (f"{service}:{action}", named.get(resource, resource))
        for service, action, resource in place.called[name]
    }
    granted = set()
    for statement in RESOURCES[f"{name.title()}Policy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]:
        actions = (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        granted |= {
            (action, _resource(statement["Resource"]))
            for action in actions
            if not action.startswith("logs:")
        }
    assert used - granted == set(), "not permitted"
    assert {
        each for each in granted - used if not (name == "process" and each[0] in OF_THE_MAPPING)
    } == set(), "permitted for nothing"


def _resource(value: Any) -> str:
    text: str = (
        value["Fn::GetAtt"][0]
        if "Fn::GetAtt" in value
        else value["Fn::Sub"].partition("${")[2].partition(".")[0]
    )
    return {"CompactFunction": "itself", "QueryFunction": "itself"}.get(text, text)


def test_no_address_and_no_user_agent_is_kept(busy: Place, aws: Aws) -> None:
    """Neither in the table, packed or not, nor in the salts', nor in any version of any file."""
    kept: list[bytes] = []
    for table in ("Table", "SaltsTable"):
        scanned: Any = aws.dynamodb.get_paginator("scan").paginate(TableName=busy.names[table])
        for page in scanned:
            for item in page["Items"]:
                packed = [value["B"] for value in item.values() if "B" in value]
                kept += [
                    json.dumps(item, default=repr).encode(),
                    *packed,
                    *(zstandard.decompress(each) for each in packed if each[:4] == ZSTD),
                ]
    for bucket in ("ArchiveBucket", "FailuresBucket"):
        pages: Any = aws.s3.get_paginator("list_object_versions").paginate(
            Bucket=busy.names[bucket]
        )
        for page in pages:
            kept += [
                aws.s3.get_object(
                    Bucket=busy.names[bucket], Key=each["Key"], VersionId=each["VersionId"]
                )["Body"].read()
                for each in page.get("Versions", ())
                if not raw(each)
            ]
    everything = b"\n".join(kept)
    assert b"example.com" in everything and b"Firefox" in everything, (
        "what is kept can be read here"
    )
    for secret in (
        b"192.0.2.1",
        b"192.0.2.55",
        BROWSER.encode(),
        b"rv:133.0",
        b64encode(BROWSER.encode())[:24],
        b64encode(b"192.0.2.1")[:10],
    ):
        assert secret not in everything


def raw(version: Any) -> bool:
    """What Lambda itself wrote, and is gone: its bucket has no versions but here."""
    return str(version["Key"]).startswith("aws/lambda/")
