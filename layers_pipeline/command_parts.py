"""What groups of commands share.

Belongs here: options of several commands, and running jobs from a command.
Does not belong here: commands.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated

import typer

from layers_pipeline.settings import load_settings

if TYPE_CHECKING:
    from layers_pipeline.runs import Runner

ProjectOption = Annotated[str, typer.Option("--project", help="Short name of the project.")]


def open_jobs() -> "AbstractContextManager[Runner]":
    """A runner of jobs on the settings' Dagster instance."""
    from layers_pipeline.runs import open_runner  # noqa: PLC0415 - Dagster is slow to import

    return open_runner(load_settings())
