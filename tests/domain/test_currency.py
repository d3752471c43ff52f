import pytest

from footfall.domain.currency import DECIMALS, decimals

EACH = {"EUR": 2, "USD": 2, "JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "TND": 3, "CLF": 4, "ABC": 2}


@pytest.mark.parametrize(("currency", "number"), EACH.items(), ids=EACH)
def test_decimals(currency: str, number: int) -> None:
    assert decimals(currency) == number


def test_currencies_are_codes_and_money() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in DECIMALS)
    assert not {"XXX", "XTS", "XAU", "XAG", "XDR"} & {*DECIMALS}
    assert len(DECIMALS) >= 170
