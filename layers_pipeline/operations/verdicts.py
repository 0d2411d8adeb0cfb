"""What people say of content: safety reviews, overrides, approvals.

Belongs here: tables that are histories, each a change by a person.
Does not belong here: what follows from them (``transforms.facts.verdicts``), creatives themselves.

Rows are added and never changed, so that what stood at any past moment can be read; the newest
row counts.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.operations.content_ids import parts_of_ads_content, require_container
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import NOTE_LENGTH, Base, one_of
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text, require_word
from transforms.vocabulary import APPROVALS, OVERRIDES, Approval, Override

ONE_MICROSECOND: Final = timedelta(microseconds=1)
"""The smallest step between two instants that databases store."""
KNOWN_AT: Final = "When it was stored (UTC); rises from change to change."
_PERSON: Final = "name of the person"


class SafetyReview(Base):
    """Grain: one row per container and safety review of it."""

    __tablename__ = "safety_reviews"
    __table_args__ = ({"comment": "Outcomes of safety reviews. Grain: container and review."},)

    container_id: Mapped[str] = mapped_column(
        primary_key=True, comment="The post's or creative's container, in every project."
    )
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    safety_failed: Mapped[bool] = mapped_column(comment="True: it scores 0 and never runs.")
    reviewed_by: Mapped[str] = mapped_column(comment="Who reviewed it.")
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")


class ContentOverride(Base):
    """Grain: one row per ads content and change of its override."""

    __tablename__ = "content_overrides"
    __table_args__ = (
        one_of("override", OVERRIDES),
        {"comment": "Changes of overrides. Grain: ads content and change."},
    )

    ads_content_id: Mapped[str] = mapped_column(primary_key=True, comment="project/container.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    override: Mapped[Override | None] = mapped_column(
        String, comment="include or exclude; null: the score decides again."
    )
    note: Mapped[str] = mapped_column(String(NOTE_LENGTH), comment="Why.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


class ContentApproval(Base):
    """Grain: one row per ads content and change of its approval."""

    __tablename__ = "content_approvals"
    __table_args__ = (
        one_of("approval", APPROVALS),
        {"comment": "Changes of approvals. Grain: ads content and change."},
    )

    ads_content_id: Mapped[str] = mapped_column(primary_key=True, comment="project/container.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    approval: Mapped[Approval] = mapped_column(
        String, comment="not_required, pending, approved or rejected."
    )
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


Change = TypeVar("Change", SafetyReview, ContentOverride, ContentApproval)


class Verdicts(Repository):
    """What people say of content.

    A change is known ``now``, but always at least a microsecond after the one before it, so that
    two changes never meet and the one that was stored last counts, whatever the clocks say.
    """

    def review(
        self,
        container_id: str,
        *,
        safety_failed: bool,
        reviewed_by: str,
        note: str | None = None,
        now: datetime,
    ) -> SafetyReview:
        """Store the outcome of a safety review; it holds in every project."""
        row = {
            "safety_failed": safety_failed,
            "reviewed_by": require_key(reviewed_by, what=_PERSON),
            "note": _note(note, about=container_id),
        }
        key = {"container_id": require_container(container_id)}
        with self._database.write() as session:
            return _added(session, SafetyReview, row, key=key, now=now)

    def override(
        self,
        ads_content_id: str,
        override: Override | None,
        *,
        note: str,
        changed_by: str,
        now: datetime,
    ) -> ContentOverride:
        """Include or exclude content in one project, whatever its score; null takes that back."""
        row = {
            "override": override and require_word(override, OVERRIDES, what="override"),
            "note": require_text(note, what=f"{ads_content_id}: note", longest=NOTE_LENGTH),
            "changed_by": require_key(changed_by, what=_PERSON),
        }
        key = {"ads_content_id": ads_content_id}
        with self._database.write() as session:
            require_ads_content(session, [ads_content_id])
            return _added(session, ContentOverride, row, key=key, now=now)

    def approve(
        self,
        ads_content_id: str,
        approval: Approval,
        *,
        note: str | None = None,
        changed_by: str,
        now: datetime,
    ) -> ContentApproval:
        """Store how the approval of content in one project stands."""
        row = {
            "approval": require_word(approval, APPROVALS, what="approval"),
            "note": _note(note, about=ads_content_id),
            "changed_by": require_key(changed_by, what=_PERSON),
        }
        key = {"ads_content_id": ads_content_id}
        with self._database.write() as session:
            require_ads_content(session, [ads_content_id])
            return _added(session, ContentApproval, row, key=key, now=now)

    def reviews(self) -> list[SafetyReview]:
        """Every safety review, by container and time."""
        return self._history(SafetyReview)

    def overrides(self) -> list[ContentOverride]:
        """Every change of an override, by ads content and time."""
        return self._history(ContentOverride)

    def overrides_of(self, ads_content_id: str) -> list[ContentOverride]:
        """Every change of one content's override, by time."""
        of_content = select(ContentOverride).filter_by(ads_content_id=ads_content_id)
        return self._rows(of_content.order_by(ContentOverride.known_at))

    def approvals(self) -> list[ContentApproval]:
        """Every change of an approval, by ads content and time."""
        return self._history(ContentApproval)

    def _history(self, model: type[Change]) -> list[Change]:
        in_order = select(model).order_by(*model.__table__.primary_key)
        return self._rows(in_order)


def known_after(newest: datetime | None, now: datetime) -> datetime:
    """When a change counts as known: now, but always after the one before it.

    Clocks of two machines differ, and the change that was stored last is the one that counts.
    """
    return now if newest is None else max(now, newest + ONE_MICROSECOND)


def require_ads_content(session: Session, ads_content_ids: Iterable[str]) -> None:
    """Refuse what cannot be ads content, and content of projects that do not exist."""
    require_projects(session, [parts_of_ads_content(content)[0] for content in ads_content_ids])


def _added(
    session: Session,
    model: type[Change],
    row: dict[str, Any],
    *,
    key: dict[str, str],
    now: datetime,
) -> Change:
    """The change as it was added to its history, after everything that was said of the thing."""
    at = require_aware(now, what="now")
    one_writer(session, model)
    newest = func.max(model.known_at, type_=model.known_at.type)
    known_at = known_after(session.scalar(select(newest).filter_by(**key)), at)
    added = model(**key, **row, known_at=known_at)
    session.add(added)
    return added


def _note(note: str | None, *, about: str) -> str | None:
    return None if note is None else require_text(note, what=f"{about}: note", longest=NOTE_LENGTH)
