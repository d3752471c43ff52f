"""What numbers a hit may have, so that every store can hold and add them."""

from footfall.domain.event import DAY_US, Hit, Tally

HASH = 2**64
SMALL = 2**31
DAY = 86_400
LAST_US = 2**53
"""In the year 2255."""

LAST_DAY = LAST_US // DAY_US


def impossible(found: Hit | Tally) -> str | None:
    """The field whose number no gateway writes, as a sentence; none where all are possible."""
    if isinstance(found, Hit):
        if _is_usual(found):
            return None
        ranges = _of_hit(found)
    else:
        ranges = _of_tally(found)
    for name, number, low, end in ranges:
        if number is not None and not low <= number < end:
            return f"{name} is out of range"
    return None


def _is_usual(hit: Hit) -> bool:
    """Whether all numbers of a hit are possible, and the rarer ones left out: one look for most."""
    return (
        0 <= hit.id < HASH
        and 0 <= hit.visitor < HASH
        and 0 <= hit.received < LAST_US
        and 0 <= hit.time < LAST_US
        and -1 <= hit.day - hit.time // DAY_US <= 1
        and -DAY <= hit.utc_offset <= DAY
        and 0 <= hit.engaged < SMALL
        and (hit.key_id is None or 0 <= hit.key_id < HASH)
        and hit.prev is hit.port is hit.page_view is hit.scroll is hit.amount is None
    )


def _of_hit(hit: Hit) -> tuple[tuple[str, float | None, int, int], ...]:
    return (
        ("id", hit.id, 0, HASH),
        ("visitor", hit.visitor, 0, HASH),
        ("prev", hit.prev, 0, HASH),
        ("page_view", hit.page_view, 0, HASH),
        ("key_id", hit.key_id, 0, HASH),
        ("received", hit.received, 0, LAST_US),
        ("time", hit.time, 0, LAST_US),
        ("day", hit.day - hit.time // DAY_US, -1, 2),
        ("utc_offset", hit.utc_offset, -DAY, DAY + 1),
        ("port", hit.port, 0, 65_536),
        ("engaged", hit.engaged, 0, SMALL),
        ("scroll", hit.scroll, 0, 101),
        ("amount", hit.amount, -(10**18), 10**18),
    )


def _of_tally(tally: Tally) -> tuple[tuple[str, float | None, int, int], ...]:
    return (
        ("day", tally.day, 0, LAST_DAY),
        ("hits", tally.hits, 1, SMALL),
        ("id", tally.id, 0, HASH),
    )
