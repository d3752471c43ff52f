"""What a store promises of which facts go for good, or to another site."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from footfall.store.port import Facts


class DayErased(NamedTuple):
    """So many events and visits of a day that are erased, or would be."""

    day: date
    events: int
    visits: int


class NotMoved(Exception):
    """Facts that could not become another site's, and changed nothing; its text is a sentence for the user."""


class Forgetting(Facts, Protocol):
    """Facts of which some can be deleted for good."""

    def erase(self, site: str, chosen: str, parameters: Mapping[str, Any]) -> Sequence[DayErased]:
        """Delete the events of a site that a SELECT of `id` and `time` gives, as if they had never come.

        A copy of one that still comes, as of any hit that was counted, is left out.
        """

    def forget_gone(self, site: str, first: date, last: date) -> Sequence[date]:
        """Forget those days, both ends included, whose facts are gone; returns them."""


class Moving(Facts, Protocol):
    """Facts that can become another site's."""

    def check_move(self, site: str, into: str) -> None:
        """Raise `NotMoved` where `move` would."""

    def move(self, site: str, into: str) -> int:
        """Make all facts of a site those of another, which may have some; how many events moved.

        Raises `NotMoved` where both have a day, and the facts of one of them are gone.
        """


class Erasing(Forgetting, Moving, Protocol):
    """Facts that can be deleted and moved for good."""

    def remove(self, site: str) -> int:
        """Delete all facts of a site; returns how many events these were."""


def not_moved(site: str, into: str, days: Sequence[date], command: str) -> NotMoved:
    """Return what to say of days that both sites have, and of which one lacks its facts.

    `command` is the one that erases sums.
    """
    first, last = min(days), max(days)
    return NotMoved(
        f"of {len(days)} days from {first} to {last}, which both {site!r} and {into!r} have, the "
        "facts of one are gone; forget their sums first: "
        f"{command} --site ID --period {first},{last} --with-sums --yes"
    )
