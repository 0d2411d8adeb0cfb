"""The two tables of errors (spec: Graph API 1.5 and 1.7, Business API 2.5) as cases of one test.

Belongs here: each row's fault, and what one full sync that meets it must leave behind.
Does not belong here: running syncs (``fault_world``), asserting (``test_fault_matrix``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from tests.steps.ingest.fault_world import TOKEN_LIFE

LOOK_AGAIN_MIN = 6 * 60.0
UNSTATED_MIN = 5.0
TO_MIDNIGHT_MIN = 11.5 * 60
"""From the moment of the cases on."""
STATED_MIN = 19
"""What a throttle of these cases asks for, where it says so at all."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What one sync of one account left behind."""

    outcome: str
    status: str = "active"
    wait_min: float | None = None
    """Minutes until ``retry_at``; none: as its cadence says."""
    pause_min: float | None = None
    """Minutes for which the whole API gets no calls; none: it is not paused."""
    requests: int = 1
    """HTTP requests, as the sandbox counted them."""
    rows: int = 0
    """Response rows landed."""
    posts: int = 0
    snapshots: int = 0
    is_complete: bool = False
    """Whether the listing of posts was read to its end."""
    dropped: frozenset[str] = frozenset()
    """Metrics and fields remembered as refused for everybody."""
    own: frozenset[str] = frozenset()
    """Metrics remembered as refused for this account."""
    of_items: int = 0
    """Metrics remembered as refused of a single item."""
    unreadable: int = 0
    """Items remembered as having no insights."""


