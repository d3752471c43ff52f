"""The command line: `footfall COMMAND`."""

import os
import sys
from importlib import import_module

from footfall.cli.parser import parser
from footfall.settings import BadSettings, read


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status. Errors are one sentence on standard error."""
    os.umask(0o077)  # what is kept is nobody else's business
    given = vars(parser().parse_args(arguments))
    # A command's module is imported when it is asked for: `serve` itself stays small this way.
    command = import_module(f"footfall.cli.{given.pop('module')}")
    try:
        settings = read({name: value for name, value in given.items() if isinstance(value, str)}, os.environ)
        return int(command.run(settings, given) or 0)
    except BadSettings as exc:
        print(f"footfall: {exc}", file=sys.stderr)
        return 2
    except command.EXPECTED as exc:
        print(f"footfall: {exc}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
