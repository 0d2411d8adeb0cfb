"""``layers-pipeline refusals``: what platforms refuse, and having it asked for again.

Belongs here: commands, their options, saying what came of them.
Does not belong here: what is remembered (``operations``), how it was met (``sources``).
"""

from typing import Annotated, Final

import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import example, opened
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError

COLUMNS: Final = (
    "account",
    "media type",
    "post",
    "name",
    "version",
    "login",
    "first",
    "last",
    "until",
    "cause",
)
ALL_ACCOUNTS: Final = "all"

AccountOption = Annotated[
    str, typer.Option("--account", help="Of this account, PLATFORM:KEY; all: of everybody's.")
]
TypeOption = Annotated[str, typer.Option("--media-type", help="Of this type or list.")]
PostOption = Annotated[str, typer.Option("--post", help="Of the post with this id.")]
NameOption = Annotated[str, typer.Option("--name", help="Of this metric or field.")]

refusals_app = typer.Typer()


@refusals_app.command("list", epilog=example("refusals list --account all"))
def list_refusals(
    account: AccountOption = "",
    media_type: TypeOption = "",
    post: PostOption = "",
    name: NameOption = "",
    form: FormatOption = "table",
) -> None:
    """List metrics, fields and posts that platforms refuse: whose, why, since when, until when."""
    with opened() as stores:
        found = stores.operations.refusals.all(**_wanted(account, media_type, post, name))
    rows = [
        (
            row.account_id or f"{ALL_ACCOUNTS} ({row.source})",
            row.media_type,
            row.item_id or None,
            row.name,
            row.api_version or None,
            row.login or None,
            row.first_at,
            row.last_at,
            row.until,
            row.cause,
        )
        for row in found
    ]
    print_rows(form, COLUMNS, rows)


@refusals_app.command(
    "forget", epilog=example("refusals forget --account instagram:17840000000000000 --name views")
)
def forget_refusals(
    account: AccountOption = "",
    media_type: TypeOption = "",
    post: PostOption = "",
    name: NameOption = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that is remembered.")] = False,
) -> None:
    """Have what was refused asked for again at the next sync."""
    wanted = _wanted(account, media_type, post, name)
    if not wanted and not everything:
        raise InputRefusedError(
            "refusals forget: everything, or what? Add --all, or some of --account, --media-type,"
            " --post and --name."
        )
    with opened() as stores:
        count = stores.operations.refusals.forget(**wanted)
    say(f"{count:,} forgotten: asked for again at the next sync.")


def _wanted(account: str, media_type: str, post: str, name: str) -> dict[str, str]:
    given = {"media_type": media_type, "item_id": post, "name": name}
    wanted = {column: value for column, value in given.items() if value}
    if account:
        wanted["account_id"] = "" if account == ALL_ACCOUNTS else account
    return wanted
