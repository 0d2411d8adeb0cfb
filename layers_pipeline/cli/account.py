"""``layers-pipeline account``: accounts that gave a token, and the keys that guard their tokens.

Belongs here: commands, their options, taking over tokens unseen, saying what came of it.
Does not belong here: encryption and storage (``operations``), talking to a platform.
"""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Annotated

import polars as pl
import typer

from layers_pipeline.cli.answers import FormatOption, print_rows
from layers_pipeline.cli.common import example, opened, user_name
from layers_pipeline.cli.handover import handed_over
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import AccountSyncState, NewAccount, PlatformAccount
from layers_pipeline.operations.secrets import TokenCipher, new_key
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Platform

account_app = typer.Typer()

AccountArgument = Annotated[str, typer.Argument(help="The account as platform:key.")]
ExpiresOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=10 * 366 * 86_400,
        help="Seconds that the access token still lives. Default: 86,400 for TikTok, 60 days for "
        "Instagram.",
    ),
]


@account_app.command(
    "add",
    epilog=example('account add instagram:17840000000000000 --project my-brand --name "My Brand"'),
)
def add_account(
    name_of_account: Annotated[
        str,
        typer.Argument(
            metavar="PLATFORM:KEY",
            help="instagram:IG_USER_ID or tiktok:OPEN_ID; a creator without a token is put on an "
            "allowlist instead (creator allow).",
        ),
    ],
    project: Annotated[str, typer.Option("--project", help="Short name of the owning project.")],
    name: Annotated[str, typer.Option(help="What people call the account.")] = "",
    expires_in: ExpiresOption = None,
) -> None:
    """Add an account with its token, which is read from LAYERS_TOKEN, or else asked for.

    TikTok wants a refresh token too, from LAYERS_REFRESH_TOKEN. Where a variable is not set, one
    line is read from standard input, without an echo on a terminal.
    """
    new = _new_account(name_of_account, project=project, name=name)
    with _vault() as (stores, cipher):
        stores.operations.projects.get(project)
        stores.operations.accounts.require_new(new.account_id)
        token = _token(new.account_id, new.platform, stores, expires_in=expires_in)
        stores.operations.tokens.connect(new, token, cipher, now=stores.clock.now())
    say(
        f"Account {new.account_id} added to project {project!r}; its token lasts until "
        f"{token.expires_at:%Y-%m-%d %H:%M} UTC."
    )


@account_app.command("reauth", epilog=example("account reauth instagram:17840000000000000"))
def renew_token(name_of_account: AccountArgument, expires_in: ExpiresOption = None) -> None:
    """Give an account a new token, read as ``account add`` does; it syncs again at once."""
    with _vault() as (stores, cipher):
        row = _known(stores, name_of_account)
        stores.operations.accounts.require_oauth(row.account_id)
        token = _token(row.account_id, row.platform, stores, expires_in=expires_in)
        stores.operations.tokens.store(row.account_id, token, cipher, now=stores.clock.now())
    paused = " It is paused and stays so." if row.status == "paused" else ""
    say(
        f"Account {row.account_id} has a new token, until {token.expires_at:%Y-%m-%d %H:%M} UTC."
        f"{paused}"
    )


@account_app.command("list", epilog=example("account list"))
def list_accounts(form: FormatOption = "table") -> None:
    """List the accounts and how their newest sync ended."""
    with opened() as stores:
        rows = stores.operations.accounts.all()
        newest = _newest_endings(stores.operations.syncs.states())
    print_rows(
        form,
        ("account", "name", "connection", "status", "last outcome", "message", "next retry"),
        [
            (
                row.account_id,
                row.display_name,
                row.connection,
                row.status,
                *_ending(newest.get(row.account_id)),
            )
            for row in rows
        ],
    )


@account_app.command("pause", epilog=example("account pause instagram:17840000000000000"))
def pause_account(name_of_account: AccountArgument) -> None:
    """Sync an account no more until it is resumed; what is known of it stays."""
    with opened() as stores:
        row = _known(stores, name_of_account)
        stores.operations.accounts.set_status(row.account_id, "paused")
    say(f"Account {row.account_id} is paused; it was {row.status}.")


@account_app.command("resume", epilog=example("account resume instagram:17840000000000000"))
def resume_account(name_of_account: AccountArgument) -> None:
    """Sync a paused account again."""
    with opened() as stores:
        row = _known(stores, name_of_account)
        if row.status == "reauth_required":
            raise InputRefusedError(
                f"account {row.account_id} is reauth_required: the platform wants a new token. "
                f"Give it one: layers-pipeline account reauth {row.account_id}."
            )
        stores.operations.accounts.set_status(row.account_id, "active")
    say(f"Account {row.account_id} is active; it was {row.status}.")


@account_app.command("new-key", epilog=example("account new-key"))
def show_new_key() -> None:
    """Print a fresh key for tokens and how to set it; nothing is stored."""
    has_keys = bool(load_settings().token_keys.get_secret_value())
    others = ",$LAYERS_TOKEN_KEYS" if has_keys else ""
    say(f"export LAYERS_TOKEN_KEYS={new_key()}{others}")
    say("Set it for every process of the pipeline, and keep a copy: without it, each account has")
    say("to log in again. The first key encrypts, all of them decrypt. After a change of the first")
    say("key run: layers-pipeline account rotate-keys.")


