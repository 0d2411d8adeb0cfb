"""Projects: what each one has, and how fresh that is.

Belongs here: the list of projects, one of them, the day that it is there.
Does not belong here: a project's figures (``kpis``), changing one (``operations``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.opening import Reader, Views
from layers_pipeline.views.periods import today_in
from transforms.sql import sql_of

_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class ProjectShown:
    """A project, as the newest generation knows it."""

    project_id: str
    name: str
    time_zone: str
    is_active: bool
    today: date
    """The day in its time zone at the publication."""
    own_accounts: int
    listed_creators: int
    contents: int
    """Content that is not deleted."""
    eligible_contents: int
    running_contents: int
    scored_at: datetime | None
    """Newest tick."""
    last_checked_at: datetime | None
    """Newest look at any of its posts."""


def all_projects(views: Views | Reader) -> list[ProjectShown]:
    """Every project, by id."""
    with views.reading() as reader:
        rows = reader.rows(sql_of("views", "projects_shown"))
        return [_project(row, reader.as_of) for row in rows]


def project_shown(views: Views | Reader, project_id: str) -> ProjectShown:
    """One project.

    Raises:
        NotFoundError: The generation has none of that id; names those it has.
    """
    known = {project.project_id: project for project in all_projects(views)}
    if project_id not in known:
        shown = ", ".join(list(known)[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
        raise NotFoundError(
            f"project {project_id!r} is not in the analysts' file. Known: {shown or 'none'}. Check"
            " the spelling, or publish again: layers-pipeline publish."
        )
    return known[project_id]


def _project(row: Mapping[str, Any], as_of: datetime) -> ProjectShown:
    return ProjectShown(**row, today=today_in(row["time_zone"], as_of))
