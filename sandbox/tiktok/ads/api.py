"""The paths about ads of the simulated TikTok Business API.

Belongs here: which path is which reading, and sending what it answers.
Does not belong here: the readings.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.simulation.accounts import AccountRef
from sandbox.tiktok.ads import objects, spark
from sandbox.tiktok.ads.call import AdsCall, Json
from sandbox.tiktok.ads.reports import Tasks, integrated_report
from sandbox.tiktok.codes import NO_PERMISSION, TikTokRefusalError
from sandbox.tiktok.faults import SLOW_S, disguised
from sandbox.tiktok.tokens import CLIENT_ID, CLIENT_SECRET, opened_by
from sandbox.world import World

CREATE: Final = "report/task/create"
ADVERTISERS: Final = "oauth2/advertiser/get"
FILES: Final = "file/"
Reading = Callable[[AdsCall], Json | str]
Envelope = Callable[[Mapping[str, Any]], Response]


class AdsApi:
    """Answers what is asked about ads over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tasks = Tasks()
        self._readings: Mapping[str, Reading] = {
            ADVERTISERS: objects.advertisers,
            "advertiser/info": objects.advertiser_info,
            "ad/get": objects.ads,
            "adgroup/get": objects.ad_groups,
            "campaign/get": objects.campaigns,
            "report/integrated/get": integrated_report,
            CREATE: self._tasks.create,
            "report/task/check": self._tasks.check,
            "report/task/download": self._tasks.download,
            "tt_video/info": spark.video_info,
            "tt_video/list": spark.video_list,
            "identity/get": spark.identities,
            "bc/asset/get": spark.assets,
        }

    def method_of(self, route: str) -> str | None:
        """The method of a path about ads; none of any other path."""
        if route not in self._readings:
            return None
        return "POST" if route == CREATE else "GET"

    async def answer(
        self, route: str, request: Request, body: Json, enveloped: Envelope
    ) -> Response:
        """What a path is answered.

        Raises:
            TikTokRefusalError: It is refused.
        """
        call = self._call(request, _written(body) if route == CREATE else request.query_params)
        if route == ADVERTISERS:
            _checked_app(call.params)
        data = self._readings[route](call)
        if call.fault and (spoilt := disguised(call.fault)):
            return spoilt
        if call.kind == "slow":
            await asyncio.sleep(SLOW_S)
        answer = _csv(data) if isinstance(data, str) else enveloped(data)
        if call.kind == "truncated_json":
            half = answer.body[: len(answer.body) // 2]
            return Response(bytes(half), 200, media_type="application/json")
        answer.headers.update(call.headers)
        return answer

    def file(self, name: str, request: Request) -> Response:
        """The file of a report, for whoever has its link."""
        call = AdsCall(
            world=self._world,
            params=request.query_params,
            holder=AccountRef("tiktok_ads", ""),
        )
        text = self._tasks.file(call, name)
        return PlainTextResponse("Expired", 403) if text is None else _csv(text)

    def _call(self, request: Request, params: Mapping[str, str]) -> AdsCall:
        access = request.headers.get("access-token", "")
        return AdsCall(
            world=self._world,
            params=params,
            holder=opened_by(self._world, access, platform="tiktok_ads"),
            base_url=f"{request.url.scheme}://{request.url.netloc}",
        )


def _csv(text: str) -> Response:
    return Response(text, 200, media_type="text/csv")


def _written(body: Json) -> Mapping[str, str]:
    """The members of a body as a query would have them."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in body.items()
        if value is not None
    }


def _checked_app(params: Mapping[str, str]) -> None:
    if (params.get("app_id"), params.get("secret")) != (CLIENT_ID, CLIENT_SECRET):
        raise TikTokRefusalError(NO_PERMISSION, "The app id or secret is not correct.")
