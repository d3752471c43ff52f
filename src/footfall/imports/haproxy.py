"""HAProxy's HTTP log, as SQL; headers that it captured have no names, so they are told by their looks."""

from footfall.imports.clock import CLF
from footfall.imports.pattern import REQUEST, quoted

_LINE = (
    r"(?s)^(?:.*?haproxy\[\d+\]: )?(\S+):\d+ \[([^\]]*)\] \S+ \S+ [-\d+/]+ (-?\d+) \+?\d+ \S+ \S+ "
    r"\S+ [\d+/]+ [\d+/]+ ((?:\{[^}]*\} )*)\"([^\"]*)\"?.*$"
)
_NAMES = "['address', 'clf', 'status', 'captured', 'request']"
SQL = f"""
WITH taken AS (SELECT n, regexp_extract(line, {quoted(_LINE)}, {_NAMES}) AS g FROM lines),
told AS (SELECT n, g['address'] AS address, g['clf'] AS clf, g['status'] AS status,
    g['captured'] AS captured, g['request'] AS request, {REQUEST} AS asked,
    split_part(asked, ' ', 1) AS verb FROM taken WHERE g['address'] <> '')
SELECT n, {CLF.format("clf")} AS time, address,
    CASE WHEN regexp_full_match(verb, '[A-Za-z_-]+') THEN verb END AS method,
    CASE WHEN method IS NOT NULL THEN nullif(trim(asked[length(verb) + 2:]), '') END AS target,
    status, nullif(regexp_extract(captured, '[{{|](https?://[^|}}]*)[|}}]', 1), '') AS referrer,
    nullif(regexp_extract(captured, '[{{|]([A-Za-z][\\w.-]*/[\\d][^|}}]*)[|}}]', 1), '') AS agent,
    nullif(regexp_extract(captured, '[{{|]([\\w-]+(?:\\.[\\w-]+)+(?::\\d+)?)[|}}]', 1), '') AS host
FROM told
"""
