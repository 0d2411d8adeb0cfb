"""``layers-pipeline project`` and ``creator``: projects, and whom they watch.

Belongs here: commands, their options, saying what came of them.
Does not belong here: storage (``operations``), drawing (``terminal``).
"""

from typing import Annotated

import typer

from layers_pipeline.cli.common import ProjectOption, opened
from layers_pipeline.cli.terminal import print_table, say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.allowlist import NewCreator
from transforms.vocabulary import PLATFORMS

project_app = typer.Typer()
creator_app = typer.Typer()


@project_app.command("add")
def add_project(
    project_id: Annotated[str, typer.Argument(help="Short name: a-z, 0-9, - and _.")],
    name: Annotated[str, typer.Option(help="Name as people write it.")] = "",
    timezone: Annotated[str, typer.Option(help="IANA time zone of the project's days.")] = "UTC",
) -> None:
    """Make a project."""
    with opened() as stores:
        made = stores.operations.projects.add(
            project_id, name=name or project_id, time_zone=timezone, now=stores.clock.now()
        )
    say(f"Project {project_id!r} {'made' if made else 'was there already: unchanged'}.")


@project_app.command("list")
def list_projects() -> None:
    """List the projects."""
    with opened() as stores:
        rows = stores.operations.projects.all()
    print_table(
        ("project", "name", "time zone", "active"),
        [(row.project_id, row.name, row.time_zone, row.is_active) for row in rows],
    )


@creator_app.command("allow")
def allow_creator(
    accounts: Annotated[list[str], typer.Argument(help="Accounts as platform:key.")],
    project: ProjectOption,
) -> None:
    """Put creators on a project's allowlist: their posts are synced and ranked from now on."""
    with opened() as stores:
        now = stores.clock.now()
        stores.operations.projects.get(project)
        new = [_account(text) for text in accounts]
        stores.operations.accounts.add(new, now=now)
        paused = {
            row.account_id for row in stores.operations.accounts.all() if row.status == "paused"
        }
        for account in new:
            if account.account_id in paused:
                stores.operations.accounts.set_status(account.account_id, "active")
        entries = [
            NewCreator(
                creator_id=account.account_id,
                display_name=account.account_key,
                account_ids=(account.account_id,),
            )
            for account in new
        ]
        count = stores.operations.allowlist.allow(project, entries, allowed_from=now)
    say(f"{count} of {len(new)} newly on the allowlist of {project!r}.")


def _account(text: str) -> NewAccount:
    platform, _, key = text.partition(":")
    if platform not in PLATFORMS or not key:
        raise InputRefusedError(
            f"creator {text!r}: unsupported_platform. Write tiktok:KEY or instagram:KEY."
        )
    return NewAccount(platform=platform, account_key=key, connection="external")
