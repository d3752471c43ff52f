import pytest

from footfall.domain.host import covers

NAMES = ("shop.example", "*.shop.example", "www.only.example", "[::1]")
COVERED = {
    "shop.example": True,
    "www.shop.example": True,
    "blog.shop.example": True,
    "a.b.shop.example": True,
    "www.only.example": True,
    "only.example": False,
    "[::1]": True,
    "xshop.example": False,
    "shop.example.evil.example": False,
    "example": False,
    "": False,
}


@pytest.mark.parametrize(("host", "covered"), COVERED.items(), ids=COVERED)
def test_covered(host: str, covered: bool) -> None:
    assert covers(NAMES, host) is covered


def test_all_below_a_host_are_not_the_host() -> None:
    assert not covers(("*.shop.example",), "shop.example")
    assert covers(("*.shop.example",), "www.shop.example")
