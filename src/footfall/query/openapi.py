"""The OpenAPI document, complete: a person learns the API from it, and a machine can drive it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from footfall.domain.dimension import EVENT_DIMENSIONS, VISIT_DIMENSIONS
from footfall.domain.period import NAMES
from footfall.query import sending
from footfall.query.schema import DAY, DROPPED, METRIC, PROPERTY_NAME, SCHEMAS, SITE, STATS_META, TEXT, WHOLE, Schema, listed, named, thing
from footfall.query.stats import EXAMPLE, INTERVALS, LAST_PAGE, MOST_PER_PAGE, PERIODS

ABOUT = """\
Sites that are public answer anyone. Others take an API key, made by
`footfall key add --site example.com --scope stats:read`, in the header `Authorization: Bearer KEY`.

Every figure is exact. Days are those of the site's time zone.
"""
TAGS = {
    "Reports": "Figures of a site by anything there is to break them down by. The shapes are those of Plausible's Stats API v2.",
    sending.TAG: sending.ABOUT,
    "Sites": "What may be read, and the goals of a site.",
    "Erasing": "Erasing, renaming and merging, for keys of scope `sites:erase`; see docs/privacy.md. A site is named by its id alone.",
    "Plausible's v1": "Plausible's older Stats API, for its clients.",
    "Serverless Analytics": "The two calls of Serverless Analytics.",
}
REFUSALS = {
    400: "Something in the request is wrong; the sentence names what",
    401: "No key, or not the right one",
    404: "There is no such thing",
    409: "The change cannot be, or another came in between",
    413: "The body is too large",
    422: "The report takes more time, rows or memory than one may",
    429: "Too many reports are being made; try again in a moment",
    501: "This is not done here, as on AWS",
    503: "The engine starts; try again in a moment",
}
SOON = (429, 503)
"""Refusals that say when to come again."""

RESPONSE_HEADERS: dict[str, Schema] = {
    "ETag": {"description": "Names the version of all days asked about; to be sent as `If-None-Match`", "schema": TEXT},
    "Retry-After": {"description": "After how many seconds it is worth trying again", "schema": WHOLE},
    "X-Footfall-Left-Out": {"description": "How many days are missing since their facts are gone; absent where none are", "schema": TEXT},
}
BEARER = {"type": "http", "scheme": "bearer", "description": "An API key. Public sites need none."}
ANYONE: list[Schema] = [{}, {"key": []}]
KEY: list[Schema] = [{"key": []}]

ALWAYS: dict[str, Schema] = {"If-None-Match": {"schema": TEXT}}
"""Parameters of whatever operation has them."""

SITE_ID: Schema = {"schema": TEXT, "description": "The site's id, an alias, or one of its domains"}
PERIOD: Schema = {"schema": {"type": "string", "enum": list(PERIODS), "default": "30d"}}
STATS: dict[str, Schema] = {
    "site_id": SITE_ID,
    "period": PERIOD | {"description": "Months and years are the calendar's; `custom` takes two days as `date`"},
    "date": {
        "schema": {"type": "string", "pattern": f"^{DAY}(,{DAY})?$"},
        "description": "The day with which the period ends, today unless given; or the first and last day of a `custom` period",
    },
    "metrics": {"schema": listed(METRIC, minItems=1, uniqueItems=True, default=["visitors"]), "style": "form", "explode": False},
    "filters": {
        "schema": TEXT,
        "description": "Conditions joined by `;`, all of which must hold: `==` or `!=`, `|` between several values, `*` for any characters. A backslash takes their meaning from `|`, `;` and `*`",
        "examples": {"none": {"value": ""}, "some": {"value": EXAMPLE}},
    },
    "with_imported": {"schema": {"type": "string", "enum": ["true", "false"]}, "description": "Accepted; there are no imported figures"},
}
COMPARE: Schema = {"schema": {"type": "string", "enum": ["previous_period"]}, "description": "Adds each figure's change"}
INTERVAL: Schema = {"schema": {"type": "string", "enum": list(INTERVALS)}, "description": "What suits the period, unless given, and for `custom` a day; `date` is a day"}
BREAKDOWN: dict[str, Schema] = {
    "property": {"schema": {"anyOf": [{"type": "string", "enum": [*EVENT_DIMENSIONS, *VISIT_DIMENSIONS]}, PROPERTY_NAME]}, "example": "visit:source"},
    "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": 100}},
    "page": {"schema": {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1}},
}
MOMENT: Schema = {
    "schema": {
        "type": "string",
        "anyOf": [
            {"pattern": "^YEAR:(19[7-9][0-9]|20[0-9][0-9])$"},
            {"pattern": "^MONTH:20[0-9][0-9]-(0[1-9]|1[0-2])$"},
            {"pattern": f"^DATE:{DAY}$"},
            {"pattern": f"^HOUR:{DAY}T([01][0-9]|2[0-3])$"},
            {"pattern": f"^MINUTE:{DAY}T([01][0-9]|2[0-3]):[0-5][0-9]$"},
        ],
    },
    "description": "`YEAR:2017`, `MONTH:2017-08`, `DATE:2017-08-25`, `HOUR:2017-08-25T13` or `MINUTE:2017-08-25T13:33`",
    "example": "YEAR:2026",
}

EXAMPLES: dict[str, Schema] = {
    "The last 30 days in four figures": {"site_id": "example.com", "metrics": ["visitors", "visits", "pageviews", "bounce_rate"], "date_range": "30d"},
    "Visitors by day, compared": {
        "site_id": "example.com",
        "metrics": ["visitors"],
        "date_range": "7d",
        "dimensions": ["time:day"],
        "include": {"time_labels": True, "comparisons": {"mode": "previous_period"}},
    },
    "Where readers of the blog came from": {
        "site_id": "example.com",
        "metrics": ["visitors", "visits", "visit_duration"],
        "date_range": ["2024-09-01", "2024-09-30"],
        "dimensions": ["visit:source"],
        "filters": [["contains", "event:page", ["/blog/"]], ["not", ["is", "visit:device", ["mobile", "tablet"]]]],
        "order_by": [["visits", "desc"]],
        "include": {"total_rows": True},
        "pagination": {"limit": 100, "offset": 0},
    },
}
ANSWERED: Schema = {
    "results": [
        {"dimensions": ["Google"], "metrics": [120, 141, 63.2]},
        {"dimensions": ["Direct / None"], "metrics": [98, 104, 41.0]},
    ],
    "meta": {"total_rows": 31},
    "query": {"site_id": "example.com", "date_range": ["2024-09-01", "2024-09-30"]},
}


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be said of an operation beyond what its signature tells."""

    tag: str
    answer: Schema | None
    parameters: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    examples: Mapping[str, Schema] = field(default_factory=dict)
    answered: Schema | None = None
    refusals: tuple[int, ...] = (400, 401, 404, 503)
    headers: tuple[str, ...] = ()
    security: list[Schema] = field(default_factory=lambda: ANYONE)


