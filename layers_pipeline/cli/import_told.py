"""What ``import captures`` is told beside its files: new names, whose posts they hold all of.

Belongs here: reading those options, storing what they say.
Does not belong here: the command (``imports``), listings from files (``files.listings``).
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from layers_pipeline.cli.common import opened, user_name
from layers_pipeline.cli.import_options import day_typed
from layers_pipeline.cli.terminal import say
from layers_pipeline.errors import InputRefusedError
from transforms.vocabulary import PLATFORMS

ONE_LISTING: Final = timedelta(days=1)
"""Captures of one listing lie no further apart."""


def tell_renamed(renames: list[str]) -> None:
    """Store which accounts have another name now: captures under either are one account's."""
    from transforms.staging.keys import account_key_of

    read: list[tuple[str, str, str]] = []
    for text in renames:
        platform, _, names = text.partition(":")
        old, new = (account_key_of(name) for name in (*names.split("=", 1), "")[:2])
        if platform not in PLATFORMS or old is None or new is None:
            raise InputRefusedError(f"--renamed {text!r}: write tiktok:OLD=NEW.")
        read.append((platform, old, new))
    if not read:
        return
    by = user_name("import captures")
    with opened() as stores:
        for platform, old, new in read:
            now = stores.clock.now()
            stores.operations.account_renames.tell((platform, old), new, by=by, now=now)


def complete_listing(account: str, since: str) -> tuple[str, datetime | None] | None:
    """Whose posts the files hold all of, and since when."""
    if not account:
        if since:
            raise InputRefusedError("--since says how far --complete-for reaches: give both.")
        return None
    from transforms.staging.keys import account_key_of

    platform, _, name = account.partition(":")
    key = account_key_of(name)
    if platform not in PLATFORMS or key is None:
        raise InputRefusedError(f"--complete-for {account!r}: write tiktok:KEY or instagram:KEY.")
    day = day_typed(since, option="--since")
    begins = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None
    return f"{platform}:{key}", begins


def tell_complete(account_id: str, since: datetime | None, report: dict[str, Any]) -> None:
    """Store that the files are a complete listing of an account."""
    from layers_pipeline.operations.told_listings import NewListing

    first, last = (datetime.fromisoformat(report[f"{end}_capture"]) for end in ("first", "last"))
    if last - first > ONE_LISTING:
        raise InputRefusedError(
            f"--complete-for {account_id}: the captures were imported, but they lie "
            f"{(last - first).days} days apart and are no one listing. Tell of each listing: "
            "layers-pipeline import listings FILE."
        )
    listing = NewListing(
        account_id=account_id,
        started_at=first,
        finished_at=last,
        is_complete=True,
        reaches_back_to=since,
    )
    with opened() as stores:
        new = stores.operations.told_listings.tell(
            [listing], by=user_name("import captures"), now=stores.clock.now()
        )
    known = "told before" if not new else "derived by the next run: layers-pipeline publish"
    say(f"A complete listing of {account_id}: {known}.")
