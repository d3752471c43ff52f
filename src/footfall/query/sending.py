"""What the OpenAPI document says of the gateway's own calls: the ways a hit comes in."""

from typing import Any

from footfall.domain.reason import Reason
from footfall.query.schema import TEXT, WHOLE, Schema, listed, maybe, named, thing

TAG = "Sending"
ABOUT = (
    "What happened, told by a page, an image or a server. Answered 202 once it is durable; what comes twice with one `id` counts once. "
    "Only `url`, in a batch also `at` and `ip`, can make it wrong: whatever else is odd is cut or left out, and named in the answer."
)
ID: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
URL: Schema = {"type": "string", "minLength": 1, "description": "Absolute, of http, https or app, at most 2,000 bytes", "examples": ["https://example.com/page"]}
FIELDS: dict[str, Schema] = {
    "name": maybe(TEXT) | {"description": "The page's title; short `n`"},
    "event": maybe({"type": "string", "minLength": 1, "maxLength": 120}) | {"description": "The name of a custom event, or `engagement`; without one it is a page view; short `e`"},
    "website": maybe(TEXT) | {"description": "The site's id, an alias or a domain; without it the URL's host finds the site; short `w`"},
    "referrer": maybe({"type": "string", "maxLength": 2_000}) | {"description": "At most 2,000 bytes; short `r`"},
    "props": maybe({"type": "object", "maxProperties": 30, "propertyNames": {"maxLength": 300}, "additionalProperties": {"anyOf": [{"type": "string", "maxLength": 2_000}, {"type": ["number", "boolean", "null"]}]}})
    | {"description": "Properties of the event: texts, numbers, booleans; at most 30, keys of at most 300 bytes, values of 2,000, 8 KB in all; short `p`"},
    "revenue": maybe(thing({"currency": {"type": "string", "pattern": "^[A-Za-z]{3}$"}, "amount": {"type": ["number", "string"]}}, closed=False)) | {"description": "A currency of ISO 4217 and an amount, a number or a text such as `12.50`; short `$`"},
    "interactive": maybe({"type": "boolean", "default": True}) | {"description": "Whether the visitor did it: only then it makes a bounce a visit; short `i`"},
    "id": maybe(ID) | {"description": "Of this event alone, best a UUID: made once at random by the sender (whoever guesses it may send it first) and used again when it is sent again; short `k`"},
    "page": maybe(ID) | {"description": "The `id` of the page view that an engagement belongs to; short `g`"},
    "age": maybe({"type": "number", "minimum": 0}) | {"description": "Milliseconds since it happened; more than a day is dropped as `too_late`; short `a`"},
    "engaged": maybe({"type": "number", "minimum": 0, "maximum": 86_400_000}) | {"description": "Of an engagement: milliseconds of reading since the last one; short `t`"},
    "scroll": maybe({"type": "number", "minimum": 0, "maximum": 100}) | {"description": "Of an engagement: the deepest scroll in percent; short `s`"},
    "screen": maybe({"type": "number", "minimum": 0, "maximum": 100_000}) | {"description": "Width in CSS pixels; short `x`"},
    "language": maybe({"type": "string", "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,6}$"}) | {"description": "BCP 47; short `l`"},
    "bot": {"description": "Whether the sender takes the visitor for a robot; short `b`"},
    "hash": maybe({"type": "boolean", "default": False}) | {"description": "Whether the URL's fragment belongs to the page; short `h`"},
}  # fmt: skip
HIT = thing({"url": URL}, FIELDS | {"date": {"description": "Milliseconds since 1970; without a key only where it is near the server's clock; short `d`"}}, closed=False)
AT = maybe({"type": ["number", "string"]})
KEYED = thing(
    {"url": URL},
    FIELDS
    | {
        "ip": maybe({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}) | {"description": "The visitor's address; without it the sender's"},
        "user_agent": maybe({"type": "string"}) | {"description": "The visitor's browser; without it the sender's"},
        "at": AT | {"description": "When it was: milliseconds since 1970 or ISO 8601, from 2000 to now (what is up to 10 minutes ahead is now)"},
    },
    closed=False,
)
TAKEN = thing(
    {"accepted": WHOLE, "rejected": listed(thing({"index": WHOLE, "reason": {"type": "string", "description": "A sentence, or one of " + ", ".join(Reason)}}))},
    {"ignored": listed(thing({"index": WHOLE, "fields": listed(TEXT)}), description="Fields that were cut or left out, of events that were read; absent where there are none")},
)
PIXEL: dict[str, str] = {
    "u": "The page's URL; without it the request's `Referer`", "w": "The site", "n": "The page's title", "e": "A custom event's name", "r": "The referrer", "k": "The event's id",
}  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "Hit": HIT,
    "KeyedEvent": KEYED,
    "Taken": TAKEN,
    "Faults": thing({"errors": {"type": "object", "additionalProperties": listed(TEXT)}}, description="What is wrong, by field"),
}
DROPPED: Schema = {"X-Footfall-Dropped": {"description": "Why it is not counted; absent where it is", "schema": {"type": "string", "enum": [reason.value for reason in Reason]}}}
IGNORED: Schema = {
    "X-Footfall-Ignored": {
        "description": "Fields that were cut or left out, with commas, such as `props.plan, revenue`; absent where all was taken",
        "schema": TEXT,
    }
}
RETRY: Schema = {"Retry-After": {"description": "After how many seconds it is worth trying again", "schema": WHOLE}}


