"""What several groups of commands need: options, the stores, jobs, who is at the terminal.

Belongs here: opening and closing what a command works with, the name of the user.
Does not belong here: commands (one module per group), drawing (``terminal``).

Every command imports this, also ``--help``: what is slow to import waits for its call.
"""

import getpass
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layers_pipeline.errors import InputRefusedError

if TYPE_CHECKING:
    from layers_pipeline.cli.runs import Runner
    from layers_pipeline.settings import Settings
    from layers_pipeline.steps.stores import Stores

ProjectOption = Annotated[str, typer.Option("--project", help="Short name of the project.")]


@contextmanager
def job_runner() -> "Generator[Runner]":
    """A runner of jobs on the settings' Dagster instance."""
    from layers_pipeline.cli.runs import open_runner
    from layers_pipeline.settings import load_settings

    with open_runner(load_settings()) as runner:
        yield runner


@contextmanager
def opened() -> "Generator[Stores]":
    """The stores that the settings name, closed at the end."""
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.stores import open_stores

    stores = open_stores(load_settings())
    try:
        yield stores
    finally:
        stores.operations.close()


def dagster_home(settings: "Settings") -> Path:
    """Dagster's folder: as the environment names it, or in the home."""
    return Path(os.environ.get("DAGSTER_HOME") or settings.root / "dagster").absolute()


def user_name(command: str) -> str:
    """The name of this machine's user, who decides what a command stores."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise InputRefusedError(
            f"{command}: this machine does not say who you are. Add --by NAME."
        ) from error


def example(*commands: str) -> str:
    """How a command is called, as the end of its help."""
    lines = [f"  layers-pipeline {command}" for command in commands]
    # Click leaves a paragraph as it is that begins so.
    return "\n".join(["\b", "Example:" if len(lines) == 1 else "Examples:", *lines])
