"""How commands are made, and how settings become their flags."""

import argparse
from collections.abc import Iterable

from footfall.settings import OPTIONS, variable

SWITCHES = {"demo"}


class Help(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of a description as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=100)


class Several(argparse.Action):
    """Gathers a flag given several times into one text, as its variable would have it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """As argparse asks of an action."""
        before = getattr(namespace, self.dest)
        after = f"{before},{values}" if before else str(values)
        setattr(namespace, self.dest, after)


def command_of(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    module: str,
    short: str,
    text: str,
) -> argparse.ArgumentParser:
    """A command, done by a module of this folder."""
    command = commands.add_parser(name, help=short, description=text, formatter_class=Help)
    command.set_defaults(module=module)
    return command


def settings_of(command: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Give a command the flags of these settings, and `--data`."""
    for name in ("data", *names):
        option = OPTIONS[name]
        flag = f"--{name.replace('_', '-')}"
        default = "" if option.default in ("", "0") else f"; {option.default}"
        text = f"{option.text} [{variable(name)}{default}]"
        if name in SWITCHES:
            command.add_argument(flag, dest=name, action="store_const", const="1", help=text)
        else:
            action = Several if name == "trusted_proxy" else "store"
            command.add_argument(flag, dest=name, metavar=option.metavar, action=action, help=text)
