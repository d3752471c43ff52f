"""Why a line of a log is no page view: one closed list, summed for the owner."""

from enum import StrEnum

from footfall.domain.reason import Reason


class LineReason(StrEnum):
    """Each member is what follows "left out", with underscores for spaces.

    A line that has several reasons counts under the first of this list.
    """

    EMPTY = "empty_or_a_comment"
    TOO_LONG = "too_long"
    NOT_OF_THE_FORMAT = "not_of_the_format"
    NO_ADDRESS = "no_address"
    NO_TIME = "no_time"
    FUTURE = "in_the_future"
    BEFORE_1970 = "before_1970"
    NO_PAGE = "request_without_a_page"
    METHOD = "method"
    REDIRECT = "redirect"
    STATUS = "status"
    OTHER_HOST = "other_host"
    ASSET = "asset"
    BOT = str(Reason.BOT)
    EXCLUDED_ADDRESS = str(Reason.EXCLUDED_ADDRESS)
    EXCLUDED_COUNTRY = str(Reason.EXCLUDED_COUNTRY)
    EXCLUDED_HOSTNAME = str(Reason.EXCLUDED_HOSTNAME)
    EXCLUDED_PAGE = str(Reason.EXCLUDED_PAGE)
    TOO_LATE = str(Reason.TOO_LATE)

    @property
    def words(self) -> str:
        """Return the reason as it is shown."""
        return self.replace("_", " ")


FAULTS = frozenset(
    {
        LineReason.TOO_LONG,
        LineReason.NOT_OF_THE_FORMAT,
        LineReason.NO_ADDRESS,
        LineReason.NO_TIME,
        LineReason.FUTURE,
        LineReason.BEFORE_1970,
    }
)
"""Faults of the line itself; the others are sound requests that do not count."""
