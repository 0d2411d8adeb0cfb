"""Projects: what each one has, and how fresh that is.

Belongs here: the list of projects, one of them, the day that it is there.
Does not belong here: a project's figures (``kpis``), changing one (``operations``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.opening import Reader, Views
from layers_pipeline.views.periods import today_in
from transforms.sql import sql_of

_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class ProjectDay:
    """A project, and the day that it is there."""

    project_id: str
    name: str
    time_zone: str
    is_active: bool
    today: date
    """The day in its time zone at the publication."""


@dataclass(frozen=True, kw_only=True)
class ProjectShown(ProjectDay):
    """A project, and what it has, as the newest generation knows it."""

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
        return [ProjectShown(**row, today=today_in(row["time_zone"], reader.as_of)) for row in rows]


def project_day(views: Views | Reader, project_id: str) -> ProjectDay:
    """One project.

    Raises:
        NotFoundError: The generation has none of that id; names those it has.
    """
    with views.reading() as reader:
        rows = reader.rows(sql_of("views", "project_days"))
        known = {row["project_id"]: row for row in rows}
        if project_id in known:
            row = known[project_id]
            return ProjectDay(**row, today=today_in(row["time_zone"], reader.as_of))
    shown = ", ".join(list(known)[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    raise NotFoundError(
        f"project {project_id!r} is not in the analysts' file. Known: {shown or 'none'}. Check"
        " the spelling, or publish again: layers-pipeline publish."
    )
