"""The simulated Instagram Graph API over HTTP.

Belongs here: which paths are its own, where a request carries its parameters, sending the answer.
Does not belong here: what is answered (``answering``, ``batch``).

The routes are plain functions of a request without models: a page of a hundred media and a batch
of fifty readings take a few milliseconds.
"""

import asyncio
import json
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from sandbox.graph.answering import answered
from sandbox.graph.batch import JSON_TYPE, answered_batch
from sandbox.graph.call import GraphCall, Reply
from sandbox.graph.desk import GraphDesk
from sandbox.graph.paths import call_of

PATHS: Final = (
    "/v{major:int}.{minor:int}",
    "/v{major:int}.{minor:int}/{rest:path}",
    "/",
    "/me",
    "/me/{rest:path}",
    "/media",
    "/stories",
    "/insights",
    "/access_token",
    "/oauth/access_token",
    "/refresh_access_token",
    "/{node:int}",
    "/{node:int}/{rest:path}",
)
"""Without a version only what no other simulated API can mean."""
CACHING: Final = {
    "Cache-Control": "private, no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Expires": "Sat, 01 Jan 2000 00:00:00 GMT",
    "Access-Control-Allow-Origin": "*",
    "Vary": "Origin, Accept-Encoding",
}
PROOFS: Final = ("bearer", "oauth")
LEFT_EVERY_S: Final = 0.05

graph_router = APIRouter(include_in_schema=False)


async def graph(request: Request) -> Response:
    """Answer one request of any path."""
    params = await _params(request)
    call = call_of(
        request.scope["path"],
        params,
        method=request.method,
        base_url=f"{request.url.scheme}://{request.url.netloc}",
    )
    desk = _desk_of(request)
    reply = answered_batch(desk, call) if _is_batch(call) else answered(desk, call)
    await _wait(request, reply.delay_s)
    return _response(reply)


for _path in PATHS:
    graph_router.add_route(_path, graph, methods=["GET", "POST"])
    if _path != "/" and "{rest" not in _path:
        graph_router.add_route(f"{_path}/", graph, methods=["GET", "POST"])


def _is_batch(call: GraphCall) -> bool:
    return call.method == "POST" and not call.parts and "batch" in call.params


def _desk_of(request: Request) -> GraphDesk:
    """The desk of the app that is answering; another one where its dataset was exchanged."""
    state = request.app.state
    desk: GraphDesk | None = getattr(state, "graph_desk", None)
    if desk is None or desk.dataset is not state.world.dataset:
        desk = state.graph_desk = GraphDesk(state.world, desk and desk.serials)
    return desk


async def _params(request: Request) -> dict[str, str]:
    """Parameters of query and body alike, and the token of the header where none is among them."""
    params = dict(request.query_params)
    if request.method == "POST":
        content_type = request.headers.get("content-type", "")
        params |= _of_body(await request.body(), content_type)
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() in PROOFS and not params.get("access_token"):
        params["access_token"] = token.strip()
    return params


def _of_body(body: bytes, content_type: str) -> Mapping[str, str]:
    if content_type.startswith("multipart/"):
        message = message_from_bytes(f"Content-Type: {content_type}\n\n".encode() + body)
        parts = message.get_payload() if message.is_multipart() else []
        return {_part_name(part): _part_text(part) for part in parts}
    text = body.decode("utf-8", "replace")
    if content_type.startswith("application/json"):
        return _of_json(text)
    return dict(parse_qsl(text, keep_blank_values=True))


def _part_name(part: Any) -> str:  # noqa: ANN401 - the library's types do not say what it holds
    return str(part.get_param("name", "", header="content-disposition"))


def _part_text(part: Any) -> str:  # noqa: ANN401 - the same
    return (part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _of_json(text: str) -> Mapping[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(read, dict):
        return {}
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in read.items()
    }


async def _wait(request: Request, delay_s: float) -> None:
    """Wait, unless the caller leaves before: a sandbox that stops must not be held up."""
    until_s = asyncio.get_running_loop().time() + delay_s
    while asyncio.get_running_loop().time() < until_s and not await request.is_disconnected():
        await asyncio.sleep(min(LEFT_EVERY_S, delay_s))


def _response(reply: Reply) -> Response:
    headers = CACHING | dict(reply.headers)
    if isinstance(reply.body, str):
        return Response(reply.body, reply.status, headers, media_type="text/html")
    content = json.dumps(reply.body, separators=(",", ":"))
    if reply.is_cut:
        content = content[: len(content) // 2]
    return Response(content, reply.status, headers | {"Content-Type": JSON_TYPE})
