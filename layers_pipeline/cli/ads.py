"""``layers-pipeline ads``: ad accounts whose ads are read.

Belongs here: commands, their options, taking over tokens unseen, saying what came of it.
Does not belong here: encryption and storage (``operations``), reading ads (``steps``).
"""

from datetime import timedelta
from typing import Annotated, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import ProjectOption, example, job_runner, opened
from layers_pipeline.cli.handover import handed_over
from layers_pipeline.cli.terminal import progress_bars, say
from layers_pipeline.errors import InputRefusedError, RunFailedError
from layers_pipeline.operations.ad_account_rows import META_PREFIX, NewAdAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.settings import load_settings
from transforms.vocabulary import AD_PLATFORMS, AccountStatus, AdPlatform

ads_app = typer.Typer()

AccountArgument = Annotated[
    str,
    typer.Argument(
        metavar="PLATFORM:ID",
        help="The ad account: meta:act_1234567890 or tiktok:7000000000000000000.",
    ),
]
AccountsArgument = Annotated[
    list[str] | None, typer.Argument(help="Ad accounts as platform:id; none: those that are due.")
]
EXAMPLE: Final = "meta:act_1234567890 or tiktok:7000000000000000000"


@ads_app.command("connect", epilog=example("ads connect meta:act_1234567890 --project my-brand"))
def connect_account(
    ad_account: AccountArgument,
    project: ProjectOption,
    name: Annotated[str, typer.Option(help="What people call the ad account.")] = "",
    expires_in: Annotated[
        int | None,
        typer.Option(min=1, help="Seconds that the token still lives. Default: without end."),
    ] = None,
) -> None:
    """Connect an ad account with its token, or give a connected one a new token.

    The token is read from LAYERS_TOKEN, else from one line of standard input, without an echo on
    a terminal. It needs ads_read on Meta, and reporting on TikTok; nothing is ever changed there.
    """
    platform, ad_account_id = _parsed(ad_account)
    cipher = TokenCipher(load_settings().token_keys)
    with opened() as stores:
        stores.operations.projects.get(project)
        now = stores.clock.now()
        account = NewAdAccount(
            ad_platform=platform,
            ad_account_id=ad_account_id,
            project_id=project,
            access=handed_over("LAYERS_TOKEN", f"Access token of ad account {ad_account}"),
            expires_at=now + timedelta(seconds=expires_in) if expires_in else None,
            name=name or None,
        )
        is_new = stores.operations.ad_accounts.connect(account, cipher, now=now)
    said = f"connected to project {project!r}" if is_new else "has a new token"
    say(f"Ad account {account.account_id} {said}. Read it: layers-pipeline ads sync.")


@ads_app.command("accounts", epilog=example("ads accounts"))
def list_accounts(form: FormatOption = "table") -> None:
    """List the ad accounts and how their newest reading ended."""
    with opened() as stores:
        rows = stores.operations.ad_accounts.all()
    print_rows(
        form,
        (
            "ad account",
            "name",
            "project",
            "currency",
            "time zone",
            "status",
            "token ends",
            "last outcome",
            "message",
            "read until",
            "next retry",
        ),
        [
            (
                row.account_id,
                row.name,
                row.project_id,
                row.currency,
                row.time_zone,
                row.status,
                row.expires_at,
                row.last_outcome,
                row.last_message,
                row.read_until,
                row.retry_at,
            )
            for row in rows
        ],
    )


@ads_app.command("pause", epilog=example("ads pause meta:act_1234567890"))
def pause_account(ad_account: AccountArgument) -> None:
    """Read an ad account no more until it is resumed; what is known of it stays."""
    _set_status(ad_account, "paused")
    say(f"Ad account {ad_account} is paused.")


@ads_app.command("resume", epilog=example("ads resume meta:act_1234567890"))
def resume_account(ad_account: AccountArgument) -> None:
    """Read a paused ad account again."""
    _set_status(ad_account, "active")
    say(f"Ad account {ad_account} is active.")


@ads_app.command("sync", epilog=example("ads sync", "ads sync meta:act_1234567890"))
def sync_accounts(ad_accounts: AccountsArgument = None) -> None:
    """Read ad accounts now, and derive what they tell."""
    named = [":".join(_parsed(text)) for text in ad_accounts or ()]
    config = {"read_ad_accounts": {"accounts": named}} if named else {}
    with job_runner() as runner, progress_bars():
        try:
            made = runner.run("ads_sync", ops=config)["ads_readings"]
        except RunFailedError:
            # What was read before every account failed has landed.
            runner.run("derivation")
            raise
    outcomes = ", ".join(f"{count} {word}" for word, count in made["outcomes"].items())
    say(f"{made['accounts']} ad accounts: {outcomes or 'none was due'}.")
    if made["failures"]:
        say(made["failures"])


def _set_status(ad_account: str, status: AccountStatus) -> None:
    platform, ad_account_id = _parsed(ad_account)
    with opened() as stores:
        stores.operations.ad_accounts.set_status(f"{platform}:{ad_account_id}", status)


def _parsed(text: str) -> tuple[AdPlatform, str]:
    """Platform and number of an ad account as people write it."""
    platform, _, key = text.partition(":")
    number = key.removeprefix(META_PREFIX)
    for known in AD_PLATFORMS:
        if platform == known and number:
            return known, number
    raise InputRefusedError(f"ad account {text!r}: write {EXAMPLE}.")
