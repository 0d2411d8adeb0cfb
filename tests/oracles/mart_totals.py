"""Marts of how things stand, in plain Python: posts, creators and metrics as of one moment.

Belongs here: loops over looks at posts and over what was judged.
Does not belong here: SQL, frames; days (``mart_days``).
"""

from collections import defaultdict
from datetime import UTC, date, datetime
from statistics import median

from tests.oracles.mart_days import (
    COUNTS,
    INTERACTIONS,
    Facts,
    Row,
    account_activity,
    known_sum,
    share,
)


def latest(facts: Facts) -> dict[tuple[str, str], Row]:
    """By post: per count the last known value."""
    found: dict[tuple[str, str], Row] = {}
    for look in sorted(facts.looks, key=lambda one: (one.at, one.source)):
        row = found.setdefault((look.platform, look.post), dict.fromkeys([*COUNTS, "reach"]))
        row |= {name: look.metrics[name] for name in row if look.metrics.get(name) is not None}
    for key, row in found.items():
        row["last_checked_at"] = max(
            one.at for one in facts.looks if (one.platform, one.post) == key
        )
    return found


def engagement_mix(facts: Facts) -> dict[tuple, Row]:
    """By post: of what its interactions consist."""
    found = {}
    for key, row in latest(facts).items():
        total = known_sum(row[name] for name in INTERACTIONS)
        found[key] = {
            **{name: row[name] for name in COUNTS},
            "interactions": total,
            "unknown_counts": sum(row[name] is None for name in INTERACTIONS),
            **{f"{name}_share_ratio": share(row[name], total) for name in INTERACTIONS},
            "interaction_rate": share(total, row["views"]),
            "last_checked_at": row["last_checked_at"],
        }
    return found


def coverage_by_day(facts: Facts) -> dict[tuple, Row]:
    """By UTC day, platform, media type and metric: captures, and those that showed it."""
    captures: dict[tuple, int] = defaultdict(int)
    shown: dict[tuple, int] = defaultdict(int)
    for look in facts.looks:
        kind = facts.posts[(look.platform, look.post)].media_type or "unknown"
        place = (look.at.astimezone(UTC).date(), look.platform, kind)
        captures[place] += 1
        for metric, value in look.metrics.items():
            shown[(*place, metric)] += value is not None
    return {
        place: {"captures": captures[place[:-1]], "shown_in": number}
        for place, number in shown.items()
        if number
    }


def coverage(facts: Facts) -> dict[tuple, Row]:
    """By platform, media type and metric: since when, until when, of how many captures."""
    grouped: dict[tuple, list[tuple[date, Row]]] = defaultdict(list)
    for (day, *rest), row in coverage_by_day(facts).items():
        grouped[tuple(rest)].append((day, row))
    newest = {
        kind[:2]: max(
            day for place, days in grouped.items() if place[:2] == kind[:2] for day, _ in days
        )
        for kind in grouped
    }
    found = {}
    for place, days in grouped.items():
        last, shown = max(day for day, _ in days), sum(row["shown_in"] for _, row in days)
        found[place] = {
            "first_shown_on": min(day for day, _ in days),
            "last_shown_on": last,
            "days_shown": len(days),
            "captures_with_it": shown,
            "share_ratio": shown / sum(row["captures"] for _, row in days),
            "is_current": last == newest[place[:2]],
        }
    return found


def leaderboard(facts: Facts, contents: list[Row], *, as_of: datetime) -> dict[tuple, Row]:
    """By project and creator: two periods of 28 days, and how the posts stand.

    Args:
        contents: One row per content: project_id, creator_id, and how it stands.
    """
    creators: dict[tuple, list] = defaultdict(list)
    for one in facts.accounts:
        if one.creator is not None and not one.is_own:
            creators[(one.project, one.creator)].append((one.platform, one.account))
    activity = account_activity(facts)
    found = {}
    for place, accounts in creators.items():
        today = facts.local(place[0], as_of)
        days = [
            ((today - day).days, row)
            for (project, platform, account, day), row in activity.items()
            if project == place[0] and (platform, account) in accounts
        ]
        posts = [row for row in contents if (row["project_id"], row["creator_id"]) == place]
        found[place] = {
            "listed_accounts": len(accounts),
            "views_28d": known_sum(row["views_change"] for ago, row in days if 1 <= ago <= 28),
            "views_28d_before": known_sum(
                row["views_change"] for ago, row in days if 29 <= ago <= 56
            ),
            "likes_28d": known_sum(row["likes_change"] for ago, row in days if 1 <= ago <= 28),
            **_posts(posts),
        }
    for (project, _), row in found.items():
        rivals = [one["views_28d"] for (of, _), one in found.items() if of == project]
        own = row["views_28d"]
        better = sum(one > own for one in rivals if one is not None and own is not None)
        row["views_28d_rank"] = None if own is None else 1 + better
    return found


def _posts(posts: list[Row]) -> Row:
    computed = [
        row["organic_score"] for row in posts if row["reason"] in ("score", "below_threshold")
    ]
    scores = [row["organic_score"] for row in posts if row["organic_score"] is not None]
    return {
        "posts": len(posts),
        "deleted_posts": sum(row["is_deleted"] for row in posts),
        "eligible_posts": sum(row["is_eligible"] for row in posts),
        "views": known_sum(row["views"] for row in posts),
        "best_score": max(scores, default=None),
        "mean_score": sum(computed) / len(computed) if computed else None,
        "newest_published_at": max(
            (row["published_at"] for row in posts if row["published_at"]), default=None
        ),
    }


def ugc(contents: list[Row]) -> dict[tuple, Row]:
    """By project, platform and media type: how the UGC posts stand."""
    grouped: dict[tuple, list[Row]] = defaultdict(list)
    for row in contents:
        if row["scoring_pool"] == "ugc":
            place = (row["project_id"], row["platform"], row["media_type"] or "unknown")
            grouped[place].append(row)
    found = {}
    for place, rows in grouped.items():
        known = [row["views"] for row in rows if row["views"] is not None]
        reasons = [row["reason"] for row in rows]
        found[place] = {
            name: value for name, value in _posts(rows).items() if name != "best_score"
        } | {
            "posts_without_date": sum(row["published_at"] is None for row in rows),
            "posts_with_views": len(known),
            "posts_below_min_views": reasons.count("below_min_views"),
            "posts_views_unknown": reasons.count("views_unknown"),
            "posts_never_scored": reasons.count("pool_too_small") + reasons.count("never_scored"),
            **{name: known_sum(row[name] for row in rows) for name in COUNTS},
            "median_views": median(known) if known else None,
        }
    return found
