"""Logs whose lines are JSON objects, as SQL: each column is the first of some members that is there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from footfall.imports import clock
from footfall.imports.pattern import REQUEST, quoted


class Record(NamedTuple):
    """Where the objects of a format have what; names of members, or paths that begin with `$`.

    Where no `agent` is named in an object it was empty, unless `agents_may_lack`: then it may not
    have been logged at all.
    """

    time: str
    address: str
    target: str = ""
    request: str = ""
    method: str = ""
    query: str = ""
    status: str = ""
    referrer: str = ""
    agent: str = ""
    host: str = ""
    forwarded: str = ""
    day: str = ""
    agents_may_lack: bool = True
    encoded: bool = False


CADDY = Record(
    time="ts",
    address="$.request.client_ip $.request.remote_ip $.request.remote_addr",
    method="$.request.method",
    target="$.request.uri",
    status="status",
    referrer="$.request.headers.Referer[0]",
    agent="$.request.headers.User-Agent[0]",
    host="$.request.host",
    agents_may_lack=False,
)
TRAEFIK = Record(
    time="StartUTC time StartLocal",
    address="ClientHost ClientAddr",
    method="RequestMethod",
    target="RequestPath",
    status="DownstreamStatus OriginStatus",
    referrer="request_Referer",
    agent="request_User-Agent",
    host="RequestHost RequestAddr",
)
CLOUDFLARE = Record(
    time="EdgeStartTimestamp EdgeEndTimestamp",
    address="ClientIP",
    method="ClientRequestMethod",
    target="ClientRequestURI ClientRequestPath",
    status="EdgeResponseStatus OriginResponseStatus",
    referrer="ClientRequestReferer",
    agent="ClientRequestUserAgent",
    host="ClientRequestHost",
)
CLOUDFRONT = Record(
    day="date",
    time="time timestamp(ms) timestamp",
    address="c-ip",
    method="cs-method",
    target="cs-uri-stem",
    query="cs-uri-query",
    status="sc-status",
    referrer="cs(Referer)",
    agent="cs(User-Agent)",
    host="x-host-header cs(Host)",
    encoded=True,
)
GOOGLE = Record(
    time="timestamp receiveTimestamp",
    address="$.httpRequest.remoteIp",
    method="$.httpRequest.requestMethod",
    target="$.httpRequest.requestUrl",
    status="$.httpRequest.status",
    referrer="$.httpRequest.referer",
    agent="$.httpRequest.userAgent",
    agents_may_lack=False,
)
AZURE = Record(
    time="time timeStamp",
    address="$.properties.clientIp $.properties.clientIP",
    method="$.properties.httpMethod",
    target="$.properties.requestUri $.properties.originalRequestUriWithArgs",
    status="$.properties.httpStatusCode $.properties.httpStatus",
    referrer="$.properties.referer $.properties.referrer",
    agent="$.properties.userAgent",
    host="$.properties.hostName $.properties.host $.properties.originalHost",
)
COMMON = Record(
    time=("time_iso8601 iso8601 @timestamp timestamp time_local time ts msec date datetime start_time request_time_iso"),
    address=(
        "remote_addr realip_remote_addr remote_ip remoteAddr remoteIp remote_address client_ip"
        " clientip clientIp client_addr client_address client ip ip_address remote source_ip"
        " $.source.ip $.client.ip"
    ),
    forwarded="http_x_forwarded_for x_forwarded_for x-forwarded-for xff forwarded_for http_x_real_ip",
    request="request request_line requestLine",
    method="request_method method verb http_method requestMethod $.http.request.method",
    target="request_uri requestUri uri url path request_path request_url $.url.original $.url.path",
    query="args query_string query",
    status=("status status_code statusCode response_code response code http_status $.http.response.status_code"),
    referrer=("http_referer http_referrer referer referrer request_referer Referer $.http.request.referrer"),
    agent=("http_user_agent user_agent userAgent useragent agent ua request_user_agent User-Agent $.user_agent.original"),
    host="host http_host server_name vhost domain request_host Host",
)
RECORDS = {
    "caddy": CADDY,
    "traefik-json": TRAEFIK,
    "cloudflare": CLOUDFLARE,
    "cloudfront-v2": CLOUDFRONT,
    "google": GOOGLE,
    "azure": AZURE,
    "nginx-json": COMMON,
}
COLUMNS = (
    "day", "time", "address", "forwarded", "request", "method", "target", "query", "status",
    "referrer", "agent", "host",
)  # fmt: skip
DECODED = "coalesce(try(url_decode(url_decode({0}))), {0})"


def sql_of(record: Record) -> str:
    """Return what selects the columns of `format.COLUMNS` from lines that are such objects."""
    objects = "SELECT n, CASE WHEN json_valid(line) THEN line END AS o FROM lines"
    return selected(record, objects, clock.ANY.format("time"))


CONSOLE = r"""
SELECT n, split_part(line, chr(9), 1) AS front, regexp_extract(line, '\t(\{.*\})\s*$', 1) AS o
FROM lines WHERE contains(line, chr(9))
"""


def console_sql() -> str:
    """Return what selects them from the lines that Caddy writes on a console."""
    objects = f"SELECT n, front, CASE WHEN json_valid(o) THEN o END AS o FROM ({CONSOLE})"
    return selected(CADDY, objects, clock.ANY.format("front"), more=", front")


def selected(record: Record, objects: str, time: str, *, more: str = "") -> str:
    """Return what selects the columns from a relation of objects `o` of lines `n`."""
    places = _places(record)
    paths = [path for name in COLUMNS for path in places[name]]
    listed = ", ".join(quoted(path) for path in paths)
    told, start = [], 1
    for name in COLUMNS:
        values = [f"j[{start + index}]" for index in range(len(places[name]))]
        start += len(values)
        told.append(f"{_first(name, values)} AS {name}")
    day = "CASE WHEN day IS NULL THEN time ELSE day || ' ' || time END"
    when = time if not record.day else clock.ANY.format(f"({day})")
    return f"""
