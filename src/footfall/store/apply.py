"""Applying a batch, as SQL: which copies count, whom they touch, and what is written.

Everything starts from the temporary table `staged`, the batch. `$low` and `$high` bound the
local days that its visitors' chains can reach.
"""

from datetime import timedelta

from footfall.store.facts import EVENTS, IDS, KEPT, ORIGIN, STAGED, VISITOR, VISITS
from footfall.store.fold import SCOPE

REACH = timedelta(days=5)
"""Days to either side within which a chain of linked visitors lies: links last four days at most."""

_near = "day BETWEEN $low AND $high"

STAGE = f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {', '.join(f'CAST({name} AS {kind}) AS {name}' for name, kind in STAGED.items())} FROM ({{sql}})"
HAS_REPEATED = "SELECT count(*) > count(DISTINCT id) AND max(received) > min(received) + INTERVAL 48 HOUR FROM staged"
SPLIT_STAGED = "CREATE OR REPLACE TEMP TABLE loaded AS FROM staged"
NEXT_SPAN = "SELECT min(received) FROM loaded WHERE $after IS NULL OR received > CAST($after AS TIMESTAMP) + INTERVAL 48 HOUR"
STAGE_SPAN = "CREATE OR REPLACE TEMP TABLE staged AS FROM loaded WHERE received BETWEEN $first AND CAST($first AS TIMESTAMP) + INTERVAL 48 HOUR"
DROP_LOADED = "DROP TABLE loaded"
STAGED_DAYS = "SELECT count(*), min(day), max(day) FROM staged"

# How many of the batch may be copies, and from when to when the stored ones of their ids are.
SUSPECTS = """
WITH stored AS (
    SELECT time FROM ids SEMI JOIN staged USING (id)
    UNION ALL SELECT time FROM spares SEMI JOIN staged USING (id))
SELECT (SELECT count(*) - count(DISTINCT id) FROM staged) + count(*),
    CAST(min(time) AS DATE), CAST(max(time) AS DATE)
FROM stored
"""

# Spares are judged once more, as if they came again, beside what comes now.
RETURNED = "CREATE OR REPLACE TEMP TABLE returned AS FROM spares SEMI JOIN staged USING (id)"
HAS_RETURNED = "SELECT count(*) FROM returned"
STAGE_RETURNED = "CREATE OR REPLACE TEMP TABLE staged AS FROM staged UNION ALL BY NAME FROM returned"
FORGET_RETURNED = "DELETE FROM spares WHERE id IN (SELECT id FROM returned)"

