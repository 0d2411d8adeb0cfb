"""Every fault that an ad account can have at the simulated Marketing API, by kind.

Belongs here: what each kind means, where it strikes, and which refusal it is.
Does not belong here: which account has which (``sandbox.faults``).

A plain kind strikes wherever its row says; ``insights:app_load`` is the same at one place only.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, get_args

from sandbox.graph.call import DELAYS_S, CallContext
from sandbox.graph.errors import GraphError, Refusal
from sandbox.graph.fault_rows import REDUCE_ABOVE, Strike, always
from sandbox.graph.faults import GRAPH_FAULTS, TOO_MANY, TOO_MUCH, plain_kind
from sandbox.simulation.accounts import AccountRef

AdPlace = Literal[
    "accounts", "account", "ads", "ad", "insights", "report", "run", "result", "permissions"
]
"""Lists of accounts, one account, lists of ads, one ad, insights at once; a report: ordering it,
asking how far it is, reading it; leave to boost."""
PLACES: Final[tuple[AdPlace, ...]] = get_args(AdPlace)
FIGURES: Final[tuple[AdPlace, ...]] = ("insights", "result")
LISTS: Final[tuple[AdPlace, ...]] = ("accounts", "ads", *FIGURES)
Size = Literal["", "large", "long", "broad"]
LONG_ABOVE_DAYS: Final = 7
"""More days than so many are too long for the faults that say so."""
BROAD_ABOVE_ADS: Final = 2
"""More ads than so many are too many for the fault that says so, however few the days."""
VERSION_ENDED: Final = Refusal(
    message="(#2635) You are calling a deprecated version of the Ads API. Please update to the "
    "latest version: v27.0.",
    code=2635,
)
RUN_UNREADABLE: Final = Refusal(
    message="Error accessing adreport job.", code=2601, subcode=1_815_107, transient=True
)


@dataclass(frozen=True, kw_only=True)
class AdFault:
    """One kind of fault; without a ``refusal`` it bends the answer."""

    means: str
    refusal: Callable[[Strike], Refusal] | None = None
    places: tuple[AdPlace, ...] = PLACES
    size: Size = ""
    """Strikes only what asks for more than 25 rows a page (``large``), for more than 7 days
    (``long``), or for days of more than 2 ads (``broad``)."""


def _row(
    code: int,
    message: str,
    *places: AdPlace,
    subcode: int | None = None,
    size: Size = "",
    statuses: tuple[int, ...] = (400,),
    throttles: Literal["", "app", "account"] = "",
    transient: bool | None = None,
    text: str = "",
) -> AdFault:
    def refusal(strike: Strike) -> Refusal:
        return Refusal(
            message=message,
            code=code,
            subcode=subcode,
            statuses=statuses,
            throttles=throttles,
            wait_min=strike.fault.wait_min,
            transient=transient,
            text=text,
        )

    numbers = f"{code} / {subcode}" if subcode else str(code)
    return AdFault(
        means=f"{numbers}: {text or message}",
        refusal=refusal,
        places=places or PLACES,
        size=size,
    )


def _bent(means: str, *places: AdPlace) -> AdFault:
    return AdFault(means=means, places=places or PLACES)


def _shared(kind: str) -> AdFault:
    fault = GRAPH_FAULTS[kind]
    return AdFault(means=fault.means, refusal=fault.refusal)


SHARED: Final = (
    *("token_expired", "token_458", "token_459", "token_460", "token_467", "token_190"),
    *("transient_1", "transient_2", "http_429", "http_500", "http_502", "http_503"),
    *("slow", "hang", "truncated_json", "permission_10"),
)
"""Faults that are the same for organic accounts."""
UNKNOWN: Final = "An unknown error occurred"
TIMED_OUT: Final = "The request timed out. Please try again with less data or asynchronously."
AD_FAULTS: Final[Mapping[str, AdFault]] = {
    **{kind: _shared(kind) for kind in SHARED},
    # Too much is asked for.
    "reduce_data": _row(1, TOO_MUCH, *LISTS, size="large", statuses=(500,)),
    "reduce_data_user_msg": _row(1, UNKNOWN, *LISTS, subcode=99, size="large", text=f"{TOO_MUCH}."),
    "reduce_days": _row(1, TOO_MUCH, "insights", subcode=99, size="long", statuses=(500, 400)),
    "too_many_rows": _row(100, "Invalid parameter", "insights", subcode=1_487_534, size="long"),
    "sync_timeout": _row(100, TIMED_OUT, "insights", subcode=1_504_018, size="long"),
    "sync_timeout_2": _row(2, TIMED_OUT, "insights", subcode=1_504_038, size="long"),
    "ads_timeout": _row(100, TIMED_OUT, "insights", "report", subcode=1_504_018, size="broad"),
    "range_3018": _row(
        3018,
        "(#3018) The start date of the time range cannot be beyond 37 months from the current date",
        "insights",
        "report",
    ),
    "metric_retry": _row(2, UNKNOWN, "insights", subcode=1_504_043, transient=True),
    # Throttles.
    "app_load": _row(
        4, "(#4) Application request limit reached", *FIGURES, "report", subcode=1_504_022
    ),
    "global_load": _row(4, "Too many API requests", *FIGURES, "report", subcode=1_504_039),
    "app_limit": _row(4, "(#4) Application request limit reached", throttles="app"),
    "user_17": _row(17, "User request limit reached", subcode=2_446_079, throttles="account"),
    "account_613": _row(
        613, "(#613) Calls to this api have exceeded the rate limit.", subcode=1_487_742
    ),
    "insights_80000": _row(
        80_000, TOO_MANY % (80_000, "ad"), *FIGURES, "report", "run", throttles="account"
    ),
    "ads_80004": _row(80_004, TOO_MANY % (80_004, "ad"), subcode=2_446_079, throttles="account"),
    # Permission and versions.
    "permission_200": _row(200, "(#200) Permissions error"),
    "permission_270": _row(
        270, "(#270) This Ads API request is not allowed for apps with development access level"
    ),
    "permission_294": _row(
        294, "(#294) Managing advertisements requires an access token with the extended permission"
    ),
    "permission_3191001": _row(3_191_001, "(#3191001) Your app may not read this ad account"),
    "forbidden_ad": _row(
        10,
        "(#10) Application does not have permission for this action",
        *("ads", "ad", "insights", "result"),
        text="The ad that subject names may not be read; it ends every reading that has it in it.",
    ),
    "version_2635": AdFault(
        means="2635: a version before v25.0 is refused, not silently raised.",
        places=(),
    ),
    # Reports.
    "run_stuck": _bent("The report stays at 0 %: Job Not Started.", "run"),
    "run_running_100": _bent("The report is at 100 % and still Job Running.", "run"),
    "run_failed": _bent("The report ends as Job Failed, code -2 / 2490547.", "run"),
    "run_too_large": _bent("The report ends as Job Failed, code -3 / 1504045.", "run"),
    "run_skipped": _bent("The report ends as Job Skipped.", "run"),
    "run_unreadable": AdFault(
        means="2601 / 1815107: the report is completed and cannot be read yet.",
        refusal=always(RUN_UNREADABLE),
        places=("result",),
    ),
    "run_unreadable_2637": _row(2637, "(#2637) Report is not ready", "result", transient=True),
    # Answers that are well formed and yet not what was asked for.
    "empty_page_with_next": _bent("An empty page that still carries next.", *LISTS),
    "short_page": _bent("Half a page that still carries next.", *LISTS),
    "empty_data": _bent('HTTP 200 with {"data": []}.', *LISTS),
    "reach_absent": _bent("Rows without reach and frequency.", *FIGURES),
    "actions_absent": _bent("Rows without actions and action_values.", *FIGURES),
    "plain_numbers": _bent("Counts are JSON numbers, as in old answers.", *FIGURES),
    "creative_absent": _bent("Ads without their creative.", "ads"),
    # Switches: they bend every answer, beside any other fault.
    "throttle_high": _bent("X-FB-Ads-Insights-Throttle shows 95 %."),
    "throttle_full": _bent("X-FB-Ads-Insights-Throttle shows 100 %."),
    "deleted_unlisted": _bent("Insights leave deleted ads out even if their status is named."),
    "late_fix": _bent("Days are put right once more when they are forty days old."),
}
SWITCHES: Final = frozenset(
    {"throttle_high", "throttle_full", "deleted_unlisted", "late_fix", "version_2635"}
)
AD_FAULT_KINDS: Final = frozenset(AD_FAULTS) | {
    f"{place}:{kind}" for place in PLACES for kind in AD_FAULTS if kind not in SWITCHES
}
"""Every text that is a kind, place included."""


@lru_cache
def _kinds_at(place: AdPlace, sizes: Collection[Size]) -> tuple[str, ...]:
    found = []
    for kind, fault in AD_FAULTS.items():
        if kind in SWITCHES or fault.size not in sizes:
            continue
        found += [kind] if place in fault.places else []
        found.append(f"{place}:{kind}")
    return tuple(found)


def struck(
    context: CallContext,
    account: AccountRef,
    place: AdPlace,
    *,
    subjects: Collection[str] = (),
    rows: int = 1,
    days: int = 1,
    ads: int = 0,
) -> str:
    """Let a fault of an ad account happen here.

    Args:
        context: The call.
        account: The ad account that it is about.
        place: What is asked for.
        subjects: Ids of what the answer holds.
        rows: How many rows are asked for at once.
        days: How many days are asked for at once.
        ads: Of how many ads days are asked for at once.

    Returns:
        The plain kind of a fault that bends the answer; empty if there is none.

    Raises:
        GraphError: The fault is a refusal.
    """
    board = context.desk.world.faults
    named = next((one.subject for one in board.of(account) if one.subject in subjects), "")
    sizes = ("", *(["large"] if rows > REDUCE_ABOVE else []))
    sizes = (*sizes, *(["long"] if days > LONG_ABOVE_DAYS else []))
    sizes = (*sizes, *(["broad"] if ads > BROAD_ABOVE_ADS else []))
    fault = board.take(account, _kinds_at(place, sizes), subject=named)
    if fault is None:
        return ""
    kind = plain_kind(fault.kind)
    refusal = AD_FAULTS[kind].refusal
    if refusal is not None:
        strike = Strike(fault=fault, subject=named, metrics=(), now=context.at)
        raise GraphError(refusal(strike))
    if kind in DELAYS_S or kind == "truncated_json":
        context.bent = kind
    return kind


def switched(context: CallContext, account: AccountRef, kind: str) -> bool:
    """Whether an ad account has a switch on; asking uses none of its times."""
    return any(fault.kind == kind for fault in context.desk.world.faults.of(account))
