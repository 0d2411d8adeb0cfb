"""Projects: adding, finding, renaming, switching on and off.

Belongs here: the table ``projects``.
Does not belong here: what a project owns (accounts, allowlist).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent, missing
from layers_pipeline.operations.validators import (
    require_project_id,
    require_time_zone,
    storable,
)

_SHOWN: Final = 20


class Project(Base):
    """Grain: one row per project."""

    __tablename__ = "projects"
    __table_args__ = ({"comment": "A brand's workspace. Grain: one row per project."},)

    project_id: Mapped[str] = mapped_column(primary_key=True, comment="Slug that people choose.")
    name: Mapped[str] = mapped_column(comment="Name that people read.")
    time_zone: Mapped[str] = mapped_column(comment="IANA zone of the project's days.")
    is_active: Mapped[bool] = mapped_column(comment="False: nothing is synced for it.")
    created_at: Mapped[datetime] = mapped_column(comment="When the project was added (UTC).")


class Projects(Repository):
    """The brands' workspaces."""

    def add(self, project_id: str, *, name: str, time_zone: str, now: datetime) -> bool:
        """Add an active project; False if it was there, which leaves it unchanged."""
        row = {
            "project_id": require_project_id(project_id),
            "name": _name(name, project_id=project_id),
            "time_zone": require_time_zone(time_zone),
            "is_active": True,
            "created_at": now,
        }
        with self._database.write() as session:
            return bool(insert_if_absent(session, Project, [row], returning=Project.project_id))

    def get(self, project_id: str) -> Project:
        """The project.

        Raises:
            NotFoundError: There is none of that id; names those there are.
        """
        with self._database.read() as session:
            return _stored(session, project_id)

    def all(self) -> list[Project]:
        """Every project, by id."""
        return self._rows(select(Project).order_by(Project.project_id))

    def rename(self, project_id: str, name: str) -> None:
        """Give the project another name that people read; its id stays what it is."""
        with self._database.write() as session:
            _stored(session, project_id, to_change=True).name = _name(name, project_id=project_id)

    def set_active(self, project_id: str, *, is_active: bool) -> bool:
        """Switch syncing for the project on or off; False if that is how it was."""
        with self._database.write() as session:
            project = _stored(session, project_id, to_change=True)
            was, project.is_active = project.is_active, is_active
            return was != is_active


def require_projects(session: Session, project_ids: Iterable[str]) -> None:
    """Refuse ids of projects that do not exist."""
    unknown = missing(session, Project.project_id, project_ids)
    if unknown:
        raise _not_found(session, unknown)


def lock_project(session: Session, project_id: str) -> None:
    """Make others wait who want to change the same project's allowlist."""
    require_projects(session, [project_id])
    lock = select(Project.project_id).where(Project.project_id == project_id)
    session.execute(lock.with_for_update(key_share=True))


def _stored(session: Session, project_id: str, *, to_change: bool = False) -> Project:
    found = session.get(Project, project_id, with_for_update=to_change)
    if found is None:
        raise _not_found(session, [project_id])
    return found


def _name(name: str, *, project_id: str) -> str:
    shown_name = storable(name).strip()
    if not shown_name:
        raise InputRefusedError(
            f"project {project_id!r}: the name is empty. Give one that people read."
        )
    return shown_name


def _not_found(session: Session, unknown: list[str]) -> NotFoundError:
    known = session.scalars(select(Project.project_id).order_by(Project.project_id)).all()
    shown = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    return NotFoundError(
        f"project {', '.join(map(repr, unknown[:_SHOWN]))} does not exist."
        f" Known: {shown or 'none'}. Check the spelling, or add the project first."
    )
