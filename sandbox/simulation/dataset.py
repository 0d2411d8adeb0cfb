"""What the simulated platforms show, over time: accounts, their posts, captures of each post.

Belongs here: the records and the one question asked of them, what is seen as of a moment.
Does not belong here: where captures come from, HTTP, any platform's field names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Literal, NamedTuple

Platform = Literal["instagram", "tiktok"]
MediaType = Literal["tiktok_video", "tiktok_photo", "reel", "feed_image", "feed_carousel"]


class AccountRef(NamedTuple):
    """Names one account."""

    platform: Platform
    account_key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """What the platform showed of one post at one moment; a metric not shown is absent."""

    captured_at: datetime
    metrics: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """One post and everything ever captured of it, oldest capture first."""

    account: AccountRef
    post_id: str
    published_at: datetime
    media_type: MediaType
    permalink: str
    media_url: str
    caption: str | None = None
    captures: tuple[Capture, ...] = field(repr=False)

    def seen(self, *, as_of: datetime) -> Capture | None:
        """The newest capture at or before a moment; none where the post was not yet seen."""
        if self.published_at > as_of:
            return None
        known = (capture for capture in reversed(self.captures) if capture.captured_at <= as_of)
        return next(known, None)


class Sighting(NamedTuple):
    """A post with the capture that shows it."""

    post: Post
    capture: Capture


class Dataset:
    """Posts by account.

    Args:
        name: What the control plane calls it.
        posts: In any order; each has at least one capture.
        niches: What an account is about, where that is known.
    """

    def __init__(
        self,
        name: str,
        posts: Iterable[Post],
        *,
        niches: Mapping[AccountRef, str] | None = None,
    ) -> None:
        self.name = name
        self.niches = niches or {}
        by_account = sorted(posts, key=lambda post: post.account)
        self._posts = {
            account: sorted(group, key=_recency, reverse=True)
            for account, group in groupby(by_account, key=lambda post: post.account)
        }

    @property
    def accounts(self) -> tuple[AccountRef, ...]:
        """Every account, by platform and key."""
        return tuple(self._posts)

    def posts(self, account: AccountRef) -> tuple[Post, ...]:
        """Every post the account will ever have, newest first; none for an unknown account."""
        return tuple(self._posts.get(account, ()))

    def recent(
        self, account: AccountRef, *, as_of: datetime, limit: int | None = None
    ) -> list[Sighting]:
        """The account's newest posts as they were last captured by a moment, newest first."""
        sightings = (
            Sighting(post, capture)
            for post in self._posts.get(account, ())
            if (capture := post.seen(as_of=as_of)) is not None
        )
        return list(sightings)[:limit]

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """The first and the last moment at which anything was captured."""
        posts = [post for group in self._posts.values() for post in group]
        return (
            min(post.captures[0].captured_at for post in posts),
            max(post.captures[-1].captured_at for post in posts),
        )


def _recency(post: Post) -> tuple[datetime, str]:
    return post.published_at, post.post_id
