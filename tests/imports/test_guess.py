"""Formats asked for and guessed, of lines that are odd but real."""

import json
from datetime import UTC, datetime

import pytest

from footfall.imports.columns import Columns
from footfall.imports.format import Format, NoFormat, named
from footfall.imports.guess import fitted, guessed
from tests.imports.making import OWN, PLAIN, lookups, made

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIME = "10/Jun/2026:11:22:33 +0000"
ISO = "2026-06-10T11:22:33+00:00"
CLF = f'8.8.8.8 - - [{TIME}] "GET /a HTTP/1.1" 200 5'
LINE = f'{CLF} "https://ref.example/x" "{AGENT}"'
MAIN = """log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';
"""
OWN_JSON = """log_format json escape=json '{'
  '"time":"$time_iso8601",'
  '"ip":"$remote_addr","req":"$request","st":$status,'
  '"ref":"$http_referer","ua":"$http_user_agent"}';"""
APACHE = r'LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-agent}i\"" combined'
GUNICORN = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"'
ALB_TAIL = f'"GET https://a.example:443/a HTTP/1.1" "{AGENT}" - - - "x"'
ALB = f"https 2026-06-10T11:22:33.018372Z app/w/50 8.8.8.8:512 - -1 -1 -1 200 - 421 5 {ALB_TAIL}"
NPM = f'[{TIME}] 200 - GET https a.example "/a" [Client 8.8.8.8] [Length 5] [Gzip -] "{AGENT}" "-"'
HAPROXY = '8.8.8.8:33317 [10/Jun/2026:11:22:33.655] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /a HTTP/1.1"'


def caddy(**changed: object) -> str:
    request = {
        "remote_ip": "8.8.8.8",
        "method": "GET",
        "host": "a.example",
        "uri": "/a",
        "headers": {"User-Agent": [AGENT]},
    }
    return json.dumps({"ts": 1781090553.5, "request": request, "status": 200, **changed})


def nginx(**members: object) -> str:
    told = {"time_iso8601": ISO, "remote_addr": "8.8.8.8", "http_user_agent": AGENT}
    return json.dumps({**told, "request": "GET /a HTTP/2.0", "status": "200", **members})


def form_of(asked: str | None, line: str) -> Format:
    columns = Columns(OWN, PLAIN, lookups())
    try:
        return fitted(named(asked), [line], [line], columns, "it") if asked else guessed([line], columns, "it")
    finally:
        columns.close()


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        pytest.param(MAIN, f'{LINE} "-"', id="nginx's main, pasted"),
        pytest.param(MAIN, LINE.replace("8.8.8.8", "10.0.0.1") + ' "8.8.8.8, 10.0.0.9"', id="behind a proxy"),
        pytest.param(
            OWN_JSON,
            f'{{"time":"{ISO}","ip":"8.8.8.8","req":"GET /a?q=\\"x\\" HTTP/1.1","st":200,"ref":"","ua":"{AGENT}"}}',
            id="JSON in a pattern",
        ),
        pytest.param(APACHE, LINE, id="Apache's, pasted"),
        pytest.param(GUNICORN, LINE, id="Gunicorn's"),
        pytest.param('%h %a %l %u %t "%r" %>s %b', CLF.replace("8.8.8.8", "8.8.8.8 10.0.0.1"), id="twice"),
        pytest.param('%h %l %u %t "%r" %>s %b "%{referer}i" "%{USER-AGENT}i"', LINE, id="case"),
        pytest.param(
            '%v:%p %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
            f"a.example:443 {LINE}",
            id="host and port",
        ),
        pytest.param(
            '%h %l %u [%{%Y-%m-%d %H:%M:%S}t] "%r" %>s %b',
            CLF.replace(TIME, "2026-06-10 11:22:33"),
            id="a time of its own",
        ),
        pytest.param('%{usec}t %h "%r" %>s', '1781090553123456 8.8.8.8 "GET /a HTTP/1.1" 200', id="µs"),
        pytest.param(
            '%{X-Forwarded-For}i %l %u %t "%r" %>s %b',
            CLF.replace("8.8.8.8", "8.8.8.8, 10.0.0.1"),
            id="a list first",
        ),
        pytest.param(
            "$remote_addr\t$time_iso8601\t$request\t$status",
            f"8.8.8.8\t{ISO}\tGET /a HTTP/1.1\t200",
            id="tabs",
        ),
        pytest.param(
            '$remote_addr [$time_local] "$request" $status $upstream_addr $upstream_response_time',
            f'8.8.8.8 [{TIME}] "GET /a HTTP/1.1" 200 10.0.0.1:80, 10.0.0.2:80 0.1, 0.2',
            id="several upstreams",
        ),
        pytest.param("combined", LINE.replace("- -", "- John Doe", 1), id="a name with a space"),
        pytest.param("combined", LINE.replace("Gecko", '"Gecko" x'), id="unescaped quotes"),
        pytest.param("combined", LINE.replace("ref.example/x", "ref.example\\"), id="a backslash"),
        pytest.param("combined", LINE[:-20], id="cut off"),
        pytest.param(None, LINE, id="combined"),
        pytest.param(None, LINE.replace("- -", "- John Doe", 1), id="only names with a space"),
        pytest.param(None, f"{LINE} 0.003 0.002 .", id="more behind"),
        pytest.param(None, f"a.example {LINE} 0.003", id="host and more behind"),
        pytest.param(None, f'{CLF} 0.003 "x"', id="common and more behind"),
        pytest.param(None, f'<190>Jun 10 11:22:33 web nginx: {LINE} "-"', id="main by syslog"),
        pytest.param(None, f"\x1b[36mweb-1  | \x1b[0m{LINE}", id="in colours"),
        pytest.param(None, caddy(ts="2026-06-10T11:22:33.123Z"), id="Caddy, ISO"),
        pytest.param(None, caddy(ts="2026/06/10 11:22:33"), id="Caddy, wall"),
        pytest.param(None, nginx(time_iso8601=None, time_local=TIME), id="JSON, CLF"),
        pytest.param(None, nginx(remote_addr="10.0.0.1", http_x_forwarded_for="8.8.8.8"), id="JSON, proxied"),
        pytest.param(None, f"Jun 10 11:22:33 web nginx: {nginx()}", id="JSON by syslog"),
        pytest.param(None, ALB, id="a balancer without a target"),
        pytest.param(None, HAPROXY, id="HAProxy without syslog"),
        pytest.param(None, NPM, id="Nginx Proxy Manager's standard"),
    ],
)
def test_a_line_is_read(asked: str | None, line: str) -> None:
    result = made([line], form_of(asked, line))
    assert result.left == {}
    (event,) = result.events
    assert event["time"].replace(microsecond=0, tzinfo=UTC) == datetime.fromisoformat(ISO)
    assert (event["page"], event["country"]) == ("/a", "US")


