"""Every fault that the simulated Graph API knows, by kind.

Belongs here: what each kind means, where it strikes, and which refusal it is.
Does not belong here: which account has which (``sandbox.faults``).

A plain kind strikes wherever its row says. ``list:app_limit`` is the same fault at one place only;
the places are ``list``, ``stories``, ``user``, ``node``, ``insights``, ``token`` and ``batch``.
What strikes a batch as a whole (tokens, the transport) never strikes its elements, unless it is
bound to their place. Inside a field expansion only a fault that names the item strikes.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Final

from sandbox.graph.errors import (
    BEFORE_CONVERSION,
    BEFORE_CONVERSION_AS_TEXT,
    FEW_VIEWERS,
    NO_PERMISSION,
    SESSION_INVALID,
    TOKEN_REASONS,
    UNKNOWN_ERROR,
    Refusal,
    gone,
    incompatible_metric,
    invalid,
    retired_metric,
    session_expired,
    unknown_field,
    unknown_path,
    unsupported_metric,
)
from sandbox.graph.fault_rows import (
    PAGES,
    PLACES,
    READS,
    THROTTLED,
    GraphFault,
    Place,
    Strike,
    Told,
    always,
    bent_row,
    consent_row,
    error_row,
    html_row,
    insights_row,
    request_row,
    throttle_row,
    transient_row,
)


def _just_expired(strike: Strike) -> Refusal:
    return session_expired(strike.now - timedelta(days=1), strike.now)


def _allowed_values(strike: Strike) -> Refusal:
    place = strike.metrics.index(strike.metric) if strike.metric in strike.metrics else 0
    return invalid(f"metric[{place}] must be one of the following values: reach, saved, shares")


def _two_metrics(strike: Strike) -> Refusal:
    other = next((name for name in strike.metrics if name != strike.metric), strike.metric)
    return unsupported_metric(f"{strike.metric}, {other}")


OF_AN_ITEM: Final[Mapping[str, Told]] = {
    "converted_100": Told(
        code=100,
        message="(#100) Insights are only available for media posted after the owner account "
        "converted to business account",
    ),
    "invalid_100": Told(code=100, message="Invalid parameter", subcode=2_207_001),
    "nonexisting_insights": Told(
        code=100,
        message="(#100) Tried accessing nonexisting field (insights) on node type (ShadowIGMedia)",
    ),
    "unknown_path_ig": Told(
        code=2500, message="Unknown path components: /insights", type="IGApiException"
    ),
}
OF_ANYTHING: Final[Mapping[str, Told]] = {
    "unsupported_get": Told(
        code=100, message="Unsupported request - method type: get", type="IGApiException"
    ),
    "blocked_2207051": Told(
        code=4,
        subcode=2_207_051,
        message="Application request limit reached",
        status=403,
        transient=False,
        title="Action is blocked",
    ),
    "fatal_minus_1": Told(code=-1, message="Fatal", type="IGApiException", status=500),
    "gone_24": Told(
        code=24,
        subcode=2_207_006,
        message="The requested resource does not exist",
        title="Media Not Found",
    ),
    "no_user_110": Told(
        code=110, subcode=2_207_013, message="Invalid user id", title="Cannot find User"
    ),
}
TRANSIENT_2: Final = "An unexpected error has occurred. Please retry your request later."
TOO_MUCH: Final = "Please reduce the amount of data you're asking for, then retry your request"
APP_LIMIT: Final = "(#4) Application request limit reached"
TOO_MANY: Final = (
    "(#%d) There have been too many calls to this %s account. Wait a bit and try again. "
    "For more info, please refer to "
    "https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
)

GRAPH_FAULTS: Final[Mapping[str, GraphFault]] = {
    # The token.
    "token_expired": request_row("190 / 463: the session has expired.", _just_expired),
    **{f"token_{subcode}": consent_row(subcode) for subcode in TOKEN_REASONS},
    "token_190": consent_row(None),
    "token_102": request_row("102: treat as 190.", always(SESSION_INVALID)),
    # Permission.
    "permission_10": GraphFault(
        means="10: the app may not do this.",
        refusal=always(Refusal(message=NO_PERMISSION.message, code=10, statuses=THROTTLED)),
    ),
    "permission_200": error_row(200, "(#200) Permissions error", "200: permission.", 400, 403),
    "permission_3": error_row(
        3,
        "(#3) Application does not have the capability to make this API call.",
        "3: capability.",
        400,
        403,
    ),
    "ig_login_403": GraphFault(
        means="HTTP 403, IGApiException, code 10: as graph.instagram.com refuses.",
        refusal=always(
            Refusal(
                message="Application does not have permission for this action",
                type="IGApiException",
                code=10,
                statuses=(403,),
            )
        ),
    ),
    # The item and its metrics.
    "few_viewers": insights_row("10 without a subcode: too few viewers.", always(FEW_VIEWERS)),
    "before_conversion": insights_row(
        "100 / 2108006, error_data an object.", always(BEFORE_CONVERSION)
    ),
    "error_data_object": insights_row("The same as before_conversion.", always(BEFORE_CONVERSION)),
    "error_data_text": insights_row(
        "100 / 2108006, error_data a JSON string.", always(BEFORE_CONVERSION_AS_TEXT)
    ),
    "gone_100_33": GraphFault(
        means="100 / 33 of something that is there: throttling in disguise.",
        refusal=lambda strike: gone(strike.subject),
    ),
    "bad_metric": insights_row(
        "100: not supported for this media product type.", lambda s: unsupported_metric(s.metric)
    ),
    "bad_metric_incompatible": insights_row(
        "100: incompatible with the media.", lambda s: incompatible_metric(s.metric)
    ),
    "bad_metric_retired_21": insights_row(
        "100: no longer supported from version 21.",
        lambda s: Refusal(
            message=retired_metric("video_views").message.replace("video_views", s.metric),
            code=100,
        ),
    ),
    "bad_metric_retired_22": insights_row(
        "100: no longer supported from version 22.",
        lambda s: Refusal(
            message=retired_metric("plays").message.replace("the plays", f"the {s.metric}"),
            code=100,
        ),
    ),
    "bad_metric_list": insights_row("100: lists the allowed names.", _allowed_values),
    "bad_metric_value": insights_row(
        "100: names no metric.", always(invalid("The value must be a valid insights metric"))
    ),
    "unknown_metric_error": insights_row(
        "1: as for a breakdown that the metric has not.", always(UNKNOWN_ERROR)
    ),
    "unknown_path": GraphFault(
        means="2500: unknown path components.",
        refusal=lambda strike: unknown_path(strike.subject),
    ),
    # As others recorded them of the live platform; sources in docs/sandbox.md.
    **{kind: told.row("insights") for kind, told in OF_AN_ITEM.items()},
    **{kind: told.row() for kind, told in OF_ANYTHING.items()},
    "unsupported_post": Told(
        code=100, message="Unsupported request - method type: post", type="IGApiException"
    ).row("batch", whole_batch=True),
    "two_metrics": insights_row("100: two metrics in one sentence.", _two_metrics),
    "nonexisting_field": GraphFault(
        means="100: the field, named by metric, does not exist.",
        refusal=lambda strike: unknown_field(strike.metric, "ShadowIGMedia"),
        places=PAGES,
    ),
    # Throttles.
    "app_limit": throttle_row(4, APP_LIMIT, whose="app"),
    "user_limit": throttle_row(17, "(#17) User request limit reached"),
    "page_limit": throttle_row(32, "(#32) Page request limit reached"),
    "custom_limit": throttle_row(613, "(#613) Calls to this api have exceeded the rate limit."),
    "buc_limit": throttle_row(
        80_002,
        TOO_MANY % (80_002, "Instagram"),
        whose="account",
        subcode=2_446_079,
        statuses=(400,),
    ),
    "buc_limit_80001": throttle_row(80_001, TOO_MANY % (80_001, "Page"), whose="page"),
    "app_341": throttle_row(341, "(#341) Feed action request limit reached", whose="app"),
    "policy_368": throttle_row(
        368, "(#368) The action attempted has been deemed abusive or is otherwise disallowed"
    ),
    # Passing troubles.
    "transient_1": transient_row(1, "An unknown error occurred"),
    "transient_2": transient_row(2, TRANSIENT_2),
    "reduce_data": transient_row(1, TOO_MUCH, places=("list", "stories", "node", "insights")),
    **{f"http_{status}": html_row(status) for status in (429, 500, 502, 503)},
    "slow": bent_row("The answer comes a second late.", *READS, "token", whole_batch=True),
    "hang": bent_row("The answer comes a minute late.", *READS, "token", whole_batch=True),
    "truncated_json": bent_row(
        "HTTP 200 with half of its JSON.", *READS, "token", whole_batch=True
    ),
    # Answers that are well formed and yet not what was asked for.
    "null_element": bent_row("The element of a batch is null: it timed out.", "batch"),
    "empty_data": bent_row('HTTP 200 with {"data": []}.', *PAGES, "insights"),
    "short_page": bent_row("Half a page that still carries next.", *PAGES),
    "empty_page_with_next": bent_row("An empty page that still carries next.", *PAGES),
    "metric_absent": bent_row("The metric is left out; without a metric, all are.", "insights"),
    "metric_not_ready": bent_row("The metric has an empty list of values.", "insights"),
    # Switches: they bend every answer, beside any other fault.
    "skip_rate_fraction": bent_row(
        "reels_skip_rate between 0 and 1 instead of 0 to 100.", "insights"
    ),
    "no_product_type": bent_row("Media without media_product_type and caption.", "list"),
    "usage_high": bent_row("Both usage headers show 95 %."),
    "usage_full": bent_row("Both usage headers show 100 %, and wait_min minutes to wait."),
    "app_usage_high": bent_row("X-App-Usage shows 95 %."),
}
SWITCHES: Final = frozenset(
    {"skip_rate_fraction", "no_product_type", "usage_high", "usage_full", "app_usage_high"}
)
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
