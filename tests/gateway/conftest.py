"""A real server that hostile tests may do anything to, and that must come out of it unharmed."""

from collections.abc import Iterator

import pytest

from tests.server import Server, footfall


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("hostile")
    footfall("site", "add", "example.com", "--id", "site", "--public", "--timezone", "Asia/Kathmandu", data=data)
    found = Server(data)
    yield found
    assert found.stop() == 0


@pytest.fixture
def unharmed(server) -> Iterator[None]:
    """The same processes live before and after, have logged no accident, and still take hits."""
    before, logged = [server.pids(command) for command in ("gateway", "engine")], len(server.log)
    yield
    assert [server.pids(command) for command in ("gateway", "engine")] == before
    assert "Traceback" not in server.log[logged:]
    assert server.client.post("/v1/track", json={"url": "https://example.com/still-here"}).status_code == 202
