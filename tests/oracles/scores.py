"""A second, slow and plain answer to what the pipeline computes, written from domain.md alone.

Belongs here: dictionaries, lists and arithmetic that follow the rules (R8-R10, R20-R25, R40).
Does not belong here: Polars, SQL, or anything of ``transforms`` and ``layers_pipeline``.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log2
from statistics import median
from typing import Any

from tests.oracles.creatives import (
    COUNTS,
    CREATIVE_PARTS,
    NOTHING,
    Content,
    ContentRecords,
    container,
    content_id,
    creatives_at,
    forced_to_zero,
    overrides_at,
    score_creatives,
    unsafe_at,
)

Post = tuple[str, str]
Capture = Mapping[str, Any]
Deletions = Mapping[Post, Sequence[tuple[datetime, datetime | None]]]
"""Per post the times in which it counted as deleted: from, until; None: still."""

WEIGHTS = {"likes": 1, "comments": 3, "shares": 5, "saves": 6}
MIN_VIEWS = 50
MIN_POOL = 3
THRESHOLD = 4.0
SECONDS_PER_DAY = 86_400


@dataclass
class Known:
    """What is known of one post at a moment."""

    accounts: set[str] = field(default_factory=set)
    """Every account under which a capture showed it: a collaboration has several."""
    published_at: datetime | None = None
    checked_at: datetime | None = None
    counts: dict[str, int | None] = field(default_factory=lambda: dict.fromkeys(COUNTS))
    since: dict[str, datetime | None] = field(default_factory=lambda: dict.fromkeys(COUNTS))


@dataclass
class Tick:
    """Everything that is true at one tick, by post or by project and post."""

    known: dict[Post, Known]
    ranks: dict[Content, dict[str, Any]]
    scores: dict[Content, dict[str, Any]]
    eligibility: dict[Content, dict[str, Any]]


def score_in_order(
    captures: Iterable[Capture],
    allowlist: Sequence[Mapping[str, Any]],
    ticks: Iterable[datetime],
    *,
    deleted: Deletions | None = None,
    records: ContentRecords = NOTHING,
    version: str = "2",
) -> Iterator[tuple[datetime, Tick]]:
    """Every tick in order; a score that a tick does not renew goes on counting (R24).

    A zero that a failed review forced stands for its own tick only (R25).
    """
    merged = one_per_moment(captures)
    effective: dict[Content, dict[str, Any]] = {}
    for tick in sorted(ticks):
        known = known_posts(merged, tick)
        pools = pools_at(known, allowlist, tick, deleted or {})
        unsafe, overridden = unsafe_at(records.reviews, tick), overrides_at(records.overrides, tick)
        ranks, scores = score_pools(pools, tick, unsafe)
        creatives = creatives_at(records, tick)
        scores |= score_creatives(creatives, tick, unsafe, version)
        fresh = {content: row | {"score_of": tick} for content, row in scores.items()}
        now = effective | fresh
        lasting = {key: row for key, row in fresh.items() if container(key) not in unsafe}
        judged = {}
        for pool in pools.values():
            size = sum(map(is_scorable, pool.values()))
            judged |= {key: judge(now.get(key), pool_size=size) for key in pool}
        judged |= {key: judge(now[key], pool_size=MIN_POOL) for key in creatives}
        for key in judged:
            said = {"is_unsafe": container(key) in unsafe, "override": overridden.get(key)}
            judged[key] |= overrule(judged[key], **said)
            judged[key]["scoring_pool"] = creatives[key]["kind"] if key in creatives else "ugc"
        effective |= lasting
        yield tick, Tick(known=known, ranks=ranks, scores=scores, eligibility=judged)


def one_per_moment(captures: Iterable[Capture]) -> dict[Post, list[dict[str, Any]]]:
    """Captures by post in the order of capture, those that claim one moment and source as one.

    Of such captures the ones known first stand; between those, the larger value of each count,
    but the smaller one if the larger is that one rounded.
    """
    moments: dict[tuple[Post, datetime, str], list[Capture]] = defaultdict(list)
    for row in captures:
        post = (row["platform"], row["platform_post_id"])
        moments[post, row["captured_at"], row.get("source", "import")].append(row)
    posts: dict[Post, list[dict[str, Any]]] = defaultdict(list)
    for (post, _, _), rows in sorted(moments.items()):
        first = min(row["known_at"] for row in rows)
        first_known = [row for row in rows if row["known_at"] == first]
        one = {name: exact(row[name] for row in first_known) for name in COUNTS}
        one |= {"captured_at": rows[0]["captured_at"], "known_at": first}
        one["accounts"] = [(row["account_key"], row["known_at"]) for row in rows]
        one["published_at"] = smallest(row["published_at"] for row in first_known)
        posts[post].append(one)
    return posts


def exact(values: Iterable[int | None]) -> int | None:
    """The largest value, or the smallest if it was only written shorter: 1.8M for 1,776,621."""
    shown = sorted(value for value in values if value is not None)
    if not shown:
        return None
    least, most = shown[0], shown[-1]
    zeros = len(str(most)) - len(str(most).rstrip("0"))
    step = 10 ** min(zeros, len(str(most)) - 2, 9)
    is_shortened = most >= 1000 and step >= 100 and least % 100 and 2 * (most - least) <= step
    return least if is_shortened else most


def smallest(values: Iterable[datetime | None]) -> datetime | None:
    return min((value for value in values if value is not None), default=None)


def known_posts(posts: Mapping[Post, Sequence[Capture]], as_of: datetime) -> dict[Post, Known]:
    """Per post and count the last known value, of the captures known at a moment (R9, R10)."""
    known: dict[Post, Known] = {}
    for post, rows in posts.items():
        for row in rows:
            if row["known_at"] > as_of:
                continue
            if post not in known:
                known[post] = Known()
            one = known[post]
            one.accounts |= {account for account, at in row["accounts"] if at <= as_of}
            one.checked_at = row["captured_at"]
            if one.published_at is None:
                one.published_at = row["published_at"]
            for name in COUNTS:
                if row[name] is not None and row[name] != one.counts[name]:
                    one.counts[name], one.since[name] = row[name], row["captured_at"]
    return known


def pools_at(
    known: Mapping[Post, Known],
    allowlist: Sequence[Mapping[str, Any]],
    as_of: datetime,
    deleted: Deletions,
) -> dict[str, dict[Content, dict[str, Any]]]:
    """Each project's posts: any account of theirs allowed, published by then (R20, R21)."""
    projects: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in allowlist:
        ended = row["allowed_to"] is not None and row["allowed_to"] <= as_of
        if row["allowed_from"] <= as_of and not ended:
            projects[row["platform"], row["account_key"]].add(row["project_id"])
    pools: dict[str, dict[Content, dict[str, Any]]] = defaultdict(dict)
    for (platform, post), one in known.items():
        if one.published_at is not None and one.published_at > as_of:
            continue
        row = dict(one.counts) | {"published_at": one.published_at}
        row["is_deleted"] = any(
            gone_at <= as_of and (back_at is None or as_of < back_at)
            for gone_at, back_at in deleted.get((platform, post), ())
        )
        for project in set[str]().union(*(projects[platform, name] for name in one.accounts)):
            pools[project][project, platform, post] = row
    return pools


