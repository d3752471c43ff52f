"""The reading API, served by the engine behind the gateway."""

from typing import Annotated, Any

from litestar import Litestar, Request, Response, get, post
from litestar.config.cors import CORSConfig
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromQuery, HeaderParameter, JSONBody

from footfall import __version__
from footfall.domain.site import Site
from footfall.domain.wrong import Wrong
from footfall.query.access import Access, Denied, Unknown
from footfall.query.answer import Answers
from footfall.query.original import NotADate, Original
from footfall.store.port import StoreBroken

Authorization = Annotated[str | None, HeaderParameter(name="Authorization", description="`Bearer KEY`; sites that are public need none.")]


@get("/api/sites", sync_to_thread=True, summary="The sites that the caller may read")
def sites(access: NamedDependency[Access], authorization: Authorization = None) -> dict[str, list[dict[str, Any]]]:
    """Public sites, and the key's own."""
    return {"sites": [_shown(site, access.now()) for site in access.readable(authorization)]}


@post("/api/v2/query", sync_to_thread=True, status_code=200, summary="A report of a site")
def query(data: JSONBody[dict[str, Any]], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None) -> dict[str, Any]:
    """Metrics by dimensions over a period, in the shapes of Plausible's Stats API v2."""
    site_id = data.get("site_id")
    if not isinstance(site_id, str):
        raise Wrong("site_id", "is required: the id or a domain of a site")
    return answers.query(access.site(site_id, authorization), data)


@get("/api/v1/stats/realtime/visitors", sync_to_thread=True, summary="Visitors of the last five minutes")
def current_visitors(site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None) -> int:
    """A bare number."""
    return answers.current_visitors(access.site(site_id, authorization))


@get("/api/v1/stats/dropped", sync_to_thread=True, summary="Hits left out, by reason")
def dropped(
    site_id: FromQuery[str], access: NamedDependency[Access], answers: NamedDependency[Answers], authorization: Authorization = None, period: FromQuery[str] = "day"
) -> dict[str, list[dict[str, Any]]]:
    """How many hits of a period were not counted, and why; most first."""
    return {"results": answers.dropped(access.site(site_id, authorization), period)}


@get("/v1/ranking", sync_to_thread=True, summary="Page views per URL (the original's API)")
def ranking(
    website: FromQuery[str], date: FromQuery[str], access: NamedDependency[Access], original: NamedDependency[Original], authorization: Authorization = None
) -> list[dict[str, Any]]:
    """By number of views, then by URL."""
    return original.ranking(access.site(website, authorization), date)


@get("/v1/series", sync_to_thread=True, summary="Page views of a URL over time (the original's API)")
def series(
    website: FromQuery[str],
    date: FromQuery[str],
    access: NamedDependency[Access],
    original: NamedDependency[Original],
    authorization: Authorization = None,
    url: FromQuery[str | None] = None,
) -> list[dict[str, Any]]:
    """A step finer than the date asked for; of every URL when none is named."""
    return original.series(access.site(website, authorization), date, url)


def application(access: Access, answers: Answers, original: Original) -> Litestar:
    """The API as an ASGI application."""

    def provide(part: Any) -> Provide:
        return Provide(lambda: part, sync_to_thread=False)

    return Litestar(
        route_handlers=[sites, query, current_visitors, dropped, ranking, series],
        dependencies={"access": provide(access), "answers": provide(answers), "original": provide(original)},
        cors_config=CORSConfig(allow_origins=["*"]),
        logging_config=None,
        openapi_config=OpenAPIConfig(title="Footfall", version=__version__, path="/api", render_plugins=[JsonRenderPlugin(path="/openapi.json")]),
        exception_handlers={
            Wrong: lambda _, exc: _error(400, str(exc)),
            NotADate: lambda _, exc: _error(400, str(exc)),
            Denied: lambda _, exc: _error(401, str(exc)),
            Unknown: lambda _, exc: _error(404, str(exc)),
            StoreBroken: lambda _, exc: _error(503, "the facts cannot be read just now; try again in a moment"),
            RecursionError: lambda _, exc: _error(400, "the body is nested too deeply"),
            HTTPException: _http_error,
        },
    )


def _shown(site: Site, now_us: int) -> dict[str, Any]:
    return {"id": site.id, "domains": site.domains, "timezone": site.zone_at(now_us), "public": site.public}


def _error(status: int, sentence: str) -> Response[dict[str, str]]:
    return Response({"error": sentence}, status_code=status, media_type="application/json")


def _http_error(_: Request[Any, Any, Any], exc: HTTPException) -> Response[dict[str, str]]:
    if isinstance(exc, ValidationException) and isinstance(exc.extra, list) and exc.extra:
        first = exc.extra[0]
        return _error(400, f"{first.get('key', 'the request')}: {first.get('message', exc.detail)}")
    return _error(exc.status_code, exc.detail)
