"""SQL that makes events of the relation `parsed`, which a format makes of lines."""

from footfall.domain.event import DAY_US
from footfall.domain.identity import MIDNIGHT_US
from footfall.domain.site import QUARTER_US
from footfall.gateway.tags import TAGS
from footfall.imports.bundle import FILE_LINES
from footfall.imports.reason import LineReason
from footfall.store.facts import STAGED

SECOND_US = 1_000_000
UNTOLD = "\0"
"""The user agent of lines whose format has none; of one that is empty it is an empty text."""

ESCAPING = ("target", "referrer", "agent")
"""Columns that may hold escapes."""

BLANK = "line = '' OR line = chr(13)"
COMMENT = " OR starts_with(line, '#')"
LINES = """
CREATE OR REPLACE TEMP TABLE lines AS
SELECT n, rtrim({stripped}, chr(13)) AS line FROM arrived
WHERE n >= $first AND n < $end AND NOT ({blank})
"""
PARSED = """
CREATE OR REPLACE TEMP TABLE parsed (n BIGINT, time BIGINT, address VARCHAR, method VARCHAR,
    target VARCHAR, status VARCHAR, referrer VARCHAR, agent VARCHAR, host VARCHAR)
"""
PARSE = "INSERT INTO parsed {sql}"
UNPARSED = """
SELECT (SELECT count(*) FROM lines) - (SELECT count(*) FROM parsed WHERE n >= $first)
"""
ONLY_LEFT = "CREATE OR REPLACE TEMP TABLE lines AS SELECT * FROM lines ANTI JOIN parsed USING (n)"
NO_FORMAT = "INSERT INTO parsed (n) SELECT n FROM lines ANTI JOIN parsed USING (n)"
FITTING = """
SELECT count(*) FROM ({sql}) WHERE address IS NOT NULL AND time IS NOT NULL
"""
EMPTY = "SELECT n FROM arrived WHERE {blank} ORDER BY n"
SPELLED = "SELECT DISTINCT {column} FROM parsed WHERE regexp_matches({column}, $escaped)"
RESPELL = "UPDATE parsed SET {column} = spelled.meant FROM spelled WHERE {column} = spelled.was"

VIEW = f"""
    WHEN method <> 'GET' THEN '{LineReason.METHOD}'
    WHEN status LIKE '2__' OR status = '304' THEN NULL
    WHEN status LIKE '3__' THEN '{LineReason.REDIRECT}' ELSE '{LineReason.STATUS}'
"""
JUDGED = f"""
CREATE OR REPLACE TEMP TABLE judged AS
SELECT p.n, p.time + p.n % 1000000 * (p.time % 1000000 = 0)::INT AS time, a.* EXCLUDE (raw, host),
    p.target, lower(coalesce(p.host, a.host, '')) AS host, coalesce(p.referrer, '') AS referrer,
    coalesce(p.agent, chr(0)) AS agent,
    CASE
    WHEN p.address IS NULL AND p.time IS NULL THEN '{LineReason.NOT_OF_THE_FORMAT}'
    WHEN a.address IS NULL THEN '{LineReason.NO_ADDRESS}'
    WHEN p.time IS NULL THEN '{LineReason.NO_TIME}'
    WHEN p.time > $now THEN '{LineReason.FUTURE}'
    WHEN p.time <= 0 THEN '{LineReason.BEFORE_1970}'
    WHEN p.target IS NULL OR p.target = '*' OR p.method = 'CONNECT' THEN '{LineReason.NO_PAGE}'
    {{view}} END AS reason
FROM parsed p LEFT JOIN peers a ON a.raw = p.address
"""
SEEN = "CREATE OR REPLACE TEMP VIEW seen AS SELECT * EXCLUDE (reason) FROM judged WHERE reason IS NULL"
_file = f"n // {FILE_LINES}"
REASONS = f"""
SELECT {_file}, NULL, reason, count(*), min(n) FROM judged WHERE reason IS NOT NULL GROUP BY ALL
UNION ALL
SELECT {_file}, NULL, p.reason, count(*), min(n)
FROM seen s JOIN pages p ON p.target = s.target AND p.host = s.host WHERE p.page IS NULL GROUP BY ALL
UNION ALL
SELECT {_file}, day, dropped, count(*), min(n) FROM joined WHERE dropped IS NOT NULL GROUP BY ALL
"""
REJECTS = """
SELECT n, reason FROM judged WHERE reason IN (SELECT unnest($faults))
UNION ALL
SELECT s.n, p.reason FROM seen s JOIN pages p ON p.target = s.target AND p.host = s.host
WHERE p.reason IN (SELECT unnest($faults))
"""
QUARTERS = f"""
SELECT DISTINCT unnest([time // {QUARTER_US}, (time - {MIDNIGHT_US}) // {QUARTER_US}]) FROM seen
"""
LINKING = """
SELECT DISTINCT referrer, p.hostname
FROM seen s JOIN pages p ON p.target = s.target AND p.host = s.host WHERE p.page IS NOT NULL
"""
OFFSET = "CASE WHEN {time} < {quarter}.change THEN {quarter}.before ELSE {quarter}.after END"
"""Microseconds, as wide as times are, so that their sum is too."""

