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


class Erasing(Forgetting, Protocol):
    """Facts that can be deleted and moved for good."""

    def remove(self, site: str) -> int:
        """Delete all facts of a site; returns how many events these were."""

    def check_move(self, site: str, into: str) -> None:
        """Raise `NotMoved` where `move` would."""

    def move(self, site: str, into: str) -> int:
        """Make all facts of a site those of another, which may have some; how many events moved.

        Raises `NotMoved` where both have a day, and the facts of one of them are gone.
        """
