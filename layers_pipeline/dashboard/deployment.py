"""What every page works with: the data to look at, the database to write to, the time.

Belongs here: opening and closing both.
Does not belong here: questions (``views``), pages.
"""

import getpass
from dataclasses import dataclass
from typing import Final

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings
from layers_pipeline.views.opening import Views, open_views

NOBODY: Final = "dashboard"
"""Who changes something where neither a login nor the machine says who it is."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stores of one deployment, as its pages see them."""

    settings: Settings
    clock: Clock
    views: Views
    operations: Operations

    def close(self) -> None:
        self.views.close()
        self.operations.close()


def open_deployment(settings: Settings, *, clock: Clock | None = None) -> Deployment:
    """The stores that the settings name; the operational database is brought up to date."""
    chosen = clock or SystemClock()
    settings.root.mkdir(parents=True, exist_ok=True)
    operations = Operations(settings.operations_database_url)
    operations.migrate()
    return Deployment(
        settings=settings,
        clock=chosen,
        views=open_views(settings, clock=chosen),
        operations=operations,
    )


def machine_user() -> str:
    """The user of this machine, who decides where nobody logs in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return NOBODY
