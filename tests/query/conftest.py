from collections.abc import Iterator

import pytest

from tests.query.asking import Told, told


@pytest.fixture(scope="session")
def everyone() -> Iterator[Told]:
    found = told()
    yield found
    found.facts.close()
