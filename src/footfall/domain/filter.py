"""Filters: conditions on one event and its visit, as a tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from footfall.domain.dimension import EVENT_DIMENSIONS, GOAL, VISIT_DIMENSIONS, is_property
from footfall.domain.spelling import expressions, spellings
from footfall.domain.wrong import Wrong

OPERATORS = ("is", "is_not", "contains", "contains_not", "matches", "matches_not")
GROUPS = ("and", "or", "not", "has_done", "has_not_done")
MOST_CONDITIONS = 100
MOST_VALUES = 1_000
MOST_DEPTH = 10
VALUE_LENGTH = 2_000
EXPRESSION_LENGTH = 500
MOST_REPEATED = 200
MOST_WORK = 50_000
"""An expression is matched in time linear in the text and in its own size, to which each repetition such as {5} is a factor and a class such as \\pL as much as many letters."""

REPETITION = re.compile(r"\{(\d*),?(\d*)\}", re.ASCII)
CLASS = re.compile(r"\\[pPX]|\[\[:|\[\^")
CLASS_LETTERS = 100
EXAMPLE = '["is", "visit:source", ["Google"]]'


@dataclass(frozen=True, slots=True)
class Test:
    """Whether any (for the negative operators: none) of the values fits a dimension."""

    __test__ = False  # pytest looks for classes of this name

    operator: str
    dimension: str
    values: tuple[str, ...]
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class Done:
    """Whether any event of the visit passes."""

    part: "Filter"


Filter = Test | And | Or | Not | Done
EVERYTHING = And(())


def tests(within: Filter, *, inside_done: bool = False) -> Iterator[Test]:
    """All conditions of a filter; what visits have done is one of its own unless asked for."""
    match within:
        case Test():
            yield within
        case And(parts) | Or(parts):
            for part in parts:
                yield from tests(part, inside_done=inside_done)
        case Not(part):
            yield from tests(part, inside_done=inside_done)
        case Done(part) if inside_done:
            yield from tests(part, inside_done=True)


def speaks_of_goals(within: Filter) -> bool:
    """Whether a goal or a property is named anywhere in it."""
    return any(test.dimension == GOAL or is_property(test.dimension) for test in tests(within, inside_done=True))


def without_goals(within: And) -> And:
    """The conditions at the top that speak neither of a goal nor of a property."""
    return And(tuple(part for part in within.parts if not speaks_of_goals(part)))


def parse_filters(value: object) -> And:
    """The filters of a query, all of which must pass; raises `Wrong`."""
    if not isinstance(value, list):
        raise Wrong("filters", f"must be a list of filters such as {EXAMPLE}")
    found = And(tuple(_parse(each, f"filters[{index}]", 1) for index, each in enumerate(value)))
    if sum(1 for _ in tests(found, inside_done=True)) > MOST_CONDITIONS:
        raise Wrong("filters", f"may hold {MOST_CONDITIONS} conditions at most")
    if sum(_work(value) for test in tests(found, inside_done=True) if test.operator.startswith("matches") for value in test.values) > MOST_WORK:
        raise Wrong("filters", "hold expressions that are too much to match together; use fewer, shorter ones, and * or + instead of great numbers")
    return found


def _work(expression: str) -> int:
    return (len(expression) + CLASS_LETTERS * len(CLASS.findall(expression))) * _repeated(expression)


def _repeated(expression: str) -> int:
    """By how much its repetitions multiply."""
    return prod(max(int(number or 1) for number in pair) for pair in REPETITION.findall(expression))


def _parse(value: object, where: str, depth: int) -> Filter:
    if depth > MOST_DEPTH:
        raise Wrong(where, f"is nested too deeply; {MOST_DEPTH} levels are the most")
    match value:
        case ["and" | "or" as group, [*parts]] if parts:
            several = tuple(_parse(part, f"{where}[1][{index}]", depth + 1) for index, part in enumerate(parts))
            return And(several) if group == "and" else Or(several)
        case ["not", part]:
            return Not(_parse(part, f"{where}[1]", depth + 1))
        case ["has_done", part]:
            return Done(_parse(part, f"{where}[1]", depth + 1))
        case ["has_not_done", part]:
            return Not(Done(_parse(part, f"{where}[1]", depth + 1)))
        case [str(operator), str(dimension), [*values], *rest] if operator in OPERATORS and len(rest) <= 1:
            return _test(operator, _dimension(dimension, where), _values(values, where), _case(rest, where), where)
        case [str(operator), *_] if operator not in OPERATORS and operator not in GROUPS:
            raise Wrong(where, f"has no operator {operator[:40]!r}; there are {', '.join((*OPERATORS, *GROUPS))}")
    raise Wrong(where, f'must be a filter such as {EXAMPLE}, ["and", [filter, ...]], ["not", filter] or ["has_done", filter]')


def _test(operator: str, dimension: str, values: tuple[str, ...], case_sensitive: bool, where: str) -> Test:
    if operator in ("matches", "matches_not"):
        _check_sizes(values, where)
        return Test(operator, dimension, expressions(dimension, values), case_sensitive)
    return Test(operator, dimension, spellings(dimension, values), case_sensitive)


def _dimension(name: str, where: str) -> str:
    if name in EVENT_DIMENSIONS or name in VISIT_DIMENSIONS or is_property(name):
        return name
    raise Wrong(where, f"has no dimension {name[:60]!r}; there are {', '.join((*EVENT_DIMENSIONS, 'event:props:KEY', *VISIT_DIMENSIONS))}")


def _values(values: list[Any], where: str) -> tuple[str, ...]:
    if not 0 < len(values) <= MOST_VALUES or not all(isinstance(each, str) and len(each) <= VALUE_LENGTH for each in values):
        raise Wrong(where, f"needs a list of 1 to {MOST_VALUES} texts of {VALUE_LENGTH} characters at most")
    return tuple(values)


def _check_sizes(expressions: tuple[str, ...], where: str) -> None:
    for each in expressions:
        if len(each) > EXPRESSION_LENGTH:
            raise Wrong(where, f"holds an expression of more than {EXPRESSION_LENGTH} characters; give several values, any of which may match")
        if _repeated(each) > MOST_REPEATED:
            raise Wrong(where, f"holds {each[:60]!r}, whose repetitions multiply to more than {MOST_REPEATED}; use * or + instead of great numbers")


def _case(rest: list[Any], where: str) -> bool:
    if not rest:
        return True
    options = rest[0]
    if not isinstance(options, dict) or set(options) - {"case_sensitive"} or not isinstance(options.get("case_sensitive", True), bool):
        raise Wrong(where, 'may end in {"case_sensitive": false} only')
    return bool(options.get("case_sensitive", True))