REPORT = (400, 401, 404, 422, 429, 503)


def _stats(results: Schema, **parameters: Schema) -> Call:
    return Call("Plausible's v1", thing({"results": results}, STATS_META), STATS | parameters, refusals=REPORT, headers=("ETag",))


def _views(field: str) -> Call:
    rows = listed(thing({field: TEXT, "url": TEXT, "value": WHOLE}))
    url: dict[str, Schema] = {"url": {"schema": TEXT, "description": "Scheme, host and path, as the answers name them"}} if field == "date" else {}
    return Call("Serverless Analytics", rows, {"website": SITE_ID, "date": MOMENT} | url, refusals=REPORT, headers=("ETag", "X-Footfall-Left-Out"))


GOALS = "/api/sites/{site_id}/goals"
FIGURE = thing({"value": named("Value")}, {"change": {"type": ["number", "null"]}})
CHANGING = (400, 401, 404, 409, 503)
SITE_PATH = "/api/sites/{site_id}"
ID_ALONE: Schema = {"schema": TEXT, "description": "The site's id"}


def _owned(answer: str | Schema, body: str | None = None) -> Call:
    """Return what is said of a call that takes a key of scope `sites:erase`."""
    return Call(
        "Erasing",
        named(answer) if isinstance(answer, str) else answer,
        {"site_id": ID_ALONE},
        body=named(body) if body else None,
        refusals=(400, 401, 404, 409, 501, 503, *((413,) if body else ())),
        security=KEY,
    )


