"""The sandbox as one ASGI app: the simulated APIs and the control plane over one world.

Belongs here: putting routers, middleware and handlers together, and the OpenAPI document.
Does not belong here: routes, state, sockets.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import SecretStr

from sandbox.graph.api import graph_router
from sandbox.problems import PROBLEM_JSON, install_problem_handlers
from sandbox.service import control, control_ads, control_oauth
from sandbox.sift import api as sift_api
from sandbox.sift.faults import TruncatedAnswerError
from sandbox.sift.scrapes import ScrapeDesk, ScrapeTimes
from sandbox.tiktok.api import tiktok_router
from sandbox.tiktok.limits import CallWindow, MinuteLimits
from sandbox.world import RequestLogging, World

SANDBOX_KEY: Final = SecretStr("sandbox-key")
SCRAPE_DURATION_S: Final = 90.0
SCRAPE_KEPT_S: Final = 86_400.0
TITLE: Final = "layers_pipeline sandbox"
DESCRIPTION: Final = """
The platform APIs that the pipeline reads, served locally from captures against a clock.

`/v1` is the SIFT contract: order a scrape, ask how far it is, page through its posts. `/sandbox`
steers the sandbox itself. All times are UTC. Every error of these two is an RFC 9457 problem
document. `/open_api` is the TikTok Business API, and `/v26.0` and the like are the Instagram Graph
API; their vendors describe them, so this document does not.
"""


def build_sandbox(
    world: World,
    *,
    key: SecretStr = SANDBOX_KEY,
    scrape_duration_s: float = SCRAPE_DURATION_S,
    scrape_kept_s: float = SCRAPE_KEPT_S,
) -> FastAPI:
    """The sandbox over a world.

    Args:
        world: Clock, dataset, faults and request log.
        key: The bearer key that SIFT's routes ask for.
        scrape_duration_s: How long a scrape takes, in simulated seconds, 0 or more.
        scrape_kept_s: How long its posts can be read afterwards, in simulated seconds.
    """
    app = FastAPI(
        title=TITLE, description=DESCRIPTION, version="1.0.0", docs_url=None, redoc_url=None
    )
    times = ScrapeTimes(
        duration=timedelta(seconds=scrape_duration_s), kept=timedelta(seconds=scrape_kept_s)
    )
    app.state.world = world
    app.state.scrapes = ScrapeDesk(world, times)
    app.state.sift_key = key
    app.state.tiktok_calls = CallWindow()
    app.state.tiktok_minutes = MinuteLimits(world.clock)
    for router in (
        sift_api.health_router,
        sift_api.router,
        control.router,
        control_oauth.router,
        control_ads.router,
        tiktok_router(world, app.state.tiktok_calls, app.state.tiktok_minutes),
        graph_router,  # last: some of its paths begin with anything
    ):
        app.include_router(router)
    app.add_middleware(RequestLogging, world=world)
    install_problem_handlers(app)
    app.add_exception_handler(TruncatedAnswerError, _half_an_answer)
    app.openapi = lambda: _openapi(app)
    return app


async def _half_an_answer(_request: Request, _error: Exception) -> Response:
    return Response(
        '{"scrape_id": "scr_5f2b1c", "posts": [{"post_id": "75', 200, media_type="application/json"
    )


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with errors under the media type that they really have."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for response in _error_responses(document):
        response["content"] = {PROBLEM_JSON: response["content"]["application/json"]}
    return document


def _error_responses(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:  # noqa: PLR2004 - where HTTP's errors begin
                    yield response
