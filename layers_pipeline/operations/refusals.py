"""What platforms refuse: calls for a while, some metrics and posts for good.

Belongs here: the tables ``api_pauses``, ``refused_metrics`` and ``unreadable_posts``.
Does not belong here: waits of single accounts (``retry_at`` of their sync states).
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base, one_of
from layers_pipeline.operations.statements import chunks, insert_if_absent, upsert
from layers_pipeline.operations.validators import message_to_keep, require_key, require_word
from transforms.vocabulary import PLATFORMS, Platform


class ApiPause(Base):
    """Grain: one row per part of a platform's API that we have ever left alone."""

    __tablename__ = "api_pauses"
    __table_args__ = ({"comment": "APIs that get no calls for a while. Grain: one per scope."},)

    scope: Mapped[str] = mapped_column(
        primary_key=True, comment="What is paused, such as instagram_graph:app."
    )
    until: Mapped[datetime] = mapped_column(comment="First instant that is free again (UTC).")
    reason: Mapped[str] = mapped_column(String(MESSAGE_LENGTH), comment="Why, in words, cut.")
    set_at: Mapped[datetime] = mapped_column(comment="When this end was set (UTC).")


class RefusedMetric(Base):
    """Grain: one row per metric that a source refuses for a media type in an API version."""

    __tablename__ = "refused_metrics"
    __table_args__ = (
        {"comment": "Metrics not to ask for. Grain: source, media type, metric, API version."},
    )

    source: Mapped[str] = mapped_column(primary_key=True, comment="Such as instagram_graph.")
    media_type: Mapped[str] = mapped_column(primary_key=True, comment="Such as reel.")
    metric: Mapped[str] = mapped_column(primary_key=True, comment="The platform's name for it.")
    api_version: Mapped[str] = mapped_column(primary_key=True, comment="Such as v26.0.")
    message: Mapped[str] = mapped_column(
        String(MESSAGE_LENGTH), comment="What the source said, cut."
    )
    refused_at: Mapped[datetime] = mapped_column(comment="When it first refused (UTC).")


class UnreadablePost(Base):
    """Grain: one row per post whose metrics the platform does not give."""

    __tablename__ = "unreadable_posts"
    __table_args__ = (
        one_of("platform", PLATFORMS),
        {"comment": "Posts whose metrics are never given. Grain: one row per post."},
    )

    platform: Mapped[Platform] = mapped_column(
        String, primary_key=True, comment="instagram or tiktok."
    )
    platform_post_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The platform's id of the post."
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), index=True, comment="Whose post."
    )
    reason: Mapped[str] = mapped_column(String(MESSAGE_LENGTH), comment="Why, in words, cut.")
    since: Mapped[datetime] = mapped_column(comment="When it was first met (UTC).")


class Refusals(Repository):
    """What not to ask platforms for."""

    def pause(self, scope: str, *, until: datetime, reason: str, now: datetime) -> bool:
        """Give a part of an API no calls until then; False if it is paused for as long already."""
        row = {
            "scope": require_key(scope, what="scope of a pause"),
            "until": until,
            "reason": message_to_keep(reason),
            "set_at": now,
        }
        with self._database.write() as session:
            return upsert(session, ApiPause, row, key="scope", later="until")

    def pause_of(self, scope: str, *, now: datetime) -> ApiPause | None:
        """The pause that the part of an API is in; null if it may be called."""
        running = select(ApiPause).where(ApiPause.scope == scope, ApiPause.until > now)
        with self._database.read() as session:
            return session.scalar(running)

    def add_metrics(self, rows: Iterable[RefusedMetric]) -> int:
        """Remember metrics not to ask for again; give the number of new ones."""
        by_key = {(row.source, row.media_type, row.metric, row.api_version): row for row in rows}
        for key in by_key:
            for part in key:
                require_key(part, what="part of a refused metric")
        records = [
            asdict(row) | {"message": message_to_keep(row.message)}
            for _, row in sorted(by_key.items())
        ]
        with self._database.write() as session:
            return len(
                insert_if_absent(session, RefusedMetric, records, returning=RefusedMetric.metric)
            )

    def metrics(self, source: str, api_version: str) -> set[tuple[str, str]]:
        """Media type and metric of everything that the source refuses in that version."""
        query = select(RefusedMetric.media_type, RefusedMetric.metric).where(
            RefusedMetric.source == source, RefusedMetric.api_version == api_version
        )
        with self._database.read() as session:
            return {(media_type, metric) for media_type, metric in session.execute(query)}

    def add_posts(self, rows: Iterable[UnreadablePost]) -> int:
        """Remember posts whose metrics are never given; give the number of new ones."""
        by_key = {(row.platform, row.platform_post_id): row for row in rows}
        for platform, post_id in by_key:
            require_word(platform, PLATFORMS, what="platform")
            require_key(post_id, what=f"{platform} post")
        records = [
            asdict(row) | {"reason": message_to_keep(row.reason)}
            for _, row in sorted(by_key.items())
        ]
        post_id = UnreadablePost.platform_post_id
        with self._database.write() as session:
            require_accounts(session, (row.account_id for row in by_key.values()))
            return len(insert_if_absent(session, UnreadablePost, records, returning=post_id))

    def posts(self, account_ids: Iterable[str]) -> dict[str, set[str]]:
        """The platform's ids of such posts by account id; every given account has a set."""
        found: dict[str, set[str]] = {account_id: set() for account_id in account_ids}
        query = select(UnreadablePost.account_id, UnreadablePost.platform_post_id)
        with self._database.read() as session:
            for chunk in chunks(sorted(found)):
                of_accounts = query.where(UnreadablePost.account_id.in_(chunk))
                for account_id, post_id in session.execute(of_accounts):
                    found[account_id].add(post_id)
        return found
