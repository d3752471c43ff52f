"""The fold: from events to visits, as SQL, the same text in both homes.

It reads the table `scope`: the events of whole chains of linked visitors, with `chain`, what an
earlier fold gave them (`visit`, `entry_page`), the visit of frozen ones (`given`), and `staged`
for those not stored yet. It makes `fresh`, a row a visit, and `folded`, a row an event.

Only what decides is read: a visit's other attributes are those of its first event, whose id is
part of the visit's id, so an unchanged id says that they are unchanged. (Planning a statement
takes longer than running it, and takes the longer the more columns it names.)
"""

GAP = "INTERVAL 30 MINUTE"
DAY_US = 86_400_000_000

SCOPE = "chain, site, day, id, time, engaged, kind, hostname, page, interactive, visitor, visit, entry_page"

# Events are in order of their beginning, time and id. A new run starts where the beginning lies
# more than 30 minutes after the latest time so far, and is cut at every multiple of 24 hours.
CUT = f"""
CREATE OR REPLACE TEMP TABLE cut AS
WITH timed AS (SELECT *, time - to_milliseconds(engaged) AS beginning FROM scope),
seen AS (
    SELECT *, row_number() OVER sorted AS n,
        max(time) OVER (sorted ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
    FROM timed WINDOW sorted AS (PARTITION BY chain ORDER BY beginning, time, id)),
runs AS (SELECT *, count(*) FILTER (latest IS NULL OR beginning > latest + {GAP}) OVER (PARTITION BY chain ORDER BY n) AS run FROM seen)
SELECT *, (epoch_us(beginning) - epoch_us(min(beginning) OVER (PARTITION BY chain, run))) // {DAY_US} AS part FROM runs
"""

# The same where some events are frozen and keep their visit: between two of the same visit nothing
# breaks, before one of another visit always.
CUT_FROZEN = f"""
CREATE OR REPLACE TEMP TABLE cut AS
WITH timed AS (SELECT *, time - to_milliseconds(engaged) AS beginning FROM scope),
seen AS (
    SELECT *, row_number() OVER sorted AS n, max(time) OVER past AS latest,
        last_value(given IGNORE NULLS) OVER past AS given_before,
        first_value(given IGNORE NULLS) OVER (sorted ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS given_after
    FROM timed WINDOW sorted AS (PARTITION BY chain ORDER BY beginning, time, id),
        past AS (PARTITION BY chain ORDER BY beginning, time, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
runs AS (
    SELECT *, sum(CASE
        WHEN latest IS NULL THEN 1
        WHEN given_before = given_after THEN 0
        WHEN given IS NOT NULL AND given_before IS NOT NULL THEN 1
        WHEN beginning > latest + {GAP} THEN 1
        ELSE 0 END) OVER (PARTITION BY chain ORDER BY n) AS run
    FROM seen)
SELECT *, CASE
    WHEN n <= max(n) FILTER (given IS NOT NULL) OVER (PARTITION BY chain, run) THEN 0
    ELSE (epoch_us(beginning) - epoch_us(min(beginning) OVER (PARTITION BY chain, run))) // {DAY_US} END AS part
FROM runs
"""

# A run without page view or custom event is no visit; a visit starts at its first of these.
FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
WITH v AS (
    SELECT chain, run, part, min(n) FILTER (kind <> 'engagement') AS n, max(given) AS given, max(time) AS last,
        count(*) FILTER (kind = 'pageview') AS pageviews,
        count(*) FILTER (kind <> 'engagement') AS events,
        count(*) FILTER (kind = 'custom' AND interactive) AS interactions,
        arg_min(hostname, n) FILTER (kind = 'pageview') AS hostname,
        arg_min(page, n) FILTER (kind = 'pageview') AS entry_page,
        arg_max(page, n) FILTER (kind = 'pageview') AS exit_page
    FROM cut GROUP BY ALL)
SELECT coalesce(v.given, md5_number_lower(concat_ws('|', e.site, e.visitor, epoch_us(e.time), e.id))) AS visit,
    e.site, e.day, e.id AS first_id, e.time AS start, e.staged, v.* EXCLUDE (n, given)
FROM v JOIN cut e USING (chain, n)
"""

FOLDED = """
CREATE OR REPLACE TEMP TABLE folded AS
SELECT c.id, c.time, c.site, c.day, c.staged, f.visit, f.entry_page,
    NOT c.staged AND (c.visit IS DISTINCT FROM f.visit OR c.entry_page IS DISTINCT FROM f.entry_page) AS changed
FROM cut c LEFT JOIN fresh f USING (chain, run, part)
"""
