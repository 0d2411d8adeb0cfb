"""Headers of answers about ads: throttles, versions that have ended.

Belongs here: when the headers appear and what they say.
Does not belong here: refusing (``faults``).
"""

import json
from typing import Any, Final

from sandbox.graph.ads.faults import VERSION_ENDED, switched
from sandbox.graph.call import CallContext
from sandbox.graph.errors import GraphError, Refusal
from sandbox.simulation.accounts import AccountRef

OLDEST: Final = 25
"""The oldest version of the Marketing API that has not ended."""
WARNING: Final = (
    "The call has been auto-upgraded to v25.0 as v%d.0 will be deprecated or has been deprecated."
)
HIGH: Final = 95
FULL: Final = 100
LOW: Final = 10
BUC_CODES: Final = {80_004: "ads_management"}


def check_ads_version(context: CallContext) -> None:
    """Silently raise a version that has ended, or refuse it where that is switched on.

    Raises:
        GraphError: It is refused.
    """
    major = int(context.call.version.lstrip("v").partition(".")[0])
    if major >= OLDEST:
        return
    if switched(context, context.holder.account, "version_2635"):
        raise GraphError(VERSION_ENDED)
    context.headers["X-Ad-Api-Version-Warning"] = WARNING % major


def note_throttle(context: CallContext, account: AccountRef) -> None:
    """Put the header of insights on the answer, whatever becomes of it."""
    used = LOW
    if switched(context, account, "throttle_high"):
        used = HIGH
    if switched(context, account, "throttle_full"):
        used = FULL
    context.headers["X-FB-Ads-Insights-Throttle"] = _json(
        {"app_id_util_pct": LOW, "acc_id_util_pct": used, "ads_api_access_tier": "standard_access"}
    )


def ad_usage_headers(context: CallContext, refusal: Refusal | None) -> dict[str, str]:
    """The headers of a refusal that throttles; none of anything else."""
    if refusal is None or not refusal.throttles:
        return {}
    if refusal.throttles == "app":
        return {"X-App-Usage": _json({"call_count": FULL, "total_time": 25, "total_cputime": 25})}
    usage = {
        "type": BUC_CODES.get(refusal.code or 0, "ads_insights"),
        "call_count": FULL,
        "total_cputime": 20,
        "total_time": 20,
        "estimated_time_to_regain_access": refusal.wait_min,
        "ads_api_access_tier": "standard_access",
    }
    account = context.ad_account or context.holder.account
    return {"X-Business-Use-Case-Usage": _json({account.account_key: [usage]})}


def _json(value: Any) -> str:  # noqa: ANN401 - as an API's header has it
    return json.dumps(value, separators=(",", ":"))