LOCAL_DAY = f"CAST(floor(({{time}} + {OFFSET}) / {DAY_US}) AS INTEGER)"
EARLIER = f"(s.time - {MIDNIGHT_US})"
JOINED = f"""
CREATE OR REPLACE TEMP TABLE joined AS
SELECT s.n, s.time, {LOCAL_DAY.format(time="s.time", quarter="q")} AS day,
    {LOCAL_DAY.format(time=EARLIER, quarter="e")} < day AS early,
    {OFFSET.format(time="s.time", quarter="q")} // {SECOND_US} AS utc_offset, s.address, s.agent,
    p.scheme, p.hostname, p.port, p.page, {", ".join(f"p.{name}" for name in TAGS)}, r.referrer,
    s.country, s.region, s.city, a.browser, a.browser_version, a.os, a.os_version, a.device,
    CASE WHEN a.robot THEN 'bot' ELSE coalesce(s.excluded, p.reason,
        CASE WHEN s.time < $oldest THEN 'too_late' END) END AS dropped
FROM seen s JOIN pages p ON p.target = s.target AND p.host = s.host
    JOIN agents a ON a.agent = s.agent
    JOIN referrers r ON r.linking = s.referrer AND r.host = p.hostname
    JOIN quarters q ON q.quarter = s.time // {QUARTER_US}
    JOIN quarters e ON e.quarter = {EARLIER} // {QUARTER_US}
WHERE p.page IS NOT NULL
"""
PEOPLE = "SELECT DISTINCT day, address, agent, early FROM joined WHERE dropped IS NULL"
ORIGIN = ("referrer", *TAGS)
PLACE = ("country", "region", "city")
AGENT = ("browser", "browser_version", "os", "os_version", "device")
ORIGINS = f"SELECT DISTINCT {', '.join(ORIGIN)} FROM joined WHERE dropped IS NULL"
COUNT = f"SELECT {_file}, count(*) FROM joined WHERE dropped IS NULL GROUP BY ALL"
WRITTEN = (
    "id", "time", "day", "utc_offset", "visitor", "prev", "scheme", "hostname", "port", "page",
    *ORIGIN, *PLACE, *AGENT, "source", "channel", "sequence",
)  # fmt: skip
_values = {
    "id": "hash($site, $digest, j.n)", "time": "make_timestamp(j.time)",
    "day": "DATE '1970-01-01' + j.day", "visitor": "v.visitor", "prev": "v.prev",
    "source": "o.source", "channel": "o.channel", "sequence": "j.n",
}  # fmt: skip
_written = [f"CAST({_values.get(name, f'j.{name}')} AS {STAGED[name]}) AS {name}" for name in WRITTEN]
_same_origin = " AND ".join(f"o.{name} IS NOT DISTINCT FROM j.{name}" for name in ORIGIN)
EVENTS = f"""
COPY (SELECT {", ".join(_written)}
FROM joined j
JOIN people v ON v.day = j.day AND v.address = j.address AND v.agent = j.agent AND v.early = j.early
JOIN origins o ON {_same_origin}
WHERE j.dropped IS NULL) TO '{{path}}' (FORMAT parquet)
"""
FIRST = f"""
SELECT a.n, strftime(make_timestamp(j.time + j.utc_offset * 1000000), '%Y-%m-%d %H:%M:%S'),
    coalesce(j.page, g.page, w.target), o.source, coalesce(j.country, w.country), j.browser,
    j.device, coalesce(w.reason, j.dropped, g.reason)
FROM arrived a LEFT JOIN judged w USING (n) LEFT JOIN joined j USING (n)
LEFT JOIN pages g ON g.target = w.target AND g.host = w.host
LEFT JOIN origins o ON {_same_origin}
ORDER BY a.n
"""
_same = {
    "site": "$site", "kind": "'pageview'", "received": "make_timestamp(epoch_us(now()))",
    "interactive": "true", "engaged": "0", "shard": "$shard",
    "import": f"sequence // {FILE_LINES}",
}  # fmt: skip
_read = [name if name in WRITTEN else f"{_same.get(name, 'NULL')} AS {name}" for name in STAGED]
PARTS = f"SELECT {', '.join(_read)} FROM read_parquet($parts)"
"""Selects the events of parts (a list of files) in the columns of `facts.STAGED`."""
