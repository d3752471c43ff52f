"""What a user agent and a screen are taken for."""

import pytest

from footfall.domain.client import device, screen_class
from tests.agents import DEVICES

AGENTS = [pytest.param(agent, expected, id=name) for expected, named in DEVICES.items() for name, agent in named.items()]


@pytest.mark.parametrize(("agent", "expected"), AGENTS)
def test_device(agent, expected):
    assert device(agent) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (None, None), (0, None), (1, "Mobile"), (575, "Mobile"), (576, "Tablet"), (991, "Tablet"),
        (992, "Laptop"), (1439, "Laptop"), (1440, "Desktop"), (100_000, "Desktop"),
    ],
)  # fmt: skip
def test_screen_class(width, expected):
    assert screen_class(width) == expected
