"""Every fault that the simulated Graph API knows, by kind.

Belongs here: what each kind means, where it strikes, and which refusal it is.
Does not belong here: which account has which fault (``platform_faults``).

A plain kind strikes wherever its row says. ``list:app_limit`` is the same fault at one place only;
the places are ``list``, ``stories``, ``user``, ``node``, ``insights``, ``token`` and ``batch``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from layers_pipeline.sandbox.graph_errors import (
    BEFORE_CONVERSION,
    BEFORE_CONVERSION_AS_TEXT,
    FEW_VIEWERS,
    NO_PERMISSION,
    SESSION_INVALID,
    UNKNOWN_ERROR,
    Refusal,
    gone,
    incompatible_metric,
    invalid,
    retired_metric,
    session_expired,
    token_refused,
    unknown_path,
    unsupported_metric,
)
from layers_pipeline.sandbox.platform_faults import PlatformFault

Place = Literal["list", "stories", "user", "node", "insights", "token", "batch"]
PLACES: Final[tuple[Place, ...]] = (
    "list",
    "stories",
    "user",
    "node",
    "insights",
    "token",
    "batch",
)
READS: Final[tuple[Place, ...]] = ("list", "stories", "user", "node", "insights")
PAGES: Final[tuple[Place, ...]] = ("list", "stories")
THROTTLED: Final = (400, 403)
REDUCE_ABOVE: Final = 25
"""A request for more than so many objects is too much for ``reduce_data``."""


@dataclass(frozen=True, kw_only=True)
class Strike:
    """A fault with the request that it strikes."""

    fault: PlatformFault
    subject: str
    metrics: tuple[str, ...]
    now: datetime

    @property
    def metric(self) -> str:
        """The metric that the refusal is about."""
        return self.fault.metric or next(iter(self.metrics), "views")


@dataclass(frozen=True, kw_only=True)
class GraphFault:
    """One kind of fault.

    Without a ``refusal`` the answer is bent instead, by whoever makes it.
    """

    means: str
    refusal: Callable[[Strike], Refusal] | None = None
    places: tuple[Place, ...] = READS
    whole_batch: bool = False
    """Strikes a batch as one request, never its elements."""


def _always(refusal: Refusal) -> Callable[[Strike], Refusal]:
    return lambda _strike: refusal


def _token(subcode: int | None) -> GraphFault:
    return GraphFault(
        means=f"190 / {subcode or 'no subcode'}: the token opens nothing until consent is renewed.",
        refusal=_always(token_refused(subcode)),
        places=(*READS, "token"),
        whole_batch=True,
    )


def _error(code: int, message: str, means: str, *statuses: int) -> GraphFault:
    refusal = Refusal(message=message, code=code, statuses=statuses or (400,))
    return GraphFault(means=means, refusal=_always(refusal), places=(*READS, "token"))


def _throttle(
    code: int,
    message: str,
    *,
    whose: Literal["", "app", "account", "page"] = "",
    subcode: int | None = None,
    statuses: tuple[int, ...] = THROTTLED,
) -> GraphFault:
    def refusal(strike: Strike) -> Refusal:
        return Refusal(
            message=message,
            code=code,
            subcode=subcode,
            statuses=statuses,
            throttles=whose,
            wait_min=strike.fault.wait_min,
        )

    return GraphFault(means=f"{code}: {message}", refusal=refusal)


def _transient(code: int, message: str, *, places: tuple[Place, ...] = READS) -> GraphFault:
    refusal = Refusal(message=message, code=code, statuses=(500,), transient=code != 1 or None)
    return GraphFault(means=f"{code}: {message}", refusal=_always(refusal), places=places)


def _html(status: int, title: str) -> GraphFault:
    refusal = Refusal(message=title, statuses=(status,), is_html=True)
    return GraphFault(
        means=f"HTTP {status} with a page of HTML instead of JSON.",
        refusal=_always(refusal),
        places=(*READS, "token"),
        whole_batch=True,
    )


def _on_insights(means: str, refusal: Callable[[Strike], Refusal]) -> GraphFault:
    return GraphFault(means=means, refusal=refusal, places=("insights",))


def _bent(means: str, *places: Place, whole_batch: bool = False) -> GraphFault:
    return GraphFault(means=means, places=places or READS, whole_batch=whole_batch)


def _just_expired(strike: Strike) -> Refusal:
    return session_expired(strike.now - timedelta(days=1), strike.now)


def _allowed_values(strike: Strike) -> Refusal:
    place = strike.metrics.index(strike.metric) if strike.metric in strike.metrics else 0
    return invalid(f"metric[{place}] must be one of the following values: reach, saved, shares")


TRANSIENT_2: Final = "An unexpected error has occurred. Please retry your request later."
TOO_MUCH: Final = "Please reduce the amount of data you're asking for, then retry your request"
APP_LIMIT: Final = "(#4) Application request limit reached"
ACCOUNT_LIMIT: Final = (
    "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. "
    "For more info, please refer to "
    "https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)
PAGE_BUC_LIMIT: Final = (
    "(#80001) There have been too many calls to this Page account. Wait a bit and try again. "
    "For more info, please refer to "
    "https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)

GRAPH_FAULTS: Final[Mapping[str, GraphFault]] = {
    # The token.
    "token_expired": GraphFault(
        means="190 / 463: the session has expired.",
        refusal=_just_expired,
        places=(*READS, "token"),
        whole_batch=True,
    ),
    "token_458": _token(458),
    "token_459": _token(459),
    "token_460": _token(460),
    "token_464": _token(464),
    "token_467": _token(467),
    "token_492": _token(492),
    "token_190": _token(None),
    "token_102": GraphFault(
        means="102: treat as 190.",
        refusal=_always(SESSION_INVALID),
        places=(*READS, "token"),
        whole_batch=True,
    ),
    # Permission.
    "permission_10": GraphFault(
        means="10: the app may not do this.",
        refusal=_always(Refusal(message=NO_PERMISSION.message, code=10, statuses=THROTTLED)),
    ),
    "permission_200": _error(200, "(#200) Permissions error", "200: permission.", 400, 403),
    "permission_3": _error(
        3,
        "(#3) Application does not have the capability to make this API call.",
        "3: capability.",
        400,
        403,
    ),
    "ig_login_403": GraphFault(
        means="HTTP 403, IGApiException, code 10: as graph.instagram.com refuses.",
        refusal=_always(
            Refusal(
                message="Application does not have permission for this action",
                type="IGApiException",
                code=10,
                statuses=(403,),
            )
        ),
    ),
    # The item and its metrics.
    "few_viewers": _on_insights("10 without a subcode: too few viewers.", _always(FEW_VIEWERS)),
    "before_conversion": _on_insights(
        "100 / 2108006, error_data an object.", _always(BEFORE_CONVERSION)
    ),
    "error_data_object": _on_insights("The same as before_conversion.", _always(BEFORE_CONVERSION)),
    "error_data_text": _on_insights(
        "100 / 2108006, error_data a JSON string.", _always(BEFORE_CONVERSION_AS_TEXT)
    ),
    "gone_100_33": GraphFault(
        means="100 / 33 of something that is there: throttling in disguise.",
        refusal=lambda strike: gone(strike.subject),
    ),
    "bad_metric": _on_insights(
        "100: not supported for this media product type.", lambda s: unsupported_metric(s.metric)
    ),
    "bad_metric_incompatible": _on_insights(
        "100: incompatible with the media.", lambda s: incompatible_metric(s.metric)
    ),
    "bad_metric_retired_21": _on_insights(
        "100: no longer supported from version 21.",
        lambda s: Refusal(
            message=retired_metric("video_views").message.replace("video_views", s.metric),
            code=100,
        ),
    ),
    "bad_metric_retired_22": _on_insights(
        "100: no longer supported from version 22.",
        lambda s: Refusal(
            message=retired_metric("plays").message.replace("the plays", f"the {s.metric}"),
            code=100,
        ),
    ),
    "bad_metric_list": _on_insights("100: lists the allowed names.", _allowed_values),
    "bad_metric_value": _on_insights(
        "100: names no metric.", _always(invalid("The value must be a valid insights metric"))
    ),
    "unknown_metric_error": _on_insights(
        "1: as for a breakdown that the metric has not.", _always(UNKNOWN_ERROR)
    ),
    "unknown_path": GraphFault(
        means="2500: unknown path components.",
        refusal=lambda strike: unknown_path(strike.subject),
    ),
    # Throttles.
    "app_limit": _throttle(4, APP_LIMIT, whose="app"),
    "user_limit": _throttle(17, "(#17) User request limit reached"),
    "page_limit": _throttle(32, "(#32) Page request limit reached"),
    "custom_limit": _throttle(613, "(#613) Calls to this api have exceeded the rate limit."),
    "buc_limit": _throttle(
        80_002, ACCOUNT_LIMIT, whose="account", subcode=2_446_079, statuses=(400,)
    ),
    "buc_limit_80001": _throttle(80_001, PAGE_BUC_LIMIT, whose="page"),
    "app_341": _throttle(341, "(#341) Feed action request limit reached", whose="app"),
    "policy_368": _throttle(
        368, "(#368) The action attempted has been deemed abusive or is otherwise disallowed"
    ),
    # Passing troubles.
    "transient_1": _transient(1, "An unknown error occurred"),
    "transient_2": _transient(2, TRANSIENT_2),
    "reduce_data": _transient(1, TOO_MUCH, places=("list", "stories", "node", "insights")),
    "http_429": _html(429, "Too Many Requests"),
    "http_500": _html(500, "Internal Server Error"),
    "http_502": _html(502, "Bad Gateway"),
    "http_503": _html(503, "Service Unavailable"),
    "slow": _bent("The answer comes a second late.", *READS, "token", whole_batch=True),
    "hang": _bent("The answer comes a minute late.", *READS, "token", whole_batch=True),
    "truncated_json": _bent("HTTP 200 with half of its JSON.", *READS, "token", whole_batch=True),
    # Answers that are well formed and yet not what was asked for.
    "null_element": _bent("The element of a batch is null: it timed out.", "batch"),
    "empty_data": _bent('HTTP 200 with {"data": []}.', *PAGES, "insights"),
    "short_page": _bent("Half a page that still carries next.", *PAGES),
    "empty_page_with_next": _bent("An empty page that still carries next.", *PAGES),
    "metric_absent": _bent("The metric is left out; without a metric, all are.", "insights"),
    "metric_not_ready": _bent("The metric has an empty list of values.", "insights"),
    # Switches: they bend every answer, beside any other fault.
    "skip_rate_fraction": _bent("reels_skip_rate between 0 and 1 instead of 0 to 100.", "insights"),
    "usage_high": _bent("Both usage headers show 95 %."),
    "usage_full": _bent("Both usage headers show 100 %, and wait_min minutes to wait."),
    "app_usage_high": _bent("X-App-Usage shows 95 %."),
}
SWITCHES: Final = frozenset({"skip_rate_fraction", "usage_high", "usage_full", "app_usage_high"})
GRAPH_FAULT_KINDS: Final = frozenset(GRAPH_FAULTS) | {
    f"{place}:{kind}" for place in PLACES for kind in GRAPH_FAULTS if kind not in SWITCHES
}
"""Every text that is a kind, place included."""


def plain_kind(kind: str) -> str:
    """The row of the table that a kind names, without its place."""
    return kind.rpartition(":")[2]


@lru_cache
def kinds_at(place: Place, *, in_batch: bool, is_large: bool) -> tuple[str, ...]:
    """Kinds that can strike a request.

    Args:
        place: What is asked for.
        in_batch: Whether it is an element of a batch.
        is_large: Whether it asks for more than 25 objects.
    """
    here = [
        kind for kind, fault in GRAPH_FAULTS.items() if _strikes(fault, place, in_batch=in_batch)
    ]
    if in_batch:
        here.append("null_element")
    bound = [f"{place}:{kind}" for kind in GRAPH_FAULTS]
    return tuple(
        kind
        for kind in (*here, *bound)
        if kind not in SWITCHES and (is_large or plain_kind(kind) != "reduce_data")
    )


def _strikes(fault: GraphFault, place: Place, *, in_batch: bool) -> bool:
    if place == "batch":
        return fault.whole_batch
    return place in fault.places and not (in_batch and fault.whole_batch)
