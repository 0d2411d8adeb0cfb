"""What of syncs deserves a person's look: deletions that wait, accounts gone quiet.

Belongs here: findings on accounts, as frames that name the account and what to do.
Does not belong here: outcomes and remedies of single syncs
(``layers_pipeline.steps.ingest.health``), the rule of deletion (``deletions``).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from transforms.facts.allowlist import in_force
from transforms.facts.deletions import is_empty, is_witness
from transforms.facts.posts import account
from transforms.facts.snapshots import ACCOUNT, POST

CADENCES_ALLOWED: Final = 3
"""So many cadences may pass without a success before an account counts as gone quiet."""
SYNCED_AT: Final[Mapping[str, tuple[str, ...]]] = {
    "oauth": ("quick", "full"),
    "external": ("quick", "posts"),
}
"""Depths at which accounts of a connection are synced by themselves; depth posts only steps in
for the others of an OAuth account."""


def failed_accounts(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Accounts that have been synced and are not paused, and how the newest sync of each ended.

    Args:
        accounts: Rows of ``PlatformAccounts``.
    Returns:
        One row per account: account_id, connection, last_outcome, last_message, is_partial (some
        of what was wanted is missing) and is_failed (nothing was read).
    """
    synced = accounts.filter(pl.col("last_outcome").is_not_null(), pl.col("status") != "paused")
    return synced.select(
        "account_id",
        "connection",
        "last_outcome",
        "last_message",
        is_partial=pl.col("last_outcome") == "partial",
        is_failed=~pl.col("last_outcome").is_in(["ok", "partial"]),
    )


def lost_logins(accounts: pl.LazyFrame) -> pl.LazyFrame:
    """Accounts whose platform wants a new token: account_id and remedy.

    Args:
        accounts: Rows of ``PlatformAccounts``.
    """
    remedy = pl.format("layers-pipeline account reauth {}", "account_id")
    lost = accounts.filter(pl.col("status") == "reauth_required")
    return lost.select("account_id", remedy=remedy).sort("account_id")


def waiting_deletions(
    absences: pl.LazyFrame, *, listings: pl.LazyFrame, posts: pl.LazyFrame
) -> pl.LazyFrame:
    """Deletions that count only once a person confirms them (R7).

    Two kinds: those held because one listing lacked too many posts, and the living posts of an
    account whose newest complete listing is empty.

    Args:
        absences: Rows of ``PostAbsences``.
        listings: Rows of ``AccountListings``.
        posts: Every known post: the post's key, account_key, media_type, deleted_at and
            last_checked_at.
    Returns:
        One row per account and listing: account_id, listing_id, posts, remedy.
    """
    is_held = (
        pl.col("held_by").is_not_null()
        & pl.col("confirmed_at").is_null()
        & pl.col("returned_at").is_null()
    )
    held = absences.filter(is_held).select(*POST, account(), listing_id="held_by")
    missed = _missed_by_empty_listings(listings, posts)
    remedy = pl.format("layers-pipeline account confirm-deletions {} {}", "account", "listing_id")
    return (
        pl.concat([held, missed])
        .group_by("account", "listing_id")
        .agg(posts=pl.len())
        .select("listing_id", "posts", account_id="account", remedy=remedy)
        .select("account_id", "listing_id", "posts", "remedy")
        .sort("account_id", "listing_id")
    )


def _missed_by_empty_listings(listings: pl.LazyFrame, posts: pl.LazyFrame) -> pl.LazyFrame:
    """Posts that ``deletions.emptied_by_people`` would end, were the listing confirmed."""
    complete = listings.filter(is_witness() | is_empty())
    newest = complete.sort("known_at", "started_at", "sync_id").group_by(ACCOUNT).last()
    empty = newest.filter(is_empty()).select(*ACCOUNT, "started_at", "sync_id")
    living = posts.filter(pl.col("deleted_at").is_null(), pl.col("media_type").ne_missing("story"))
    return (
        living.join(empty, on=ACCOUNT, how="inner")
        .filter(pl.col("last_checked_at") <= pl.col("started_at"))
        .select(*POST, account(), listing_id="sync_id")
    )


def quiet_accounts(
    health: pl.LazyFrame,
    *,
    wanted: pl.LazyFrame,
    every: Mapping[str, timedelta],
    as_of: datetime,
) -> pl.LazyFrame:
    """Active accounts whose syncs at a depth last succeeded more than three cadences ago.

    An account that never succeeded counts once a sync of it has failed; before, it is new.

    Args:
        health: Rows of ``SyncHealth``.
        wanted: account_id of the accounts that an active project wants synced.
        every: The cadence of each depth.
    Returns:
        One row per account and depth: account_id, depth, succeeded_at, problem, remedy.
    """
    active = health.filter(pl.col("status") == "active").join(wanted, on="account_id", how="semi")
    depths = sorted({depth for depths in SYNCED_AT.values() for depth in depths})
    parts = [
        active.filter(pl.col("connection").is_in(_connections_at(depth)))
        .filter(
            pl.coalesce(
                pl.col(f"{depth}_succeeded_at") < as_of - CADENCES_ALLOWED * every[depth],
                ~pl.col("is_healthy"),
            )
        )
        .select(
            "account_id",
            pl.lit(depth).alias("depth"),
            pl.col(f"{depth}_succeeded_at").alias("succeeded_at"),
            "problem",
            "remedy",
        )
        for depth in depths
    ]
    return pl.concat(parts).sort("account_id", "depth")


def _connections_at(depth: str) -> list[str]:
    return [connection for connection, depths in SYNCED_AT.items() if depth in depths]


def wanted_accounts(
    accounts: pl.LazyFrame, *, allowlist: pl.LazyFrame, projects: pl.LazyFrame, as_of: datetime
) -> pl.LazyFrame:
    """Accounts that an active project owns, or whose creators it allows at a moment: account_id.

    Args:
        accounts: Rows of ``PlatformAccounts``.
        allowlist: Rows of ``ProjectAllowlist``.
        projects: Rows of ``Projects``.
    """
    active = projects.filter(pl.col("is_active")).select("project_id")
    owned = accounts.join(active, on="project_id", how="semi").select("account_id")
    listed = in_force(allowlist, as_of=as_of).join(active, on="project_id", how="semi")
    allowed = listed.select(account().alias("account_id"))
    return pl.concat([owned, allowed]).unique()
