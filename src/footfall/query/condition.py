"""Dimensions and filters as SQL expressions; whatever comes from outside becomes a parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from footfall.domain.dimension import EVENT_DIMENSIONS, GOAL, PAGES, PROPERTY, VISIT_DIMENSIONS, is_property, of_events
from footfall.domain.filter import And, Done, Filter, Not, Or, Test, tests
from footfall.domain.goal import Goal
from footfall.domain.page import canonical, readable

NOT_SET = "'(not set)'"
DIRECT = "'Direct / None'"
MISSING = {"source": DIRECT, "referrer": DIRECT}
ORIGIN = ("source", "referrer", "channel", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
ONLY_OF_VISITS = ("exit_page", "screen", "language")
"""What of a visit only its own row tells; all else stands beside its events."""

COLUMNS = {name: name.partition(":")[2] for name in (*EVENT_DIMENSIONS, *VISIT_DIMENSIONS)}
NAME = "CASE WHEN e.kind = 'pageview' THEN 'pageview' ELSE e.name END"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: which rows are in reach, as `e` and `v`, and what is read otherwise there."""

    event: bool = False
    visit: bool = False
    instead: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Conditions:
    """Turns filters of one question into SQL, and gathers their parameters.

    `days` are those in which events of the visits in question may lie.
    """

    site: str
    goals: Sequence[Goal]
    days: tuple[date, date]
    prefix: str = "p"
    parameters: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """The placeholder of a value."""
        name = f"{self.prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def near(self, alias: str) -> str:
        """That a row is of the site and of the days in question."""
        return f"{alias}.site = {self.bind(self.site)} AND {alias}.day BETWEEN {self.bind(self.days[0])} AND {self.bind(self.days[1])}"

    def dimension(self, name: str, place: Place) -> str:
        """The expression of a dimension, never null."""
        if name in place.instead:
            return f"coalesce({place.instead[name]}, {NOT_SET})"
        if is_property(name):
            return self._property(name.removeprefix(PROPERTY))
        if name == GOAL:
            return "g.goal"
        column = COLUMNS[name]  # no other name becomes part of SQL
        if of_events(name):
            return f"coalesce({NAME if column == 'name' else f'e.{column}'}, {NOT_SET})"
        missing = MISSING.get(column, NOT_SET)
        if place.visit:
            return f"coalesce(v.{column}, {missing})"
        return f"coalesce(e.{'visit_' if column in ORIGIN else ''}{column}, {missing})"

    def passes(self, within: Filter, place: Place) -> str:
        """The expression of a filter."""
        match within:
            case And(parts):
                return f"({' AND '.join(self.passes(part, place) for part in parts)})" if parts else "true"
            case Or(parts):
                return f"({' OR '.join(self.passes(part, place) for part in parts)})"
            case Not(part):
                return f"(NOT {self.passes(part, place)})"
            case Done(part):
                return f"{'v' if place.visit else 'e'}.visit IN ({self.visits_of(part)})"
            case Test():
                return self._goal_test(within) if within.dimension == GOAL else self._test(within, self.dimension(within.dimension, place))

    def visits_of(self, within: Filter) -> str:
        """The visits in which some event passes."""
        joined = needs_visit(within)
        place = Place(event=True, visit=joined)
        return f"SELECT e.visit FROM events e{self.visits_beside() if joined else ''} WHERE {self.near('e')} AND {kinds(within)} AND {self.passes(within, place)}"

    def visits_beside(self, visits: str = "visits") -> str:
        """A join of each event's visit."""
        return f" JOIN {visits} v ON v.visit = e.visit AND {self.near('v')}"

    def reaches(self, goal: Goal) -> str:
        """The condition of a goal on an event."""
        if goal.page is not None:
            patterns = {readable(goal.page), canonical(goal.page)}  # older events have the latter
            fits = [f"e.page LIKE {self.bind(_like(each))} ESCAPE '\\'" for each in sorted(patterns)]
            return f"(e.kind = 'pageview' AND ({' OR '.join(fits)}))"
        terms = [f"e.kind = 'custom' AND e.name = {self.bind(goal.event)}"]
        terms += [f"{self._property(key)} = {self.bind(text)}" for key, text in goal.props]
        if goal.currency:
            terms.append(f"e.currency = {self.bind(goal.currency)}")
        return f"coalesce({' AND '.join(terms)}, false)"

    def _property(self, key: str) -> str:
        pointer = "/" + key.replace("~", "~0").replace("/", "~1")
        return f"coalesce(json_extract_string(e.props, {self.bind(pointer)}), {NOT_SET})"

    def _test(self, test: Test, expression: str) -> str:
        operator, negative = test.operator.removesuffix("_not"), test.operator.endswith("_not")
        values = [self.bind(value) for value in test.values]
        if operator == "matches":
            options = "'s'" if test.case_sensitive else "'si'"
            found = " OR ".join(f"regexp_matches({expression}, {value}, {options})" for value in values)
        else:
            if not test.case_sensitive:
                expression, values = f"lower({expression})", [f"lower({value})" for value in values]
            found = f"{expression} IN ({', '.join(values)})" if operator == "is" else " OR ".join(f"contains({expression}, {value})" for value in values)
        return f"(NOT ({found}))" if negative else f"({found})"

    def _goal_test(self, test: Test) -> str:
        """That an event reaches a goal whose name fits (for the negative operators: none)."""
        reached = (f"({self.names(test, goal)} AND {self.reaches(goal)})" for goal in self.goals)
        found = " OR ".join(reached) or "false"
        return f"(NOT ({found}))" if test.operator.endswith("_not") else f"({found})"

    def names(self, test: Test, goal: Goal) -> str:
        """Return the expression that a condition on goals means this one, to have or to lack it."""
        fits = replace(test, operator=test.operator.removesuffix("_not"))
        return self._test(fits, self.bind(goal.name))


def needs_visit(within: Filter, dimensions: Sequence[str] = (), instead: Mapping[str, str] | None = None) -> bool:
    """Whether an event alone does not tell if it passes, or what it counts for."""
    names = {*dimensions, *(test.dimension for test in tests(within))} - set(instead or {})
    return any(name.removeprefix("visit:") in ONLY_OF_VISITS for name in names if name.startswith("visit:"))


def kinds(*spoken: Filter | str) -> str:
    """Which events can pass: page views alone where only pages and host names are spoken of."""
    named = {name for each in spoken for name in ([each] if isinstance(each, str) else [test.dimension for test in tests(each)]) if of_events(name)}
    return "e.kind = 'pageview'" if named and named <= set(PAGES) else "e.kind <> 'engagement'"


def _like(pattern: str) -> str:
    for special in "\\%_":
        pattern = pattern.replace(special, "\\" + special)
    return pattern.replace("*", "%")
