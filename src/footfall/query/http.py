"""The reading API, served by the engine behind the gateway."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Litestar, MediaType, Request, Response, delete, get, post
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody

from footfall import __version__
from footfall.domain.goal import Goal, default_name, goal_problems
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query.access import Access, Denied, Unknown
from footfall.query.answer import Answers
from footfall.query.limit import SECONDS, GoneAway, Limit
from footfall.query.openapi import completed
from footfall.query.original import NotADate, Original
from footfall.query.rollup import TooCostly
from footfall.query.stats import Stats
from footfall.registry.port import Refused, RegistryBroken
from footfall.store.port import StoreBroken

Authorization = Annotated[str | None, HeaderParameter(name="Authorization", description="`Bearer KEY`; sites that are public need none.")]
IfNoneMatch = Annotated[str | None, HeaderParameter(name="If-None-Match", description="The ETag of an earlier answer; 304 when nothing has changed since.")]
Answer = Response[Any]

log = logging.getLogger(__name__)


@get("/api/sites", operation_id="sites", sync_to_thread=True, summary="The sites that the caller may read")
def sites(access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """Public sites, and the key's own."""
    return {"sites": [_shown(site, access.now()) for site in access.readable(authorization)]}


@get("/api/sites/{site_id:str}/goals", operation_id="goals", summary="The goals of a site")
async def goals(site_id: FromPath[str], access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """In the order in which they were added."""
    site = await asyncio.to_thread(access.site, site_id, authorization)
    return {"goals": [_goal(goal) for goal in site.goals]}


class NewGoal(msgspec.Struct, forbid_unknown_fields=True):
    """A page (with `*` for any characters), or an event with any properties and a currency."""

    name: str | None = None
    page: str | None = None
    event: str | None = None
    props: dict[str, str] = {}
    currency: str | None = None


@post("/api/sites/{site_id:str}/goals", operation_id="add_goal", status_code=201, summary="Add a goal to a site")
async def add_goal(site_id: FromPath[str], data: JSONBody[NewGoal], access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, Any]:
    """Its name is that of the event, or `Visit` and the page, unless one is given. Takes a key of scope `sites:write`."""
    goal = Goal(data.name or default_name(data.page, data.event), data.page, data.event, tuple(data.props.items()), data.currency)

    def added(site: Site) -> Site:
        several = (*site.goals, goal)
        if found := goal_problems(several):
            raise Wrong("goal:", "; ".join(found))
        return replace(site, goals=several)

    await asyncio.to_thread(access.change, site_id, authorization, added)
    return _goal(goal)


@delete("/api/sites/{site_id:str}/goals", operation_id="remove_goal", summary="Remove a goal of a site")
async def remove_goal(site_id: FromPath[str], name: FromQuery[str], access: NamedDependency[Access], authorization: Authorization = None) -> None:
    """By its name. Takes a key of scope `sites:write`."""

    def removed(site: Site) -> Site:
        left = tuple(goal for goal in site.goals if goal.name != name)
        if len(left) == len(site.goals):
            raise Unknown(f"site {site.id!r} has no goal {name[:60]!r}")
        return replace(site, goals=left)

    await asyncio.to_thread(access.change, site_id, authorization, removed)


@post("/api/v2/query", operation_id="query", status_code=200, summary="A report of a site")
async def query(
    request: Request[Any, Any, Any], data: JSONBody[dict[str, Any]], access: NamedDependency[Access], answers: NamedDependency[Answers],
    authorization: Authorization = None, if_none_match: IfNoneMatch = None,
) -> Answer:  # fmt: skip
    """Metrics by dimensions over a period, in the shapes of Plausible's Stats API v2."""

    def work(limit: Limit) -> Answer:
        site_id = data.get("site_id")
        if not isinstance(site_id, str):
            raise Wrong("site_id", "is required: the id or a domain of a site")
        with answers.asked(access.site(site_id, authorization), data, limit) as asked:
            tag = f'"{asked.tag}"'
            if if_none_match is not None and tag in if_none_match:
                return Response(None, status_code=304, headers={"ETag": tag})
            return Response(asked.answer(), headers={"ETag": tag, "Cache-Control": "private, no-cache"}, media_type=MediaType.JSON)

    return await _while_waited_for(request, work)


@get("/api/v1/stats/realtime/visitors", operation_id="current_visitors", sync_to_thread=True, summary="Visitors of the last five minutes")
def current_visitors(site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None) -> int:
    """A bare number."""
    return answers.current_visitors(access.site(site_id, authorization))


def _stats(path: str, summary: str, told: str, answer: Callable[[Stats], Callable[[Site, Mapping[str, str], Limit], Any]]) -> Any:
    """A route of the older Stats API; all take their parameters from the query string."""

    async def handle(
        request: Request[Any, Any, Any], site_id: FromQuery[str], access: NamedDependency[Access], stats: NamedDependency[Stats], authorization: Authorization = None
    ) -> Answer:
        given = {name: value for name, value in request.query_params.items() if name != "site_id"}
        return await _while_waited_for(request, lambda limit: Response(answer(stats)(access.site(site_id, authorization), given, limit), media_type=MediaType.JSON))

    handle.__doc__ = told
    return get(path, summary=summary, operation_id=path.rpartition("/")[2])(handle)


aggregate = _stats("/api/v1/stats/aggregate", "Figures of a period (Plausible's v1)", "Each metric with its value.", lambda stats: stats.aggregate)
timeseries = _stats("/api/v1/stats/timeseries", "Figures over time (Plausible's v1)", "Every bucket of the period, empty ones too.", lambda stats: stats.timeseries)
breakdown = _stats("/api/v1/stats/breakdown", "Figures by a property (Plausible's v1)", "By the first metric, most first.", lambda stats: stats.breakdown)


@get("/api/v1/stats/dropped", operation_id="dropped", sync_to_thread=True, summary="Hits left out, by reason")
def dropped(
    site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None, period: FromQuery[str] = "day"
) -> dict[str, list[dict[str, Any]]]:
    """How many hits of a period were not counted, and why; most first."""
    return {"results": answers.dropped(access.site(site_id, authorization), period)}


@get("/v1/ranking", operation_id="ranking", sync_to_thread=True, summary="Page views per URL (the original's API)")
def ranking(
    website: FromQuery[str], date: FromQuery[str], access: NamedDependency[Access], original: NamedDependency[Original], authorization: Authorization = None
) -> Response[list[dict[str, Any]]]:
    """By number of views, then by URL. Days whose facts are gone are told in the header `X-Footfall-Left-Out`."""
    site = access.site(website, authorization)
    return Response(original.ranking(site, date), headers=_left_out(original, site, date))


@get("/v1/series", operation_id="series", sync_to_thread=True, summary="Page views of a URL over time (the original's API)")
def series(
    website: FromQuery[str], date: FromQuery[str], access: NamedDependency[Access], original: NamedDependency[Original],
    authorization: Authorization = None, url: FromQuery[str | None] = None,
) -> Response[list[dict[str, Any]]]:  # fmt: skip
    """A step finer than the date asked for; of every URL when none is named. The header is the same."""
    site = access.site(website, authorization)
    return Response(original.series(site, date, url), headers=_left_out(original, site, date))


def _left_out(original: Original, site: Site, date: str) -> dict[str, str]:
    days = original.left_out(site, date)
    return {"X-Footfall-Left-Out": f"{days} days"} if days else {}


@get("/api/openapi.json", sync_to_thread=True, include_in_schema=False)
def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """All of this as an OpenAPI document."""
    document: dict[str, Any] = request.app.openapi_schema.to_schema()
    return completed(document)


ROUTES = [sites, goals, add_goal, remove_goal, query, current_visitors, aggregate, timeseries, breakdown, dropped, ranking, series, openapi]


def application(access: Access, answers: Answers, original: Original, seconds: float = SECONDS) -> Litestar:
    """The API as an ASGI application; `seconds` is how long a report may take."""

    def provide(part: Any) -> Provide:
        return Provide(lambda: part, sync_to_thread=False)

    return Litestar(
        route_handlers=ROUTES,
        dependencies={"access": provide(access), "answers": provide(answers), "stats": provide(Stats(answers)), "original": provide(original)},
        cors_config=CORSConfig(allow_origins=["*"], expose_headers=["ETag"]),
        state=State({"seconds": seconds}),
        logging_config=None,
        openapi_config=OpenAPIConfig(title="Footfall", version=__version__, path="/api/schema", render_plugins=[]),
        exception_handlers={
            Wrong: lambda _, exc: _error(400, str(exc)),
            NotADate: lambda _, exc: _error(400, str(exc)),
            Denied: lambda _, exc: _error(401, str(exc)),
            Unknown: lambda _, exc: _error(404, str(exc)),
            Refused: lambda _, exc: _error(409, str(exc)),
            TooCostly: lambda _, exc: _error(422, str(exc)),
            GoneAway: lambda _, exc: _error(499, "the client has gone"),
            StoreBroken: lambda _, exc: _error(503, "the facts cannot be read just now; try again in a moment"),
            RegistryBroken: lambda _, exc: _error(503, "the sites cannot be read just now; try again in a moment"),
            RecursionError: lambda _, exc: _error(400, "the body is nested too deeply"),
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )


async def _while_waited_for(request: Request[Any, Any, Any], work: Callable[[Limit], Answer]) -> Answer:
    """What `work` answers in a thread, which is told to give up when the client has gone or time is up."""
    limit, seconds = Limit(), request.app.state.seconds
    working = asyncio.create_task(asyncio.to_thread(work, limit))
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({working, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            limit.give_up()
        elif not working.done():
            limit.expire(seconds)
        return await working
    finally:
        leaving.cancel()


async def _left(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _shown(site: Site, now_us: int) -> dict[str, Any]:
    return {"id": site.id, "domains": site.domains, "timezone": site.zone_at(now_us), "public": site.public, "goals": [goal.name for goal in site.goals]}


def _goal(goal: Goal) -> dict[str, Any]:
    return {"name": goal.name, "page": goal.page, "event": goal.event, "props": dict(goal.props), "currency": goal.currency}


def _error(status: int, sentence: str) -> Response[dict[str, str]]:
    return Response({"error": sentence}, status_code=status, media_type="application/json")


def _http_error(_: Request[Any, Any, Any], exc: HTTPException) -> Response[dict[str, str]]:
    if isinstance(exc, ValidationException) and isinstance(exc.extra, list) and exc.extra:
        first = exc.extra[0]
        return _error(400, f"{first.get('key', 'the request')}: {first.get('message', exc.detail)}")
    return _error(exc.status_code, exc.detail)


def _unexpected(request: Request[Any, Any, Any], exc: Exception) -> Response[dict[str, str]]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    return _error(500, "something went wrong here; the log of the server says what")