CALLS: dict[tuple[str, str], Call] = {
    ("post", "/api/v2/query"): Call("Reports", named("Answer"), body=named("Query"), examples=EXAMPLES, answered=ANSWERED, refusals=(*REPORT, 413), headers=("ETag",)),
    ("get", "/api/v1/stats/realtime/visitors"): Call("Reports", WHOLE, {"site_id": SITE_ID}),
    ("get", "/api/v1/stats/dropped"): Call("Reports", DROPPED, {"site_id": SITE_ID, "period": {"schema": {"type": "string", "enum": list(NAMES), "default": "day"}}}),
    ("get", "/api/sites"): Call("Sites", thing({"sites": listed(SITE)}), refusals=(400, 401, 503)),
    ("get", GOALS): Call("Sites", thing({"goals": listed(named("Goal"))}), {"site_id": SITE_ID}),
    ("post", GOALS): Call("Sites", named("Goal"), {"site_id": SITE_ID}, body=named("NewGoal"), refusals=(*CHANGING, 413), security=KEY),
    ("delete", GOALS): Call("Sites", None, {"site_id": SITE_ID}, refusals=CHANGING, security=KEY),
    ("delete", SITE_PATH): _owned("Moved"),
    ("patch", SITE_PATH): _owned("Moved", "NewName"),
    ("post", f"{SITE_PATH}/erase"): _owned("Erased", "Erasure"),
    ("post", f"{SITE_PATH}/merge"): _owned("Moved", "Merger"),
    ("get", f"{SITE_PATH}/imports"): _owned(thing({"imports": listed(named("Imported"))})),
    ("delete", f"{SITE_PATH}/imports/{{number}}"): _owned("TakenBack"),
    ("get", "/api/v1/stats/aggregate"): _stats({"type": "object", "additionalProperties": FIGURE}, compare=COMPARE),
    ("get", "/api/v1/stats/timeseries"): _stats(listed(thing({"date": TEXT}) | {"additionalProperties": named("Value")}), interval=INTERVAL),
    ("get", "/api/v1/stats/breakdown"): _stats(listed({"type": "object", "additionalProperties": {"anyOf": [TEXT, named("Value")]}}), **BREAKDOWN),
    ("get", "/v1/ranking"): _views("name"),
    ("get", "/v1/series"): _views("date"),
}


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document that is made of the handlers' signatures, with all that these do not tell. Addresses are relative to the document's own, so that they hold below any path of a proxy."""
    paths = {path: {method: _operation(CALLS.get((method, path)), told) for method, told in item.items()} for path, item in document["paths"].items()}
    components = {"schemas": {**document.get("components", {}).get("schemas", {}), **SCHEMAS, **sending.SCHEMAS}, "securitySchemes": {"key": BEARER}}
    return {
        **document,
        "servers": [{"url": ".."}],
        "info": {**document["info"], "description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "tags": [{"name": name, "description": said} for name, said in TAGS.items()],
        "paths": paths | sending.PATHS,
        "components": components,
    }


def _operation(call: Call | None, told: Mapping[str, Any]) -> dict[str, Any]:
    """An operation. The key is a matter of security, not a parameter."""
    parameters = {each["name"]: each for each in told.get("parameters", ()) if each["name"] != "Authorization"}
    found = {**told, "parameters": list(parameters.values())}
    if call is None:
        return found
    responses = _responses(call, told["responses"])
    if "If-None-Match" in parameters:
        responses["304"] = {"description": "Nothing has changed since the answer with that ETag", "headers": _headers("ETag")}
    found |= {"tags": [call.tag], "security": call.security, "responses": responses, "parameters": list(_parameters(call, parameters).values())}
    if call.body:
        examples = {"examples": {name: {"value": example} for name, example in call.examples.items()}} if call.examples else {}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": call.body, **examples}}}
    return found


def _responses(call: Call, told: Mapping[str, Any]) -> dict[str, Schema]:
    success = next(status for status in told if status.startswith("2"))
    answer: Schema = {"description": "Done"}
    if call.answer:
        example = {"example": call.answered} if call.answered else {}
        answer = {"description": "The answer", "content": {"application/json": {"schema": call.answer, **example}}} | ({"headers": _headers(*call.headers)} if call.headers else {})
    return {success: answer, **{str(status): _refusal(status) for status in call.refusals}}


def _parameters(call: Call, told: Mapping[str, Schema]) -> dict[str, Schema]:
    new = {name: {"name": name, "in": "query", "required": name == "property"} for name in call.parameters if name not in told}
    return {name: each | ALWAYS.get(name, {}) | call.parameters.get(name, {}) for name, each in {**told, **new}.items()}


def _refusal(status: int) -> Schema:
    headers = {"headers": _headers("Retry-After")} if status in SOON else {}
    return {"description": REFUSALS[status], "content": {"application/json": {"schema": named("Error")}}, **headers}


def _headers(*names: str) -> dict[str, Schema]:
    return {name: RESPONSE_HEADERS[name] for name in names}
