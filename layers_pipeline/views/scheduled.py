"""Content that is still to appear: the list beside the one that is live (R61).

Belongs here: scheduled posts that a filter keeps, in the project's days.
Does not belong here: storing them (``operations``), content that is live (``content``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from layers_pipeline.operations.scheduled_posts import ScheduledPost
from layers_pipeline.operations.store import Operations
from layers_pipeline.views.filters import ContentFilter
from transforms.vocabulary import PLATFORMS, MediaType, Platform

State = Literal["scheduled", "past", "cancelled"]
"""past: its time has come; whether it appeared, the live list tells."""
COLUMNS: Final = (
    *("local_at", "state", "platform", "media_type", "account_key", "caption"),
    *("container_id", "note", "changed_by", "slug"),
)
"""Columns of a scheduled post that lists show, in the order in which they do."""
HIDDEN: Final = {"hide": (True,), "show": (), "only": (False,)}


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """A scheduled post as it stands. Grain: one per project and slug."""

    slug: str
    platform: Platform
    account_key: str
    media_type: MediaType | None
    caption: str
    container_id: str | None
    """Creative that it is to show."""
    scheduled_at: datetime
    """UTC."""
    local_at: datetime
    """The same in the project's time zone."""
    state: State
    note: str | None
    changed_by: str
    changed_at: datetime

    @property
    def scheduled_on(self) -> date:
        """Day in the project's time zone."""
        return self.local_at.date()


def scheduled(
    operations: Operations, kept: ContentFilter, *, now: datetime, descending: bool = False
) -> list[Scheduled]:
    """Scheduled posts that a filter keeps, by their time.

    Of the filter count platforms, media types, accounts, days (on which they are to appear),
    search, and ``deleted``, which here is said of cancelled ones.

    Raises:
        NotFoundError: The project does not exist.
    """
    zone = ZoneInfo(operations.projects.get(kept.project_id).time_zone)
    posts = operations.scheduled_posts.standing(kept.project_id)
    rows = (_row(post, zone=zone, now=now) for post in posts)
    found = [row for row in rows if _is_kept(row, kept)]
    return found[::-1] if descending else found


def _row(post: ScheduledPost, *, zone: ZoneInfo, now: datetime) -> Scheduled:
    word, _, account_key = post.account_id.partition(":")
    coming: State = "scheduled" if post.scheduled_for > now else "past"
    return Scheduled(
        slug=post.slug,
        platform=next(one for one in PLATFORMS if one == word),
        account_key=account_key,
        media_type=post.media_type,
        caption=post.caption,
        container_id=post.container_id,
        scheduled_at=post.scheduled_for,
        local_at=post.scheduled_for.astimezone(zone),
        state="cancelled" if post.is_cancelled else coming,
        note=post.note,
        changed_by=post.changed_by,
        changed_at=post.known_at,
    )


def _is_kept(row: Scheduled, kept: ContentFilter) -> bool:
    account = f"{row.platform}:{row.account_key}"
    looked_at = (row.slug, row.caption, row.account_key, row.container_id or "")
    first, last = kept.published_from, kept.published_until
    return (
        (not kept.platforms or row.platform in kept.platforms)
        and (not kept.media_types or row.media_type in kept.media_types)
        and (not kept.accounts or account in kept.accounts)
        and (first is None or row.scheduled_on >= first)
        and (last is None or row.scheduled_on <= last)
        and (row.state == "cancelled") not in HIDDEN[kept.deleted]
        and any(kept.search.lower() in text.lower() for text in looked_at)
    )
