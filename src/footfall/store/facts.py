"""The relations that facts are kept in, by their columns; `migrations` makes them."""

from footfall.domain.event import Event, Hit

HIT_TYPES = {
    "site": "VARCHAR", "id": "UBIGINT", "kind": "VARCHAR", "received": "TIMESTAMP", "time": "TIMESTAMP",
    "day": "DATE", "utc_offset": "INTEGER", "visitor": "UBIGINT", "prev": "UBIGINT", "port": "INTEGER",
    "amount": "DOUBLE", "interactive": "BOOLEAN", "page_view": "UBIGINT", "key_id": "UBIGINT", "engaged": "INTEGER", "scroll": "UTINYINT",
}  # fmt: skip
OWN = {name: HIT_TYPES.get(name, "VARCHAR") for name in Hit._fields} | {"source": "VARCHAR", "channel": "VARCHAR"}
"""What an event brings."""

ONLY_ARRIVING = ("received", "page_view", "key_id")
"""What decides while an event is applied, and nothing later: 13 bytes an event of random bits."""

KEPT = {name: kind for name, kind in OWN.items() if name not in ONLY_ARRIVING}
"""An event's own columns, kept as long as it is."""

ORIGIN = ("source", "referrer", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
"""What a visit takes from its first event and the fold writes beside all its events."""

VISITOR = ("country", "region", "city", "browser", "browser_version", "os", "os_version", "device", "screen", "language")
"""What a visit takes from its first event and each event has of its own."""

FOLDED = {"visit": "UBIGINT", **{f"visit_{name}": "VARCHAR" for name in ORIGIN}, "entry_page": "VARCHAR"}
"""What the fold writes beside each event."""

IMPORT = {"import": "UINTEGER"}
"""The number of the import that an event came by; null for one that was sent."""

EVENTS = KEPT | FOLDED | {"frozen": "BOOLEAN"} | IMPORT

VISITS = {
    "site": "VARCHAR", "visit": "UBIGINT", "visitor": "UBIGINT", "start": "TIMESTAMP", "last": "TIMESTAMP",
    "day": "DATE", "utc_offset": "INTEGER", "pageviews": "INTEGER", "events": "INTEGER", "interactions": "INTEGER",
    "hostname": "VARCHAR", "entry_page": "VARCHAR", "exit_page": "VARCHAR",
    **dict.fromkeys((*ORIGIN, *VISITOR), "VARCHAR"),
}  # fmt: skip
"""A visit's columns; `hostname` is that of its entry page."""

POSITION = ("shard", "sequence")
STAGED = OWN | {"shard": "VARCHAR", "sequence": "BIGINT"} | IMPORT

IDS = {
    "id": "UBIGINT", "arrived": "TIMESTAMP", "time": "TIMESTAMP", "shard": "VARCHAR",
    "sequence": "BIGINT", "keyed": "BOOLEAN", "sender": "UBIGINT", "since": "TIMESTAMP",
    "since_shard": "VARCHAR", "since_sequence": "BIGINT",
}  # fmt: skip
"""What is known of an id's copies: when the first arrived, and where the one lies that counts.

`sender` is whose that one is, `since` when and where his first copy arrived. What an older version
wrote has nothing after `sequence`.
"""

SPARES = STAGED
"""Copies that do not count, but will if another of their sender turns out to have come first."""


def values(event: Event) -> tuple[object, ...]:
    """An event as a row of `STAGED`."""
    return (*event.hit, event.source, event.channel, *event.position, None)
