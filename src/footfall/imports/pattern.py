"""Patterns such as nginx's `log_format` and Apache's `LogFormat`, as SQL.

A line is taken apart at its quotation marks, then each part by an expression of its own: RE2 is
five times as fast with at most five groups, and every quoted part needs none. Lines that do not
come apart so are tried once more by one expression for all of a line, which allows for spaces in
names of users and for quotation marks that were not escaped.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple

from footfall.imports import clock
from footfall.imports.escape import BACKSLASH, QUOTE
from footfall.imports.variables import PASSED, STRFTIME, meaning

TOKEN = re.compile(
    r"\$(?P<nginx>\w+)|\$\{(?P<braced>\w+)\}|(?P<percent>%%)"
    r"|%[<>!\d,]*(?P<apache>(?:\{[^}]*\})?(?:\^t[io]|[a-zA-Z]))"
)
SHIELDED = f"CASE WHEN contains(line, '\\') THEN replace(replace(line, '\\\\', '{BACKSLASH}'), '\\\"', '{QUOTE}') ELSE line END"
REQUEST = "CASE ' HTTP/' WHEN request[-9:-4] THEN request[:-10] WHEN request[-7:-2] THEN request[:-8] ELSE request END"
"""A request without its version: one expression for all of it takes four times as long."""

TIMES = ("epoch", "iso", "written", "clf")
UNESCAPED = '(?:[^"]|"[^" ]|" [A-Za-z(;])*?'
"""A quoted value with quotation marks of its own, none of which looks like the next value's."""

USERS = ("%u", "$remote_user")
LISTED = r'[^\s"]*?(?:[,:] [^\s"]+?)*?'
"""A value without spaces, or several of them, such as servers that were tried."""

TAIL = "(?:[ ,|].*)?"
NEEDED = (
    ("the address ($remote_addr or %h)", ("address", "forwarded")),
    ("the time ($time_local or %t)", TIMES),
    ("the request ($request or %r)", ("request", "target")),
)


class Variable(NamedTuple):
    """A place in a pattern that something is written to; `text` is as the pattern has it."""

    text: str
    means: str | None
    bracketed: bool = False
    strftime: str = ""
    known: bool = True


Token = str | Variable


class Stop(NamedTuple):
    """Where a line stops fitting: the column, and what the pattern has there, or None at its end."""

    column: int
    element: str | None


class Pattern:
    """A pattern, compiled. `more` allows for further fields at the end of a line."""

    def __init__(self, text: str, *, more: bool = False) -> None:
        self.tokens = list(_tokens(text))
        self.more = more
        self.means: dict[str, Variable] = {}
        for token in self.tokens:
            if isinstance(token, Variable) and token.means:
                self.means.setdefault(token.means, token)

    @property
    def missing(self) -> list[str]:
        """What a pattern must have and this one has not."""
        return [text for text, any_of in NEEDED if not any(name in self.means for name in any_of)]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Variables that are passed over, but for those that everybody has."""
        found = [each.text for each in self.tokens if isinstance(each, Variable) and not each.known]
        return tuple(dict.fromkeys(found))

    @cached_property
    def sql(self) -> str:
        """Selects `COLUMNS` of the lines that fit, at their quotation marks."""
        segments = _segments(self.tokens)
        found: dict[str, str] = {}
        parts, checks, sure = [], [_length(segments, self.more)], []
        for index, tokens in enumerate(segments):
            place = f"s[{index + 1}]"
            last = index == len(segments) - 1
            if _is_whole(tokens):
                self._note(tokens[0], place, found)
                continue
            means = self._new(tokens, found)
            tail = TAIL if last and self.more else ""
            if not means:
                checks += _check(place, tokens, tail, last=last)
                continue
            expression = f"(?s)^{''.join(_expressions(tokens, means))}{tail}$"
            names = ", ".join(map(quoted, means))
            parts.append(f", regexp_extract({place}, {quoted(expression)}, [{names}]) AS g{index}")
            found |= {name: f"g{index}['{name}']" for name in means}
            if certain := [name for name in means if name != "query"]:
                sure.append(f"g{index}['{certain[0]}'] <> ''")
        return f"""