# Of copies of an id that arrive within 48 h of the first to arrive one counts, whatever the order
# in which they are applied; one that arrives later is a new event (`later`). Whose copy counts is
# said by keys first, then by who came first (`came`); which of his, by time. `stored` marks the
# copy that counted so far. A spare's sender came later than another, or it would count, so it
# brings no `since`.
RANK = """
CREATE OR REPLACE TEMP TABLE ranked AS
WITH known AS (SELECT ids.* FROM ids SEMI JOIN staged USING (id)),
copies AS (
    SELECT s.id, s.received AS arrived, s.time, s.shard, s.sequence, false AS stored,
        s.key_id IS NOT NULL AS keyed, coalesce(s.key_id, s.visitor) AS sender,
        CASE WHEN r.id IS NULL THEN s.received ELSE TIMESTAMP 'infinity' END AS since,
        s.shard AS since_shard, s.sequence AS since_sequence,
        s.received > coalesce(k.arrived, min(s.received) OVER (PARTITION BY s.id)) + INTERVAL 48 HOUR AS later
    FROM staged s LEFT JOIN known k USING (id)
    LEFT JOIN returned r ON r.shard = s.shard AND r.sequence = s.sequence AND r.id = s.id
    UNION ALL
    SELECT id, arrived, time, shard, sequence, true, coalesce(keyed, false), sender,
        coalesce(since, arrived), coalesce(since_shard, shard),
        coalesce(since_sequence, sequence), false
    FROM known),
senders AS (
    SELECT *, min({'at': since, 'shard': since_shard, 'sequence': since_sequence})
        OVER (PARTITION BY id, later, keyed, sender) AS came
    FROM copies)
SELECT *, min(arrived) OVER (PARTITION BY id, later) AS first_arrived,
    bool_or(keyed) OVER (PARTITION BY id, later) AS any_keyed,
    bool_or(later) OVER (PARTITION BY id) AS any_later,
    row_number() OVER (PARTITION BY id, later, keyed, sender ORDER BY time, shard, sequence) AS own_place,
    row_number() OVER (PARTITION BY id, later ORDER BY keyed DESC, came, time, shard, sequence) AS place
FROM senders
"""
COPIES = """
SELECT site, day, sum(copies) FROM (
    SELECT site, day, 1 AS copies FROM staged
    SEMI JOIN (FROM ranked WHERE place > 1 AND NOT stored) USING (shard, sequence)
    UNION ALL SELECT site, day, 1 FROM displaced
    UNION ALL SELECT site, day, -1 FROM returned)
GROUP BY ALL HAVING sum(copies) <> 0
"""
DISPLACED = f"CREATE OR REPLACE TEMP TABLE displaced AS SELECT e.* FROM events e SEMI JOIN (FROM ranked WHERE stored AND place > 1) USING (id, time) WHERE {_near}"
HAS_DISPLACED = "SELECT count(*) FROM displaced"
DROP_DISPLACED = f"DELETE FROM events WHERE {_near} AND (id, time) IN (SELECT (id, time) FROM displaced)"

MOST_SPARES = 16
"""Of so many other senders a copy of one id is kept: nobody can make each copy of an id dearer than the last."""

SPARED = f"""
CREATE OR REPLACE TEMP TABLE spared AS
FROM ranked
WHERE place > 1 AND own_place = 1 AND keyed = any_keyed AND later = any_later
QUALIFY row_number() OVER (PARTITION BY id ORDER BY arrived, shard, sequence) <= {MOST_SPARES}
"""
HAS_SPARED = "SELECT count(*) FROM spared"
KEEP_SPARES = f"""
INSERT INTO spares ({", ".join(STAGED)})
SELECT {", ".join(STAGED)} FROM staged SEMI JOIN (FROM spared WHERE NOT stored) USING (shard, sequence)
"""
_of_event = {
    "received": "p.came.at", "page_view": "NULL", "key_id": "CASE WHEN p.keyed THEN p.sender END",
    "shard": "p.shard", "sequence": "p.sequence",
}  # fmt: skip
KEEP_DISPLACED = f"""
INSERT INTO spares ({", ".join(STAGED)})
SELECT {", ".join(_of_event.get(name, f"e.{name}") for name in STAGED)}
FROM displaced e JOIN spared p ON p.stored AND p.id = e.id AND p.time = e.time
"""
DROP_COPIES = "DELETE FROM staged WHERE (shard, sequence) IN (SELECT (shard, sequence) FROM ranked WHERE place > 1 AND NOT stored)"
FORGET_IDS = "DELETE FROM ids WHERE id IN (SELECT id FROM ranked WHERE stored)"
KEEP_RANKED_IDS = f"""
INSERT INTO ids ({", ".join(IDS)})
SELECT id, first_arrived, time, shard, sequence, keyed, sender, came.at, came.shard, came.sequence
FROM ranked
WHERE place = 1 QUALIFY row_number() OVER (PARTITION BY id ORDER BY later DESC) = 1
"""
KEEP_IDS = """
INSERT INTO ids (id, arrived, time, shard, sequence, keyed, sender)
SELECT id, received, time, shard, sequence, key_id IS NOT NULL, coalesce(key_id, visitor)
FROM staged
"""

