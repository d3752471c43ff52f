"""The client's clock beside ours."""

NEAR_US = 10_000_000
"""A client's time as near as this to ours is taken for the time of its event."""


def corrected(ours_us: int, theirs_us: int) -> int:
    """Return the time of an event: the client's, but no more than `NEAR_US` from ours.

    Beyond that it returns to ours, as far as it is too far, so that there is no jump anywhere:
    at twice the distance, and further off, ours stands.
    """
    ahead = theirs_us - ours_us
    distance = abs(ahead)
    if distance <= NEAR_US:
        return theirs_us
    rest = max(2 * NEAR_US - distance, 0)
    return ours_us + (rest if ahead > 0 else -rest)
