"""Saved views: filters of content under a name, and which of them are exported on a schedule.

Belongs here: the table ``saved_views``, a history that is only added to.
Does not belong here: what a filter means (``views.filters``), writing exports (``views.exports``).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base, one_of
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import one_writer
from layers_pipeline.operations.utc_datetime import require_aware
from layers_pipeline.operations.validators import require_key
from layers_pipeline.operations.verdicts import KNOWN_AT, known_after
from transforms.vocabulary import EXPORT_FORMATS, ExportFormat

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_SHOWN: Final = 20


class SavedView(Base):
    """Grain: one row per saved view and change of it. The newest one counts."""

    __tablename__ = "saved_views"
    __table_args__ = (
        one_of("export_as", EXPORT_FORMATS),
        {"comment": "Filters of content under a name. Grain: saved view and change of it."},
    )

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.project_id"), primary_key=True, comment="Whose content it shows."
    )
    name: Mapped[str] = mapped_column(primary_key=True, comment="Slug that people choose.")
    known_at: Mapped[datetime] = mapped_column(primary_key=True, comment=KNOWN_AT)
    query: Mapped[str] = mapped_column(comment="The filter, as a URL's query; empty: everything.")
    export_as: Mapped[ExportFormat | None] = mapped_column(
        String, comment="What the schedule writes of it; null: nothing."
    )
    is_forgotten: Mapped[bool] = mapped_column(comment="True: it is there no more.")
    changed_by: Mapped[str] = mapped_column(comment="Who changed it.")


@dataclass(frozen=True, kw_only=True)
class NewView:
    """A view as it is to stand. Grain: one per project and name."""

    project_id: str
    name: str
    query: str
    export_as: ExportFormat | None = None


class SavedViews(Repository):
    """Filters of content under a name."""

    def save(self, view: NewView, *, changed_by: str, now: datetime) -> bool:
        """Store a view; False if it stood so.

        Raises:
            InputRefusedError: Its name is no slug.
            NotFoundError: Its project does not exist.
        """
        if not _SLUG.fullmatch(view.name):
            raise InputRefusedError(
                f"view {view.name[:100]!r}: that is not a slug. Use 1 to 63 of a-z, 0-9, '_' and"
                " '-', starting with a letter or digit, such as 'best-reels'."
            )
        return self._state(view, changed_by=changed_by, now=now, is_forgotten=False)

    def forget(self, project_id: str, name: str, *, changed_by: str, now: datetime) -> None:
        """Take a view out of the list; what it was stays in the history.

        Raises:
            NotFoundError: The project has no such view; names those that it has.
        """
        view = self.get(project_id, name)
        forgotten = NewView(
            project_id=project_id, name=name, query=view.query, export_as=view.export_as
        )
        self._state(forgotten, changed_by=changed_by, now=now, is_forgotten=True)

    def get(self, project_id: str, name: str) -> SavedView:
        """A view as it stands.

        Raises:
            NotFoundError: The project has no such view; names those that it has.
        """
        found = {view.name: view for view in self.all() if view.project_id == project_id}
        if name not in found:
            raise NotFoundError(
                f"view {name!r}: project {project_id!r} has none of that name. Known: "
                f"{', '.join(list(found)[:_SHOWN]) or 'none'}. Check the spelling, or save it: "
                "layers-pipeline views save."
            )
        return found[name]

    def all(self) -> list[SavedView]:
        """Every view as it stands, by project and name."""
        newest = {(view.project_id, view.name): view for view in self.history()}
        return [view for _, view in sorted(newest.items()) if not view.is_forgotten]

    def history(self) -> list[SavedView]:
        """Every change of every view, in the order of time."""
        return self._rows(select(SavedView).order_by(SavedView.known_at, SavedView.name))

    def _state(self, view: NewView, *, changed_by: str, now: datetime, is_forgotten: bool) -> bool:
        at, by = require_aware(now, what="now"), require_key(changed_by, what="name of the person")
        with self._database.write() as session:
            one_writer(session, SavedView)
            require_projects(session, [view.project_id])
            before = _newest(session, view)
            row = SavedView(
                project_id=view.project_id,
                name=view.name,
                known_at=known_after(before and before.known_at, at),
                query=view.query,
                export_as=view.export_as,
                is_forgotten=is_forgotten,
                changed_by=by,
            )
            if before is not None and _says(before) == _says(row):
                return False
            session.add(row)
            return True


def _newest(session: Session, view: NewView) -> SavedView | None:
    stored = select(SavedView).filter_by(project_id=view.project_id, name=view.name)
    return session.scalars(stored.order_by(SavedView.known_at.desc()).limit(1)).one_or_none()


def _says(view: SavedView) -> tuple[str, ExportFormat | None, bool]:
    return view.query, view.export_as, view.is_forgotten
