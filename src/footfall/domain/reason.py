"""Why a hit is dropped: one closed list, counted per site and day and shown to the owner."""

from enum import StrEnum


class Reason(StrEnum):
    """Each member is the word used in the response header, the counts and the reports."""

    UNKNOWN_SITE = "unknown_site"
    BOT = "bot"
    PREFETCH = "prefetch"
    DNT = "dnt"
    GPC = "gpc"
    EXCLUDED_ADDRESS = "excluded_address"
    EXCLUDED_COUNTRY = "excluded_country"
    EXCLUDED_HOSTNAME = "excluded_hostname"
    EXCLUDED_PAGE = "excluded_page"
    REFERRER_SPAM = "referrer_spam"
    TOO_LATE = "too_late"
    COPY = "copy"
    NO_VISIT = "no_visit"
    UNREADABLE = "unreadable"
