"""Texts that a spreadsheet must not take for a formula: what others sent is in them."""

LEADING = "=+-@\t\r"


def harmless(text: str) -> str:
    """The text, with an apostrophe before it where it begins like a formula."""
    return f"'{text}" if text[:1] in LEADING and text else text


def harmless_sql(expression: str) -> str:
    """The same of an expression of text in SQL."""
    listed = ", ".join(f"chr({ord(each)})" for each in LEADING)
    return (
        f"CASE WHEN left({expression}, 1) IN ({listed})"
        f" THEN '''' || {expression} ELSE {expression} END"
    )
