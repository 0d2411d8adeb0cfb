"""Usage headers: how much of its allowance a caller has used.

Belongs here: when the headers appear and what they say.
Does not belong here: refusing a caller that has used it all (a fault does that).
"""

import json
from math import ceil
from typing import Any, Final

from sandbox.graph.call import CallContext
from sandbox.graph.desk import page_id_of
from sandbox.graph.errors import Refusal
from sandbox.simulation.accounts import AccountRef

SHOWN_AFTER: Final = 100
"""Calls of a day before the headers appear: the platform says only "once enough calls"."""
CALLS_PER_FOLLOWER: Final = 4_800
"""The documented allowance is 4800 calls a day for each impression; followers stand for them."""
USAGE_FAULTS: Final = ("usage_high", "usage_full", "app_usage_high")
HIGH: Final = 95
FULL: Final = 100


def usage_headers(
    context: CallContext, account: AccountRef, refusal: Refusal | None
) -> dict[str, str]:
    """The usage headers of one answer; often none.

    Args:
        context: The call that is answered.
        account: Whose call it was.
        refusal: How it was refused, if it was.
    """
    calls = context.desk.serials.counted(account, at=context.at)
    if refusal is not None and refusal.throttles:
        return _of_a_throttle(account, refusal)
    fault = context.desk.world.faults.take(account, USAGE_FAULTS, subject=account.account_key)
    if fault is not None and fault.kind == "app_usage_high":
        return _app(HIGH)
    if fault is not None:
        is_full = fault.kind == "usage_full"
        used = FULL if is_full else HIGH
        return _app(used) | _business(account, used, wait_min=fault.wait_min if is_full else 0)
    if calls < SHOWN_AFTER:
        return {}
    allowed = CALLS_PER_FOLLOWER * context.desk.world.dataset.followers(account, at=context.at)
    return _business(account, min(FULL, ceil(100 * calls / allowed)))


def _of_a_throttle(account: AccountRef, refusal: Refusal) -> dict[str, str]:
    if refusal.throttles == "app":
        return _app(FULL)
    return _business(account, FULL, wait_min=refusal.wait_min, of_page=refusal.throttles == "page")


def _app(used: int) -> dict[str, str]:
    return {"X-App-Usage": _json({"call_count": used, "total_time": 25, "total_cputime": 25})}


def _business(
    account: AccountRef, used: int, *, wait_min: int = 0, of_page: bool = False
) -> dict[str, str]:
    usage = {
        "type": "pages" if of_page else "instagram",
        "call_count": used,
        "total_cputime": 20,
        "total_time": 20,
        "estimated_time_to_regain_access": wait_min,
    }
    key = page_id_of(account) if of_page else account.account_key
    return {"X-Business-Use-Case-Usage": _json({key: [usage]})}


def _json(value: Any) -> str:  # noqa: ANN401 - as an API's header has it
    return json.dumps(value, separators=(",", ":"))
