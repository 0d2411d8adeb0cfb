"""Which version of the scoring rules is active, and which are computed beside it.

Belongs here: the table ``scoring_versions``.
Does not belong here: which versions there are and what they say (``transforms.scoring.rules``).

A period of a role is added when it begins, and is given its end.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    String,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of, one_while
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key
from transforms.vocabulary import SCORING_ROLES, ScoringRole


class ScoringVersion(Base):
    """Grain: one row per period in which a version of the rules has a role."""

    __tablename__ = "scoring_versions"
    __table_args__ = (
        one_of("role", SCORING_ROLES),
        CheckConstraint("until >= since", name="period"),
        one_while("until IS NULL AND role = 'active'", "role", name="uq_scoring_versions_active"),
        one_while("until IS NULL", "version", "role", name="uq_scoring_versions_open"),
        {"comment": "Which version of the rules does what. Grain: one row per period."},
    )

    scoring_version_id: Mapped[int] = mapped_column(primary_key=True, comment="Running number.")
    version: Mapped[str] = mapped_column(comment="Version of the rules, such as 2.")
    role: Mapped[ScoringRole] = mapped_column(
        String, comment="active: its scores count; shadow: it is computed beside."
    )
    since: Mapped[datetime] = mapped_column(comment="First instant of the period (UTC).")
    until: Mapped[datetime | None] = mapped_column(
        comment="First instant after the period (UTC); null: it is open."
    )
    changed_by: Mapped[str] = mapped_column(comment="Who began the period.")


_IS_OPEN: Final = ScoringVersion.until.is_(None)


class ScoringRoles(Repository):
    """Which version of the rules does what. Whether there is such a version the caller knows."""

    def activate(self, version: str, *, changed_by: str, now: datetime) -> bool:
        """Make a version of the rules the active one, and no shadow; False if it was active."""
        require_key(version, what="scoring version")
        with self._database.write() as session:
            one_writer(session, ScoringVersion)
            if _active(session) == version:
                return False
            ends = or_(_is("active"), _is("shadow", version))
            since = _end(session, ends, now=now)
            _open(session, version, role="active", changed_by=changed_by, since=since)
            return True

    def shadow(self, version: str, *, changed_by: str, now: datetime) -> bool:
        """Compute a version of the rules beside the active one; False if it was."""
        require_key(version, what="scoring version")
        shadows = _is("shadow", version)
        with self._database.write() as session:
            one_writer(session, ScoringVersion)
            if _active(session) == version:
                raise InputRefusedError(
                    f"scoring version {version} is active: it has no shadow of its own."
                    " Name another version, or make another one active first."
                )
            if _latest(session, ScoringVersion.since, shadows, _IS_OPEN) is not None:
                return False
            ended = _latest(session, ScoringVersion.until, shadows)
            since = max(filter(None, [ended, require_aware(now, what="now")]))
            _open(session, version, role="shadow", changed_by=changed_by, since=since)
            return True

    def stop_shadow(self, version: str, *, now: datetime) -> bool:
        """Compute a version beside the active one no more; False if it was not."""
        shadows = _is("shadow", version)
        with self._database.write() as session:
            one_writer(session, ScoringVersion)
            if _latest(session, ScoringVersion.since, shadows, _IS_OPEN) is None:
                return False
            _end(session, shadows, now=now)
            return True

    def all(self) -> list[ScoringVersion]:
        """Every period, open and closed, in the order in which they began."""
        in_order = select(ScoringVersion).order_by(
            ScoringVersion.since, ScoringVersion.scoring_version_id
        )
        return self._rows(in_order)

    def active(self) -> str | None:
        """The active version of the rules; null if nobody ever chose one."""
        with self._database.read() as session:
            return _active(session)


def _active(session: Session) -> str | None:
    return session.scalar(select(ScoringVersion.version).where(_is("active"), _IS_OPEN))


def _is(role: ScoringRole, version: str | None = None) -> ColumnElement[bool]:
    """Periods of a role, of one version or of all."""
    of_role = ScoringVersion.role == role
    return of_role if version is None else and_(of_role, ScoringVersion.version == version)


def _latest(
    session: Session, column: InstrumentedAttribute[Any], *where: ColumnElement[bool]
) -> datetime | None:
    return session.scalar(select(func.max(column, type_=column.type)).where(*where))


def _end(session: Session, periods: ColumnElement[bool], *, now: datetime) -> datetime:
    """End the open ones of the periods, all at one instant, and give that.

    None ends before it began, however the clocks of two machines differ.
    """
    began = _latest(session, ScoringVersion.since, periods, _IS_OPEN)
    at = max(filter(None, [began, require_aware(now, what="now")]))
    session.execute(update(ScoringVersion).where(periods, _IS_OPEN).values(until=at))
    return at


def _open(
    session: Session, version: str, *, role: ScoringRole, changed_by: str, since: datetime
) -> None:
    row = {
        "version": version,
        "role": role,
        "since": since,
        "changed_by": require_key(changed_by, what="name of the person"),
    }
    session.execute(insert(ScoringVersion), [row])
