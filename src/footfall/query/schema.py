"""JSON Schemas of what the reading API takes and gives."""

from typing import Any

from footfall.domain.dimension import DIMENSIONS, EVENT_DIMENSIONS, PROPERTY, PROPERTY_LENGTH, VISIT_DIMENSIONS
from footfall.domain.filter import MOST_VALUES, OPERATORS, VALUE_LENGTH
from footfall.domain.goal import CURRENCY, MOST_PROPS, NAME_LENGTH, PATTERN_LENGTH
from footfall.domain.period import NAMES
from footfall.domain.reason import Reason
from footfall.domain.report import MOST_DIMENSIONS, MOST_ROWS
from footfall.query.catalogue import catalogue

Schema = dict[str, Any]

YEAR = "(19[7-9][0-9]|2[01][0-9][0-9])"
LEAP = "(19(7[26]|8[048]|9[26])|2000|2[01](0[48]|[2468][048]|[13579][26]))"
"""Leap years of these; 2100 is none."""

OF_31, OF_30, OF_28 = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])", "(0[469]|11)-(0[1-9]|[12][0-9]|30)", "02-(0[1-9]|1[0-9]|2[0-8])"
DAY = f"({YEAR}-({OF_31}|{OF_30}|{OF_28})|{LEAP}-02-29)"
INSTANT = f"{DAY}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{{1,6}})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean", "default": False}
METRIC: Schema = {"type": "string", "enum": list(catalogue())}
PROPERTY_NAME: Schema = {"type": "string", "pattern": f"^{PROPERTY}.{{1,{PROPERTY_LENGTH}}}$", "description": "The property KEY of events", "examples": [f"{PROPERTY}plan"]}


def named(schema: str) -> Schema:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{schema}"}


def listed(items: Schema, **more: Any) -> Schema:
    """A list of things."""
    return {"type": "array", "items": items, **more}


def tupled(*items: Schema, least: int | None = None) -> Schema:
    """A list whose every place has a meaning; those after the `least` may be missing."""
    return {"type": "array", "prefixItems": list(items), "items": False, "minItems": len(items) if least is None else least, "maxItems": len(items)}


def thing(required: dict[str, Schema], optional: dict[str, Schema] | None = None, *, closed: bool = True, **more: Any) -> Schema:
    """An object; a `closed` one has no other fields."""
    end: Schema = {"additionalProperties": False} if closed else {}
    return {"type": "object", "properties": required | (optional or {}), "required": list(required), **end, **more}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


