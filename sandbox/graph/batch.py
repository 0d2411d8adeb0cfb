"""Batches: many calls in one request, each with an answer of its own.

Belongs here: reading the batch, and the answer's elements.
Does not belong here: what one call is answered.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from sandbox.graph.answering import answered, check_version, replied
from sandbox.graph.call import CallContext, GraphCall, Reply
from sandbox.graph.desk import GraphDesk
from sandbox.graph.errors import GraphError, Refusal
from sandbox.graph.paths import call_of
from sandbox.graph.tokens import let_in

BATCH_MAX: Final = 50
HOST: Final = re.compile(r"https?://[^/?]*")
"""Some clients write the whole address."""
JSON_TYPE: Final = "application/json; charset=UTF-8"


def _batch_refused(message: str) -> Refusal:
    return Refusal(message=message, type="GraphBatchException")


def answered_batch(desk: GraphDesk, call: GraphCall) -> Reply:
    """What a batch is answered: 200 with one element for each call, whatever became of it.

    Only what concerns the request as a whole refuses it: its token, its size, its form.
    """
    context = CallContext(desk=desk, call=call, at=desk.world.clock.now())
    try:
        check_version(call)
        elements = _elements(call.params["batch"])
        if call.token or not all("access_token=" in one["relative_url"] for one in elements):
            let_in(context, call.token)
            context.struck("batch")
        return replied(context, [_answered_element(desk, call, one) for one in elements], None)
    except GraphError as error:
        return replied(context, None, error.refusal)


def _elements(text: str) -> list[Mapping[str, Any]]:
    try:
        elements = json.loads(text)
    except (ValueError, RecursionError):
        elements = None
    if not isinstance(elements, list) or not all(isinstance(one, dict) for one in elements):
        raise GraphError(_batch_refused("The batch parameter must be a JSON array of objects"))
    if not elements:
        raise GraphError(_batch_refused("Batch request should contain at least one operation"))
    if len(elements) > BATCH_MAX:
        message = f"Too many requests in batch message. Maximum batch size is {BATCH_MAX}"
        raise GraphError(_batch_refused(message))
    if not all(isinstance(one.get("relative_url"), str) for one in elements):
        raise GraphError(_batch_refused("relative_url is required"))
    return elements


def _answered_element(
    desk: GraphDesk, outer: GraphCall, element: Mapping[str, Any]
) -> dict[str, Any] | None:
    reply = answered(desk, _call(outer, element), in_batch=True)
    if reply.is_null:
        return None
    text = (
        reply.body if isinstance(reply.body, str) else json.dumps(reply.body, separators=(",", ":"))
    )
    found: dict[str, Any] = {"code": reply.status, "body": text}
    if outer.params.get("include_headers", "true").lower() not in ("false", "0"):
        headers = {"Content-Type": JSON_TYPE} | dict(reply.headers)
        found["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
    return found


def _call(outer: GraphCall, element: Mapping[str, Any]) -> GraphCall:
    url = element["relative_url"]
    # Some clients encode the whole of it once more.
    if "?" not in url and "%3f" in url.lower():
        url = unquote(url)
    path, _, query = HOST.sub("", url).partition("?")
    params = {"access_token": outer.token} | dict(parse_qsl(query, keep_blank_values=True))
    method = str(element.get("method", "GET")).upper()
    path = unquote(path)
    return call_of(path, params, method=method, base_url=outer.base_url, version=outer.version)
