"""A Dockerfile as values, and what `.dockerignore` leaves of the repository."""

import json
import re
import shlex
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = REPOSITORY / "infra" / "docker" / "Dockerfile"


class Step(NamedTuple):
    """An instruction and what follows it, its lines joined."""

    word: str
    text: str

    @property
    def list(self) -> list[str]:
        """The parts of what follows: a JSON array, or words."""
        return (
            list(map(str, json.loads(self.text)))
            if self.text.startswith("[")
            else shlex.split(self.text)
        )


@dataclass
class Stage:
    """What lies between one FROM and the next."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def all(self, word: str) -> list[Step]:
        """Its instructions of one kind."""
        return [step for step in self.steps if step.word == word]

    def last(self, word: str) -> Step:
        """The one that counts where each replaces those before it."""
        return self.all(word)[-1]

    def pairs(self, word: str) -> dict[str, str]:
        """What all ENV or LABEL set."""
        return dict(part.split("=", 1) for step in self.all(word) for part in step.list)


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile."""
    found: list[Stage] = []
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        step = Step(word, rest.strip())
        if word == "FROM":
            image, _, name = step.text.partition(" AS ")
            found.append(Stage(image, name))
        else:
            found[-1].steps.append(step)
    return found


def sent(root: Path = REPOSITORY) -> list[Path]:
    """The files that Docker is given to build from, relative to the repository's root."""
    rules = [
        line
        for line in (root / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    kept: list[Path] = []
    waiting = [root]
    while waiting:
        for path in waiting.pop().iterdir():
            name = path.relative_to(root)
            if _ignored(name, rules):
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                kept.append(name)
    return kept


def _ignored(name: Path, rules: list[str]) -> bool:
    """The last rule that fits it, or a folder that it lies in, decides."""
    candidates = [name.as_posix(), *(parent.as_posix() for parent in name.parents if parent.name)]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("**/")
        if any(_fits(each, pattern, "**/" in rule) for each in candidates):
            ignored = not rule.startswith("!")
    return ignored


def _fits(name: str, pattern: str, anywhere: bool) -> bool:
    parts = name.split("/")
    return (
        fnmatch(parts[-1], pattern)
        if anywhere
        else len(parts) == len(pattern.split("/")) and fnmatch(name, pattern)
    )
