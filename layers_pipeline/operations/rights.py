"""Rights: what lets creators' posts run as ads, since when and until when.

Belongs here: the table ``content_rights``, a history that is only added to.
Does not belong here: what a right clears (``transforms.facts.rights``), Spark codes themselves
(``spark_codes``).

The newest row of a right counts: a grant states its whole period anew, a revocation ends it from
the moment at which it is known.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.content_ids import require_container
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import NOTE_LENGTH, Base, one_of
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key, require_text, require_word
from layers_pipeline.operations.verdicts import KNOWN_AT, known_after
from transforms.vocabulary import (
    RIGHT_KINDS,
    RIGHT_SOURCES,
    RIGHT_SUBJECTS,
    RightKind,
    RightSource,
    RightSubject,
)

SUBJECTS_OF: Final[dict[RightKind, tuple[RightSubject, ...]]] = {
    "branded_content": ("post", "creator", "account"),
    "spark_code": ("post",),
    "account_authorisation": ("account",),
    "agency_assignment": ("account", "creator"),
    "byo_grant": ("post", "creator", "account"),
}
"""What a right of each kind may be for (R43)."""
_SAID: Final = ("starts_at", "ends_at", "is_revoked", "source")


class ContentRight(Base):
    """Grain: one row per right and change of it. The newest one counts."""

    __tablename__ = "content_rights"
    __table_args__ = (
        one_of("kind", RIGHT_KINDS),
        one_of("subject", RIGHT_SUBJECTS),
        one_of("source", RIGHT_SOURCES),
        CheckConstraint("ends_at > starts_at", name="period"),
        {"comment": "What lets posts run as ads. Grain: right and change of it."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Who may run ads by it."
    )
    kind: Mapped[RightKind] = mapped_column(String, primary_key=True, comment="Which right.")
    subject: Mapped[RightSubject] = mapped_column(
        String, primary_key=True, comment="What it is for: post, creator or account."
    )
    subject_id: Mapped[str] = mapped_column(
        primary_key=True, comment="Container of the post, id of the creator or account."
    )
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    starts_at: Mapped[datetime] = mapped_column(comment="First instant at which it holds (UTC).")
    ends_at: Mapped[datetime | None] = mapped_column(
        comment="First instant at which it holds no more (UTC); null: open."
    )
    is_revoked: Mapped[bool] = mapped_column(comment="True: it holds no more, since known_at.")
    source: Mapped[RightSource] = mapped_column(String, comment="Who told of it.")
    note: Mapped[str | None] = mapped_column(String(NOTE_LENGTH), comment="Why; null: not told.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


@dataclass(frozen=True, kw_only=True)
class RightOf:
    """Which right is meant. Grain: one per right."""

    project_id: str
    kind: RightKind
    subject: RightSubject
    subject_id: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject} {self.subject_id} in project {self.project_id!r}"


class Rights(Repository):
    """What lets creators' posts run as ads."""

    def grant(
        self,
        right: RightOf,
        *,
        starts_at: datetime,
        ends_at: datetime | None,
        source: RightSource = "person",
        changed_by: str,
        note: str | None = None,
        now: datetime,
    ) -> bool:
        """Store a right with its whole period; False if that is how it stood.

        Raises:
            InputRefusedError: A value cannot be stored; nothing was written.
            NotFoundError: The project does not exist; nothing was written.
        """
        _require_sound(right)
        starts = require_aware(starts_at, what=f"{right}: start")
        ends = ends_at and require_aware(ends_at, what=f"{right}: end")
        if ends is not None and ends <= starts:
            raise InputRefusedError(
                f"{right}: it would end at {ends.isoformat()}, before it starts at"
                f" {starts.isoformat()}. Give an end after the start, or none."
            )
        row = ContentRight(
            **asdict(right),
            known_at=require_aware(now, what="now"),
            starts_at=starts,
            ends_at=ends,
            is_revoked=False,
            source=require_word(source, RIGHT_SOURCES, what="source of the right"),
            note=_note(note, about=right),
            changed_by=require_key(changed_by, what="name of the person"),
        )
        with self._database.write() as session:
            require_projects(session, [right.project_id])
            return _added(session, right, row)

    def revoke(
        self, right: RightOf, *, changed_by: str, note: str | None = None, now: datetime
    ) -> bool:
        """End a right from now on; False if it was revoked before.

        Raises:
            NotFoundError: It was never granted; nothing was written.
        """
        _require_sound(right)
        at, by = require_aware(now, what="now"), require_key(changed_by, what="name of the person")
        with self._database.write() as session:
            one_writer(session, ContentRight)
            before = _newest(session, right)
            if before is None:
                raise NotFoundError(
                    f"{right}: it was never granted, so nothing was revoked. See"
                    f" layers-pipeline content right list --project {right.project_id}."
                )
            row = ContentRight(
                **asdict(right),
                known_at=at,
                starts_at=before.starts_at,
                ends_at=before.ends_at,
                is_revoked=True,
                source=before.source,
                note=_note(note, about=right),
                changed_by=by,
            )
            return _added(session, right, row)

    def all(self) -> list[ContentRight]:
        """Every change of every right, by right and time; without any code."""
        return self._rows(select(ContentRight).order_by(*ContentRight.__table__.primary_key))


def standing(history: Iterable[ContentRight]) -> list[ContentRight]:
    """The last row of each right of a history, which comes in the order of time."""
    return list({(r.project_id, r.kind, r.subject, r.subject_id): r for r in history}.values())


def _added(session: Session, right: RightOf, row: ContentRight) -> bool:
    """Add the row to the right's history, unless it says what stands."""
    one_writer(session, ContentRight)
    before = _newest(session, right)
    if before is not None and all(getattr(before, n) == getattr(row, n) for n in _SAID):
        return False
    row.known_at = known_after(before and before.known_at, row.known_at)
    session.add(row)
    return True


def _newest(session: Session, right: RightOf) -> ContentRight | None:
    of_right = select(ContentRight).filter_by(**asdict(right))
    return session.scalars(of_right.order_by(ContentRight.known_at.desc()).limit(1)).first()


def _require_sound(right: RightOf) -> None:
    kind = require_word(right.kind, RIGHT_KINDS, what="right")
    may_be_for = SUBJECTS_OF[kind]
    if right.subject not in may_be_for:
        raise InputRefusedError(
            f"right {kind}: it is not given for a {right.subject}. Name a"
            f" {' or '.join(may_be_for)}."
        )
    require_key(right.subject_id, what=f"{kind}: {right.subject}")
    if right.subject == "post":
        require_container(right.subject_id)
    if kind == "spark_code" and not right.subject_id.startswith("tiktok:"):
        raise InputRefusedError(
            f"{right}: Spark codes are of TikTok posts. Write tiktok:ID, or grant branded_content."
        )


def _note(note: str | None, *, about: RightOf) -> str | None:
    return None if note is None else require_text(note, what=f"{about}: note", longest=NOTE_LENGTH)
