"""What several groups of commands need: the stores, and who is at the terminal.

Belongs here: opening and closing the stores of a command, the name of the user.
Does not belong here: commands (one module per group), drawing (``terminal``).
"""

import getpass
from collections.abc import Generator
from contextlib import contextmanager

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores


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
