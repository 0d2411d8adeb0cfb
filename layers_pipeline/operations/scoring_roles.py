"""Which version of the scoring rules is active, and which are computed beside it.

Belongs here: statements on ``scoring_versions``.
Does not belong here: which versions there are and what they say (``transforms.scoring.rules``).
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.checks import require_key
from layers_pipeline.operations.content_models import ScoringVersion
from layers_pipeline.operations.content_rows import ScoringRoleRow
from layers_pipeline.operations.instants import require_aware
from layers_pipeline.operations.statements import fetch, one_writer, select_rows
from transforms.vocabulary import ScoringRole

_IS_OPEN: Final = ScoringVersion.until.is_(None)


def activate_scoring(session: Session, version: str, *, changed_by: str, now: datetime) -> bool:
    """Make the version the active one; False if it is."""
    one_writer(session, ScoringVersion)
    require_key(version, what="scoring version")
    if active_scoring(session) == version:
        return False
    ends = or_(_is("active"), _is("shadow", version))
    since = _end(session, ends, now=now)
    _open(session, version, role="active", changed_by=changed_by, since=since)
    return True


def shadow_scoring(session: Session, version: str, *, changed_by: str, now: datetime) -> bool:
    """Compute the version beside the active one; False if it is."""
    one_writer(session, ScoringVersion)
    require_key(version, what="scoring version")
    if active_scoring(session) == version:
        raise InputRefusedError(
            f"operations: scoring version {version} is active: it has no shadow of its own."
            " Name another version, or make another one active first."
        )
    shadows = _is("shadow", version)
    if _latest(session, ScoringVersion.since, shadows, _IS_OPEN) is not None:
        return False
    ended = _latest(session, ScoringVersion.until, shadows)
    since = max(filter(None, [ended, require_aware(now, what="now")]))
    _open(session, version, role="shadow", changed_by=changed_by, since=since)
    return True


def stop_shadow_scoring(session: Session, version: str, *, now: datetime) -> bool:
    """Compute the version no more; False if it was not a shadow."""
    one_writer(session, ScoringVersion)
    shadows = _is("shadow", version)
    if _latest(session, ScoringVersion.since, shadows, _IS_OPEN) is None:
        return False
    _end(session, shadows, now=now)
    return True


def scoring_roles(session: Session) -> list[ScoringRoleRow]:
    """Every period, open and closed, in the order in which they began."""
    statement = select_rows(ScoringRoleRow, ScoringVersion)
    return fetch(session, ScoringRoleRow, statement.order_by("since", "scoring_version_id"))


def active_scoring(session: Session) -> str | None:
    """The active version; null if nobody ever chose one."""
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
