"""The simulated TikTok Business API for organic accounts, as its clients meet it.

Belongs here: paths, the envelope, the order of checks, where faults strike.
Does not belong here: what is answered (``videos``, ``account``, ``tokens``).

Whatever TikTok itself says, it says with HTTP 200 and ``{code, message, request_id, data}``.
Checks come in this order: version, route, method, calls per second, token, account, calls per
minute, parameters; then a fault may strike.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import Fault
from sandbox.simulation.accounts import AccountRef
from sandbox.tiktok.account import account_answer, account_query
from sandbox.tiktok.ads.api import FILES, AdsApi
from sandbox.tiktok.codes import (
    BAD_METHOD,
    BAD_PARAMETER,
    BAD_VERSION,
    LIMIT_MESSAGES,
    MESSAGES,
    NO_PERMISSION,
    NO_ROUTE,
    OK,
    PARTIAL,
    TOO_FREQUENT,
    TikTokRefusalError,
    unacceptable,
)
from sandbox.tiktok.faults import KINDS, SLOW_S, TIKTOK_FAULTS, Place, disguised
from sandbox.tiktok.limits import CallWindow, MinuteLimits
from sandbox.tiktok.parameters import refused
from sandbox.tiktok.tokens import OAUTH_ROUTES, opened_by
from sandbox.tiktok.videos import VideoQuery, video_query, videos_answer
from sandbox.world import World

VERSION: Final = re.compile(r"v\d+\.\d+")
VIDEOS: Final = "business/video/list"
ACCOUNT: Final = "business/get"

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TikTokApi:
    """Answers every request under ``/open_api`` over one world."""

    def __init__(self, world: World, calls: CallWindow, minutes: MinuteLimits) -> None:
        self._world = world
        self._calls = calls
        self._minutes = minutes
        self._reads = count(1)
        self._ads = AdsApi(world)

    async def answer(self, request: Request) -> Response:
        """The answer to a request."""
        number = next(self._reads)
        if name := _file(request):
            return self._ads.file(name, request)
        try:
            route = self._admitted(request)
            if self._ads.method_of(route) is not None:
                return await self._read_ads(route, request, number)
            if route in OAUTH_ROUTES:
                return await self._oauth(route, await _body(request), number)
            return await self._read(route, request, number)
        except TikTokRefusalError as refusal:
            return self._envelope(refusal.code, refusal.message, {}, number)

    def _admitted(self, request: Request) -> str:
        route = self._route(request)
        if not self._calls.admits():
            raise TikTokRefusalError(TOO_FREQUENT)
        return route

    def _route(self, request: Request) -> str:
        version, _, rest = request.path_params["rest"].partition("/")
        if not VERSION.fullmatch(version):
            raise TikTokRefusalError(BAD_VERSION)
        route = rest.removesuffix("/")
        method = self._ads.method_of(route)
        if method is None and route not in OAUTH_ROUTES and route not in (VIDEOS, ACCOUNT):
            raise TikTokRefusalError(NO_ROUTE)
        if request.method != (method or ("POST" if route in OAUTH_ROUTES else "GET")):
            raise TikTokRefusalError(BAD_METHOD)
        return route

    async def _read_ads(self, route: str, request: Request, number: int) -> Response:
        body = dict(await _body(request)) if request.method == "POST" else {}

        def enveloped(data: Mapping[str, Any]) -> Response:
            return self._envelope(OK, MESSAGES[OK], data, number)

        return await self._ads.answer(route, request, body, enveloped)

    async def _oauth(self, route: str, body: Mapping[str, Any], number: int) -> Response:
        account_of, act = OAUTH_ROUTES[route]
        account = account_of(self._world, body)
        fault = self._strike(account, "oauth")
        if fault and (spoilt := disguised(fault)):
            return spoilt
        answer = self._envelope(OK, MESSAGES[OK], act(self._world, account, body), number)
        return _halved(answer) if fault else answer

    async def _read(self, route: str, request: Request, number: int) -> Response:
        params = request.query_params
        account = self._account(request.headers.get("access-token", ""), params)
        if whose := self._minutes.reached(account.account_key, route):
            raise TikTokRefusalError(TOO_FREQUENT, LIMIT_MESSAGES[whose])
        if route == VIDEOS:
            query = video_query(params)
            fault = self._strike(account, "videos", query.fields, query.video_ids or ())
        else:
            query = account_query(params, self._world.clock.now().date())
            fault = self._strike(account, "read", query.fields)
        if fault and (spoilt := disguised(fault)):
            return spoilt
        kind = fault.kind if fault else ""
        if kind == "slow":
            await asyncio.sleep(SLOW_S)
        code = PARTIAL if kind == "code_20001" else OK
        if isinstance(query, VideoQuery):
            data = videos_answer(self._world, account, query, kind=kind, read_number=number)
        else:
            data = account_answer(self._world, account, query)
        answer = self._envelope(code, MESSAGES[code], data, number)
        return _halved(answer) if kind == "truncated_json" else answer

    def _account(self, access: str, params: Mapping[str, str]) -> AccountRef:
        account = opened_by(self._world, access)
        business_id = params.get("business_id", "")
        if not business_id:
            raise refused("business_id", "Missing data for required field.")
        if business_id != account.account_key:
            raise TikTokRefusalError(NO_PERMISSION)
        return account

    def _strike(
        self,
        account: AccountRef,
        place: Place,
        fields: tuple[str, ...] = (),
        video_ids: tuple[str, ...] = (),
    ) -> Fault | None:
        """The fault that strikes this request, if any; one that is a code ends it.

        A fault of one video strikes requests that name it in ``filters.video_ids``; one of one
        metric strikes those that ask for the field, and names it.
        """
        board = self._world.faults
        subjects = (fault.subject for fault in board.of(account) if fault.subject in video_ids)
        fault = board.take(account, KINDS[place], subject=next(subjects, ""), metrics=fields)
        if fault and (code := TIKTOK_FAULTS[fault.kind].code) is not None:
            raise TikTokRefusalError(code, _said(fault, code, fields))
        return fault

    def _envelope(self, code: int, message: str, data: Mapping[str, Any], number: int) -> Response:
        request_id = f"{self._world.clock.now():%Y%m%d%H%M%S}{number:020X}"
        content = _encode(
            {"code": code, "message": message, "request_id": request_id, "data": data}
        )
        headers = {"x-tt-logid": request_id}
        return Response(content, 200, headers, "application/json")


def _said(fault: Fault, code: int, fields: tuple[str, ...]) -> str:
    """What is said with a fault's code; empty: what the code always says."""
    if fault.metric and code == BAD_PARAMETER:
        return unacceptable(fields.index(fault.metric), fault.metric, {*fields} - {fault.metric})
    return (
        f"fields: {fault.metric}: {MESSAGES[code]}"
        if fault.metric
        else (TIKTOK_FAULTS[fault.kind].message)
    )


def _file(request: Request) -> str:
    """The name of the file that is asked for; empty for anything else."""
    rest = request.path_params["rest"]
    return rest.removeprefix(FILES) if rest.startswith(FILES) and request.method == "GET" else ""


async def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise TikTokRefusalError(40000, "The body is no JSON.") from error
    if not isinstance(body, dict):
        raise TikTokRefusalError(40000, "The body is no JSON object.")
    return body


def _halved(answer: Response) -> Response:
    return Response(answer.body[: len(answer.body) // 2], 200, media_type="application/json")


def tiktok_router(world: World, calls: CallWindow, minutes: MinuteLimits) -> APIRouter:
    """The routes over a world; kept out of the OpenAPI document, which is SIFT's and ours."""
    router = APIRouter()
    router.add_route(
        "/open_api/{rest:path}",
        TikTokApi(world, calls, minutes).answer,
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        include_in_schema=False,
    )
    return router
