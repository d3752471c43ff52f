"""Targets with very many parameters: refused before they cost anything, and others do not wait."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice, product
from string import ascii_letters, digits

import pytest

from tests.gateway.others import AT_MOST, cost
from tests.gateway.test_hostile_clients import AGENT, CLOSE, HOST, connect, exchange, statuses
from tests.server import Server

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unharmed")]

MANY = 10_000
"""As many as the parser of HTTP takes in a target, which has 64 KB."""

ABANDONED = [1, pytest.param(10, marks=pytest.mark.torture)]
LETTERS = ascii_letters + digits


def get(target: bytes, *headers: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + AGENT + CLOSE + b"".join(headers) + b"\r\n"


def named(count: int, path: bytes = b"/api/sites") -> bytes:
    names = islice(product(LETTERS, repeat=3), count)
    return path + b"?" + b"&".join(f"{''.join(name)}=1".encode() for name in names)


TARGETS: list[tuple[str, bytes, int]] = [
    ("as many parameters as may be", named(50), 200),
    ("one more", named(51), 400),
    ("separators alone", b"/api/sites?" + b"&" * 50, 400),
    ("of the original's call", named(51, b"/v1/ranking"), 400),
    ("of a call that is none", named(51, b"/api/nowhere"), 400),
    ("as long as may be", b"/api/sites?a=" + b"b" * (8_192 - 13), 200),
    ("a byte longer", b"/api/sites?a=" + b"b" * (8_192 - 12), 414),
    ("a path that is too long", b"/api/" + b"a" * 8_192, 414),
    ("many and long", named(MANY), 414),
]


@pytest.mark.parametrize(("target", "status"), [pytest.param(*case[1:], id=case[0]) for case in TARGETS])
def test_a_target_that_is_too_much_is_refused_with_a_sentence(server: Server, target: bytes, status: int) -> None:
    reply = exchange(server, get(target))
    assert statuses(reply) == [status]
    assert status == 200 or b'{"error":"the URL may have ' in reply


@pytest.mark.parametrize("count", ABANDONED)
def test_questions_with_very_many_parameters_keep_nobody_waiting(server: Server, count: int) -> None:
    @contextmanager
    def attack() -> Iterator[None]:
        with ExitStack() as abandoned:
            for _ in range(count):
                connection = abandoned.enter_context(closing(connect(server)))
                connection.sendall(get(named(MANY)))
            yield

    assert cost(server, attack).times < AT_MOST
