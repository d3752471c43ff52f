"""What the variables of patterns mean: those of nginx's `log_format` and Apache's `LogFormat`."""

import re

ADDRESSES = "remote_addr realip_remote_addr binary_remote_addr"
FORWARDED = (
    "http_x_forwarded_for http_x_real_ip proxy_add_x_forwarded_for http_cf_connecting_ip http_true_client_ip http_fastly_client_ip http_x_client_ip http_forwarded the_real_ip"
)
MEANINGS = {
    "address": ADDRESSES,
    "forwarded": FORWARDED,
    "clf": "time_local",
    "iso": "time_iso8601",
    "epoch": "msec",
    "request": "request",
    "method": "request_method",
    "target": "request_uri uri document_uri",
    "query": "args query_string",
    "status": "status",
    "referrer": "http_referer http_referrer",
    "agent": "http_user_agent",
    "host": "host http_host server_name",
}
NGINX = {name: meaning for meaning, names in MEANINGS.items() for name in names.split()}

LETTERS = {
    "h": "address", "a": "address", "{c}a": "address", "t": "clf", "r": "request", "m": "method",
    "U": "target", "q": "query", "s": "status", "v": "host", "V": "host",
    "{sec}t": "epoch", "{msec}t": "epoch", "{usec}t": "epoch", "{remote_addr}e": "address",
}  # fmt: skip
"""Of Apache; names within braces ignore case."""

HEADERS = {
    "referer": "referrer", "referrer": "referrer", "user-agent": "agent", "host": "host",
    "x-forwarded-for": "forwarded", "x-real-ip": "forwarded", "cf-connecting-ip": "forwarded",
    "true-client-ip": "forwarded", "fastly-client-ip": "forwarded", "x-client-ip": "forwarded",
    "forwarded": "forwarded", "x-forwarded-host": "host",
}  # fmt: skip
"""Request headers, of any server."""

PASSED = re.compile(
    r"\w*(time|bytes|length|user|port|id|status|addr|ratio|connection\w*|pipe|protocol|scheme|cache"
    r"|rate|country\w*|https|server|name|zone|hostname|version|pid|client|cipher|dn|type|sent)"
    r"|(http|sent_http|sent_trailer|upstream|cookie|arg|ssl|geoip|proxy|limit|jwt|tcpinfo)_\w+"
    r"|(\{[^}]*\})?[aAbBCDefHikLlMnoOpPRSTuXI]|\^t[io]|\{[^}]*\}\^t[io]"
)
"""Names of what needs no warning when it is passed over."""

STRFTIME = re.compile(r"\{(?:begin:|end:)?(?P<format>[^}]*%[^}]*)\}t")


def meaning(name: str) -> str | None:
    """Return what a variable holds, or None where nothing of it is used."""
    if name.startswith("http_") and name not in NGINX:
        return HEADERS.get(name.removeprefix("http_").replace("_", "-").lower())
    if name in NGINX:
        return NGINX[name]
    inner, _, letter = name.rpartition("}")
    if inner and letter == "i":
        return HEADERS.get(inner[1:].lower())
    if STRFTIME.fullmatch(name):
        return "written"
    return LETTERS.get(f"{inner.lower()}}}{letter}" if inner else name)
