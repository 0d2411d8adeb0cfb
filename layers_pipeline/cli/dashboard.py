"""``layers-pipeline dashboard``: the pages that people look at.

Belongs here: the command, its options, refusing it where the pages are not installed.
Does not belong here: pages and how they are served (``layers_pipeline.dashboard``).
"""

from importlib.util import find_spec
from typing import Annotated, Final

import typer

from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import NotInstalledError

NEEDED: Final = ("dash", "dash_ag_grid", "dash_mantine_components", "waitress")
"""What the extra brings."""


def dashboard(
    *,
    host: Annotated[
        str, typer.Option(help="Address to bind to; open to others only with a password.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8050,
) -> None:
    """Serve the dashboard until interrupted."""
    require_pages("dashboard")
    from layers_pipeline.dashboard.serve import run_dashboard
    from layers_pipeline.settings import load_settings

    run_dashboard(load_settings(), host=host, port=port, say=say)


def require_pages(command: str) -> None:
    """Refuse a command that serves pages where the extra is not installed.

    Raises:
        NotInstalledError: It is not.
    """
    if not all(find_spec(name) for name in NEEDED):
        raise NotInstalledError(
            f"{command}: the pages are not installed. Install the extra dashboard: "
            "pip install 'layers-pipeline[dashboard]'."
        )
