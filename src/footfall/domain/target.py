"""How much the target of a request may be: its path and its query, as they stand on the wire."""

TARGET_BYTES = 8_192
MOST_PARAMETERS = 50

TOO_LONG = f"the URL may have {TARGET_BYTES:,} bytes at most; ask by POST /api/v2/query, whose body may be longer"
TOO_MANY = f"the URL may have {MOST_PARAMETERS} parameters at most; leave out those that the call does not take"


def refused(path: bytes, query: bytes) -> tuple[int, str] | None:
    """Return the status and the sentence that refuse a target, None for one that is fine."""
    mark = 1 if query else 0
    length = len(path) + mark + len(query)
    if length > TARGET_BYTES:
        return 414, TOO_LONG
    if query.count(b"&") >= MOST_PARAMETERS:
        return 400, TOO_MANY
    return None