TOUCHED = "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT visitor FROM staged"
# A displaced event takes its link along, so those at both ends of it are folded anew, and so are
# those who share its visit though their links are erased.
TOUCH_DISPLACED = f"""
INSERT INTO touched
FROM (
    SELECT visitor FROM displaced
    UNION SELECT prev FROM displaced WHERE prev IS NOT NULL
    UNION SELECT visitor FROM events WHERE {_near}
        AND visit IN (SELECT visit FROM displaced WHERE frozen)
) ANTI JOIN touched USING (visitor)
"""

# A chain is all visitors that links of midnight connect, directly or by way of others.
HAS_LINKS = f"""
SELECT EXISTS (FROM staged WHERE prev IS NOT NULL)
    OR EXISTS (FROM events WHERE prev IS NOT NULL AND {_near} AND (visitor IN (FROM touched) OR prev IN (FROM touched)))
"""
LONE_MEMBERS = "CREATE OR REPLACE TEMP TABLE members AS SELECT visitor, visitor AS chain FROM touched"
LINKED_MEMBERS = f"""
CREATE OR REPLACE TEMP TABLE members AS
WITH RECURSIVE links AS MATERIALIZED (
    SELECT visitor, prev FROM staged WHERE prev IS NOT NULL
    UNION SELECT visitor, prev FROM events WHERE prev IS NOT NULL AND {_near}),
steps AS MATERIALIZED (SELECT visitor AS here, prev AS there FROM links UNION ALL SELECT prev, visitor FROM links),
reach AS (
    SELECT visitor, visitor AS origin FROM touched
    UNION SELECT steps.there, reach.origin FROM reach JOIN steps ON reach.visitor = steps.here)
SELECT visitor, min(origin) AS chain FROM reach GROUP BY visitor
"""
STORED_SCOPE = f"""
CREATE OR REPLACE TEMP TABLE scope AS
SELECT {SCOPE}, CASE WHEN frozen THEN visit END AS given, false AS staged FROM events JOIN members USING (visitor) WHERE {_near}
"""
_unfolded = SCOPE.replace("visit, entry_page", "NULL, NULL")
STAGED_SCOPE = f"INSERT INTO scope SELECT {_unfolded}, NULL, true FROM staged JOIN members USING (visitor)"

# Frozen visits, whose links are erased: chains that share one are one, and its other events come along.
FROZEN = "SELECT DISTINCT chain, given FROM scope WHERE given IS NOT NULL"
JOIN_CHAINS = "UPDATE scope SET chain = $into WHERE chain = $chain"
REST_OF_FROZEN = f"""
INSERT INTO scope SELECT {SCOPE}, visit, false
FROM events JOIN (SELECT DISTINCT given AS visit, chain FROM scope WHERE given IS NOT NULL) USING (visit) ANTI JOIN members USING (visitor)
"""
MELT = "UPDATE scope SET given = NULL"

BEFORE = f"""
CREATE OR REPLACE TEMP TABLE before AS
SELECT site, day, visit, last, pageviews, events, interactions, hostname, entry_page, exit_page FROM visits
WHERE {_near} AND (visitor IN (SELECT visitor FROM members) OR visit IN (SELECT given FROM scope WHERE given IS NOT NULL))
"""
_counts = ("last", "pageviews", "events", "interactions", "hostname", "entry_page", "exit_page")
GROWN = f"""
CREATE OR REPLACE TEMP TABLE grown AS
SELECT f.site, f.day, f.visit, {", ".join(f"f.{name}" for name in _counts)} FROM fresh f JOIN before b USING (visit)
WHERE {" OR ".join(f"f.{name} IS DISTINCT FROM b.{name}" for name in _counts)}
"""
GROW_VISITS = f"UPDATE visits SET {', '.join(f'{name} = g.{name}' for name in _counts)} FROM grown g WHERE visits.{_near} AND visits.visit = g.visit"
DROP_VISITS = f"DELETE FROM visits WHERE {_near} AND visit IN (SELECT visit FROM before ANTI JOIN fresh USING (visit))"