def is_scorable(row: Mapping[str, Any]) -> bool:
    return not row["is_deleted"] and row["views"] is not None and row["views"] >= MIN_VIEWS


def percent_ranks(values: Mapping[Content, float]) -> dict[Content, float]:
    """Share of the others strictly below; a pool of at least two."""
    ordered = sorted(values.values())
    return {
        content: bisect_left(ordered, value) / (len(ordered) - 1)
        for content, value in values.items()
    }


def score_pools(
    pools: Mapping[str, Mapping[Content, Mapping[str, Any]]],
    as_of: datetime,
    unsafe: set[str],
) -> tuple[dict[Content, dict[str, Any]], dict[Content, dict[str, Any]]]:
    """Ranks and scores of the pools that are large enough, and zeros of unsafe posts (R23-R25)."""
    ranks: dict[Content, dict[str, Any]] = {}
    scores: dict[Content, dict[str, Any]] = {}
    for pool in pools.values():
        found = ranks_of({content: row for content, row in pool.items() if is_scorable(row)})
        ranks |= found
        size = sum(map(is_scorable, pool.values()))
        baseline = next(iter(found.values()))["baseline_views"] if found else None
        for content, row in pool.items():
            is_unsafe = container(content) in unsafe
            if is_unsafe or (found and not row["is_deleted"]):
                scores[content] = score(row, found.get(content), as_of)
                scores[content] |= {"pool_size": size, "baseline_views": baseline}
                scores[content] |= dict.fromkeys((*CREATIVE_PARTS, "spend_30d_usd"))
                scores[content] |= {"scoring_pool": "ugc"}
            if is_unsafe:
                scores[content] |= forced_to_zero() | {"outperformance": None}
    return ranks, scores


def ranks_of(pool: Mapping[Content, Mapping[str, Any]]) -> dict[Content, dict[str, Any]]:
    """Rates, ranks and baseline of a pool of scorable posts; none if it is too small."""
    if len(pool) < MIN_POOL:
        return {}
    engagements = {
        content: sum(weight * (row[name] or 0) for name, weight in WEIGHTS.items())
        for content, row in pool.items()
    }
    rates = {content: engagements[content] / row["views"] for content, row in pool.items()}
    views = {content: row["views"] for content, row in pool.items()}
    rate_ranks, view_ranks = percent_ranks(rates), percent_ranks(views)
    baseline = median(views.values())
    return {
        content: {
            "views": views[content],
            "weighted_engagements": engagements[content],
            "engagement_rate": rates[content],
            "engagement_rate_rank_pct": rate_ranks[content],
            "views_rank_pct": view_ranks[content],
            "baseline_views": baseline,
            "pool_size": len(pool),
        }
        for content in pool
    }


