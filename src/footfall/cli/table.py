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
    """Lines of cells of the same widths: dimensions to the left, then figures to the right, changes, a bar at last."""

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
        widths = self._fitting([max(cell_len(row[index].plain) for row in rows) for index in range(len(self._heads))])
        for row in rows:
            line = Text("  ").join(self._cell(cell, widths[index], index) for index, cell in enumerate(row))
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


def headline(site: str, answer: Answer) -> str:
    """What is shown of which site and when."""
    asked = answer["query"]
    told = f"{site}, {_span(asked['date_range'])}"
    if asked.get("filters"):
        told += ", filtered"
    return told + (f", compared with {_span(asked['comparison_date_range'])}" if "comparison_date_range" in asked else "")


def nothing(site: str, answer: Answer) -> str | None:
    """A sentence where nothing was counted."""
    asked = answer["query"]
    if any(value for row in answer["results"] for value in (*row["metrics"], *row.get("comparison", {}).get("metrics", ()))):
        return None
    if answer["results"] and asked["dimensions"]:
        return None
    beyond = asked["pagination"]["offset"] and answer["meta"].get("total_rows")
    if beyond:
        return f"There are only {beyond:,} rows; --offset {asked['pagination']['offset']} leaves out all of them."
    return f"Nothing was counted on site {site}, {_span(asked['date_range'])}{', that passes the filters' if asked.get('filters') else ''}."


def _span(two: Sequence[str]) -> str:
    return two[0] if two[0] == two[1] else f"{two[0]} to {two[1]}"


def figures(answer: Answer, course: Mapping[str, Sequence[Any]], console: Console | None) -> list[Text]:
    """A line a metric; `course` are its values over time."""
    row = answer["results"][0]
    before = row.get("comparison")
    table = Table(["metric", "figure", *(["before", "change"] if before else []), *([""] if console else [])], 1, console.width if console else None)
    for index, name in enumerate(answer["query"]["metrics"]):
        cells = [Text(name), Text(figure(name, row["metrics"][index]), "bold")]
        cells += _compared(name, before, index) if before else []
        table.add([*cells, *([Text(sparkline(course.get(name, ())), "cyan")] if console else [])])
    lines = list(table.lines())
    return lines if before or console else lines[1:]


def table(answer: Answer, console: Console | None) -> Iterator[Text]:
    """A line a row, with a bar for the first metric where there is a `console`."""
    asked = answer["query"]
    names, compared = asked["metrics"], "comparison_date_range" in asked
    rows = list(_rows(answer))
    heads = [*asked["dimensions"], *(head for name in names for head in ([name, "change"] if compared else [name]))]
    found = Table([visible(head) for head in heads] + ([""] if console else []), len(asked["dimensions"]), console.width if console else None)
    largest = max((size(row["metrics"][0]) for row in rows), default=0.0)
    for row in rows:
        cells = [Text(visible(value)) for value in row["dimensions"]]
        for index, name in enumerate(names):
            cells.append(Text(figure(name, row["metrics"][index])))
            cells += _compared(name, row.get("comparison"), index)[1:] if compared else []
        found.add([*cells, *([Text(bar(row["metrics"][0], largest, BAR), "cyan")] if console else [])])
    return found.lines()


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
    better = by and (by < 0) == (name in BETTER_LESS)
    return [Text(figure(name, before["metrics"][index])), Text(change(name, by), "green" if better else "red" if by else "")]
