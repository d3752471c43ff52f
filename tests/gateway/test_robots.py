"""Which user agents are robots': by name, by a word of their own, by their kind."""

import json
import re
from pathlib import Path

import crawleruseragents
import pytest

from footfall.gateway.robots import TABLE, robot_lookup
from tests.agents import APPS, DEVICES

HERE = Path(__file__).parent
ROBOTS = (HERE / "machines.txt").read_text("utf-8").splitlines()
PEOPLE = (HERE / "readers.txt").read_text("utf-8").splitlines()
"""User agents, one a line: of machines, and of programs and devices that people read with."""


@pytest.fixture(scope="module")
def is_robot():
    return robot_lookup()


@pytest.mark.parametrize("agent", ROBOTS)
def test_machines_are_robots(is_robot, agent):
    assert is_robot(agent)


@pytest.mark.parametrize("agent", PEOPLE)
def test_programs_that_people_read_with_are_not(is_robot, agent):
    assert not is_robot(agent)


@pytest.mark.parametrize("name", APPS)
def test_browsers_within_apps_are_not(is_robot, name):
    assert not is_robot(APPS[name].agent)


def test_nothing_is_a_robot_s(is_robot):
    assert is_robot("")


BROWSERS = [agent for named in DEVICES.values() for agent in named.values()]


def test_no_kind_is_that_of_a_browser(is_robot):
    """A word of a kind within a browser's agent, such as a page's or a device's name, is nothing."""
    for word in ("python", "search", "feed", "monitor", "curl", "java", "check", "preview"):
        for agent in BROWSERS[:20]:
            assert not is_robot(f"{agent} {word}"), f"{agent} {word}"


def test_all_patterns_compile_and_none_stands_twice():
    table = json.loads(TABLE.read_text("utf-8"))
    kinds = [pattern for kind in table["kinds"].values() for pattern in kind]
    for patterns in (table["marks"], kinds, table["apps"]):
        assert len(set(patterns)) == len(patterns)
        assert all(re.compile(pattern) for pattern in patterns)


def test_the_names_of_apps_are_of_the_list():
    table = json.loads(TABLE.read_text("utf-8"))
    listed = {entry["pattern"] for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA}
    assert set(table["apps"]) <= listed


def test_the_list_is_known(is_robot):
    """All agents that it gives as examples, but for those of apps that people read with."""
    table = TABLE.read_text("utf-8")
    for entry in crawleruseragents.CRAWLER_USER_AGENTS_DATA:
        if entry["pattern"].replace("\\", "\\\\") not in table:
            assert all(is_robot(agent) for agent in entry["instances"]), entry["pattern"]
