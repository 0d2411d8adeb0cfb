"""What the oracle knows beside posts: safety, overrides, ad spend, generated and manual content.

Belongs here: dictionaries, lists and fractions that follow the rules (R20, R22, R25, R41).
Does not belong here: posts and pools (``tests.oracles.scores``), Polars, SQL, or ``transforms``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

Content = tuple[str, ...]
"""Project, platform, post; or project and container of what is no post."""
COUNTS = ("views", "likes", "comments", "shares", "saves")
UGC_PARTS = ("quality_points", "reach_points", "outperformance_points", "freshness_points")
CREATIVE_PARTS = ("start_points", "decay_points", "boost_points")
SUMS = ("score_before_clamp", "clamp_points")


@dataclass(frozen=True, kw_only=True)
class ContentRecords:
    """What the operational database and the ad platforms state, each row with its known_at."""

    creatives: Sequence[Mapping[str, Any]] = ()
    reviews: Sequence[Mapping[str, Any]] = ()
    overrides: Sequence[Mapping[str, Any]] = ()
    ads: Sequence[Mapping[str, Any]] = ()
    daily: Sequence[Mapping[str, Any]] = ()


NOTHING = ContentRecords()


def container(content: Content) -> str:
    """The container that a content stands for."""
    return ":".join(content[1:])


def content_id(content: Content) -> str:
    return f"{content[0]}/{container(content)}"


def last_known(
    rows: Iterable[Mapping[str, Any]], as_of: datetime, *key: str
) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """Of the rows with one key, the one known last at a moment."""
    last: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        name = tuple(row[part] for part in key)
        if row["known_at"] <= as_of and (
            name not in last or last[name]["known_at"] < row["known_at"]
        ):
            last[name] = row
    return last


def unsafe_at(reviews: Iterable[Mapping[str, Any]], as_of: datetime) -> set[str]:
    """Containers whose newest review failed them (R25)."""
    newest = last_known(reviews, as_of, "container_id")
    return {name for (name,), row in newest.items() if row["safety_failed"]}


def overrides_at(overrides: Iterable[Mapping[str, Any]], as_of: datetime) -> dict[Content, str]:
    """Overrides that stand, by content (R41)."""
    found: dict[Content, str] = {}
    for (name,), row in last_known(overrides, as_of, "ads_content_id").items():
        project, _, wrapped = name.partition("/")
        is_post = wrapped.startswith(("tiktok:", "instagram:"))
        found[project, *(wrapped.split(":", 1) if is_post else [wrapped])] = row["override"]
    return found


def spend_cents(records: ContentRecords, as_of: datetime) -> dict[str, int]:
    """Cents by ads content, of the days that began in the 30 days before a moment (R20, R22)."""
    shown = last_known(records.ads, as_of, "ad_platform", "ad_id")
    cents: dict[str, int] = defaultdict(int)
    days = last_known(records.daily, as_of, "ad_platform", "ad_id", "spent_on")
    for (platform, ad_id, day), row in days.items():
        began_at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if as_of - timedelta(days=30) <= began_at <= as_of and (platform, ad_id) in shown:
            cents[shown[platform, ad_id]["ads_content_id"]] += row["spend_cents"]
    return cents


def creatives_at(records: ContentRecords, as_of: datetime) -> dict[Content, dict[str, Any]]:
    """Generated and manual creatives made and known by a moment, with their spend in cents."""
    cents = spend_cents(records, as_of)
    found = {}
    for row in records.creatives:
        if row["created_at"] <= as_of and row["known_at"] <= as_of:
            content = (row["project_id"], row["container_id"])
            found[content] = dict(row) | {"cents": cents.get(content_id(content), 0)}
    return found


def score_creatives(
    creatives: Mapping[Content, Mapping[str, Any]], as_of: datetime, unsafe: set[str], version: str
) -> dict[Content, dict[str, Any]]:
    """Scores of what is no post, computed in fractions (R22, R25)."""
    pools = Counter((key[0], row["kind"]) for key, row in creatives.items())
    found = {}
    for key, row in creatives.items():
        age = Fraction((as_of - row["created_at"]) // timedelta(microseconds=1), 86_400_000_000)
        found[key] = {
            "scoring_pool": row["kind"],
            "scoring_version": version,
            "pool_size": pools[key[0], row["kind"]],
            "age_days": float(age),
            "spend_30d_usd": row["cents"] / 100,
            "missing_metrics": set(),
            **dict.fromkeys(("platform", "platform_post_id", *COUNTS, *UGC_PARTS)),
        }
        if key[1] in unsafe:
            found[key] |= forced_to_zero()
        else:
            found[key] |= creative_score(age, row["cents"], version)
    return found


def forced_to_zero() -> dict[str, Any]:
    nothing = dict.fromkeys((*UGC_PARTS, *CREATIVE_PARTS, *SUMS))
    return nothing | {"organic_score": 0.0, "unscored_reason": "safety_failed"}


def creative_score(age: Fraction, cents: int, version: str) -> dict[str, Any]:
    """Seven less five in 30 days, plus the boost; version 1 floors the sum, not the decay."""
    boost = min(Fraction(3), Fraction(cents, 100) / Fraction("33.3"))
    decayed = 7 - 5 * age / 30
    if version == "2":
        decayed = max(Fraction(2), decayed)
    total = decayed + boost
    clamped = min(Fraction(10), max(Fraction(2), total))
    return {
        "start_points": 7.0,
        "decay_points": float(decayed - 7),
        "boost_points": float(boost),
        "score_before_clamp": float(total),
        "clamp_points": float(clamped - total),
        "organic_score": float(clamped),
        "unscored_reason": None,
    }
