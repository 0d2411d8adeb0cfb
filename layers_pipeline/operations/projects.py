"""Projects: adding, finding, switching on and off.

Belongs here: statements on ``projects``.
Does not belong here: what a project owns (accounts, allowlist).
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.checks import require_project_id, require_time_zone, storable
from layers_pipeline.operations.models import Project
from layers_pipeline.operations.rows import ProjectRow
from layers_pipeline.operations.statements import fetch, insert_if_absent, missing, select_rows

_SHOWN = 20


def add_project(
    session: Session, project_id: str, *, name: str, time_zone: str, now: datetime
) -> bool:
    """Add the project, active; False if it was there, which leaves it unchanged."""
    shown_name = storable(name).strip()
    if not shown_name:
        raise InputRefusedError(
            f"operations: project {project_id!r}: the name is empty. Give one that people read."
        )
    project = {
        "project_id": require_project_id(project_id),
        "name": shown_name,
        "time_zone": require_time_zone(time_zone),
        "is_active": True,
        "created_at": now,
    }
    return bool(insert_if_absent(session, Project, [project], returning=Project.project_id))


def projects(session: Session) -> list[ProjectRow]:
    """Every project, by id."""
    return fetch(session, ProjectRow, select_rows(ProjectRow, Project).order_by("project_id"))


def project(session: Session, project_id: str) -> ProjectRow:
    """The project; an unknown one is refused."""
    found = fetch(
        session,
        ProjectRow,
        select_rows(ProjectRow, Project).where(Project.project_id == project_id),
    )
    if not found:
        raise _not_found(session, [project_id])
    return found[0]


def set_project_active(session: Session, project_id: str, *, is_active: bool) -> None:
    """Switch everything that is done for the project on or off."""
    require_projects(session, [project_id])
    session.execute(
        update(Project).where(Project.project_id == project_id).values(is_active=is_active)
    )


def require_projects(session: Session, project_ids: list[str]) -> None:
    """Refuse ids of projects that do not exist."""
    unknown = missing(session, Project.project_id, project_ids)
    if unknown:
        raise _not_found(session, unknown)


def lock_project(session: Session, project_id: str) -> None:
    """Make others wait who want to change the same project's allowlist."""
    require_projects(session, [project_id])
    lock = select(Project.project_id).where(Project.project_id == project_id)
    session.execute(lock.with_for_update(key_share=True))


def _not_found(session: Session, unknown: list[str]) -> NotFoundError:
    known = [row.project_id for row in projects(session)]
    shown = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    return NotFoundError(
        f"operations: project {', '.join(map(repr, unknown[:_SHOWN]))} does not exist."
        f" Known: {shown or 'none'}. Check the spelling, or add the project first."
    )
