"""A second, slow and plain answer to who is picked and what blocks the rest (R43, R44, R45).

Belongs here: dictionaries, lists and loops that follow the rules.
Does not belong here: Polars, or anything of ``transforms`` and ``layers_pipeline``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
POOLS = ("generated", "ugc", "manual")
PLATFORM_LIMIT = 50
THRESHOLD = 4.0
POSTS_OF = {"meta": "instagram", "tiktok": "tiktok"}
KINDS = {
    "meta": {"branded_content"},
    "tiktok": {"spark_code", "account_authorisation"},
    "agency": {"agency_assignment"},
    "byo": {"byo_grant"},
}
WORST = ("held", "right_not_begun", "right_expired", "right_revoked")


def state_of(history: Sequence[Row], at: datetime) -> str | None:
    """How one right stood at a moment; None: nothing was known of it."""
    known = [row for row in history if row["known_at"] <= at]
    if not known:
        return None
    newest = max(known, key=lambda row: row["known_at"])
    if newest["is_revoked"]:
        return "right_revoked"
    if newest["ends_at"] is not None and newest["ends_at"] <= at:
        return "right_expired"
    return "right_not_begun" if newest["starts_at"] > at else "held"


def right_problem(content: Row, ad_set: Row, rights: Iterable[Row], at: datetime) -> str | None:
    """What is wrong with the rights to a post in a layer."""
    if content["platform"] is None:
        return None
    container = content["ads_content_id"].split("/", 1)[1]
    mine = {
        ("post", container),
        ("creator", content["creator_id"]),
        ("account", content["account_id"]),
    }
    kinds = KINDS[ad_set["ad_platform"]] | KINDS[ad_set["mode"]]
    histories: dict[tuple[str, str, str], list[Row]] = {}
    for row in rights:
        is_mine = (row["subject"], row["subject_id"]) in mine
        if row["project_id"] == content["project_id"] and is_mine and row["kind"] in kinds:
            key = (row["kind"], row["subject"], row["subject_id"])
            histories.setdefault(key, []).append(row)
    states = [state for one in histories.values() if (state := state_of(one, at))]
    best = min(states, key=WORST.index, default="right_missing")
    return None if best == "held" else best


def not_eligible(content: Row) -> list[str]:
    """Why content is not eligible, and what would keep it from it besides."""
    reason, score = content["reason"], content["organic_score"]
    if content["is_eligible"]:
        return []
    if reason == "safety_failed":
        return [reason, *(["excluded"] if content["override"] == "exclude" else [])]
    if reason == "excluded" and score is None:
        return [reason, "never_scored"]
    if reason == "excluded" and score < THRESHOLD:
        return [reason, "below_threshold"]
    return [reason]


def gates(content: Row, ad_set: Row, rights: Iterable[Row], ads: Iterable[Row], at: datetime):
    """What blocks content from an ad set before slots, in order."""
    found = not_eligible(content)
    if content["approval"] in ("pending", "rejected"):
        found.append(f"approval_{content['approval']}")
    problem = right_problem(content, ad_set, rights, at)
    if problem:
        found.append(problem)
    if content["is_deleted"]:
        found.append("deleted")
    if any(ad["ads_content_id"] == content["ads_content_id"] for ad in ads if ad["is_running"]):
        found.append("already_running")
    return found


def select(
    contents: Sequence[Row],
    ad_sets: Sequence[Row],
    rights: Sequence[Row],
    ads: Sequence[Row],
    at: datetime,
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Every ad set's answer of every content, by layer, ad set and content."""
    answers = {}
    for ad_set in ad_sets:
        inside = [
            ad
            for ad in ads
            if (ad["ad_platform"], ad["ad_set_id"]) == (ad_set["ad_platform"], ad_set["ad_set_id"])
        ]
        mine = [
            content
            for content in contents
            if content["project_id"] == ad_set["project_id"]
            and content["platform"] in (None, POSTS_OF[ad_set["ad_platform"]])
        ]
        own = [one for one in contents if one["project_id"] == ad_set["project_id"]]
        pool_of = {one["ads_content_id"]: one["scoring_pool"] for one in own}
        blocked = {
            content["ads_content_id"]: gates(content, ad_set, rights, inside, at)
            for content in mine
        }
        cleared = [one for one in mine if not blocked[one["ads_content_id"]]]
        for content in mine:
            # As it would be if only the gates were gone: alone against those that are cleared.
            rivals = [one for one in cleared if one is not content]
            answer = _placed(content, rivals, ad_set, inside, pool_of)
            before = blocked[content["ads_content_id"]]
            found = before + ([answer["problem"]] if answer["problem"] else [])
            answers[ad_set["layer_id"], ad_set["ad_set_id"], content["ads_content_id"]] = {
                "is_picked": not found,
                "rank": None if before else answer["rank"],
                "slot": None if found else answer["slot"],
                "blocked_by": found[0] if found else None,
                "also_blocked_by": found[1:],
            }
    return answers


def _placed(
    content: Row, rivals: Sequence[Row], ad_set: Row, ads: Sequence[Row], pool_of: Mapping[str, str]
) -> dict[str, Any]:
    running = [ad for ad in ads if ad["is_running"]]
    in_pool = {
        pool: sum(pool_of.get(ad["ads_content_id"]) == pool for ad in running) for pool in POOLS
    }
    queues = {
        pool: sorted((one for one in [*rivals, content] if one["scoring_pool"] == pool), key=order)
        for pool in POOLS
    }
    pool = content["scoring_pool"]
    rank = queues[pool].index(content) + 1
    slot = in_pool[pool] + rank
    answer = {"rank": rank, "slot": slot, "problem": None}
    if slot > ad_set[f"slots_{pool}"]:
        return answer | {"problem": "slots_full"}
    # Places are given out round by round: each pool's first, then each pool's second.
    place = 0
    for turn in range(1, rank + 1):
        for name in POOLS:
            if (turn, POOLS.index(name)) >= (rank, POOLS.index(pool)):
                break
            has_one = len(queues[name]) >= turn
            place += has_one and in_pool[name] + turn <= ad_set[f"slots_{name}"]
    place += 1
    if len(ads) + place > PLATFORM_LIMIT:
        return answer | {"problem": "platform_full"}
    if len(running) + place > ad_set["capacity"]:
        return answer | {"problem": "capacity_full"}
    return answer


def order(content: Row) -> tuple[Any, ...]:
    """By score, then newer first, then by id; what is unknown comes last."""
    score, made = content["organic_score"], content["made_at"]
    return (
        score is None,
        -(score or 0),
        made is None,
        -(made.timestamp() if made else 0),
        content["ads_content_id"],
    )
