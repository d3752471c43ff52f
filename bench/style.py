"""How readily the code reads, as figures: `python -m bench style`.

Limits are those of the house: lines of 100 columns, functions of 60 lines, files of 350.
"""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

COLUMNS = 100
RUN_LINES = 6
LONG_LINES = 30
TOO_LONG_LINES = 60
FILE_LINES = 350
NESTED = 4
LAYOUT_TOKENS = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
PRIVATE_WORDS = {
    "Asked",
    "Busy",
    "Denied",
    "Door",
    "Look",
    "Outrun",
    "Patience",
    "Patient",
    "Partial",
    "Place",
    "Question",
    "Refused",
    "Shelf",
    "Shortcut",
    "Sighting",
    "Stretch",
    "Sums",
    "Taken",
    "Tally",
    "Turns",
    "Unknown",
    "Upkeep",
    "Wanted",
    "Window",
    "Wrong",
    "borrow",
    "displaced",
    "lay",
    "near",
    "thaw",
    "velocity",
}
"""Names that the field calls otherwise; each has a better one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of Python."""

    path: Path
    lines: list[str]
    tree: ast.Module

    @property
    def code(self) -> list[str]:
        """Lines that are neither empty nor a comment."""
        stripped = (line.strip() for line in self.lines)
        return [line for line in stripped if line and not line.startswith("#")]


def measure() -> list[str]:
    """Print a table of figures, a column each for what ships and for what tests it."""
    shipped = list(_sources(["src"]))
    rest = list(_sources(["tests", "bench", "release"]))
    columns = [_figures(shipped), _figures(rest)]
    lines = [f"{'':44}{'src':>10}{'the rest':>10}"]
    for name in columns[0]:
        values = "".join(f"{column[name]:>10}" for column in columns)
        lines.append(f"{name:44}{values}")
    print(*lines, sep="\n")
    return lines


def _sources(roots: Iterable[str]) -> Iterator[Source]:
    for root in roots:
        for path in sorted(Path(root).rglob("*.py")):
            hidden = any(part.startswith(".") or part == "node_modules" for part in path.parts)
            if not hidden:
                text = path.read_text()
                yield Source(path, text.splitlines(), ast.parse(text))


def _figures(sources: list[Source]) -> dict[str, str]:
    code = sum(len(source.code) for source in sources)
    lengths = [length for source in sources for length in _function_lengths(source)]
    wide = sum(len(line) > COLUMNS for source in sources for line in source.lines)
    tokens = sum(_tokens(source) for source in sources)
    return {
        "lines of code": f"{code:,}",
        f"lines over {COLUMNS} columns": f"{wide:,}",
        "tokens a line": f"{tokens / code:.1f}",
        "functions": f"{len(lengths):,}",
        f"functions over {LONG_LINES} lines": _over(lengths, LONG_LINES),
        f"functions over {TOO_LONG_LINES} lines": _over(lengths, TOO_LONG_LINES),
        f"files over {FILE_LINES} lines": _over([len(each.lines) for each in sources], FILE_LINES),
        f"blocks nested {NESTED} deep and more": _count(sources, _deep_blocks),
        "comprehensions in comprehensions": _count(sources, _nested_comprehensions),
        "conditional expressions in arguments": _count(sources, _conditional_arguments),
        "lines kept from the formatter": _count(sources, _unformatted),
        "private words": _count(sources, _private_words),
        f"runs of {RUN_LINES} lines written twice": f"{_repeated(sources):,}",
    }


def _over(lengths: list[int], limit: int) -> str:
    return f"{sum(length > limit for length in lengths):,}"


def _count(sources: list[Source], figure: Callable[[Source], int]) -> str:
    return f"{sum(figure(source) for source in sources):,}"


def _function_lengths(source: Source) -> list[int]:
    functions = (node for node in ast.walk(source.tree) if isinstance(node, FUNCTIONS))
    return [(node.end_lineno or node.lineno) - node.lineno + 1 for node in functions]


def _tokens(source: Source) -> int:
    text = io.StringIO("\n".join(source.lines) + "\n")
    tokens = tokenize.generate_tokens(text.readline)
    return sum(token.type not in LAYOUT_TOKENS for token in tokens)


def _deep_blocks(source: Source) -> int:
    return _deeper(source.tree, 0)


def _deeper(node: ast.AST, depth: int) -> int:
    """Return how many blocks within a node begin at the limit of depth."""
    deep = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            deep += _deeper(child, 0)
        elif isinstance(child, BLOCKS):
            deep += (depth + 1 == NESTED) + _deeper(child, depth + 1)
        else:
            deep += _deeper(child, depth)
    return deep


def _nested_comprehensions(source: Source) -> int:
    outer = (node for node in ast.walk(source.tree) if isinstance(node, COMPREHENSIONS))
    return sum(any(_inner_comprehensions(node)) for node in outer)


def _inner_comprehensions(node: ast.AST) -> Iterator[bool]:
    inner = ast.walk(node)
    next(inner)
    return (isinstance(each, COMPREHENSIONS) for each in inner)


def _conditional_arguments(source: Source) -> int:
    calls = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
    given = (value for call in calls for value in _arguments(call))
    return sum(isinstance(value, ast.IfExp) for value in given)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _unformatted(source: Source) -> int:
    return sum("# fmt: skip" in line or "# fmt: off" in line for line in source.lines)


def _private_words(source: Source) -> int:
    """Return how many classes and functions have a name of our own for a thing of the field."""
    kinds = (*FUNCTIONS, ast.ClassDef)
    names = (node.name for node in ast.walk(source.tree) if isinstance(node, kinds))
    return sum(name.lstrip("_") in PRIVATE_WORDS for name in names)


def _repeated(sources: list[Source]) -> int:
    """Return how many runs of lines stand in more than one place; longer runs count once."""
    places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for number, source in enumerate(sources):
        code = source.code
        for start in range(len(code) - RUN_LINES + 1):
            run = tuple(code[start : start + RUN_LINES])
            places.setdefault(run, []).append((number, start))
    again = Counter(place for found in places.values() for place in found[1:])
    begun = sorted(again)
    follows = sum(_follows(one, other) for one, other in pairwise(begun))
    return len(begun) - follows


def _follows(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] == other[0] and other[1] == one[1] + 1