_first = ("visitor", "utc_offset", *ORIGIN, *VISITOR)
_new_visits = f"""
INSERT INTO visits ({", ".join(VISITS)})
SELECT {", ".join(f"{'e' if name in _first else 'f'}.{name}" for name in VISITS)}
FROM fresh f ANTI JOIN before USING (visit) JOIN {{events}} e ON e.id = f.first_id AND e.time = f.start WHERE {{where}}
"""
ADD_VISITS = _new_visits.format(events="staged", where="f.staged")
HAS_VISITS_OF_STORED = "SELECT count(*) FROM fresh ANTI JOIN before USING (visit) WHERE NOT staged"
ADD_VISITS_OF_STORED = _new_visits.format(events="events", where=f"NOT f.staged AND e.{_near}")
FORGET_BEFORE = f"DELETE FROM visits WHERE {_near} AND visit IN (SELECT visit FROM before)"

_given = [f"v.{name}" for name in ORIGIN]
ADD_EVENTS = f"""
INSERT INTO events ({", ".join(EVENTS)})
SELECT {", ".join(f"s.{name}" for name in KEPT)}, f.visit, {", ".join(_given)}, f.entry_page, false, s.import
FROM staged s JOIN folded f ON s.id = f.id AND s.time = f.time AND f.staged
LEFT JOIN (FROM visits WHERE {_near}) v ON v.visit = f.visit
"""
HAS_CHANGED = "SELECT count(*) FROM folded WHERE changed"
CHANGE_ALL = "UPDATE folded SET changed = true WHERE NOT staged"
REWRITE = f"""
UPDATE events SET visit = f.visit, entry_page = f.entry_page, {", ".join(f"visit_{name} = f.{name}" for name in ORIGIN)}
FROM (SELECT f.*, {", ".join(_given)} FROM folded f LEFT JOIN visits v ON v.visit = f.visit WHERE f.changed) f
WHERE events.{_near} AND events.id = f.id AND events.time = f.time
"""

# Marks every local day of which some report may now say something else: those of all events that
# are added or change visit, of all events of a visit that gains or loses some (they may be counted
# by its exit page, or by what was done in it), and of visits that are no more.
# A version is a moment, so that none occurs again after a file is restored or made anew, when the
# roll-ups of a later one may still be there.
_mark = "INSERT INTO days (site, day, version, settled) SELECT site, day, epoch_us(now()), false FROM"
_again = "ON CONFLICT (site, day) DO UPDATE SET version = greatest(days.version + 1, excluded.version), settled = false"
CHANGED_DAYS = f"""
{_mark} (
    SELECT site, day FROM folded WHERE staged OR changed
    UNION SELECT site, day FROM folded WHERE visit IN (SELECT visit FROM folded WHERE staged OR changed UNION ALL SELECT visit FROM grown)
    UNION SELECT site, day FROM before ANTI JOIN fresh USING (visit))
{_again}
"""
CHANGED_DAYS_OF_DISPLACED = f"""
{_mark} (SELECT site, day FROM displaced UNION SELECT site, day FROM before UNION SELECT site, day FROM folded WHERE visit IN (SELECT visit FROM before))
{_again}
"""

MARK = "INSERT INTO marks VALUES ($shard, $sequence) ON CONFLICT (shard) DO UPDATE SET sequence = greatest(marks.sequence, excluded.sequence)"
DROP = "INSERT INTO drops (site, day, reason, count) VALUES ($site, $day, $reason, $count)"
COUNT = """
INSERT INTO drops (site, day, reason, count, id)
WITH given AS (
    SELECT unnest(CAST($sites AS VARCHAR[])) AS site, unnest(CAST($days AS DATE[])) AS day, unnest(CAST($reasons AS VARCHAR[])) AS reason,
        unnest(CAST($counts AS BIGINT[])) AS count, nullif(unnest(CAST($ids AS UBIGINT[])), 0) AS id)
SELECT * FROM given WHERE id IS NULL OR NOT EXISTS (FROM drops d WHERE d.day = given.day AND d.id = given.id)
QUALIFY id IS NULL OR row_number() OVER (PARTITION BY day, id) = 1
"""

