"""Scheduled posts: what a project means to publish, where and when.

Belongs here: the table ``scheduled_content``, a history that is only added to.
Does not belong here: files of scheduled posts (``steps.ingest``), publishing (nobody here does).

Rows are added and never changed; the newest row of a scheduled post counts.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.content_ids import kind_of_creative, require_container
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import NOTE_LENGTH, Base, one_of
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text, require_word
from layers_pipeline.operations.verdicts import KNOWN_AT, known_after
from transforms.vocabulary import MEDIA_TYPES, MediaType

CAPTION_LENGTH: Final = 4000
"""Longest caption kept, in characters: TikTok's limit, the larger one."""
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SHOWN: Final = 20


class ScheduledPost(Base):
    """Grain: one row per scheduled post and change of it. The newest one counts."""

    __tablename__ = "scheduled_content"
    __table_args__ = (
        one_of("media_type", MEDIA_TYPES),
        {"comment": "What projects mean to publish. Grain: scheduled post and change of it."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Whose."
    )
    slug: Mapped[str] = mapped_column(primary_key=True, comment="Name that people choose.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), comment="Where it is to appear."
    )
    scheduled_for: Mapped[datetime] = mapped_column(comment="When it is to appear (UTC).")
    caption: Mapped[str] = mapped_column(String(CAPTION_LENGTH), comment="Its text.")
    media_type: Mapped[MediaType | None] = mapped_column(
        String, comment="Kind of post; null: not told."
    )
    container_id: Mapped[str | None] = mapped_column(
        comment="Creative that it is to show; null: not told."
    )
    is_cancelled: Mapped[bool] = mapped_column(comment="True: it is not to appear any more.")
    note: Mapped[str | None] = mapped_column(
        String(NOTE_LENGTH), comment="Why it was changed; null: not told."
    )
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


@dataclass(frozen=True, kw_only=True)
class NewScheduledPost:
    """A scheduled post as it is to stand. Grain: one per project and slug."""

    project_id: str
    slug: str
    account_id: str
    """``platform:account key``."""
    scheduled_for: datetime
    caption: str
    media_type: MediaType | None = None
    container_id: str | None = None
    is_cancelled: bool = False


class ScheduledPosts(Repository):
    """What projects mean to publish."""

    def state(
        self,
        posts: Iterable[NewScheduledPost],
        *,
        changed_by: str,
        now: datetime,
        note: str | None = None,
    ) -> int:
        """Store scheduled posts where they are new or have changed; give how many were.

        Raises:
            InputRefusedError: A value cannot be stored; nothing was written.
            NotFoundError: A project or an account does not exist; nothing was written.
        """
        at, by = require_aware(now, what="now"), require_key(changed_by, what="name of the person")
        given = [_sound(post) for post in posts]
        with self._database.write() as session:
            one_writer(session, ScheduledPost)
            require_projects(session, [post.project_id for post in given])
            require_accounts(session, [post.account_id for post in given])
            changes = _changes(_newest(session, given), given, at=at, by=by, note=_note(note))
            session.add_all(changes)
            return len(changes)

    def cancel(
        self, project_id: str, slug: str, *, note: str, changed_by: str, now: datetime
    ) -> bool:
        """Say that a post is not to appear; False if that was said before.

        Raises:
            NotFoundError: The project has no such scheduled post; names those that it has.
        """
        standing = {post.slug: post for post in self.standing(project_id)}
        if slug not in standing:
            shown = ", ".join(list(standing)[:_SHOWN]) or "none"
            raise NotFoundError(
                f"scheduled post {slug!r}: project {project_id!r} has none of that name. Known: "
                f"{shown}. Check the spelling."
            )
        post = replace(_as_stated(standing[slug]), is_cancelled=True)
        return bool(self.state([post], changed_by=changed_by, now=now, note=note))

    def standing(self, project_id: str) -> list[ScheduledPost]:
        """A project's scheduled posts as they stand, cancelled ones included, by their time."""
        newest = {post.slug: post for post in self.history(project_id)}
        return sorted(newest.values(), key=lambda post: (post.scheduled_for, post.slug))

    def history(self, project_id: str) -> list[ScheduledPost]:
        """Every change of a project's scheduled posts, in the order of time."""
        with self._database.read() as session:
            require_projects(session, [project_id])
        of_project = select(ScheduledPost).where(ScheduledPost.project_id == project_id)
        return self._rows(of_project.order_by(ScheduledPost.known_at, ScheduledPost.slug))


def _newest(
    session: Session, posts: Sequence[NewScheduledPost]
) -> dict[tuple[str, str], ScheduledPost]:
    projects = sorted({post.project_id for post in posts})
    stored = select(ScheduledPost).where(ScheduledPost.project_id.in_(projects))
    rows = session.scalars(stored.order_by(ScheduledPost.known_at))
    return {(row.project_id, row.slug): row for row in rows}


def _changes(
    stored: dict[tuple[str, str], ScheduledPost],
    posts: Iterable[NewScheduledPost],
    *,
    at: datetime,
    by: str,
    note: str | None,
) -> list[ScheduledPost]:
    """The rows that say something new, each known after what it replaces."""
    changes: list[ScheduledPost] = []
    for post in posts:
        before = stored.get((post.project_id, post.slug))
        if before is None or _as_stated(before) != post:
            values: dict[str, Any] = asdict(post)
            known_at = known_after(before and before.known_at, at)
            row = ScheduledPost(**values, known_at=known_at, note=note, changed_by=by)
            stored[post.project_id, post.slug] = row
            changes.append(row)
    return changes


def _as_stated(post: ScheduledPost) -> NewScheduledPost:
    return NewScheduledPost(
        project_id=post.project_id,
        slug=post.slug,
        account_id=post.account_id,
        scheduled_for=post.scheduled_for,
        caption=post.caption,
        media_type=post.media_type,
        container_id=post.container_id,
        is_cancelled=post.is_cancelled,
    )


def _note(note: str | None) -> str | None:
    return note and require_text(note, what="scheduled post: note", longest=NOTE_LENGTH)


def _sound(post: NewScheduledPost) -> NewScheduledPost:
    about = f"scheduled post {post.slug[:100]!r}"
    if not _SLUG.fullmatch(post.slug):
        raise InputRefusedError(
            f"{about}: that is not a slug. Use 1 to 63 of a-z, 0-9, '_' and '-', starting with a"
            " letter or digit, such as 'spring-teaser'."
        )
    if post.media_type is not None:
        require_word(post.media_type, MEDIA_TYPES, what=f"{about}: media type")
    if post.container_id is not None and not kind_of_creative(require_container(post.container_id)):
        raise InputRefusedError(
            f"{about}: {post.container_id!r} is no creative. Write generated:SLUG or manual:SLUG."
        )
    caption = require_text(
        post.caption, what=f"{about}: caption", longest=CAPTION_LENGTH, lines=True
    )
    scheduled_for = require_aware(post.scheduled_for, what=f"{about}: time")
    return replace(post, caption=caption, scheduled_for=scheduled_for)
