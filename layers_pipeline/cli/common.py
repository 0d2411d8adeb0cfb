"""What several groups of commands need: options, the stores, jobs, who is at the terminal.

Belongs here: opening and closing what a command works with, the name of the user.
Does not belong here: commands (one module per group), drawing (``terminal``).
"""

import getpass
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.stores import Stores, open_stores

if TYPE_CHECKING:
    from layers_pipeline.cli.runs import Runner

ProjectOption = Annotated[str, typer.Option("--project", help="Short name of the project.")]


def open_jobs() -> "AbstractContextManager[Runner]":
    """A runner of jobs on the settings' Dagster instance."""
    from layers_pipeline.cli.runs import open_runner  # noqa: PLC0415 - Dagster is slow to import

    return open_runner(load_settings())


@contextmanager
def opened(settings: Settings) -> Generator[Stores]:
    """The stores, closed at the end."""
    stores = open_stores(settings)
    try:
        yield stores
    finally:
        stores.operations.close()


def user_name(command: str) -> str:
    """The name of this machine's user, who decides what a command stores.

    Raises:
        InputRefusedError: The machine does not tell; the command wants it as an option.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise InputRefusedError(
            f"{command}: this machine does not say who you are. Add --by NAME."
        ) from error
