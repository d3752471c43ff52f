"""What a command is."""

from collections.abc import Callable, Mapping
from typing import Any

PREFIX = "/control/"
"""Not among the paths that gateways forward."""

MARK = "x-footfall-control"
"""The header of every command, which gateways take off what they forward: a second lock on the same door."""

Command = Callable[..., Any]
"""Takes and gives what JSON can hold. Raises `Refusal`, or what a store or registry raises."""

Commands = Mapping[str, Command]


class Refusal(Exception):
    """A command that is not done, and changed nothing; its text is a sentence for the user."""


class InvalidArgument(Refusal):
    """A command that is refused for how it is written, whatever is stored."""
