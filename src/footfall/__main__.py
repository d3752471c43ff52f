"""The command line: `footfall COMMAND`."""

import errno
import os
import sys
from contextlib import nullcontext
from importlib import import_module

from footfall.cli.child import METRICS, asked_to_stop, counters_folder
from footfall.cli.parser import parser
from footfall.keeping import owner, use
from footfall.settings import BadSettings, read

ANY_FOLDER = ("doctor", "aws", "version")
"""Commands that put nothing into the data folder, whosever it is."""

FULL = (errno.ENOSPC, errno.EDQUOT)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status. Errors are one sentence on standard error."""
    os.umask(0o077)  # what is kept is nobody else's business
    given = vars(parser().parse_args(arguments))
    try:
        settings = read({name: value for name, value in given.items() if isinstance(value, str)}, os.environ)
    except BadSettings as exc:
        return _failed(exc)
    module = given.pop("module")
    try:
        if module not in ANY_FOLDER:
            owner.check(settings.data)
        if module in ("gateway", "engine"):
            if METRICS not in os.environ:
                counters = counters_folder(settings.data)
                os.environ[METRICS] = str(counters)  # before the library of counters looks for it
            given["asked"] = asked_to_stop()  # before the imports, which take their time
    except (owner.NotOurs, OSError) as exc:
        return _failed(exc)
    # A command's module is imported when it is asked for: `serve` itself stays small this way.
    command = import_module(f"footfall.cli.{module}")
    try:
        # What exchanges the files of a data folder locks it itself; a few touch none of them.
        with nullcontext() if getattr(command, "LOCKS_ITSELF", False) else use.shared(settings.data):
            return int(command.run(settings, given) or 0)
    except (BadSettings, owner.NotOurs, use.InUse, *command.EXPECTED) as exc:
        return _failed(exc)


def _failed(error: Exception) -> int:
    print(f"footfall: {_sentence(error)}", file=sys.stderr)
    return 2 if isinstance(error, BadSettings) else 1


def _sentence(error: Exception) -> str:
    """Return what to tell of an error; of the system's, the file it concerns and no number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in FULL:
        return f"{where}the disk is full; make room and give the same command again"
    return f"{where}{error.strerror}"


if __name__ == "__main__":
    sys.exit(main())
