"""Restores a backup over and over, killed one step later each time, and looks at what is there.

    python -m tests.keeping.killing BACKUP DATA

A process of its own, since it forks. Prints after how many steps nothing was left to kill, and
how often the folder was as before and as restored.
"""

import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path

from footfall.keeping import use
from footfall.keeping.port import SAVED
from footfall.keeping.restore import restore

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.chmod"}


def main(backup: Path, data: Path) -> None:
    original = data.with_name("original")
    shutil.copytree(data, original)
    old, new = state(data), state(backup)
    assert old != new
    found: Counter[str] = Counter()
    for step in count():
        shutil.rmtree(data)
        shutil.copytree(original, data)
        if not killed(step, lambda: bring_back(backup, data)):
            break
        for again in range(step % 4):  # killed while it is finished
            killed(again, lambda: look(data))
        look(data)
        left = state(data)
        if left == old:
            found["old"] += 1
        else:
            found["new" if left == new else "neither"] += 1
        bring_back(backup, data)
        assert state(data) == new, f"a second try did not succeed after step {step}"
        assert all(state(folder) in (old, new) for folder in data.glob("replaced-*")), (
            "what was set aside is not whole"
        )
    assert state(data) == new
    print(step, found["old"], found["new"], found["neither"])


def bring_back(backup: Path, data: Path) -> None:
    with use.alone(data, {name: data / name for name in SAVED}, str(data / "engine.sock")):
        restore(backup, data, {name: data / name for name in SAVED}, 1_000, replace=True)


def look(data: Path) -> None:
    with use.shared(data):
        pass


def state(folder: Path) -> list[str]:
    files = [folder / f"{name}{end}" for name in SAVED for end in ("", "-wal", ".wal")]
    return [sha256(path.read_bytes()).hexdigest() if path.exists() else "" for path in files]


def killed(step: int, work: Callable[[], None]) -> bool:
    """Do it in a process that is killed before so many of its steps are done.

    Whether it came to that.
    """
    child = os.fork()
    if not child:
        left = iter(range(step, -1, -1))

        def hook(event: str, _: object) -> None:
            if event in STEPS and next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        with suppress(StopIteration):
            work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return bool(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