def _json(description: str, schema: str, **headers: Any) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": named(schema)}}, **({"headers": headers} if headers else {})}


REFUSALS: Schema = {
    "400": _json("Something in it is wrong", "Faults"),
    "401": _json("The key is not known, or may not write events", "Error"),
    "408": _json("The request came too slowly", "Faults"),
    "413": _json("The body is too large", "Faults"),
    "429": _json("Too many hits from this address", "Error", **RETRY),
    "503": _json("It is not known to be stored; it is to be sent again", "Error", **RETRY),
}
KEY: list[Schema] = [{"key": []}]
ANYONE: list[Schema] = [{}, *KEY]
PATHS: dict[str, Any] = {
    "/v1/track": {
        "post": {
            "operationId": "track", "tags": [TAG], "summary": "Count a page view or an event", "security": ANYONE, "parameters": [],
            "description": "JSON whatever the content type, at most 64 KB. `text/plain` saves browsers a preflight.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": named("Hit")}}},
            "responses": {"202": {"description": "It is durable, or dropped for the reason in the header", "headers": DROPPED | IGNORED}, **REFUSALS},
        }
    },
    "/v1/track.gif": {
        "get": {
            "operationId": "pixel", "tags": [TAG], "summary": "Count a page view by an image", "security": ANYONE,
            "parameters": [{"name": name, "in": "query", "required": False, "description": said, "schema": URL if name == "u" else TEXT} for name, said in PIXEL.items()],
            "responses": {
                "200": {"description": "A transparent image of one pixel", "content": {"image/gif": {}}, "headers": DROPPED | IGNORED},
                **{status: {"description": each["description"], "content": {"image/gif": {}}} for status, each in REFUSALS.items() if status not in ("408", "413")},
            },
        }
    },
    "/v1/batch": {
        "post": {
            "operationId": "batch", "tags": [TAG], "summary": "Count many events, told by a server", "security": KEY, "parameters": [],
            "description": "At most 500 events and 2 MB, as an array or one a line. The site is the key's. Those that are taken are stored together. After a 503 the batch is to be sent again: with an `id` an event counts once all the same.",
            "requestBody": {"required": True, "content": {"application/json": {"schema": listed(named("KeyedEvent"), maxItems=500)}}},
            "responses": {"202": _json("How many are durable, and which were not taken", "Taken"), **REFUSALS},
        }
    },
}  # fmt: skip
