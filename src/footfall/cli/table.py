"""A report for a person: figures or a table, with bars and colours on a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from footfall.cli.figures import NOTHING, bar, change, figure, size, sparkline, visible
from footfall.exports.report import WHOLE, times

Answer = Mapping[str, Any]
Row = Mapping[str, Any]
BAR = 16
LEAST = 12
"""Cells that a dimension has at least, however narrow the terminal."""

BETTER_LESS = ("bounce_rate", "exit_rate")


class Table:
    """Lines of cells of the same widths: dimensions to the left, all others to the right.

    A column without a head, such as a bar's, is to the left as well.
    """

    def __init__(self, heads: Sequence[str], left: int, width: int | None) -> None:
        self._heads = [*heads]
        self._left = left
        self._width = width
        self._rows: list[list[Text]] = []

    def add(self, cells: Sequence[Text]) -> None:
        """A line."""
        self._rows.append([*cells])

    def lines(self) -> Iterator[Text]:
        """The heads, then what was added."""
        rows = [[Text(head, "bold") for head in self._heads], *self._rows]
        widths = self._fitting([_width(column) for column in zip(*rows, strict=True)])
        for row in rows:
            cells = [self._cell(cell, widths[index], index) for index, cell in enumerate(row)]
            line = Text("  ").join(cells)
            line.rstrip()
            yield line

    def _cell(self, cell: Text, width: int, index: int) -> Text:
        length = cell_len(cell.plain)
        if length > width:
            return Text(set_cell_size(cell.plain, width - 1).rstrip() + "…", cell.style)
        space = Text(" " * (width - length))
        return cell + space if index < self._left or not self._heads[index] else space + cell

    def _fitting(self, widths: list[int]) -> list[int]:
        """The widest dimension gives way until all fits, if it can."""
        while self._width and sum(widths) + 2 * (len(widths) - 1) > self._width:
            widest = max(range(self._left), key=widths.__getitem__, default=None)
            if widest is None or widths[widest] <= LEAST:
                break
            widths[widest] -= 1
        return widths


def _width(column: Sequence[Text]) -> int:
    return max(cell_len(cell.plain) for cell in column)


def headline(site: str, answer: Answer) -> str:
    """What is shown of which site and when."""
    asked = answer["query"]
    told = f"{site}, {_span(asked['date_range'])}"
    if asked.get("filters"):
        told += ", filtered"
    if "comparison_date_range" in asked:
        told += f", compared with {_span(asked['comparison_date_range'])}"
    return told


def nothing(site: str, answer: Answer) -> str | None:
    """A sentence where nothing was counted."""
    asked = answer["query"]
    if any(map(_has_value, answer["results"])):
        return None
    if answer["results"] and asked["dimensions"]:
        return None
    offset = asked["pagination"]["offset"]
    beyond = offset and answer["meta"].get("total_rows")
    if beyond:
        return f"There are only {beyond:,} rows; --offset {offset} leaves out all of them."
    passing = ", that passes the filters" if asked.get("filters") else ""
    return f"Nothing was counted on site {site}, {_span(asked['date_range'])}{passing}."


def _has_value(row: Row) -> bool:
    before = row.get("comparison") or {}
    return any(row["metrics"]) or any(before.get("metrics", ()))


def _span(two: Sequence[str]) -> str:
    return two[0] if two[0] == two[1] else f"{two[0]} to {two[1]}"


def figures(
    answer: Answer, course: Mapping[str, Sequence[Any]], console: Console | None
) -> list[Text]:
    """Return a line a metric; `course` are its values over time."""
    row = answer["results"][0]
    before = row.get("comparison")
    heads = ["metric", "figure"]
    if before:
        heads += ["before", "change"]
    table = _table(heads, 1, console)
    for index, name in enumerate(answer["query"]["metrics"]):
        cells = [Text(name), Text(figure(name, row["metrics"][index]), "bold")]
        if before:
            cells += _compared(name, before, index)
        if console:
            cells.append(Text(sparkline(course.get(name, ())), "cyan"))
        table.add(cells)
    lines = list(table.lines())
    return lines if before or console else lines[1:]


def table(answer: Answer, console: Console | None) -> Iterator[Text]:
    """Return a line a row, with a bar for the first metric where there is a `console`."""
    asked = answer["query"]
    compared = "comparison_date_range" in asked
    heads = [*asked["dimensions"]]
    for name in asked["metrics"]:
        heads.append(name)
        if compared:
            heads.append("change")
    found = _table(list(map(visible, heads)), len(asked["dimensions"]), console)
    rows = list(_rows(answer))
    largest = max((size(row["metrics"][0]) for row in rows), default=0.0)
    for row in rows:
        cells = [Text(visible(value)) for value in row["dimensions"]]
        for index, name in enumerate(asked["metrics"]):
            cells.append(Text(figure(name, row["metrics"][index])))
            if compared:
                cells.append(_compared(name, row.get("comparison"), index)[1])
        if console:
            cells.append(Text(bar(row["metrics"][0], largest, BAR), "cyan"))
        found.add(cells)
    return found.lines()


def _table(heads: list[str], left: int, console: Console | None) -> Table:
    """Return a table; on a console it has one column more, without a head."""
    if console is None:
        return Table(heads, left, None)
    return Table([*heads, ""], left, console.width)


def _rows(answer: Answer) -> Iterator[Row]:
    """The rows; where all buckets of time are told, also those in which nothing happened."""
    labels = answer["meta"].get("time_labels")
    if labels is None or list(answer["query"]["dimensions"]) != times(answer):
        yield from answer["results"]
        return
    found = {row["dimensions"][0]: row for row in answer["results"]}
    empty = [0 if name in WHOLE else None for name in answer["query"]["metrics"]]
    for label in labels:
        yield found.get(label, {"dimensions": [label], "metrics": empty})


def _compared(name: str, before: Mapping[str, Any] | None, index: int) -> list[Text]:
    """What it was, and how it changed."""
    if before is None:
        return [Text(NOTHING), Text(NOTHING)]
    by = before["change"][index]
    changed = Text(change(name, by), _colour(name, by))
    return [Text(figure(name, before["metrics"][index])), changed]


def _colour(name: str, by: float | None) -> str:
    """Return green for what became better, red for what became worse."""
    if not by:
        return ""
    better = (by < 0) == (name in BETTER_LESS)
    return "green" if better else "red"
