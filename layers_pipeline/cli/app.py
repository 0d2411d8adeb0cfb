"""``layers-pipeline``: what people do with the pipeline from a terminal.

Belongs here: which commands there are, and what becomes of an error.
Does not belong here: the commands (one module per group), drawing (``terminal``).

What a command needs is imported once it runs: ``--help`` and completion answer at once.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Annotated, Final

import typer

from layers_pipeline.cli import jobs, query, simulation
from layers_pipeline.cli.common import ProjectOption
from layers_pipeline.cli.imports import import_app
from layers_pipeline.cli.lazy import lazy_group
from layers_pipeline.cli.terminal import complain, print_table, say
from layers_pipeline.errors import InputRefusedError, LayersError
from layers_pipeline.operations.rows import NewAccount, NewCreator
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import open_stores
from transforms.vocabulary import PLATFORMS

COMMANDS: Final = (
    query.explain,
    query.query,
    jobs.score,
    jobs.sync,
    jobs.replay,
    jobs.publish,
    jobs.maintain,
    simulation.sandbox,
    simulation.demo,
    simulation.dev,
)
GROUPS: Final = {
    "account": "Accounts, their tokens and the tokens' keys.",
    "scoring": "Versions of the scoring rules.",
    "content": "Generated and manual content, and what people say of content.",
}
"""Groups that a module of their name holds, and what the list of commands says of each."""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    # Typer's traceback walks for ever through the cycles that Dagster's chained errors have.
    pretty_exceptions_enable=False,
)
project = typer.Typer(no_args_is_help=True, help="Projects: brands' workspaces.")
creator = typer.Typer(no_args_is_help=True, help="Creators on a project's allowlist.")
app.add_typer(import_app, name="import")
app.add_typer(project, name="project")
app.add_typer(creator, name="creator")
for name, said in GROUPS.items():
    app.add_typer(lazy_group(f"layers_pipeline.cli.{name}", f"{name}_app", help=said), name=name)
for command in COMMANDS:
    app.command()(command)


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"layers-pipeline {metadata.version('layers-pipeline')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Organic social analytics: sync accounts, score their posts, ask the analysts' file."""


@project.command("add")
def add_project(
    project_id: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, - and _.")],
    name: Annotated[str, typer.Option(help="Name as people write it.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of the project's days.")] = "UTC",
) -> None:
    """Make a project."""
    stores = open_stores(load_settings())
    made = stores.operations.add_project(
        project_id, name=name or project_id, time_zone=timezone, now=datetime.now(UTC)
    )
    say(f"Project {project_id!r} {'made' if made else 'was there already: unchanged'}.")


@project.command("list")
def list_projects() -> None:
    """List the projects."""
    rows = open_stores(load_settings()).operations.projects()
    print_table(
        ("project", "name", "time zone", "active"),
        [(row.project_id, row.name, row.time_zone, row.is_active) for row in rows],
    )


@creator.command("allow")
def allow_creator(
    accounts: Annotated[list[str], typer.Argument(help="Accounts as platform:key.")],
    project: ProjectOption,
) -> None:
    """Put creators on a project's allowlist: their posts are synced and ranked from now on."""
    stores, now = open_stores(load_settings()), datetime.now(UTC)
    stores.operations.project(project)
    new = [_account(text) for text in accounts]
    stores.operations.add_accounts(new, now=now)
    paused = {row.account_id for row in stores.operations.accounts() if row.status == "paused"}
    for account in new:
        if account.account_id in paused:
            stores.operations.set_account_status(account.account_id, "active")
    entries = [
        NewCreator(
            creator_id=account.account_id,
            display_name=account.account_key,
            account_ids=(account.account_id,),
        )
        for account in new
    ]
    opened = stores.operations.allow_creators(project, entries, allowed_from=now)
    say(f"{opened} of {len(new)} newly on the allowlist of {project!r}.")


def _account(text: str) -> NewAccount:
    platform, _, key = text.partition(":")
    if platform not in PLATFORMS or not key:
        raise InputRefusedError(
            f"creator {text!r}: unsupported_platform. Write tiktok:KEY or instagram:KEY."
        )
    return NewAccount(platform=platform, account_key=key, connection="external")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors raised on purpose are said in one line.

    Args:
        arguments: What follows the program's name; the process's own by default.
    """
    # Log records of libraries, such as one for each try of a request, are for services.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app(arguments)
    except LayersError as error:
        complain(f"error: {error}")
        raise SystemExit(error.exit_code) from error
