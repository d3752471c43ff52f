"""The reading API, served by the engine behind the gateway."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Protocol

from litestar import Litestar, MediaType, Request, Response, delete, get, patch, post
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter
from litestar.serialization import encode_json

from footfall import __version__
from footfall.control.port import Commands, InvalidArgument, Refusal
from footfall.domain import target
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query.access import Access, Denied, Reader, Unknown
from footfall.query.answer import Answers
from footfall.query.body import json_object
from footfall.query.goals import NotAGoal, goal_told, new_goal, with_goal, without_goal
from footfall.query.lane import Busy, Caller
from footfall.query.limit import GoneAway, Limit, TooLong
from footfall.query.openapi import completed
from footfall.query.original import NotADate, Original
from footfall.query.rollup import TooCostly
from footfall.query.stats import Stats
from footfall.query.steward import Elsewhere, Steward
from footfall.query.turns import Turns
from footfall.registry.port import Refused, RegistryBroken
from footfall.store.port import StoreBroken

Authorization = Annotated[str | None, HeaderParameter(name="Authorization", description="`Bearer KEY`; sites that are public need none.")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", description="The ETag of an earlier answer; 304 when nothing has changed since.")]
Answer = Response[Any]
Headers = Mapping[str, str]
Asker = Request[Any, Any, Any]

CALLER = "x-footfall-caller"
"""Tells one caller from another without telling who it is; the gateway alone sets it."""

SOON: Headers = {"Retry-After": "2"}
A_QUERY = '{"site_id": "example.com", "metrics": ["visitors"], "date_range": "30d"}'
A_GOAL = '{"event": "Signup"} or {"page": "/thanks*"}'

log = logging.getLogger(__name__)


@get("/api/sites", operation_id="sites", sync_to_thread=True, summary="The sites that the caller may read")
def sites(access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """Public sites, and the key's own."""
    return {"sites": [_shown(site, access.now()) for site in access.readable(authorization)]}


