"""Does what a Dockerfile says, step by step, in a container."""

import os
import shutil
from pathlib import Path

from tests.install.container import Container
from tests.install.recipe import REPOSITORY, Stage, Step, sent

BASE = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/bin", "HOME": "/root"}
"""What images of Python set, as far as it matters."""

MADE = (
    "src/footfall/static/dashboard",
    "src/footfall/static/tracker",
    "src/footfall/static/docs/swagger-ui",
    "src/footfall/data/country.mmdb",
)
"""What the stage with Node makes: `make assets`, which was run here too."""


class Image:
    """A stage, built. What it sets for whoever runs it is in `environment` and `folder`."""

    def __init__(self, container: Container, stage: Stage) -> None:
        self.container, self.stage = container, stage
        self.environment = dict(BASE)
        self.folder = "/"
        for step in stage.steps:
            self._do(step)

    def _do(self, step: Step) -> None:
        match step.word:
            case "RUN":
                self.container.run(
                    ["/bin/sh", "-c", step.text],
                    {**_of_this_machine(), **self.environment},
                    self.folder,
                )
            case "WORKDIR":
                self.folder = step.text
                self._at(step.text).mkdir(parents=True, exist_ok=True)
            case "ENV":
                self.environment |= dict(part.split("=", 1) for part in step.list)
            case "COPY" if step.text.startswith("--from"):
                self._copy_made(step.list)
            case "COPY":
                self._copy(step.list)

    def _copy(self, words: list[str]) -> None:
        """Files by name into a folder, or one folder's content into another."""
        *sources, target = words
        folder = self._at(self.folder) / target
        for source in sources:
            names = [
                name for name in sent() if name.as_posix() == source or Path(source) in name.parents
            ]
            assert names, f"COPY {source}: there is no such file in what Docker is given"
            for name in names:
                to = folder / (name.relative_to(source) if name.as_posix() != source else name.name)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, to)

    def _copy_made(self, words: list[str]) -> None:
        """From an earlier stage: what was made in this container is there already.

        What Node made is in the repository.
        """
        stage, source, target = words
        if stage == "--from=dashboard":
            for made in MADE:
                to = self._at(self.folder) / target / Path(made).relative_to(Path(source).name)
                copy = shutil.copytree if (REPOSITORY / made).is_dir() else shutil.copy
                copy(REPOSITORY / made, to)
        else:
            assert source == target
            assert self._at(source).is_dir()

    def _at(self, path: str) -> Path:
        return self.container.root / path.lstrip("/")


def _of_this_machine() -> dict[str, str]:
    """How packages are fetched here."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_")) or name.lower().endswith("_proxy")
    }