@pytest.mark.parametrize(
    ("asked", "line", "says"),
    [
        ('%h %l %u %t "%r" %>s %b %D', CLF, "line 1 stops fitting in column 65, where the format has ' %D'"),
        (f'{named("combined").pattern and "%h %l %u %t"} "%r" %>s', CLF, "goes on in column 63"),
        ("combined", f'{LINE} "-"', "goes on in column"),
        ("combined", LINE[:62], "stops fitting in column 63, where the format has ' %b'"),
        ("combined", "\n\nhello", "stops fitting in column"),
        ("cloudflare", LINE, "line 1 is no object of JSON"),
        ("cloudflare", caddy(), "line 1 has not what a line of cloudflare has"),
        ("haproxy", LINE, "line 1 has not what a line of haproxy has"),
    ],
)
def test_a_format_that_fits_no_line_says_where_it_stops(asked: str, line: str, says: str) -> None:
    with pytest.raises(NoFormat) as told:
        form_of(asked, line)
    assert str(told.value).startswith("it: line ")
    assert says in str(told.value)
    assert "8.8.8.8" not in str(told.value)


@pytest.mark.parametrize("line", [CLF[:-12], "hello", "{}", '{"a": 1}', '"', "[", "\\", ""])
def test_what_is_no_log_is_no_format(line: str) -> None:
    with pytest.raises(NoFormat, match="is in none of the formats"):
        form_of(None, line)


def test_a_format_may_begin_to_fit_late() -> None:
    columns = Columns(OWN, PLAIN, lookups())
    lines = [*[CLF] * 300, LINE]
    assert fitted(named("combined"), lines[:200], lines, columns, "it").name == "combined"
    columns.close()


@pytest.mark.parametrize(
    ("pattern", "unknown"),
    [
        (MAIN, ()),
        (APACHE, ()),
        ('%h %t "%r" %>s %D %{Accept}i %{ms}T %k %X', ()),
        ("$remote_addr $time_local $request $my_thing $status $sent_http_x $my_thing", ("$my_thing",)),
        ('%h %t "%r" %Z', ("%Z",)),
    ],
)
def test_variables_that_nobody_knows_are_named(pattern: str, unknown: tuple[str, ...]) -> None:
    assert named(pattern).unknown == unknown