@get("/api/sites/{site_id:str}/goals", operation_id="goals", summary="The goals of a site")
async def goals(site_id: FromPath[str], access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """In the order in which they were added."""
    site = await asyncio.to_thread(access.site, site_id, authorization)
    return {"goals": [goal_told(goal) for goal in site.goals]}


@post("/api/sites/{site_id:str}/goals", operation_id="add_goal", status_code=201, summary="Add a goal to a site")
async def add_goal(request: Asker, site_id: FromPath[str], access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, Any]:
    """Its name is that of the event, or `Visit` and the page, unless one is given. Takes a key of scope `sites:write`."""
    goal = new_goal(json_object(await request.body(), A_GOAL))
    await asyncio.to_thread(access.change, site_id, authorization, lambda site: with_goal(site, goal))
    return goal_told(goal)


@delete("/api/sites/{site_id:str}/goals", operation_id="remove_goal", summary="Remove a goal of a site")
async def remove_goal(site_id: FromPath[str], name: FromQuery[str], access: NamedDependency[Access], authorization: Authorization = None) -> None:
    """By its name. Takes a key of scope `sites:write`."""
    await asyncio.to_thread(access.change, site_id, authorization, lambda site: without_goal(site, name))


@delete("/api/sites/{site_id:str}", operation_id="remove_site", status_code=200, summary="Remove a site with all that was counted of it")
async def remove_site(site_id: FromPath[str], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, Any]:
    """For good, with its keys and what waits to be counted. Takes a key of scope `sites:erase`, as all that follows."""
    return await steward.take(steward.remove, site_id, authorization)


@patch("/api/sites/{site_id:str}", operation_id="rename_site", summary="Give a site another id")
async def rename_site(request: Asker, site_id: FromPath[str], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, Any]:
    """All that was counted goes along, and so do keys; the old id becomes an alias, by which pages may go on naming it."""
    return await steward.take(steward.rename, site_id, authorization, await request.body())


@post("/api/sites/{site_id:str}/erase", operation_id="erase", status_code=200, summary="Erase some of what was counted")
async def erase(request: Asker, site_id: FromPath[str], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, Any]:
    """Events that pass all filters, in a period, as if they had never come. Tells what would go, unless `dry_run` is false."""
    return await steward.take(steward.erase, site_id, authorization, await request.body())


@post("/api/sites/{site_id:str}/merge", operation_id="merge_site", status_code=200, summary="Make a site part of another")
async def merge_site(request: Asker, site_id: FromPath[str], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, Any]:
    """They cannot be told apart again. The header has a key of the site that ends, `into_key` is one of the other."""
    return await steward.take(steward.merge, site_id, authorization, await request.body())


@get("/api/sites/{site_id:str}/imports", operation_id="imports", summary="What was imported into a site")
async def imports(site_id: FromPath[str], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """Oldest first, each by the number with which it can be taken back."""
    return {"imports": await steward.take(steward.imports, site_id, authorization)}


@delete("/api/sites/{site_id:str}/imports/{number:int}", operation_id="take_back", status_code=200, summary="Take an import back")
async def take_back(site_id: FromPath[str], number: FromPath[int], steward: NamedDependency[Steward], authorization: Authorization = None) -> dict[str, Any]:
    """As if it had never been. `kept_days` are days whose sums stay, since their facts are gone."""
    return await steward.take(steward.take_back, site_id, authorization, number)


@post("/api/v2/query", operation_id="query", status_code=200, summary="A report of a site")
async def query(
    request: Asker, access: NamedDependency[Access], answers: NamedDependency[Answers], turns: NamedDependency[Turns],
    authorization: Authorization = None, if_none_match: IfNoneMatch = None,
) -> Answer:  # fmt: skip
    """Metrics by dimensions over a period, in the shapes of Plausible's Stats API v2."""
    asked = json_object(await request.body(), A_QUERY)
    site_id = asked.get("site_id")
    if not isinstance(site_id, str):
        raise Wrong("site_id", "is required: the id or a domain of a site")

    def work(site: Site, limit: Limit) -> Answer:
        with answers.asked(site, asked, limit) as found:
            return _answered(found, if_none_match)

    asking = partial(access.as_plausible, site_id, authorization)
    return await _in_turn(request, turns, asking, work)


@get("/api/v1/stats/realtime/visitors", operation_id="current_visitors", sync_to_thread=True, summary="Visitors of the last five minutes")
def current_visitors(site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None) -> int:
    """A bare number."""
    return answers.current_visitors(access.as_plausible(site_id, authorization).site)


def _stats(call: str, summary: str, told: str) -> Any:
    """A route of the older Stats API; all take their parameters from the query string."""

    async def handle(
        request: Asker, site_id: FromQuery[str], access: NamedDependency[Access], stats: NamedDependency[Stats], turns: NamedDependency[Turns],
        authorization: Authorization = None, if_none_match: IfNoneMatch = None,
    ) -> Answer:  # fmt: skip
        given = {name: value for name, value in request.query_params.items() if name != "site_id"}

        def work(site: Site, limit: Limit) -> Answer:
            with stats.asked(call, site, given, limit) as found:
                return _answered(found, if_none_match)

        asking = partial(access.as_plausible, site_id, authorization)
        return await _in_turn(request, turns, asking, work)

    handle.__doc__ = told
    return get(f"/api/v1/stats/{call}", summary=summary, operation_id=call)(handle)


aggregate = _stats("aggregate", "Figures of a period (Plausible's v1)", "Each metric with its value.")
timeseries = _stats("timeseries", "Figures over time (Plausible's v1)", "Every bucket of the period, empty ones too.")
breakdown = _stats("breakdown", "Figures by a property (Plausible's v1)", "By the first metric, most first.")


@get("/api/v1/stats/dropped", operation_id="dropped", sync_to_thread=True, summary="Hits left out, by reason")
def dropped(
    site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None, period: FromQuery[str] = "day"
) -> dict[str, list[dict[str, Any]]]:
    """How many hits of a period were not counted, and why; most first."""
    return {"results": answers.dropped(access.site(site_id, authorization), period)}


@get("/v1/ranking", operation_id="ranking", summary="Page views per URL (the original's API)")
async def ranking(
    request: Asker, website: FromQuery[str], date: FromQuery[str], access: NamedDependency[Access], original: NamedDependency[Original],
    turns: NamedDependency[Turns], authorization: Authorization = None, if_none_match: IfNoneMatch = None,
) -> Answer:  # fmt: skip
    """By number of views, then by URL. Days whose facts are gone are told in the header `X-Footfall-Left-Out`."""

    def work(site: Site, limit: Limit) -> Answer:
        with original.ranking(site, date, limit) as found:
            return _answered(found, if_none_match, _left_out(found.left_out))

    return await _in_turn(request, turns, partial(access.reader, website, authorization), work)


@get("/v1/series", operation_id="series", summary="Page views of a URL over time (the original's API)")
async def series(
    request: Asker, website: FromQuery[str], date: FromQuery[str], access: NamedDependency[Access], original: NamedDependency[Original],
    turns: NamedDependency[Turns], authorization: Authorization = None, if_none_match: IfNoneMatch = None, url: FromQuery[str | None] = None,
) -> Answer:  # fmt: skip
    """A step finer than the date asked for; of every URL when none is named. The header is the same."""

    def work(site: Site, limit: Limit) -> Answer:
        with original.series(site, date, url, limit) as found:
            return _answered(found, if_none_match, _left_out(found.left_out))

    return await _in_turn(request, turns, partial(access.reader, website, authorization), work)


def _left_out(days: int) -> Headers:
    return {"X-Footfall-Left-Out": f"{days} days"} if days else {}


@get("/api/openapi.json", include_in_schema=False)
async def openapi(request: Asker) -> dict[str, Any]:
    """All of this as an OpenAPI document."""
    document: dict[str, Any] = request.app.state.document
    return document


ROUTES = [
    sites, goals, add_goal, remove_goal, remove_site, rename_site, erase, merge_site, imports, take_back,
    query, current_visitors, aggregate, timeseries, breakdown, dropped, ranking, series, openapi,
]  # fmt: skip


def application(
    access: Access,
    answers: Answers,
    original: Original,
    turns: Turns | None = None,
    late: Callable[[Asker, TooLong], Answer] | None = None,
    commands: Commands | None = None,
) -> Litestar:
    """The API as an ASGI application.

    `late` answers for reports that take longer than their turn; `commands` erase, where that is done.
    """
    parts = {
        "access": access,
        "answers": answers,
        "stats": Stats(answers),
        "original": original,
        "turns": turns or Turns(),
        "steward": Steward(access, commands or {}),
    }
    provided = {name: _provided(part) for name, part in parts.items()}
    # The framework serves pages of its own beside every document that it makes, so another application makes it, which is never served.
    described = Litestar(route_handlers=ROUTES, dependencies=provided, openapi_config=OpenAPIConfig(title="Footfall", version=__version__))
    return Litestar(
        route_handlers=ROUTES,
        dependencies=provided,
        before_request=_checked,
        cors_config=CORSConfig(allow_origins=["*"], expose_headers=["ETag", "Location", "Retry-After", "X-Footfall-Left-Out"]),
        state=State({"document": completed(described.openapi_schema.to_schema())}),
        logging_config=None,
        openapi_config=None,
        exception_handlers={
            Wrong: lambda _, exc: _error(400, str(exc)),
            NotAGoal: lambda _, exc: _error(400, str(exc)),
            NotADate: lambda _, exc: _error(400, str(exc)),
            Denied: lambda _, exc: _error(401, str(exc)),
            Unknown: lambda _, exc: _error(404, str(exc)),
            Refused: lambda _, exc: _error(409, str(exc)),
            InvalidArgument: lambda _, exc: _error(400, str(exc)),
            Refusal: lambda _, exc: _error(409, str(exc)),
            Elsewhere: lambda _, exc: _error(501, str(exc)),
            TooCostly: _too_costly,
            TooLong: late or _too_costly,
            Busy: lambda _, exc: _error(429, str(exc), SOON),
            GoneAway: lambda _, exc: _error(499, "the client has gone"),
            StoreBroken: lambda _, exc: _error(503, "the facts cannot be read just now; try again in a moment", SOON),
            RegistryBroken: lambda _, exc: _error(503, "the sites cannot be read just now; try again in a moment", SOON),
            RecursionError: lambda _, exc: _error(400, "the body is nested too deeply"),
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )


def _provided(part: Any) -> Provide:
    return Provide(lambda: part, sync_to_thread=False)


async def _checked(request: Asker) -> Answer | None:
    """Refuse a target that is too much, and a parameter that is given twice, of which only one would be used."""
    path = request.scope["raw_path"] or request.scope["path"].encode()
    too_much = target.refused(path, request.scope["query_string"])
    if too_much:
        return _error(*too_much)
    times = Counter(name for name, _ in request.query_params.multi_items())
    for name, count in times.items():
        if count > 1:
            raise Wrong(name[:60], "is given more than once; give it once, with commas between several values where it takes them")
    return None


class Versioned(Protocol):
    """Something asked at one moment."""

    @property
    def tag(self) -> str:
        """Equal for equal answers."""

    def answer(self) -> Any:
        """What was asked for."""


def _answered(found: Versioned, if_none_match: str | None, headers: Headers | None = None) -> Answer:
    """The answer with its version, or that the asker has it already."""
    tag = f'"{found.tag}"'
    if if_none_match is not None and tag in if_none_match:
        return Response(None, status_code=304, headers={"ETag": tag})
    return Response(encode_json(found.answer()), headers={"ETag": tag, "Cache-Control": "private, no-cache", **(headers or {})}, media_type=MediaType.JSON)


async def _in_turn(
    request: Asker,
    turns: Turns,
    asking: Callable[[], Reader],
    work: Callable[[Site, Limit], Answer],
) -> Answer:
    """Answer a report when it is its turn; who may not read has none."""
    reader = await asyncio.to_thread(asking)
    caller = Caller(
        site=reader.site.id,
        keyed=reader.keyed,
        address=request.headers.get(CALLER, ""),
    )
    return await turns.take(partial(work, reader.site), lambda: _left(request), caller)


async def _left(request: Asker) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _shown(site: Site, now_us: int) -> dict[str, Any]:
    return {"id": site.id, "domains": site.domains, "timezone": site.zone_at(now_us), "public": site.public, "goals": [goal.name for goal in site.goals]}


def _error(status: int, sentence: str, headers: Headers | None = None) -> Response[dict[str, str]]:
    return Response({"error": sentence}, status_code=status, headers=headers, media_type="application/json")


def _too_costly(_: Asker, exc: TooCostly) -> Response[dict[str, str]]:
    return _error(422, str(exc))


def _http_error(_: Asker, exc: HTTPException) -> Response[dict[str, str]]:
    if isinstance(exc, ValidationException) and isinstance(exc.extra, list) and exc.extra:
        first = exc.extra[0]
        return _error(400, f"{first.get('key', 'the request')}: {first.get('message', exc.detail)}")
    return _error(exc.status_code, exc.detail)


def _unexpected(request: Asker, exc: Exception) -> Response[dict[str, str]]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    return _error(500, "something went wrong here; the log of the server says what")