WITH objects AS ({objects}),
found AS (SELECT n{more}, json_extract_string(o, [{listed}]) AS j FROM objects WHERE o IS NOT NULL),
told AS (SELECT n{more}, {", ".join(told)} FROM found),
lines_told AS (SELECT *, {REQUEST} AS asked, split_part(asked, ' ', 1) AS verb FROM told)
SELECT n, {when} AS time, {_address(record)} AS address, {_method(record)} AS method,
    {_target(record)} AS target, {_status(record)} AS status, {_text(record, "referrer")} AS referrer,
    {_agent(record)} AS agent, host
FROM lines_told WHERE address IS NOT NULL OR forwarded IS NOT NULL
"""


def _places(record: Record) -> Mapping[str, Sequence[str]]:
    names: dict[str, str] = record._asdict()
    return {name: [_path(each) for each in names[name].split()] for name in COLUMNS}


def _path(name: str) -> str:
    """A path of JSON; members whose names have signs in them are quoted."""
    if not name.startswith("$"):
        return f'$."{name}"'
    return "$." + ".".join(_member(part) for part in name[2:].split("."))


def _member(part: str) -> str:
    bare, bracket, index = part.partition("[")
    return f'"{bare}"{bracket}{index}'


def _first(name: str, values: Sequence[str]) -> str:
    """The first of some members; an object or a list is no text, and an empty agent is one."""
    if not values:
        return "NULL::VARCHAR"
    if name == "agent":
        return f"coalesce({', '.join(values)})"
    plain = [f"CASE WHEN {value}[1] NOT IN ('{{', '[', '') THEN {value} END" for value in values]
    return f"nullif(coalesce({', '.join(plain)}), '-')"


def _address(record: Record) -> str:
    return "nullif(concat_ws(', ', forwarded, address), '')" if record.forwarded else "address"


def _method(record: Record) -> str:
    if not record.request:
        return "coalesce(method, 'GET')"
    verb = "CASE WHEN regexp_full_match(verb, '[A-Za-z_-]+') THEN verb END"
    return f"CASE WHEN request IS NULL THEN coalesce(method, 'GET') ELSE coalesce(method, {verb}) END"


def _target(record: Record) -> str:
    stem = "replace(target, '%25', '%')" if record.encoded else "target"
    mark = "CASE WHEN query LIKE '?%' THEN '' ELSE '?' END"
    more = f"CASE WHEN query IS NULL OR contains({stem}, '?') THEN '' ELSE {mark} || query END"
    own = f"{stem} || {more}"
    if not record.request:
        return own
    line = "CASE WHEN contains(asked, ' ') THEN nullif(trim(asked[length(verb) + 2:]), '') END"
    return f"coalesce({line}, {own}, CASE WHEN request LIKE '/%' THEN request END)"


def _status(record: Record) -> str:
    return "coalesce(status, '200')" if not record.status else "status"


def _text(record: Record, name: str) -> str:
    return DECODED.format(name) if record.encoded else name


def _agent(record: Record) -> str:
    text = DECODED.format("agent") if record.encoded else "agent"
    plain = f"CASE WHEN agent = '-' THEN '' ELSE {text} END"
    return plain if record.agents_may_lack else f"coalesce({plain}, '')"