WELL = {
    # 5 posts, a story, the account, 6 items' insights, 3 breakdowns.
    "instagram": Left(outcome="ok", requests=2, rows=16, posts=6, snapshots=6, is_complete=True),
    # 5 posts, the account.
    "tiktok": Left(outcome="ok", requests=2, rows=6, posts=5, snapshots=5, is_complete=True),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of a table, and what must follow."""

    name: str
    platform: str
    faults: tuple[Mapping[str, Any], ...]
    """Fields of ``Fault``; ``item`` stands for the subject: which of the account's."""
    left: Left
    depth: str = "full"
    life: timedelta = TOKEN_LIFE
    """Of the first token."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    healed_requests: int = 2
    """At most, of the first sync after the fault: what is known by then may need one call only."""
    rests: bool = False
    """Whether that sync goes on with a listing, so that another one reads its first posts anew."""

    @property
    def kinds(self) -> frozenset[str]:
        """Rows of the sandbox's table of faults, without places."""
        return frozenset(fault["kind"].rpartition(":")[2] for fault in self.faults)

    @property
    def is_app_wide(self) -> bool:
        """Whether it keeps all accounts of the platform from being read, or several like it do."""
        return self.left.pause_min is not None or any("limit_" in kind for kind in self.tiktoks)

    @property
    def tiktoks(self) -> frozenset[str]:
        """The kinds, if they are TikTok's."""
        return self.kinds if self.platform == "tiktok" else frozenset()


def well(platform: str, **changes: Any) -> Left:
    """A sync that lost nothing but what is said."""
    return replace(WELL[platform], **changes)


def lost(outcome: str, **changes: Any) -> Left:
    """A sync that brought nothing."""
    return replace(Left(outcome=outcome), **changes)


def reauth(**changes: Any) -> Left:
    """A sync after which a person has to give a new token."""
    return lost("reauth_required", status="reauth_required", **changes)


def instagram(kind: str, left: Left, *, name: str = "", case=None, **fault: Any) -> Case:
    """A case of one fault of the Graph API; ``case`` are fields of the case itself."""
    struck = ({"kind": kind, **fault},)
    name = f"instagram {name or kind}"
    return Case(name=name, platform="instagram", faults=struck, left=left, **(case or {}))


def tiktok(kind: str, left: Left, *, name: str = "", case=None, **fault: Any) -> Case:
    """A case of one fault of the Business API; ``case`` are fields of the case itself."""
    struck = ({"kind": kind, **fault},)
    name = f"tiktok {name or kind}"
    return Case(name=name, platform="tiktok", faults=struck, left=left, **(case or {}))


def several(
    platform: str, name: str, left: Left, *faults: Mapping[str, Any], rests: bool = False
) -> Case:
    """A case of several faults, one after the other."""
    name = f"{platform} {name}"
    # The newest posts are read beside the listing that goes on.
    requests = {"healed_requests": 3} if rests else {}
    return Case(name=name, platform=platform, faults=faults, left=left, rests=rests, **requests)


TOKENS = ("expired", 458, 459, 460, 464, 467, 492, 190, 102)
PERMISSIONS = ("permission_10", "permission_200", "permission_3", "ig_login_403")
NAMED_METRICS = (
    "bad_metric",
    "bad_metric_incompatible",
    "bad_metric_retired_21",
    "bad_metric_retired_22",
    "bad_metric_list",
)
APP_LIMITS = ("app_limit", "app_341", "policy_368")
ACCOUNT_LIMITS = ("user_limit", "page_limit", "custom_limit")
BUC_LIMITS = ("buc_limit", "buc_limit_80001")
SERVER_ERRORS = ("transient_1", "transient_2", "http_500", "http_502", "http_503")

IG_ACCOUNT = [
    *(instagram(f"token_{why}", reauth()) for why in TOKENS),
    instagram(
        "batch:token_expired",
        reauth(requests=2, rows=7, posts=6, snapshots=6),
        name="token_expired after the list",
        skip=1,
    ),
    *(instagram(kind, lost("forbidden", wait_min=LOOK_AGAIN_MIN)) for kind in PERMISSIONS),
    instagram("gone_100_33", lost("forbidden", wait_min=LOOK_AGAIN_MIN)),
    instagram("unknown_path", lost("unavailable", wait_min=LOOK_AGAIN_MIN)),
    instagram(
        "list:unknown_path_ig",
        lost("unavailable", wait_min=LOOK_AGAIN_MIN, rows=2, posts=1, snapshots=1),
    ),
    *(
        instagram(kind, lost("forbidden", wait_min=LOOK_AGAIN_MIN))
        for kind in ("unsupported_get", "gone_24", "no_user_110")
    ),
    instagram("blocked_2207051", lost("rate_limited", wait_min=LOOK_AGAIN_MIN)),
    instagram("fatal_minus_1", lost("unavailable", requests=3)),
    instagram(
        "unsupported_post",
        # One call in vain, then the four lists, six items and three breakdowns by themselves.
        well("instagram", requests=1 + 4 + 6 + 3, dropped=frozenset({"batches"})),
        case={"healed_requests": 13},
    ),
    # The video from before reels is taken for one, and refuses ten metrics one by one.
    instagram("no_product_type", well("instagram", requests=12, of_items=10)),
]
OF_ONE_ITEM = (
    "converted_100",
    "invalid_100",
    "nonexisting_insights",
    "insights:unsupported_get",
)
IG_RECORDED = [
    # The second reel answers all of what the first one refuses.
    *(
        instagram(
            kind,
            well("instagram", rows=15, unreadable=1),
            item=0,
            name=f"{kind} of one item",
        )
        for kind in OF_ONE_ITEM
        if kind != "converted_100"
    ),
    instagram(
        "converted_100", well("instagram", rows=15, unreadable=1), item=0, name="converted of one"
    ),
    instagram("unknown_path_ig", well("instagram", rows=15), item=0, name="2500 of one item"),
    *(
        instagram(
            kind,
            well("instagram", outcome="partial", requests=4, rows=7),
            name=f"{kind} of all items",
        )
        for kind in OF_ONE_ITEM
        if kind != "converted_100"
    ),
    instagram(
        "bad_metric",
        well("instagram", requests=3, of_items=1),
        item=0,
        metric="views",
        name="views of one item, which another gives",
    ),
    instagram(
        "two_metrics",
        well("instagram", requests=3, dropped=frozenset({"likes", "comments"})),
        metric="likes",
    ),
    instagram(
        "nonexisting_field",
        well("instagram", requests=3, dropped=frozenset({"view_count"})),
        metric="view_count",
    ),
    instagram(
        "nonexisting_field",
        lost("ok", requests=2, rows=5, posts=5, snapshots=5, dropped=frozenset({"view_count"})),
        metric="view_count",
        name="nonexisting_field, quick",
        case={"depth": "quick"},
    ),
]
IG_ITEM = [
    instagram(f"insights:{PERMISSIONS[0]}", well("instagram", rows=15), item=0),
    instagram("stories:permission_10", well("instagram", rows=13, posts=5, snapshots=5)),
    instagram("user:permission_10", well("instagram", rows=15)),
    instagram("few_viewers", well("instagram", rows=14), item=5, name="few_viewers of a story"),
    instagram("few_viewers", well("instagram", rows=7), name="few_viewers of all"),
    instagram("before_conversion", well("instagram", rows=15, unreadable=1), item=0),
    instagram("error_data_object", well("instagram", rows=15, unreadable=1), item=0),
    instagram("error_data_text", well("instagram", rows=15, unreadable=1), item=0),
    instagram("insights:gone_100_33", well("instagram", rows=15), item=0),
    instagram(
        "insights:gone_100_33",
        well("instagram", outcome="rate_limited", wait_min=UNSTATED_MIN, requests=3, rows=7),
        name="gone_100_33 of most items, a throttle in disguise",
    ),
    instagram(
        "insights:gone_100_33",
        well("instagram", requests=3),
        name="gone_100_33 of most items, for a moment",
        times=6,
    ),
]
IG_METRIC = [
    *(
        instagram(kind, well("instagram", requests=3, dropped=frozenset({"reach"})), metric="reach")
        for kind in NAMED_METRICS
    ),
    instagram(
        "bad_metric_value",
        well("instagram", requests=5, own=frozenset({"reach"})),
        metric="reach",
    ),
    instagram(
        "unknown_metric_error",
        well("instagram", outcome="partial", requests=4, rows=7),
    ),
    instagram("metric_absent", well("instagram"), metric="reach"),
    instagram("metric_not_ready", well("instagram"), metric="reach"),
    instagram("insights:empty_data", well("instagram")),
    instagram(
        "skip_rate_fraction",
        well("instagram"),
        case={"settings": {"instagram_skip_rate": "fraction"}},
    ),
]
IG_THROTTLES = [
    *(
        instagram(
            kind,
            lost("rate_limited", wait_min=UNSTATED_MIN, pause_min=UNSTATED_MIN),
            wait_min=STATED_MIN,
        )
        for kind in APP_LIMITS
    ),
    *(
        instagram(kind, lost("rate_limited", wait_min=UNSTATED_MIN), wait_min=STATED_MIN)
        for kind in ACCOUNT_LIMITS
    ),
    *(
        instagram(kind, lost("rate_limited", wait_min=STATED_MIN), wait_min=STATED_MIN)
        for kind in BUC_LIMITS
    ),
    instagram(
        "insights:buc_limit",
        well("instagram", outcome="rate_limited", wait_min=STATED_MIN, rows=7),
        wait_min=STATED_MIN,
    ),
    instagram(
        "insights:app_limit",
        well(
            "instagram",
            outcome="rate_limited",
            wait_min=UNSTATED_MIN,
            pause_min=UNSTATED_MIN,
            rows=7,
        ),
    ),
    *(
        instagram(
            kind,
            well(
                "instagram",
                outcome="rate_limited",
                wait_min=UNSTATED_MIN,
                pause_min=UNSTATED_MIN,
                requests=1,
                rows=7,
            ),
        )
        for kind in ("usage_high", "app_usage_high")
    ),
    instagram(
        "usage_full",
        well(
            "instagram",
            outcome="rate_limited",
            wait_min=STATED_MIN,
            pause_min=UNSTATED_MIN,
            requests=1,
            rows=7,
        ),
        wait_min=STATED_MIN,
    ),
    instagram("http_429", lost("rate_limited", wait_min=5 / 60)),
]
IG_PASSING = [
    *(instagram(kind, lost("unavailable", requests=3)) for kind in SERVER_ERRORS),
    *(
        instagram(kind, well("instagram", requests=3), name=f"{kind} once", times=1)
        for kind in (*SERVER_ERRORS, "truncated_json", "null_element")
    ),
    instagram("truncated_json", lost("malformed", requests=3)),
    instagram("null_element", lost("unavailable", requests=3)),
    instagram(
        "insights:null_element", well("instagram", outcome="partial", requests=4, rows=15), item=0
    ),
    instagram("insights:transient_2", well("instagram", outcome="partial", requests=4, rows=7)),
    instagram("reduce_data", well("instagram", requests=4)),
    instagram("slow", well("instagram"), times=1),
    instagram(
        "hang",
        well("instagram", requests=2, rows=5, posts=5, snapshots=5, is_complete=False),
        times=1,
        case={"depth": "quick"},
    ),
    *(
        instagram(kind, left, name=f"{kind}, quick", case={"depth": "quick"}, **given)
        for kind, left, given in (
            ("token_expired", reauth(), {}),
            ("buc_limit", lost("rate_limited", wait_min=19), {"wait_min": STATED_MIN}),
            ("transient_2", lost("unavailable", requests=3), {}),
            ("http_502", lost("unavailable", requests=3), {}),
            ("truncated_json", lost("malformed", requests=3), {}),
            ("empty_data", lost("ok"), {}),
        )
    ),
]
IG_PAGES = [
    instagram("empty_data", lost("ok", rows=1, is_complete=True)),
    instagram(
        "list:empty_data", lost("ok", requests=2, rows=4, posts=1, snapshots=1, is_complete=True)
    ),
    instagram("short_page", well("instagram", requests=5)),
    instagram("list:empty_page_with_next", well("instagram", requests=3), times=1),
    instagram(
        "list:empty_page_with_next",
        lost("partial", requests=3, rows=4, posts=1, snapshots=1),
        name="list:empty_page_with_next without end",
    ),
    several(
        "instagram",
        "user_limit between two pages",
        well(
            "instagram",
            outcome="rate_limited",
            wait_min=UNSTATED_MIN,
            rows=8,
            posts=3,
            snapshots=3,
            is_complete=False,
        ),
        {"kind": "list:short_page", "times": 1},
        {"kind": "list:user_limit"},
    ),
    several(
        "instagram",
        "transient_2 between two pages",
        well(
            "instagram",
            outcome="partial",
            requests=5,
            rows=8,
            posts=3,
            snapshots=3,
            is_complete=False,
        ),
        {"kind": "list:short_page", "times": 1},
        {"kind": "list:transient_2"},
    ),
]

REJECTED = (40000, 40002, 40006, 40007, 40016, 40051, 40053, 40400)
PASSING = (40050, 40201, 41001, 41002)
TRIED_AGAIN = (50000, 50002, 51010, 51065, 60001)
EXPIRED = (40102, 40104, 40105)
CONSENT = (40001, 40106, 40120, 40130, 40309)
OAUTH_CONSENT = (40103, 40107, 40110, 40131)
FORBIDDEN = (40003, 40113, 40117, 40118, 40125, 41000)
SOON = timedelta(hours=1)
"""The life of a token that has to be refreshed."""

TIKTOK_CODES = [
    *(tiktok(f"code_{code}", lost("unavailable", wait_min=LOOK_AGAIN_MIN)) for code in REJECTED),
    *(tiktok(f"code_{code}", lost("unavailable")) for code in PASSING),
    *(tiktok(f"code_{code}", lost("unavailable", requests=3)) for code in TRIED_AGAIN),
    *(tiktok(f"code_{code}", lost("forbidden", wait_min=LOOK_AGAIN_MIN)) for code in FORBIDDEN),
    *(tiktok(f"code_{code}", reauth()) for code in CONSENT),
    # Read, refresh, read.
    *(tiktok(f"code_{code}", reauth(requests=3)) for code in EXPIRED),
    *(
        tiktok(
            f"code_{code}",
            well("tiktok", requests=4),
            name=f"code_{code} until it is refreshed",
            times=1,
        )
        for code in EXPIRED
    ),
    tiktok(
        "code_40102",
        reauth(requests=4, rows=5, posts=5, snapshots=5),
        name="code_40102 after the list, and again",
        skip=1,
    ),
    tiktok(
        "code_40102",
        well("tiktok", requests=5, rows=11),
        name="code_40102 after the list",
        skip=1,
        times=1,
    ),
    *(tiktok(f"code_{code}", reauth(), case={"life": SOON}) for code in OAUTH_CONSENT),
    # The old token still opens the account.
    tiktok(
        "code_40108",
        well("tiktok", requests=3),
        case={"life": SOON, "healed_requests": 3},
    ),
    tiktok("code_40100", lost("rate_limited", wait_min=UNSTATED_MIN, requests=3)),
    tiktok("code_40132", lost("rate_limited", wait_min=UNSTATED_MIN, pause_min=UNSTATED_MIN)),
    tiktok("code_61000", lost("rate_limited", wait_min=UNSTATED_MIN, requests=3)),
    tiktok("limit_account", lost("rate_limited", wait_min=UNSTATED_MIN)),
    tiktok("limit_app", lost("rate_limited", wait_min=UNSTATED_MIN)),
    tiktok("limit_day", lost("rate_limited", wait_min=TO_MIDNIGHT_MIN)),
    *(
        tiktok(f"code_{code}", well("tiktok", requests=3), name=f"code_{code} once", times=1)
        for code in (40100, 50002, 61000)
    ),
    *(
        tiktok(
            f"code_{code}",
            well("tiktok", requests=3, dropped=frozenset({"reach"})),
            name=f"code_{code} of a field",
            metric="reach",
        )
        for code in (40002, 41002)
    ),
    tiktok(
        "code_20001",
        well("tiktok", outcome="partial", rows=4, posts=3, snapshots=3, is_complete=False),
    ),
]
TIKTOK_TRANSPORT = [
    tiktok("http_500", lost("unavailable", requests=3)),
    tiktok("http_429", lost("rate_limited", wait_min=STATED_MIN), wait_min=STATED_MIN),
    tiktok("http_429", lost("rate_limited", wait_min=5 / 60), wait_min=0, name="http_429 bare"),
    *(tiktok(kind, lost("malformed", requests=3)) for kind in ("truncated_json", "html_body")),
    *(
        tiktok(kind, well("tiktok", requests=3), name=f"{kind} once", times=1)
        for kind in ("http_500", "truncated_json", "html_body")
    ),
    *(
        tiktok(
            kind,
            well("tiktok", outcome="partial", requests=4, rows=5),
            name=f"{kind} after the list",
            skip=1,
        )
        for kind in ("http_500", "truncated_json", "code_51065")
    ),
    tiktok("slow", well("tiktok"), times=1),
    tiktok(
        "oauth_http_500",
        well("tiktok", requests=5),
        name="oauth_http_500 while the old token still opens",
        case={"life": SOON, "healed_requests": 3},
    ),
    tiktok("oauth_http_500", well("tiktok", requests=4), times=1, case={"life": SOON}),
    # The new pair is lost with the answer, and the old one ended when it was made.
    tiktok("oauth_truncated_json", reauth(requests=2), times=1, case={"life": SOON}),
]
TIKTOK_PAGES = [
    tiktok("short_page", well("tiktok", requests=3), times=1),
    tiktok(
        "short_page",
        well("tiktok", outcome="partial", requests=7, is_complete=False),
        name="short_page without end",
    ),
    tiktok("empty_page_with_more", well("tiktok", requests=3), times=1),
    tiktok(
        "empty_page_with_more",
        lost("malformed", requests=2),
        name="empty_page_with_more without end",
    ),
    several(
        "tiktok",
        "code_50002 between two pages",
        well(
            "tiktok",
            outcome="partial",
            requests=4,
            rows=2,
            posts=2,
            snapshots=2,
            is_complete=False,
        ),
        {"kind": "short_page", "times": 1},
        {"kind": "code_50002"},
    ),
    several(
        "tiktok",
        "code_61000 between two pages",
        well(
            "tiktok",
            outcome="rate_limited",
            wait_min=UNSTATED_MIN,
            requests=4,
            rows=2,
            posts=2,
            snapshots=2,
            is_complete=False,
        ),
        {"kind": "short_page", "times": 1},
        {"kind": "code_61000"},
        rests=True,
    ),
]
CASES = [
    *(Case(name=f"{one} without a fault", platform=one, faults=(), left=WELL[one]) for one in WELL),
    *IG_ACCOUNT,
    *IG_RECORDED,
    *IG_ITEM,
    *IG_METRIC,
    *IG_THROTTLES,
    *IG_PASSING,
    *IG_PAGES,
    *TIKTOK_CODES,
    *TIKTOK_TRANSPORT,
    *TIKTOK_PAGES,
]
