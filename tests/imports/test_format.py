"""Lines of every format come apart into the same columns."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import numpy as np
import pytest

from footfall.imports.format import COMBINED, Format, NoFormat, named, of_fields

MOMENT = int(datetime(2026, 6, 10, 11, 22, 33, tzinfo=UTC).timestamp()) * 1_000_000
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
FULL = (MOMENT, "192.0.2.7", "GET", "/a?b=c", "200", "https://ref.example/x", AGENT, None)
NGINX = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
FIELDS = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status time-taken"
CLOUDFRONT = "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-host-header"


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def taken(database: duckdb.DuckDBPyConnection, form: Format, *lines: str) -> list[tuple[Any, ...]]:
    database.register("arrived", {"n": np.arange(len(lines)), "line": np.array(lines, dtype=object)})
    database.execute("CREATE OR REPLACE TEMP TABLE lines AS FROM arrived")
    query = f"FROM lines LEFT JOIN ({form.sql}) found USING (n) ORDER BY n"
    return [tuple(row[2:]) for row in database.execute(query).fetchall()]


@pytest.mark.parametrize(
    ("form", "line", "expected"),
    [
        pytest.param(named("combined"), f'192.0.2.7 - - [10/Jun/2026:13:22:33 +0200] "GET /a?b=c HTTP/1.1" 200 512 "https://ref.example/x" "{AGENT}"', FULL, id="combined"),
        pytest.param(named(NGINX), f'192.0.2.7 - bob [10/Jun/2026:11:22:33 +0000] "GET /a?b=c HTTP/2.0" 200 512 "https://ref.example/x" "{AGENT}"', FULL, id="nginx"),
        pytest.param(named("common"), '192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "GET /a?b=c HTTP/1.1" 200 -', (*FULL[:5], None, None, None), id="common"),
        pytest.param(
            named("vhost"),
            f'a.example 192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "GET /a?b=c HTTP/1.1" 200 5 "https://ref.example/x" "{AGENT}"',
            (*FULL[:7], "a.example"),
            id="vhost",
        ),
        pytest.param(
            named('{"t":"$time_iso8601","a":"$remote_addr","r":"$request","s":"$status","f":"$http_referer","u":"$http_user_agent","h":"$host"}'),
            f'{{"t":"2026-06-10T13:22:33+02:00","a":"192.0.2.7","r":"GET /a?b=c HTTP/1.1","s":"200","f":"https://ref.example/x","u":"{AGENT}","h":"a.example"}}',
            (*FULL[:7], "a.example"),
            id="nginx's own JSON",
        ),
        pytest.param(
            named("$msec $http_x_forwarded_for $request_method $uri $args $status"), "1781090553.000 198.51.100.1, 192.0.2.7 GET /a b=c 200", None, id="a list between spaces"
        ),
        pytest.param(
            named('$msec "$http_x_forwarded_for" $request_method $uri $args'),
            '1781090553.000 "198.51.100.1, 192.0.2.7" GET /a b=c',
            (MOMENT, "198.51.100.1, 192.0.2.7", *FULL[2:5], None, None, None),
            id="forwarded",
        ),
        pytest.param(
            named("caddy"),
            '{"level":"info","ts":1781090553.0,"logger":"http.log.access","request":{"remote_ip":"10.0.0.1","client_ip":"192.0.2.7","method":"GET","host":"a.example","uri":"/a?b=c",'
            f'"headers":{{"Referer":["https://ref.example/x"],"User-Agent":["{AGENT}"]}}}},"status":200}}',
            (*FULL[:7], "a.example"),
            id="caddy",
        ),
        pytest.param(
            of_fields(FIELDS),
            "2026-06-10 11:22:33 10.0.0.1 GET /a b=c 443 - 192.0.2.7 Mozilla/5.0+(X11;+Linux+x86_64)+Firefox/140.0 https://ref.example/x 200 15",
            FULL,
            id="iis",
        ),
        pytest.param(
            of_fields(CLOUDFRONT),
            "2026-06-10\t11:22:33\tFRA2-C1\t2390\t192.0.2.7\tGET\td1.cloudfront.net\t/a\t200\thttps://ref.example/x\tMozilla/5.0%2520(X11;%2520Linux%2520x86_64)%2520Firefox/140.0\tb=c\t-\ta.example",
            (*FULL[:7], "a.example"),
            id="cloudfront",
        ),
        pytest.param(
            named("combined"),
            r'192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "GET /a?b=c HTTP/1.1" 200 5 "https://ref.example/x" "a \"quoted\" agent"',
            (*FULL[:6], "a \x01quoted\x01 agent", None),
            id="quoted",
        ),
        pytest.param(
            named("combined"),
            f'192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "GET /a?b=c HTTP/1.1" 200 5 "https://ref.example/x" "{AGENT}',
            FULL,
            id="the last quotation mark cut off",
        ),
        pytest.param(
            named("combined"), f'192.0.2.7 - - [10/Jun/2026:11:22:33 +0000] "-" 408 0 "-" "{AGENT}"', (MOMENT, "192.0.2.7", None, None, "408", None, AGENT, None), id="no request"
        ),
        pytest.param(
            named("combined"),
            '2001:db8::7 - - [10/Jun/2026:11:22:33 +0000] "GET / HTTP/1.0" 304 0 "-" "-"',
            (MOMENT, "2001:db8::7", "GET", "/", "304", None, "", None),
            id="IPv6",
        ),
        pytest.param(named("combined"), "nothing of the kind", (None,) * 8, id="no line of a log"),
        pytest.param(
            named("combined"), '192.0.2.7 - - [10/Quux/2026:11:22:33 +0000] "GET / HTTP/1.0" 200 0 "-" "-"', (None, "192.0.2.7", "GET", "/", "200", None, "", None), id="no month"
        ),
        pytest.param(named("caddy"), '{"level":"info","msg":"serving"}', (None,) * 8, id="caddy speaks of something else"),
        pytest.param(named("caddy"), "{", (None,) * 8, id="half an object"),
    ],
)
def test_a_line_comes_apart(database: duckdb.DuckDBPyConnection, form: Format, line: str, expected: tuple[Any, ...] | None) -> None:
    (found,) = taken(database, form, line)
    assert found == (expected or (None,) * 8) or (expected is None and found[1] != FULL[1])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("apache", "there is no format 'apache'; there are combined, common"),
        ("$request $status", "lacks the address ($remote_addr or %h) and the time ($time_local or %t)"),
        ("%h %t", "lacks the request ($request or %r)"),
    ],
)
def test_what_is_no_format_is_told(name: str, says: str) -> None:
    with pytest.raises(
        NoFormat,
        match="^" + says.replace("(", r"\(").replace(")", r"\)").replace("$", r"\$")
        if says.startswith("there")
        else says.replace("(", r"\(").replace(")", r"\)").replace("$", r"\$"),
    ):
        named(name)


def test_a_header_must_name_what_is_needed() -> None:
    with pytest.raises(NoFormat, match="lacks the date and the time, c-ip"):
        of_fields("#Fields: date cs-uri-stem")


def test_a_pattern_cannot_become_sql(database: duckdb.DuckDBPyConnection) -> None:
    form = named(COMBINED + " ') FROM lines; DROP TABLE lines; --'\" \\ %{x'y}i")
    taken(database, form, "x")
    assert database.execute("SELECT count(*) FROM lines").fetchall() == [(1,)]
