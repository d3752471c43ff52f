"""One image for all tests of this folder: it takes a while to build."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.container import Container
from tests.install.image import Image
from tests.install.recipe import DOCKERFILE, stages


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The Dockerfile's image, built by its own steps but those that take Node, and not run yet."""
    _, wheel, final = stages(DOCKERFILE.read_text())
    container = Container()
    Image(container, wheel)
    yield Image(container, final)
    container.end()


@pytest.fixture(scope="session")
def wheel(image: Image) -> Path:
    """The wheel that the image was made with."""
    (found,) = (image.container.root / "opt" / "wheel").glob("*.whl")
    return found
