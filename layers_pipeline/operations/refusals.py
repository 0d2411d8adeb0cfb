"""What platforms refuse: calls for a while; metrics, fields and posts until they are asked anew.

Belongs here: the tables ``api_pauses`` and ``refusals``.
Does not belong here: waits of single accounts (``retry_at`` of their sync states).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import MESSAGE_LENGTH, Base
from layers_pipeline.operations.statements import chunks, upsert, upsert_all
from layers_pipeline.operations.validators import message_to_keep, require_key

EVERYBODY: Final = ""
"""In the place of an account: the refusal holds for every account."""
INSIGHTS: Final = "insights"
"""In the place of a metric: everything that there is to read of one post beside its row."""


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


class Refusal(Base):
    """Grain: one row per metric or field that a source refuses, and for what it refuses it."""

    __tablename__ = "refusals"
    __table_args__ = ({"comment": "What not to ask for until when. Grain: one per scope."},)

    source: Mapped[str] = mapped_column(primary_key=True, comment="Such as instagram_graph.")
    api_version: Mapped[str] = mapped_column(
        primary_key=True, comment="Such as v26.0; empty: known before versions were kept."
    )
    login: Mapped[str] = mapped_column(
        primary_key=True, comment="Kind of login, such as facebook_login; empty: any."
    )
    account_id: Mapped[str] = mapped_column(
        primary_key=True, comment="Whose readings leave it out; empty: everybody's."
    )
    media_type: Mapped[str] = mapped_column(
        primary_key=True,
        comment="Such as reel; of fields, the list that has them, such as media.",
    )
    item_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The platform's id of the one post; empty: every post."
    )
    name: Mapped[str] = mapped_column(
        primary_key=True,
        comment="The platform's name of the metric or field; insights: all of a post.",
    )
    cause: Mapped[str] = mapped_column(String(MESSAGE_LENGTH), comment="What was said, cut.")
    first_at: Mapped[datetime] = mapped_column(comment="When it was first refused (UTC).")
    last_at: Mapped[datetime] = mapped_column(comment="When it was last refused (UTC).")
    until: Mapped[datetime] = mapped_column(comment="From then on it is asked for again (UTC).")

    @property
    def is_of_all(self) -> bool:
        """Whether it is of every post of the type, in one account or in all."""
        return not self.item_id


KEY: Final = ("source", "api_version", "login", "account_id", "media_type", "item_id", "name")


@dataclass(frozen=True, kw_only=True)
class RefusalScope:
    """Where a refusal holds at most: one API, version and kind of login."""

    source: str
    api_version: str
    login: str


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What the readings of one account are not to ask for."""

    names: set[tuple[str, str]] = field(default_factory=set)
    """Metrics and fields: media type, or a single post's id, and name."""
    unreadable: set[str] = field(default_factory=set)
    """Ids of posts that give no insights at all."""


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

    def pauses(self, *, now: datetime) -> list[ApiPause]:
        """Every part of an API that is paused now, by name."""
        running = select(ApiPause).where(ApiPause.until > now).order_by(ApiPause.scope)
        return self._rows(running)

    def add(self, rows: Iterable[Refusal]) -> None:
        """Remember what not to ask for; of what is known, cause, last time and end are renewed."""
        by_key = {tuple(getattr(row, name) for name in KEY): row for row in rows}
        for row in by_key.values():
            for part in ("source", "media_type", "name"):
                require_key(getattr(row, part), what=f"{part} of a refusal")
        records = [
            asdict(row) | {"cause": message_to_keep(row.cause)} for _, row in sorted(by_key.items())
        ]
        with self._database.write() as session:
            upsert_all(session, Refusal, records, key=KEY, changed=("cause", "last_at", "until"))

    def left_out(
        self, scope: RefusalScope, account_ids: Collection[str], *, now: datetime
    ) -> dict[str, LeftOut]:
        """What has not ended for each of the accounts; every given account has an entry."""
        found = {account_id: LeftOut() for account_id in account_ids}
        for row in self._standing(scope, [EVERYBODY, *sorted(found)], now=now):
            own = found.values() if row.account_id == EVERYBODY else [found[row.account_id]]
            for one in own:
                if row.name == INSIGHTS:
                    one.unreadable.add(row.item_id)
                else:
                    one.names.add((row.item_id or row.media_type, row.name))
        return found

    def all(self, **wanted: str) -> Sequence[Refusal]:
        """Every refusal that was ever remembered, ended or not, by account and name.

        Args:
            wanted: Columns, and what must stand in them.
        """
        query = select(Refusal).where(*_conditions(wanted))
        return self._rows(query.order_by(*(getattr(Refusal, name) for name in ORDER)))

    def forget(self, **wanted: str) -> int:
        """Have everything asked for again that keeps the conditions; give how much that is."""
        statement = delete(Refusal).where(*_conditions(wanted)).returning(Refusal.name)
        with self._database.write() as session:
            return len(list(session.scalars(statement)))

    def _standing(
        self, scope: RefusalScope, account_ids: Sequence[str], *, now: datetime
    ) -> list[Refusal]:
        held = select(Refusal).where(
            Refusal.source == scope.source,
            Refusal.api_version.in_([scope.api_version, ""]),
            Refusal.login.in_([scope.login, ""]),
            Refusal.until > now,
        )
        with self._database.read() as session:
            return [
                row
                for chunk in chunks(account_ids)
                for row in session.scalars(held.where(Refusal.account_id.in_(chunk)))
            ]


ORDER: Final = ("source", "account_id", "media_type", "item_id", "name", "api_version", "login")


def _conditions(wanted: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    if unknown := wanted.keys() - set(KEY):
        raise InputRefusedError(f"refusals have no {', '.join(sorted(unknown))}.")
    return [getattr(Refusal, name) == value for name, value in wanted.items()]
