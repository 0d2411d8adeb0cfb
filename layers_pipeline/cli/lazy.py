"""Groups of commands that are imported only when somebody uses them.

Belongs here: how the command line starts without loading what a command works with.
Does not belong here: which groups there are (``app``).
"""

from importlib import import_module

import typer
from click import Command, Context
from typer.core import TyperGroup


def lazy_group(module: str, name: str, *, help: str) -> typer.Typer:  # noqa: A002 - Typer's word
    """A group whose commands are those of an application in a module.

    Args:
        module: Where the application is; imported at the first look at a command.
        name: The application's name there.
        help: What the list of groups says, for which nothing is imported.
    """

    class LazyGroup(TyperGroup):
        def _load(self) -> None:
            source: typer.Typer = getattr(import_module(module), name)
            source.rich_markup_mode = self.rich_markup_mode
            self.commands = typer.main.get_group(source).commands

        def list_commands(self, ctx: Context) -> list[str]:
            self._load()
            return super().list_commands(ctx)

        def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
            self._load()
            return super().get_command(ctx, cmd_name)

    return typer.Typer(cls=LazyGroup, no_args_is_help=True, help=help)