# Settling: the events of a visit that linked visitors share keep it for ever, and the link goes.
HAS_DEAD_LINKS = "SELECT EXISTS (FROM events WHERE prev IS NOT NULL AND NOT list_contains($alive, CAST(day - 1 AS DATE)))"
_dead = "prev IS NOT NULL AND NOT list_contains($alive, CAST(day - 1 AS DATE))"
FREEZE = f"""
UPDATE events SET frozen = true WHERE visit IN (
    SELECT visit FROM events WHERE visit IN (SELECT visit FROM events WHERE {_dead})
    GROUP BY visit HAVING count(DISTINCT visitor) > 1)
"""
UNLINK = f"UPDATE events SET prev = NULL WHERE {_dead}"
UNLINK_SPARES = f"UPDATE spares SET prev = NULL WHERE {_dead}"
DUE = "CREATE OR REPLACE TEMP TABLE due AS SELECT site, day FROM days WHERE NOT settled AND NOT list_contains($alive, day) AND day < $today"
DUE_DAYS = "SELECT DISTINCT day FROM due ORDER BY day"
UNCOUNT = "DELETE FROM drops WHERE reason = 'no_visit' AND (site, day) IN (SELECT (site, day) FROM due)"
COUNT_UNATTRIBUTED = """
INSERT INTO drops (site, day, reason, count)
SELECT site, day, 'no_visit', count(*) FROM events SEMI JOIN due USING (site, day)
WHERE visit IS NULL AND day BETWEEN $low AND $high GROUP BY ALL
"""
SETTLED = "UPDATE days SET settled = true FROM due WHERE days.site = due.site AND days.day = due.day"

# Counts of drops of days that are over: none of their copies can come any more, and one row for each reason is enough.
_over = "NOT list_contains($alive, day) AND day < $today"
HAS_SINGLE_DROPS = f"SELECT EXISTS (FROM drops WHERE id IS NOT NULL AND {_over})"
SUM_DROPS = f"""
CREATE OR REPLACE TEMP TABLE summed AS
SELECT site, day, reason, CAST(sum(count) AS BIGINT) AS count, import FROM drops
WHERE {_over} GROUP BY ALL
"""
FORGET_SINGLE_DROPS = f"DELETE FROM drops WHERE {_over}"
KEEP_SUMS = "INSERT INTO drops (site, day, reason, count, import) FROM summed"
OLD_SPARES = """
DELETE FROM spares WHERE received < $before
    OR id IN (SELECT id FROM ids WHERE arrived < $before)
"""
"""Before the ids go that tell which these are."""

OLD_IDS = "DELETE FROM ids WHERE arrived < $before"

SPARES_OF_OVER = f"DELETE FROM spares WHERE {_over}"

# Trimming: the facts of whole days go, and of visits those that no remaining event belongs to.
TRIMMABLE = "SELECT day, version FROM days WHERE site = $site AND list_contains($days, day) AND settled AND NOT trimmed"
TRIM_EVENTS = "DELETE FROM events WHERE site = $site AND list_contains($days, day)"
TRIM_VISITS = """
DELETE FROM visits WHERE site = $site AND day <= list_max($days) AND day IN (SELECT day FROM days WHERE site = $site AND (trimmed OR list_contains($days, day)))
    AND visit NOT IN (SELECT visit FROM events WHERE site = $site AND visit IS NOT NULL AND day BETWEEN list_min($days) AND CAST(list_max($days) + 3 AS DATE))
"""
TRIMMED = "UPDATE days SET trimmed = true WHERE site = $site AND list_contains($days, day)"
