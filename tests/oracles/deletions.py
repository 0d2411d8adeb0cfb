"""A second, plain answer to which posts were deleted when, written from domain.md R7 alone.

Belongs here: dictionaries and lists that follow R7 word by word.
Does not belong here: Polars, SQL, or anything of ``transforms`` and ``layers_pipeline``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Post = tuple[str, str]
Row = Mapping[str, Any]
Absence = dict[str, Any]
NOTHING = ("missed_at", "missed_by", "confirmed_at", "confirmed_by", "held_by", "returned_at")


def absences_of(
    posts: Iterable[Row], readings: Sequence[Row], said: Sequence[Row], *, share_limit: float
) -> dict[Post, list[Absence]]:
    """Every absence, by post, after all readings and then all that people said.

    Args:
        posts: What is known of each post.
        readings: Each with ``shown``, the ids of the posts that it showed.
        said: Listings that a person confirmed, and when.
        share_limit: Share of an account's living posts that one listing may delete.
    """
    known = {(row["platform"], row["platform_post_id"]): row for row in posts}
    absences: dict[Post, list[Absence]] = {}
    for one in sorted(readings, key=lambda row: row["known_at"]):
        end_absences(absences, one)
        if can_delete(one):
            miss(absences, known, one, share_limit=share_limit)
    for word in said:
        listing = next(row for row in readings if row["sync_id"] == word["listing_id"])
        if is_empty(listing):
            confirm_empty(absences, known, listing, word)
        else:
            confirm_held(absences, known, word)
    return absences


def lasting(absences: Mapping[Post, list[Absence]], post: Post) -> Absence | None:
    """The absence that a post is in; it has one at most."""
    found = [absence for absence in absences.get(post, []) if absence["returned_at"] is None]
    return found[0] if found else None


def end_absences(absences: dict[Post, list[Absence]], one: Row) -> None:
    """A post that reappears, in whatever reading, is un-deleted and the gap stays in history."""
    for post_id in one["shown"]:
        absence = lasting(absences, (one["platform"], post_id))
        if absence:
            absence["returned_at"] = one["known_at"]


def can_delete(one: Row) -> bool:
    """Only a complete full listing that is not empty."""
    return one["depth"] == "full" and one["is_complete"] and one["items"] > 0


def is_empty(one: Row) -> bool:
    return one["depth"] == "full" and one["is_complete"] and one["items"] == 0


def had_to_show(one: Row, post: Row, known: Mapping[Post, Row]) -> bool:
    """Not a story, seen before, inside the listing's reach."""
    if (post["platform"], post["account_key"]) != (one["platform"], one["account_key"]):
        return False
    if post["media_type"] == "story" or post["first_seen_at"] > one["started_at"]:
        return False
    published_at = post["published_at"]
    if one["platform"] == "tiktok":
        window = one["started_at"] - timedelta(days=365)
        return published_at is not None and published_at >= window
    if one["items"] < 10_000:
        return True
    listed = [known["instagram", post_id]["published_at"] for post_id in one["shown"]]
    oldest = min((moment for moment in listed if moment is not None), default=None)
    return published_at is not None and oldest is not None and published_at >= oldest


def miss(
    absences: dict[Post, list[Absence]], known: Mapping[Post, Row], one: Row, *, share_limit: float
) -> None:
    """A first listing begins an absence, a second one confirms it, unless they are too many."""
    expected = [post for post, row in known.items() if had_to_show(one, row, known)]
    missing = [post for post in expected if post[1] not in one["shown"]]
    states = {post: lasting(absences, post) for post in expected}
    alive = [post for post, absence in states.items() if not (absence and absence["confirmed_at"])]
    twice = [
        absence
        for post in missing
        if (absence := states[post]) and not absence["confirmed_at"] and not absence["held_by"]
    ]
    too_many = len(twice) > share_limit * len(alive)
    for absence in twice:
        if too_many:
            absence["held_by"] = one["sync_id"]
        else:
            absence |= {"confirmed_at": one["known_at"], "confirmed_by": one["sync_id"]}
    for post in missing:
        if states[post] is None:
            begun = {"missed_at": one["known_at"], "missed_by": one["sync_id"]}
            absences.setdefault(post, []).append(dict.fromkeys(NOTHING) | begun)


def confirm_held(absences: dict[Post, list[Absence]], known: Mapping[Post, Row], word: Row) -> None:
    """A person confirms what was too much at once; what was back by then stays."""
    for post, own in absences.items():
        if known[post]["account_key"] != word["account_key"]:
            continue
        for absence in own:
            back_at = absence["returned_at"]
            is_away = back_at is None or back_at > word["said_at"]
            if absence["held_by"] == word["listing_id"] and not absence["confirmed_at"] and is_away:
                absence |= {"confirmed_at": word["said_at"], "confirmed_by": word["listing_id"]}


def confirm_empty(
    absences: dict[Post, list[Absence]], known: Mapping[Post, Row], listing: Row, word: Row
) -> None:
    """A person confirms that an account was emptied: all its posts, seen since or not a story."""
    by_person = {"confirmed_at": word["said_at"], "confirmed_by": word["listing_id"]}
    for post, row in known.items():
        own = (row["platform"], row["account_key"]) == (listing["platform"], listing["account_key"])
        if not own or row["media_type"] == "story":
            continue
        if row["last_checked_at"] > listing["started_at"]:
            continue
        absence = lasting(absences, post)
        if absence is None:
            begun = {"missed_at": listing["known_at"], "missed_by": listing["sync_id"]}
            absence = dict.fromkeys(NOTHING) | begun
            absences.setdefault(post, []).append(absence)
        if not absence["confirmed_at"]:
            absence |= by_person | {"held_by": absence["held_by"] or word["listing_id"]}


def deleted_at_moment(
    absences: Mapping[Post, Sequence[Absence]], moment: datetime
) -> dict[str, datetime]:
    """Ids of the posts that counted as deleted at a moment, and since when."""
    deleted = {}
    for (_, post_id), own in absences.items():
        for absence in own:
            since, until = absence["confirmed_at"], absence["returned_at"]
            if since and since <= moment and (until is None or until > moment):
                deleted[post_id] = since
    return deleted
