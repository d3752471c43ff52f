"""Which lists of changes allow a release."""

from datetime import date

import pytest

from release import Refused
from release.changelog import released_on

OLDER = "# Changes\n\n{}\n\nNew.\n\n## 0.1.0 (2026-01-31)\n\nOld.\n"
REFUSED = [
    pytest.param("# Changes\n", "must be of 0.2.0", id="no entry"),
    pytest.param(OLDER.format(""), "must be of 0.2.0", id="only an older one"),
    pytest.param(OLDER.format("## 0.2.1 (2026-02-01)"), "must be of 0.2.0", id="only a newer one"),
    pytest.param(OLDER.format("## 0.2.0"), "gives no date", id="no date"),
    pytest.param(
        OLDER.format("## 0.2.0 (not released yet)"), "but 'not released yet'", id="not released"
    ),
    pytest.param(OLDER.format("## 0.2.0 (2026-02-30)"), "but '2026-02-30'", id="no such day"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_a_version_without_a_dated_entry_is_refused(text, said):
    with pytest.raises(Refused, match=said):
        released_on(text, "0.2.0")


def test_the_newest_entry_tells_the_day():
    assert released_on(OLDER.format("## 0.2.0 (2026-02-28)"), "0.2.0") == date(2026, 2, 28)