WITH split AS (SELECT n, string_split({SHIELDED}, '"') AS s FROM lines),
taken AS (SELECT n, s{"".join(parts)} FROM split WHERE {" AND ".join(checks)})
{self._columns(found, " AND ".join(sure))}"""

    @cached_property
    def retry(self) -> str:
        """Selects `COLUMNS` of the lines that fit, by one expression for all of a line."""
        expression = _loose(self.tokens, self.means, self.more)
        names = ", ".join(map(quoted, self.means))
        found = {name: f"g['{name}']" for name in self.means}
        sure = next(name for name in self.means if name != "query")
        return f"""
WITH taken AS (SELECT n, regexp_extract(line, {quoted(expression)}, [{names}]) AS g FROM lines)
{self._columns(found, f"g['{sure}'] <> ''")}"""

    def stop(self, line: str) -> Stop | None:
        """Return where a line stops fitting, or None where it fits."""
        expressions = list(_strict(self.tokens))
        end = 0
        for count in range(1, len(expressions) + 1):
            match = re.match("".join(expressions[:count]), line, re.S)
            if match is None:
                return self._stop(count - 1, line[end:], end)
            end = match.end()
        if end < len(line) and not self.more:
            return Stop(end + 1, None)
        return None

    def _stop(self, place: int, rest: str, end: int) -> Stop:
        """Where a token does not fit what is left; a text is shown with the variable after it."""
        token, following = self.tokens[place], self.tokens[place + 1 : place + 2]
        if isinstance(token, Variable):
            return Stop(end + 1, token.text)
        same = takewhile(lambda pair: pair[0] == pair[1], zip(token, rest, strict=False))
        fitting = sum(1 for _ in same)
        after = "".join(each.text for each in following if isinstance(each, Variable))
        return Stop(end + 1 + fitting, token[fitting:] + after)

    def _new(self, tokens: Sequence[Token], found: dict[str, str]) -> list[str]:
        means = [each.means for each in tokens if isinstance(each, Variable) and each.means]
        return [name for name in dict.fromkeys(means) if name not in found]

    def _note(self, token: Token, place: str, found: dict[str, str]) -> None:
        if isinstance(token, Variable) and token.means:
            found.setdefault(token.means, place)

    def _columns(self, found: dict[str, str], sure: str) -> str:
        """Selects from `taken`, where the values are in the places of `found`."""
        values = ", ".join(f"{_filled(name, place)} AS {name}" for name, place in found.items())
        asked = ""
        if "request" in found:
            asked = f", {REQUEST} AS asked, split_part(asked, ' ', 1) AS verb"
        where = f" WHERE {sure}" if sure else ""
        return f"""
, told AS (SELECT n, {values}{asked} FROM taken{where})
SELECT n, {self._time(found)} AS time, {_address(found)} AS address, {_request(found)},
    {_text(found, "status")}, {_text(found, "referrer")}, {_text(found, "agent")}, {_text(found, "host")}
FROM told""".lstrip("\n")

    def _time(self, found: dict[str, str]) -> str:
        name = next(name for name in TIMES if name in found)
        if name == "written":
            return clock.written(name, self.means[name].strftime)
        return {"epoch": clock.EPOCH, "iso": clock.ISO, "clf": clock.CLF}[name].format(name)


def quoted(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _tokens(pattern: str) -> Iterator[Token]:
    place = 0
    text = pattern.replace('\\"', '"')
    for match in TOKEN.finditer(text):
        if match.start() > place:
            yield text[place : match.start()]
        place = match.end()
        yield "%" if match["percent"] else _variable(match)
    if place < len(text):
        yield text[place:]


def _variable(match: re.Match[str]) -> Variable:
    name = match["nginx"] or match["braced"] or match["apache"]
    means = meaning(name)
    strftime = STRFTIME.fullmatch(name)
    return Variable(
        text=match[0],
        means=means,
        bracketed=match["apache"] == "t",
        strftime=strftime["format"] if strftime else "",
        known=means is not None or PASSED.fullmatch(name) is not None,
    )


def _segments(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens between the pattern's quotation marks."""
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Variable):
            segments[-1].append(token)
            continue
        for number, text in enumerate(token.split('"')):
            if number:
                segments.append([])
            if text:
                segments[-1].append(text)
    return segments


def _is_whole(tokens: Sequence[Token]) -> bool:
    return len(tokens) == 1 and isinstance(tokens[0], Variable) and not tokens[0].bracketed


def _length(segments: Sequence[Sequence[Token]], more: bool) -> str:
    """A condition on the number of parts; the last quotation mark may have been cut off."""
    least = len(segments) - (not segments[-1])
    return f"len(s) >= {least}" if more else f"len(s) BETWEEN {least} AND {len(segments)}"


