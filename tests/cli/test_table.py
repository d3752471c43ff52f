"""Reports as people see them."""

import io
from typing import Any

from rich.cells import cell_len
from rich.console import Console

from footfall.cli.table import figures, headline, nothing, table


def answer(
    results: list[dict[str, Any]],
    metrics: list[str],
    dimensions: list[str],
    labels: list[str] | None = None,
    total: int | None = None,
    **query: Any,
) -> dict[str, Any]:
    echo = {
        "metrics": metrics,
        "dimensions": dimensions,
        "date_range": ["2026-06-01", "2026-06-30"],
        "filters": [],
        "pagination": {"limit": 20, "offset": 0},
    }
    meta = {"total_rows": len(results) if total is None else total} | (
        {"time_labels": labels} if labels else {}
    )
    return {"results": results, "meta": meta, "query": echo | query}


def row(
    dimensions: list[str], metrics: list[Any], comparison: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"dimensions": dimensions, "metrics": metrics} | (
        {"comparison": comparison} if comparison else {}
    )


def plain(found: dict[str, Any], console: Console | None = None) -> list[str]:
    return [line.plain for line in table(found, console)]


PAGES = answer(
    [row(["/"], [1234, 50.0]), row(["/a/long/way\x1b[2J"], [7, None])],
    ["visitors", "bounce_rate"],
    ["event:page"],
)
COMPARED: dict[str, Any] = {"comparison_date_range": ["2026-05-02", "2026-05-31"]}


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=True)


def test_a_table_is_aligned() -> None:
    assert plain(PAGES) == [
        "event:page          visitors  bounce_rate",
        "/                      1,234       50.0 %",
        "/a/long/way\\x1b[2J         7            –",
    ]


def test_a_terminal_has_bars() -> None:
    assert [line.split("  ")[-1].strip() for line in plain(PAGES, terminal(80))[1:]] == [
        "█" * 16,
        "▏",
    ]


def test_a_narrow_terminal_cuts_names_and_no_figures() -> None:
    wide = answer(
        [row(["/日本" * 40], [12]), row(["/" + "x" * 200], [3])], ["visitors"], ["event:page"]
    )
    for width in (50, 60, 79):
        lines = plain(wide, terminal(width))
        assert max(map(cell_len, lines)) <= width
        assert all("…" in line for line in lines[1:]) and "12" in lines[1]
    assert "…" not in "".join(plain(wide))


def test_what_changed_is_beside_each_figure() -> None:
    before = {"dimensions": ["/"], "metrics": [1000, 55.0], "change": [23, -5.0]}
    found = answer(
        [
            row(["/"], [1234, 50.0], before),
            row(
                ["/new"],
                [2, 1.0],
                {"dimensions": ["/new"], "metrics": [0, None], "change": [100, None]},
            ),
        ],
        ["visitors", "bounce_rate"],
        ["event:page"],
        **COMPARED,
    )
    assert plain(found) == [
        "event:page  visitors  change  bounce_rate   change",
        "/              1,234   +23 %       50.0 %  -5.0 pt",
        "/new               2  +100 %        1.0 %        –",
    ]
    colours = {str(cell.style) for line in table(found, None) for cell in line.spans}
    assert {"green"} <= colours and "red" not in colours


def test_all_buckets_of_time_have_a_line() -> None:
    found = answer(
        [row(["2026-06-02"], [3, 1.5])],
        ["visitors", "views_per_visit"],
        ["time:day"],
        ["2026-06-01", "2026-06-02"],
    )
    assert plain(found) == [
        "time:day    visitors  views_per_visit",
        "2026-06-01         0                –",
        "2026-06-02         3             1.50",
    ]


def test_figures_have_a_line_each() -> None:
    found = answer([row([], [1234, 50.0])], ["visitors", "bounce_rate"], [])
    assert [line.plain for line in figures(found, {}, None)] == [
        "visitors      1,234",
        "bounce_rate  50.0 %",
    ]
    shown = [line.plain for line in figures(found, {"visitors": [1, 8]}, terminal(80))]
    assert shown == ["metric       figure", "visitors      1,234  ▂█", "bounce_rate  50.0 %"]
    before = {"dimensions": [], "metrics": [0, None], "change": [100, None]}
    compared = answer([row([], [1234, 50.0], before)], ["visitors", "bounce_rate"], [], **COMPARED)
    assert [line.plain for line in figures(compared, {}, None)] == [
        "metric       figure  before  change",
        "visitors      1,234       0  +100 %",
        "bounce_rate  50.0 %       –       –",
    ]


def test_the_head_says_what_is_shown() -> None:
    assert headline("site", PAGES) == "site, 2026-06-01 to 2026-06-30"
    assert headline(
        "site",
        answer(
            [],
            ["visits"],
            [],
            filters=[["is"]],
            date_range=["2026-06-01", "2026-06-01"],
            **COMPARED,
        ),
    ) == ("site, 2026-06-01, filtered, compared with 2026-05-02 to 2026-05-31")


def test_nothing_is_said_in_a_sentence() -> None:
    assert nothing("site", PAGES) is None
    assert (
        nothing("site", answer([], ["visits"], ["event:page"]))
        == "Nothing was counted on site site, 2026-06-01 to 2026-06-30."
    )
    assert nothing(
        "site", answer([row([], [0, None])], ["visits", "bounce_rate"], [], filters=[["is"]])
    ) == ("Nothing was counted on site site, 2026-06-01 to 2026-06-30, that passes the filters.")
    assert nothing(
        "site",
        answer([], ["visits"], ["event:page"], total=31, pagination={"limit": 20, "offset": 40}),
    ) == ("There are only 31 rows; --offset 40 leaves out all of them.")
    assert (
        nothing(
            "site",
            answer(
                [row([], [0], {"dimensions": [], "metrics": [5], "change": [-100]})],
                ["visits"],
                [],
                **COMPARED,
            ),
        )
        is None
    )
