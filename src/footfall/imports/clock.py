"""Times as logs write them, as SQL: microseconds since 1970."""

_ISO = (
    r"^(\d{{4}}).(\d\d).(\d\d[ T]\d\d:\d\d(?::\d\d(?:[.,]\d{{1,6}})?)?)\d*"
    r" ?(?:UTC|GMT|(Z|[+-]\d\d):?(\d\d)?(?: [A-Z]+)?)?$"
)
_PLAIN = "replace({0}, ',', '.')"
_TIDY = f"regexp_replace({_PLAIN}, '{_ISO}', '\\1-\\2-\\3\\4\\5')"

CLF = "epoch_us(coalesce(try_strptime({0}, '%d/%b/%Y:%H:%M:%S %z'), try_strptime({0}, '%d/%b/%Y:%H:%M:%S.%g')::TIMESTAMPTZ, try_strptime({0}, '%d/%b/%Y:%H:%M:%S')::TIMESTAMPTZ))"
"""Without a zone it is UTC."""

ISO = f"epoch_us(coalesce(try_cast({_PLAIN} AS TIMESTAMPTZ), try_cast({_TIDY} AS TIMESTAMPTZ)))"
EPOCH = (
    "CASE WHEN try_cast({0} AS DOUBLE) IS NULL OR abs(try_cast({0} AS DOUBLE)) > 1e19 THEN NULL"
    " WHEN try_cast({0} AS DOUBLE) < 1e11 THEN CAST(try_cast({0} AS DOUBLE) * 1e6 AS BIGINT)"
    " WHEN try_cast({0} AS DOUBLE) < 1e14 THEN CAST(try_cast({0} AS DOUBLE) * 1e3 AS BIGINT)"
    " WHEN try_cast({0} AS DOUBLE) < 1e17 THEN CAST(try_cast({0} AS DOUBLE) AS BIGINT)"
    " ELSE CAST(try_cast({0} AS DOUBLE) / 1e3 AS BIGINT) END"
)
"""Seconds, or a thousandth, a millionth, or a thousand-millionth of them, by how many there are."""

ANY = f"coalesce({EPOCH}, {ISO}, {CLF})"


def written(expression: str, strftime: str) -> str:
    """Return the SQL of a time that was written by a format of strftime."""
    quoted = strftime.replace("'", "''")
    return f"epoch_us(try_strptime({expression}, '{quoted}')::TIMESTAMPTZ)"