def _check(place: str, tokens: Sequence[Token], tail: str, *, last: bool) -> list[str]:
    """Conditions on a part of which nothing is wanted."""
    if not tokens:
        return [] if last and tail else [f"coalesce({place}, '') = ''"]
    if tail or any(isinstance(token, Variable) for token in tokens):
        expression = "".join(_expressions(tokens, ())) + tail
        return [f"regexp_full_match({place}, {quoted(expression)}, 's')"]
    return [f"{place} = {quoted(''.join(map(str, tokens)))}"]


def _expressions(tokens: Sequence[Token], wanted: Sequence[str]) -> Iterator[str]:
    """An expression for each token, with groups for what is wanted, each once."""
    left = dict.fromkeys(wanted)
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            yield re.escape(token)
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        inner = _inner(token, following)
        group = f"({inner})" if token.means in left else f"(?:{inner})"
        left.pop(token.means or "", None)
        yield rf"\[{group}\]" if token.bracketed else group


def _inner(token: Variable, following: Token | None) -> str:
    if token.bracketed:
        return r"[^\]]*"
    if token.means == "status":
        return r"\d+|-"
    if following is None:
        return r"[^ ,]*(?:, *[^ ,]+)*" if token.means == "forwarded" else ".*"
    if isinstance(following, Variable):
        return r"\S*"
    if token.means == "forwarded" and following[0] == " ":
        return "[^ ,]*(?:, *[^ ,]+)*"
    return f"[^{re.escape(following[0])}]*"


def _strict(tokens: Sequence[Token]) -> Iterator[str]:
    """An expression for each token, within a line as it is written."""
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            yield re.escape(token)
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if isinstance(following, str) and following[0] == '"':
            yield r'(?:[^"\\]|\\.)*'
            continue
        inner = r'[^ "]*' if following is None else _inner(token, following)
        group = f"(?:{inner})"
        yield rf"\[{group}\]" if token.bracketed else group


def _loose(tokens: Sequence[Token], means: Sequence[str] | dict[str, Variable], more: bool) -> str:
    """One expression for all of a line."""
    left, found = dict.fromkeys(means), []
    for index, token in enumerate(tokens):
        last = index == len(tokens) - 1
        if isinstance(token, str):
            closing = last and token.endswith('"')
            found.append(re.escape(token[:-1]) + '"?' if closing else re.escape(token))
            continue
        before = tokens[index - 1] if index else ""
        inner = _loosely(token, before)
        group = f"({inner})" if token.means in left else f"(?:{inner})"
        left.pop(token.means or "", None)
        found.append(rf"\[{group}\]" if token.bracketed else group)
    return f"(?s)^{''.join(found)}{TAIL if more else ''}$"


def _loosely(token: Variable, before: Token) -> str:
    if token.bracketed:
        return r"[^\]]*"
    if token.means == "status":
        return r"\d+|-"
    if isinstance(before, str) and before.endswith('"'):
        return UNESCAPED
    if token.text in USERS:
        return r'-|[^-"\s][^"]*?'
    if token.means and token.means != "forwarded":
        return r'[^\s"]*?'
    return LISTED


def _filled(name: str, place: str) -> str:
    """A value, null where a line has none; a user agent that is empty is told from one not logged."""
    if name == "agent":
        return f"CASE WHEN {place} = '-' THEN '' ELSE {place} END"
    return f"nullif(nullif({place}, ''), '-')"


def _address(found: dict[str, str]) -> str:
    """The peer's, or a list that ends with it where a forwarded one is logged too."""
    if "forwarded" not in found:
        return "address"
    return "concat_ws(', ', forwarded, address)" if "address" in found else "forwarded"


def _request(found: dict[str, str]) -> str:
    if "request" in found:
        return (
            "CASE WHEN regexp_full_match(verb, '[A-Za-z_-]+') THEN verb END AS method, CASE WHEN method IS NOT NULL THEN nullif(trim(asked[length(verb) + 2:]), '') END AS target"
        )
    query = ""
    if "query" in found:
        mark = "CASE WHEN query LIKE '?%' THEN '' ELSE '?' END"
        query = f" || CASE WHEN query IS NULL THEN '' ELSE {mark} || query END"
    method = "method" if "method" in found else "'GET'"
    return f"{method} AS method, target{query} AS target"


def _text(found: dict[str, str], name: str) -> str:
    if name in found:
        return name
    return f"{quoted('200') if name == 'status' else 'NULL'} AS {name}"
