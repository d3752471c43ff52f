"""A URL's fragment where it tells pages apart: its path, and its query."""

import re

DIRECTIVE = ":~:"
"""Begins what is meant for the browser alone, such as the text to scroll to."""

PAIRS = re.compile(r"[\w.~%-]+=")
SECRET = re.compile(
    r"(?:\w*token|code|state|session\w*|\w*secret|password|auth|jwt|ticket|error)=",
    re.I,
)
"""Sign-in answers with these, at times behind a slash."""

QUERY = re.compile(
    rf"\?|%3f|#|%23|(?:&|%26)(?=[\w.~-]+(?:=|%3d))|;(?={SECRET.pattern})",
    re.I,
)
"""What ends the path: a query, a section within the page, or parameters without a `?`."""


def fragment(text: str) -> tuple[str, str]:
    """Return the part of a fragment that names a page, with its `#`, and the query within it.

    Parameters alone, as sign-in leaves them, name no page.
    """
    bare = text.partition(DIRECTIVE)[0].removeprefix("#")
    end = QUERY.search(bare)
    path, query = (bare[: end.start()], bare[end.end() :]) if end else (bare, "")
    name = path.lstrip("!/")
    if SECRET.match(name) or (name == path and PAIRS.match(name)):
        path, query = path[: len(path) - len(name)], f"{name}&{query}"
    query = query.partition("#")[0]
    if path in ("", "!"):
        return "", query
    return f"#{path}", query
