"""A goal: a condition on one event that a site's owner saved under a name."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from footfall.domain.dimension import PROPERTY_LENGTH

MOST_GOALS = 200
NAME_LENGTH = 120
PATTERN_LENGTH = 2_000
MOST_PROPS = 3
TEXT_LENGTH = 2_000
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Goal:
    """Reached by page views whose path matches `page`, or by custom events named `event`.

    In `page`, `*` stands for any characters. `props` (pairs of key and text) must all be the
    event's; with a `currency`, its revenue must be in it.
    """

    name: str
    page: str | None = None
    event: str | None = None
    props: tuple[tuple[str, str], ...] = ()
    currency: str | None = None


def default_name(page: str | None, event: str | None) -> str:
    """What a goal is called that was given no name."""
    return f"Visit {page}" if page is not None else event or ""


def goal_problems(goals: Iterable[Goal]) -> list[str]:
    """What is wrong with a site's goals, as sentences."""
    several = list(goals)
    found = [problem for goal in several for problem in _problems(goal)]
    times = Counter(goal.name for goal in several)
    twice = sorted(name for name, count in times.items() if count > 1)
    found += [f"there are two goals {name[:60]!r}; a goal's name must be its own" for name in twice]
    if len(several) > MOST_GOALS:
        found.append(f"a site may have {MOST_GOALS} goals at most")
    return found


def _problems(goal: Goal) -> list[str]:
    found = []
    if not (0 < len(goal.name) <= NAME_LENGTH and goal.name.isprintable()):
        found.append(f"a goal's name must have 1 to {NAME_LENGTH} printable characters")
    if (goal.page is None) == (goal.event is None):
        found.append(f"goal {goal.name[:60]!r} needs either a page or an event")
    if goal.page is not None and not (goal.page.startswith(("/", "*")) and len(goal.page) <= PATTERN_LENGTH):
        found.append(f"goal {goal.name[:60]!r} needs a page such as /thanks or /blog/*")
    if goal.event is not None and not 0 < len(goal.event) <= NAME_LENGTH:
        found.append(f"goal {goal.name[:60]!r} needs an event's name of 1 to {NAME_LENGTH} characters")
    if goal.page is not None and (goal.props or goal.currency):
        found.append(f"goal {goal.name[:60]!r} is a page: properties and currency go with an event")
    if len(goal.props) > MOST_PROPS or len({key for key, _ in goal.props}) < len(goal.props):
        found.append(f"goal {goal.name[:60]!r} may have {MOST_PROPS} properties at most, each once")
    if any(not 0 < len(key) <= PROPERTY_LENGTH or len(text) > TEXT_LENGTH for key, text in goal.props):
        found.append(f"goal {goal.name[:60]!r} needs properties whose keys have 1 to {PROPERTY_LENGTH} characters and whose texts have {TEXT_LENGTH:,} at most")
    if goal.currency is not None and not CURRENCY.fullmatch(goal.currency):
        found.append(f"goal {goal.name[:60]!r} needs a currency of three letters, such as EUR")
    return found
