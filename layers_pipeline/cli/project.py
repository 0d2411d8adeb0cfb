"""``layers-pipeline project`` and ``creator``: projects, and whom they watch.

Belongs here: commands, their options, saying what came of them.
Does not belong here: storage (``operations``), drawing (``terminal``).
"""

from datetime import UTC, datetime
from typing import Annotated

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, opened
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.score.ticks import tick_of
from transforms.staging.keys import account_key_of
from transforms.vocabulary import PLATFORMS

ProjectArgument = Annotated[str, typer.Argument(help="Short name of the project.")]

project_app = typer.Typer()
creator_app = typer.Typer()


@project_app.command(
    "add", epilog=example('project add my-brand --name "My Brand" --timezone Europe/Berlin')
)
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


@project_app.command("list", epilog=example("project list", "project list --format csv"))
def list_projects(form: FormatOption = "table") -> None:
    """List the projects."""
    with opened() as stores:
        rows = stores.operations.projects.all()
    print_rows(
        form,
        ("project", "name", "time zone", "active"),
        [(row.project_id, row.name, row.time_zone, row.is_active) for row in rows],
    )


@project_app.command("rename", epilog=example('project rename my-brand "My Brand and Co"'))
def rename_project(
    project_id: ProjectArgument,
    name: Annotated[str, typer.Argument(help="Name as people write it.")],
) -> None:
    """Give a project another name; its short name stays what it is."""
    with opened() as stores:
        stores.operations.projects.rename(project_id, name)
    say(f"Project {project_id!r} is called {name.strip()!r} from now on.")


@project_app.command("pause", epilog=example("project pause my-brand"))
def pause_project(project_id: ProjectArgument) -> None:
    """Switch a project off: nothing is synced for it until it is resumed."""
    with opened() as stores:
        changed = stores.operations.projects.set_active(project_id, is_active=False)
    if not changed:
        return say(f"Project {project_id!r} was off already: unchanged.")
    return say(
        f"Project {project_id!r} is off: accounts that no other project wants are not synced."
        f" Switch it on again: layers-pipeline project resume {project_id}"
    )


@project_app.command("resume", epilog=example("project resume my-brand"))
def resume_project(project_id: ProjectArgument) -> None:
    """Switch a project on again: its accounts are due as if it had never been off."""
    with opened() as stores:
        changed = stores.operations.projects.set_active(project_id, is_active=True)
    state = "is on: its accounts are synced again" if changed else "was on already: unchanged"
    say(f"Project {project_id!r} {state}.")


@creator_app.command(
    "allow", epilog=example("creator allow tiktok:ada instagram:ada.lovelace --project my-brand")
)
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


@creator_app.command("disallow", epilog=example("creator disallow tiktok:ada --project my-brand"))
def disallow_creator(
    accounts: Annotated[list[str], typer.Argument(help="Accounts as platform:key.")],
    project: ProjectOption,
    since: Annotated[
        str,
        typer.Option(help="Since a tick in the past, such as 2025-05-14-12:00 (UTC); or 'ever'."),
    ] = "",
) -> None:
    """Take creators off a project's allowlist, with every account of theirs, from now on.

    What was scored before stays, unless --since says otherwise: an account that never was a
    creator's, such as the project's own, is taken off with --since ever. Another project that
    allows them goes on syncing them.
    """
    with opened() as stores:
        now = stores.clock.now()
        ends = min(_since(since), now) if since else now
        count = stores.operations.allowlist.disallow(project, accounts, now=ends)
    if not since:
        return say(
            f"{count} taken off the allowlist of {project!r}: not synced or ranked for it from now "
            "on."
        )
    return say(
        f"{count} taken off the allowlist of {project!r}, as if not allowed since {since}. Ticks "
        "that were scored since then still have them: layers-pipeline score --from TICK --to TICK "
        "scores those again."
    )


def _since(text: str) -> datetime:
    """A moment in the past from which on an account is no longer allowed."""
    return datetime(1970, 1, 1, tzinfo=UTC) if text == "ever" else tick_of(text)


def _account(text: str) -> NewAccount:
    platform, _, key = text.partition(":")
    if platform not in PLATFORMS or not key:
        raise InputRefusedError(
            f"creator {text!r}: unsupported_platform. Write tiktok:KEY or instagram:KEY."
        )
    handle = account_key_of(key)
    if handle is None:
        raise InputRefusedError(f"creator {text!r}: {key!r} names no account. Write its handle.")
    return NewAccount(platform=platform, account_key=handle, connection="external")