def score(
    row: Mapping[str, Any], rank: Mapping[str, Any] | None, as_of: datetime
) -> dict[str, Any]:
    """The score of one post taken apart; without a rank it is 0 and says why (R23, R24)."""
    published_at = row["published_at"]
    age = None
    if published_at is not None:
        age = (as_of - published_at).total_seconds() / SECONDS_PER_DAY
    inputs = (*COUNTS[1:], "published_at")
    given = {name: row[name] for name in COUNTS} | {"age_days": age}
    given["missing_metrics"] = {name for name in inputs if row[name] is None}
    if rank is None:
        reason = "views_unknown" if row["views"] is None else "below_min_views"
        return given | {"organic_score": 0.0, "unscored_reason": reason}
    beats = min(1.0, max(0.0, log2(row["views"] / rank["baseline_views"]) / 3))
    parts = {
        "quality_points": 8.5 * 0.45 * rank["engagement_rate_rank_pct"],
        "reach_points": 8.5 * 0.25 * rank["views_rank_pct"],
        "outperformance_points": 8.5 * 0.30 * beats,
        "freshness_points": 0.0 if age is None else 1.5 * max(0.0, 1 - age / 90),
    }
    total = sum(parts.values())
    clamped = min(10.0, max(0.0, total))
    names = ("engagement_rate", "engagement_rate_rank_pct", "views_rank_pct")
    return (
        given
        | parts
        | {name: rank[name] for name in names}
        | {
            "outperformance": beats,
            "score_before_clamp": total,
            "clamp_points": clamped - total,
            "organic_score": clamped,
            "unscored_reason": None,
        }
    )


def judge(effective: Mapping[str, Any] | None, *, pool_size: int) -> dict[str, Any]:
    """Eligibility of one content from the score that stands (R24, R40)."""
    if effective is None:
        reason = "pool_too_small" if pool_size < MIN_POOL else "never_scored"
        return {"reason": reason, "is_eligible": False, "organic_score": None, "score_of": None}
    reached = effective["organic_score"] >= THRESHOLD
    reason = effective["unscored_reason"] or ("score" if reached else "below_threshold")
    return {
        "reason": reason,
        "is_eligible": reason == "score",
        "organic_score": effective["organic_score"],
        "score_of": effective["score_of"],
    }


def overrule(row: Mapping[str, Any], *, is_unsafe: bool, override: str | None) -> dict[str, Any]:
    """Reason and eligibility by precedence: safety, exclude, include, score (R40)."""
    words = {"exclude": "excluded", "include": "included"}
    reason = "safety_failed" if is_unsafe else words.get(override or "", row["reason"])
    return {"reason": reason, "is_eligible": reason in ("included", "score")}


def differences(
    tick: Tick,
    *,
    scores: Iterable[Mapping[str, Any]],
    eligibility: Iterable[Mapping[str, Any]],
    known: Iterable[Mapping[str, Any]],
    ranks: Iterable[Mapping[str, Any]],
) -> list[str]:
    """What the pipeline's rows of one tick say otherwise than this page; numbers to 1e-9.

    When a post was last looked at is not asked: history says no more of it than of a repeat.
    """
    content_by_id = {content_id(content): content for content in tick.eligibility}
    return [
        *_unlike("score", tick.scores, _by_content(scores, content_by_id)),
        *_unlike("rank", tick.ranks, _by_content(ranks, content_by_id)),
        *_unlike("eligibility", tick.eligibility, _by_content(eligibility, content_by_id)),
        *unlike_known(tick.known, known, without=("last_checked_at",)),
    ]


def unlike_known(
    known: Mapping[Post, Known], latest: Iterable[Mapping[str, Any]], *, without: Sequence[str] = ()
) -> list[str]:
    """What rows of the last known values say otherwise than this page."""
    expected = {
        post: {name: value for name, value in _as_row(one).items() if name not in without}
        for post, one in known.items()
    }
    return _unlike(
        "known", expected, {(row["platform"], row["platform_post_id"]): row for row in latest}
    )


def _by_content(
    rows: Iterable[Mapping[str, Any]], ids: Mapping[str, Content]
) -> dict[Any, Mapping[str, Any]]:
    return {ids.get(row["ads_content_id"], row["ads_content_id"]): row for row in rows}


def _as_row(one: Known) -> dict[str, Any]:
    since = {f"{name}_at": moment for name, moment in one.since.items()}
    return one.counts | since | {"last_checked_at": one.checked_at}


def _unlike(
    what: str, expected: Mapping[Any, Mapping[str, Any]], actual: Mapping[Any, Mapping[str, Any]]
) -> list[str]:
    keys = expected.keys() ^ actual.keys()
    found = [f"{what} of {key}: only on one side" for key in keys]
    for key in expected.keys() & actual.keys():
        found += [
            f"{what} of {key}: {name} is {actual[key][name]!r}, not {value!r}"
            for name, value in expected[key].items()
            if not _alike(value, actual[key][name])
        ]
    return found


def _alike(expected: Any, actual: Any) -> bool:
    if isinstance(expected, float) and isinstance(actual, float):
        return abs(expected - actual) <= 1e-9
    return expected == (set(actual) if isinstance(expected, set) else actual)