FILTER = {
    "description": "True or false of one event together with its visit.",
    "anyOf": [
        tupled(
            {"type": "string", "enum": list(OPERATORS)},
            named("FilterDimension"),
            listed({"type": "string", "maxLength": VALUE_LENGTH}, minItems=1, maxItems=MOST_VALUES),
            thing({}, {"case_sensitive": {"type": "boolean", "default": True}}),
            least=3,
        ),
        tupled({"type": "string", "enum": ["and", "or"]}, listed(named("Filter"), minItems=1)),
        tupled({"type": "string", "enum": ["not", "has_done", "has_not_done"]}, named("Filter")),
    ],
    "examples": [["is", "visit:source", ["Google", "Bing"]], ["not", ["contains", "event:page", ["/draft"], {"case_sensitive": False}]]],
}
DATE_RANGE = {
    "description": "A named period, of which those that count back include today; two days of the site's zone, both included; or two instants, the second excluded.",
    "anyOf": [
        {"type": "string", "enum": list(NAMES)},
        listed({"type": "string", "pattern": f"^{DAY}$"}, minItems=2, maxItems=2),
        listed({"type": "string", "pattern": f"^{INSTANT}$"}, minItems=2, maxItems=2),
    ],
    "examples": ["30d", ["2024-09-01", "2024-09-30"], ["2024-09-01T12:00:00+02:00", "2024-09-01T18:00:00+02:00"]],
}
COMPARISONS = {
    "description": "Gives each row that of another period, and the change since: in percent, of rates in points.",
    "anyOf": [
        thing({"mode": {"type": "string", "enum": ["previous_period", "year_over_year"]}}, {"match_day_of_week": FLAG}),
        thing({"mode": {"type": "string", "enum": ["custom"]}, "date_range": {"anyOf": DATE_RANGE["anyOf"][1:]}}, {"match_day_of_week": FLAG}),
    ],
}
QUERY = thing(
    {
        "site_id": {"type": "string", "description": "The site's id, an alias, or one of its domains"},
        "metrics": listed(METRIC, minItems=1, uniqueItems=True),
        "date_range": named("DateRange"),
    },
    {
        "dimensions": listed(named("Dimension"), maxItems=MOST_DIMENSIONS, uniqueItems=True, description="At most one of time"),
        "filters": listed(named("Filter"), description="All of which must hold"),
        "order_by": maybe(listed(tupled({"anyOf": [METRIC, named("Dimension")]}, {"type": "string", "enum": ["asc", "desc"]}))) | {
            "description": "By the query's own metrics and dimensions; unless given, by time, then by the first metric, most first",
        },
        "include": thing({}, {
            "time_labels": FLAG | {"description": "Names every bucket of time, empty ones too"},
            "total_rows": FLAG | {"description": "Counts the rows of all pages"},
            "imports": FLAG | {"description": "Says whether imported figures are in the answer, which they never are"},
            "comparisons": maybe(COMPARISONS),
        }),
        "pagination": thing({}, {
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": MOST_ROWS},
            "offset": {"type": "integer", "minimum": 0, "maximum": 2**53 - 1, "default": 0},
        }),
    },
)  # fmt: skip
MONEY = thing({"currency": {"type": "string", "examples": ["EUR"]}, "value": {"type": "number"}, "short": TEXT, "long": TEXT})
VALUE = {
    "description": "A figure; null where there is nothing to divide by. Revenue in several currencies is a list.",
    "anyOf": [{"type": "number"}, {"type": "null"}, named("Money"), listed(named("Money"))],
}
COMPARED = thing({"dimensions": listed(TEXT), "metrics": listed(named("Value")), "change": listed({"type": ["number", "null"]})})
LEFT_OUT = thing({"first": TEXT, "last": TEXT, "days": WHOLE, "reason": TEXT}) | {"description": "Days that are missing from the figures, and why"}
REST = thing({"rows": listed(WHOLE), "days": WHOLE}) | {
    "description": "Which results, from 0, are of all values that were not kept of so many days",
}
AT_LEAST = listed(thing({"row": WHOLE, "days": WHOLE, "events_lacking": WHOLE})) | {
    "description": "Results, from 0, that were not kept of so many days, which had so many events more at most",
}
ANSWER = thing({
    "results": listed(thing({"dimensions": listed(TEXT), "metrics": listed(named("Value"))}, {"comparison": maybe(COMPARED)})),
    "meta": thing({}, {
        "time_labels": listed(TEXT), "total_rows": maybe(WHOLE), "imports_included": {"type": "boolean"}, "imports_skip_reason": TEXT, "left_out": LEFT_OUT,
        "other": REST, "at_least": AT_LEAST,
    }, closed=False),
    "query": {"type": "object", "description": "The question as it was understood, its period as two dates or instants"},
})  # fmt: skip
STATS_META = {"meta": thing({}, {"left_out": LEFT_OUT, "other": REST, "at_least": AT_LEAST})}
NOTHING: Schema = {"type": "null"}
GOAL_NAME = maybe({"type": "string", "maxLength": NAME_LENGTH, "description": "Unless given, the event's, or `Visit` and the page"})
NEW_GOAL = {
    "anyOf": [
        thing(
            {"page": {"type": "string", "pattern": "^[/*]", "maxLength": PATTERN_LENGTH, "description": "`*` stands for any characters", "examples": ["/blog/*"]}},
            {"name": GOAL_NAME, "event": NOTHING, "props": {"type": "object", "maxProperties": 0}, "currency": NOTHING},
            closed=False,
        ),
        thing(
            {"event": {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH, "examples": ["Signup"]}},
            {
                "name": GOAL_NAME,
                "page": NOTHING,
                "props": {
                    "type": "object",
                    "propertyNames": {"minLength": 1, "maxLength": PROPERTY_LENGTH},
                    "additionalProperties": {"type": "string", "maxLength": VALUE_LENGTH},
                    "maxProperties": MOST_PROPS,
                    "description": "Those that the event must have",
                },
                "currency": maybe({"type": "string", "pattern": f"^{CURRENCY.pattern}$"}) | {"description": "That of the revenue which the event must have"},
            },
            closed=False,
        ),
    ],
}
GOAL = thing({"name": TEXT, "page": {"type": ["string", "null"]}, "event": {"type": ["string", "null"]}, "props": {"type": "object"}, "currency": {"type": ["string", "null"]}})
SITE = thing({"id": TEXT, "domains": listed(TEXT), "timezone": TEXT, "public": {"type": "boolean"}, "goals": listed(TEXT, description="Their names")})
SITE_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 253}
NEW_NAME = thing({"id": SITE_NAME | {"description": "The id that it shall have", "examples": ["shop"]}})
MERGER = thing(
    {
        "into": {"type": "string", "description": "The id of the site that it becomes part of"},
        "into_key": {"type": "string", "description": "A key of that site, with scope `sites:erase`"},
    },
)
ERASURE_FIELDS: dict[str, Schema] = {
    "filters": listed(named("Filter"), description="All of which must hold"),
    "date_range": named("DateRange"),
    "dry_run": {"type": "boolean", "default": True, "description": "Only tells what would go"},
    "with_sums": FLAG | {"description": "Erases all sums of days whose facts are gone"},
}
ERASURE = thing({}, ERASURE_FIELDS) | {
    "description": "A period or filters are needed. Unless a period is given, it is all days.",
    "anyOf": [
        {"required": ["date_range"]},
        {"required": ["filters"], "properties": {"filters": {"minItems": 1}}},
    ],
}
ERASED = thing(
    {
        "site": TEXT,
        "events": WHOLE,
        "visits": WHOLE | {"description": "By day: one over midnight is of both"},
        "days": listed(thing({"date": TEXT, "events": WHOLE, "visits": WHOLE})),
        "gone": listed(TEXT, description="Days of the period of which only sums are left"),
        "erased": {"type": "boolean"},
    },
)
MOVED = thing({"site": TEXT, "events": WHOLE})
IMPORTED = thing(
    {
        "import": WHOLE | {"description": "Its number"},
        "at": TEXT,
        "site": TEXT,
        "source": TEXT | {"description": "What was given"},
        "files": WHOLE,
        "first": maybe(TEXT) | {"description": "The first day"},
        "last": maybe(TEXT),
        "lines": WHOLE,
        "page_views": WHOLE,
        "left_out": {"type": "object", "additionalProperties": WHOLE},
    },
)
TAKEN_BACK = thing({"events": WHOLE, "kept_days": WHOLE})
DROPPED = thing({"results": listed(thing({"reason": {"type": "string", "enum": [reason.value for reason in Reason]}, "hits": WHOLE}))})

SCHEMAS: dict[str, Schema] = {
    "Query": QUERY,
    "DateRange": DATE_RANGE,
    "Dimension": {"anyOf": [{"type": "string", "enum": list(DIMENSIONS)}, PROPERTY_NAME]},
    "FilterDimension": {"anyOf": [{"type": "string", "enum": [*EVENT_DIMENSIONS, *VISIT_DIMENSIONS]}, PROPERTY_NAME]},
    "Filter": FILTER,
    "Answer": ANSWER,
    "Value": VALUE,
    "Money": MONEY,
    "NewGoal": NEW_GOAL,
    "Goal": GOAL,
    "Erasure": ERASURE,
    "Erased": ERASED,
    "NewName": NEW_NAME,
    "Merger": MERGER,
    "Moved": MOVED,
    "Imported": IMPORTED,
    "TakenBack": TAKEN_BACK,
    "Error": thing({"error": {"type": "string", "description": "One sentence", "examples": ["metrics needs at least one of visitors, visits, pageviews"]}}),
}
