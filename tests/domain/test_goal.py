"""What a goal may be."""

import pytest

from footfall.domain.goal import Goal, goal_problems

GOOD = [
    Goal("a", page="/"),
    Goal("b", page="*.pdf"),
    Goal("c", event="Signup", props=(("plan", "pro"), ("'", "; DROP TABLE events"), ("ü" * 300, "x" * 2_000))),
    Goal("d", event="Purchase", currency="EUR"),
]


def test_goals_without_fault() -> None:
    assert goal_problems(GOOD) == []


@pytest.mark.parametrize(
    ("goal", "says"),
    [
        (Goal("", page="/"), "printable characters"),
        (Goal("a\nb", page="/"), "printable characters"),
        (Goal("g"), "either a page or an event"),
        (Goal("g", page="/", event="E"), "either a page or an event"),
        (Goal("g", page="thanks"), "a page such as"),
        (Goal("g", page="/" * 2_001), "a page such as"),
        (Goal("g", event=""), "an event's name"),
        (Goal("g", page="/", currency="EUR"), "go with an event"),
        (Goal("g", event="E", props=(("", "x"),)), "1 to 300 characters"),
        (Goal("g", event="E", props=(("k" * 301, "x"),)), "1 to 300 characters"),
        (Goal("g", event="E", props=(("k", "x" * 2_001),)), "2,000 at most"),
        (Goal("g", event="E", props=(("k", "x"), ("k", "y"))), "each once"),
        (Goal("g", event="E", props=tuple((f"k{number}", "x") for number in range(4))), "3 properties at most"),
        (Goal("g", event="E", currency="EURO"), "three letters"),
    ],
)
def test_faults_are_named(goal: Goal, says: str) -> None:
    (problem,) = goal_problems([goal])
    assert says in problem


def test_names_are_a_site_s_own() -> None:
    assert "two goals 'a'" in goal_problems([*GOOD, Goal("a", page="/b")])[0]
    assert "200 goals at most" in goal_problems([Goal(f"g{number}", page="/") for number in range(201)])[0]
