"""Formats of access logs, as SQL: from the relation `lines` (n, line) to `COLUMNS`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from footfall.imports import haproxy
from footfall.imports.bundle import FILE_LINES, Bundle, place_of
from footfall.imports.configuration import pattern_of
from footfall.imports.fields import HEADER, NoFields, fields_sql
from footfall.imports.pattern import Pattern
from footfall.imports.records import RECORDS, console_sql, sql_of

COLUMNS = ("n", "time", "address", "method", "target", "status", "referrer", "agent", "host")
"""Line number, microseconds since 1970, and texts; null where a line does not tell.

An `agent` is empty where the request had none, and null where the format has none.
"""


REMEMBERED = 64


class NoFormat(Exception):
    """What was asked for is no format, or what was found has none; its text says what would be right."""


@dataclass(frozen=True, slots=True)
class Format:
    """`sql` selects `COLUMNS` of the lines that fit, `retry` of what that leaves.

    A `header` format learns its fields from lines of the log that begin with `#`. `stripped` is
    SQL of a `line` without what a container or a syslog put before it. `unknown` are variables of
    a pattern that nobody knows.
    """

    name: str
    sql: str = ""
    retry: str = ""
    header: bool = False
    stripped: str = "line"
    pattern: Pattern | None = field(default=None, compare=False)
    unknown: tuple[str, ...] = ()


COMMON = '%h %l %u %t "%r" %>s %b'
COMBINED = f'{COMMON} "%{{Referer}}i" "%{{User-Agent}}i"'
PATTERNS = {
    "combined": COMBINED,
    "common": COMMON,
    "nginx-main": f'{COMBINED} "%{{X-Forwarded-For}}i"',
    "vhost": f"%v {COMBINED}",
    "vhost-common": f"%v {COMMON}",
    "traefik": f'{COMBINED} $requests "$router" "$url" ${{duration_time}}ms',
    "lighttpd": '%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
    "nginx-proxy-manager": (
        "[$time_local] $cache_status $upstream_status $status - $request_method $scheme $host"
        ' "$request_uri" [Client $remote_addr] [Length $bytes] [Gzip $ratio] [Sent-to $server]'
        ' "$http_user_agent" "$http_referer"'
    ),
    "nginx-proxy-manager-standard": (
        '[$time_local] $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Length $bytes] [Gzip $ratio] "$http_user_agent" "$http_referer"'
    ),
    "bunny": ("$cache_status|$status|$msec|$bytes|$zone|$remote_addr|$http_referer|$request_uri|$edge_name|$http_user_agent|$request_id|$country"),
}
GROWING = {
    "alb": ('$conn_type $time_iso8601 $elb_name $remote_addr $target_name $a_time $b_time $c_time $status $upstream_status $in_bytes $out_bytes "$request" "$http_user_agent"'),
    "elb": ('$time_iso8601 $elb_name $remote_addr $target_name $a_time $b_time $c_time $status $upstream_status $in_bytes $out_bytes "$request" "$http_user_agent"'),
    "s3": (
        "$owner_id $bucket_name [$time_local] $remote_addr $remote_user $request_id $operation_type"
        ' $key_name "$request" $status $error_type $bytes $object_length $total_time'
        ' $turn_time "$http_referer" "$http_user_agent"'
    ),
    "ingress-nginx": f"{COMBINED} $request_length $request_time [$proxy_upstream_name]",
    "combined-and-more": COMBINED,
    "vhost-and-more": f"%v {COMBINED}",
    "common-and-more": COMMON,
}
"""Formats that got more fields at the end over the years, or have them by configuration."""

CLOUDFRONT = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status"
    " cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id"
    " x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher"
    " x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port"
    " time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len"
    " sc-range-start sc-range-end"
)
OTHERS = {"haproxy": haproxy.SQL, "caddy-console": console_sql()}
HIDDEN = {"nginx-proxy-manager-standard"} | {name for name in GROWING if name.endswith("-and-more")}
NAMES = (
    *(name for name in (*PATTERNS, *GROWING) if name not in HIDDEN),
    *RECORDS,
    *OTHERS,
    "w3c",
    "cloudfront",
)


@lru_cache(maxsize=REMEMBERED)
def named(name: str) -> Format:
    """Return a format by its name, its pattern, or a pasted configuration; raise `NoFormat`."""
    if name in PATTERNS or name in GROWING:
        return _of_pattern(name, Pattern((PATTERNS | GROWING)[name], more=name in GROWING))
    if name in RECORDS:
        return Format(name, sql_of(RECORDS[name]))
    if name in OTHERS:
        return Format(name, OTHERS[name])
    if name == "w3c":
        return Format(name, header=True)
    if name == "cloudfront":
        return replace(of_fields(CLOUDFRONT), name=name)
    pattern = pattern_of(name)
    if pattern in PATTERNS or pattern in RECORDS or pattern in GROWING:
        return named(pattern)
    if "$" in pattern or "%" in pattern:
        return _of_pattern("pattern", Pattern(pattern))
    raise NoFormat(f"there is no format {name[:60]!r}; there are {', '.join(NAMES)}, and patterns such as nginx's log_format or Apache's LogFormat")


def _of_pattern(name: str, pattern: Pattern) -> Format:
    if missing := pattern.missing:
        raise NoFormat(f"the pattern lacks {' and '.join(missing)}")
    unknown = pattern.unknown if name == "pattern" else ()
    return Format(name, pattern.sql, pattern.retry, pattern=pattern, unknown=unknown)


def of_fields(header: str) -> Format:
    """Return the format that a line `#Fields:` announces; raise `NoFormat`."""
    try:
        return Format("w3c", fields_sql(header), header=True)
    except NoFields as exc:
        raise NoFormat(f"the log's line '#Fields:' lacks {exc}") from None


def spans(bundle: Bundle, format_: Format) -> Iterator[tuple[int, int, Format]]:
    """Runs of lines, from a name to before another, with their format, which a header changes."""
    if not bundle.lines:
        return
    first, end = int(bundle.names[0]), int(bundle.names[-1]) + 1
    if not format_.header:
        yield first, end, format_
        return
    names = bundle.names.tolist()
    headers = {name: line for name, line in zip(names, bundle.lines, strict=True) if line.startswith(HEADER)}
    files = {place_of(name)[0] * FILE_LINES for name in names}
    starts = sorted({first, *headers, *(each for each in files if each > first)})
    for start, until in pairwise([*starts, end]):
        spoken = of_fields(headers[start]) if start in headers else format_
        yield start, until, spoken


def misfit(format_: Format, lines: Sequence[str]) -> str:
    """Return why the first of some lines does not fit a format, showing nothing of the line."""
    line = next((each for each in lines if each.strip()), "")
    number = lines.index(line) + 1 if line in lines else 1
    if format_.pattern:
        return f"line {number} {_stop(format_.pattern, line)}"
    if format_.name in RECORDS and not _is_object(line):
        return f"line {number} is no object of JSON"
    return f"line {number} has not what a line of {format_.name} has"


def _stop(pattern: Pattern, line: str) -> str:
    stop = pattern.stop(line)
    if stop is None:
        return "fits, but its address or its time cannot be read"
    if stop.element is None:
        return f"goes on in column {stop.column}, where the format ends"
    return f"stops fitting in column {stop.column}, where the format has {stop.element!r}"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