@account_app.command("rotate-keys", epilog=example("account rotate-keys"))
def rotate_keys() -> None:
    """Encrypt every stored token with the first key; may be repeated."""
    with _vault() as (stores, cipher):
        changed = stores.operations.tokens.rotate(cipher)
        changed += stores.operations.ad_accounts.rotate(cipher)
        codes = stores.operations.spark_codes.rotate(cipher)
    say(f"{changed:,} accounts' tokens were encrypted anew; all are under the first key now.")
    if codes:
        say(f"{codes:,} Spark codes were encrypted anew, too.")
    say("Once every process of the pipeline has the new setting, run this again: when it says 0,")
    say("the other keys can be taken out of LAYERS_TOKEN_KEYS.")


@account_app.command(
    "confirm-deletions",
    epilog=example("account confirm-deletions instagram:17840000000000000 0b9f2c61"),
)
def confirm_deletions(
    name_of_account: AccountArgument,
    listing: Annotated[str, typer.Argument(help="Id of the listing, as the warning names it.")],
    by: Annotated[str, typer.Option(help="Who confirms. Default: the user of this machine.")] = "",
) -> None:
    """Confirm that the posts which a listing no longer shows are deleted."""
    from layers_pipeline.steps.derive.told_listings import is_told

    with opened() as stores:
        if not is_told(stores, name_of_account, listing):
            stores.operations.accounts.require_oauth(name_of_account)
            _require_listing(stores, name_of_account, listing)
        new = stores.operations.deletions.confirm(
            name_of_account,
            listing,
            by=by or user_name("account confirm-deletions"),
            now=stores.clock.now(),
            is_told=is_told(stores, name_of_account, listing),
        )
    said = "confirmed" if new else "confirmed before: nothing changed"
    say(f"Deletions in listing {listing} of account {name_of_account}: {said}.")


def _require_listing(stores: Stores, account_id: str, listing: str) -> None:
    """Refuse a listing that the account never had: confirming it would confirm nothing."""
    platform, _, key = account_id.partition(":")
    known = stores.lake.read(catalog.ACCOUNT_LISTINGS).filter(
        pl.col("sync_id") == listing,
        pl.col("platform") == platform,
        pl.col("account_key") == key,
    )
    if known.head(1).collect().is_empty():
        raise NotFoundError(
            f"account {account_id}: no listing {listing!r}. The check no_deletion_storm of "
            "post_absences names the listings that wait for a person."
        )


@contextmanager
def _vault() -> Generator[tuple[Stores, TokenCipher]]:
    """The stores and what opens their tokens; a missing key is refused before anything is made."""
    cipher = TokenCipher(load_settings().token_keys)
    with opened() as stores:
        yield stores, cipher


def _new_account(text: str, *, project: str, name: str) -> NewAccount:
    platform, _, key = text.partition(":")
    for known in PLATFORMS:
        if platform == known and key and not key.startswith("@"):
            return NewAccount(
                platform=known,
                account_key=key,
                connection="oauth",
                project_id=project,
                display_name=name or None,
            )
    raise InputRefusedError(
        f"account {text!r}: write instagram:IG_USER_ID or tiktok:OPEN_ID, the platform's id of "
        "the account. A creator known by name goes on an allowlist: layers-pipeline creator allow."
    )


def _known(stores: Stores, account_id: str) -> PlatformAccount:
    for row in stores.operations.accounts.all():
        if row.account_id == account_id:
            return row
    raise NotFoundError(
        f"account {account_id!r} does not exist. See: layers-pipeline account list."
    )


def _token(
    account_id: str, platform: Platform, stores: Stores, *, expires_in: int | None
) -> NewToken:
    """The token that a person hands over now, looked at before it goes any further."""
    access = handed_over("LAYERS_TOKEN", f"Access token of {account_id}")
    tokens = PLATFORMS[platform]
    refresh = None
    if tokens.refresh_life is not None:
        refresh = handed_over("LAYERS_REFRESH_TOKEN", f"Refresh token of {account_id}")
    now = stores.clock.now()
    life = tokens.token_life if expires_in is None else timedelta(seconds=expires_in)
    return NewToken(
        access=access,
        refresh=refresh,
        expires_at=now + life,
        refresh_expires_at=now + tokens.refresh_life if tokens.refresh_life else None,
    )


def _newest_endings(states: Iterable[AccountSyncState]) -> dict[str, AccountSyncState]:
    """Per account the state, of any depth, that finished last."""
    finished = [(state.last_finished_at, state) for state in states if state.last_finished_at]
    return {state.account_id: state for _, state in sorted(finished, key=itemgetter(0))}


def _ending(state: AccountSyncState | None) -> tuple[str | None, str | None, datetime | None]:
    return (state.last_outcome, state.last_message, state.retry_at) if state else (None, None, None)
