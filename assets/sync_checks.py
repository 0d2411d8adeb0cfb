"""Asset checks of what syncs bring: failures, logins, deletions that wait, times that disagree.

Belongs here: findings on accounts and posts as checks that name the remedy.
Does not belong here: the findings themselves (``transforms``), contracts (``checks``).
"""

import re
from typing import Final

import dagster as dg
import polars as pl

from assets.partitions import SETTINGS
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.outcomes import EVERY
from transforms.facts.post_ids import publication_findings
from transforms.facts.snapshots import POST
from transforms.facts.sync_findings import (
    failed_accounts,
    lost_logins,
    quiet_accounts,
    waiting_deletions,
    wanted_accounts,
)

ROWS_SHOWN: Final = 20


@dg.asset_check(asset="platform_accounts", description="Few accounts fail to sync.")
def failed_share_is_small(stores: StoresResource) -> dg.AssetCheckResult:
    """Share of synced accounts whose newest outcome is a failure, against the limit set."""
    told = failed_accounts(stores.open().lake.read(catalog.PLATFORM_ACCOUNTS)).collect()
    share = share_of(told["is_failed"])
    by_connection = {
        str(connection): share_of(rows["is_failed"])
        for (connection,), rows in told.partition_by("connection", as_dict=True).items()
    }
    return dg.AssetCheckResult(
        passed=share <= SETTINGS.failed_share_limit,
        metadata={
            "failed_share": share,
            "failed_share_by_connection": by_connection,
            "partial_share": share_of(told["is_partial"]),
            "limit": SETTINGS.failed_share_limit,
            "failed": listed(told.filter("is_failed").select("account_id", "last_message")),
            "partial": listed(told.filter("is_partial").select("account_id", "last_message")),
        },
    )


@dg.asset_check(asset="platform_accounts", description="No account waits for a new token.")
def accounts_need_no_login(stores: StoresResource) -> dg.AssetCheckResult:
    """Accounts whose platform wants a new login, each with the command that gives a token."""
    return nothing_found(lost_logins(stores.open().lake.read(catalog.PLATFORM_ACCOUNTS)))


@dg.asset_check(
    asset="post_absences",
    description="No deletions wait for a person: none were too many at once, no account is empty.",
    additional_deps=["account_listings", "platform_posts", "platform_post_metrics_latest"],
)
def no_deletion_storm(stores: StoresResource) -> dg.AssetCheckResult:
    """Deletions that count only once somebody confirms them, each with the command that does."""
    lake = stores.open().lake
    checked = lake.read(catalog.PLATFORM_POST_METRICS_LATEST).select(*POST, "last_checked_at")
    found = waiting_deletions(
        lake.read(catalog.POST_ABSENCES),
        listings=lake.read(catalog.ACCOUNT_LISTINGS),
        posts=lake.read(catalog.PLATFORM_POSTS).join(checked, on=POST, how="inner"),
    )
    return nothing_found(found, severity=dg.AssetCheckSeverity.ERROR)


@dg.asset_check(asset="platform_posts", description="Posts were published when their ids say.")
def publication_times_agree(stores: StoresResource) -> dg.AssetCheckResult:
    """Posts whose publication differs from their id's time by more than ten minutes (R13)."""
    found = publication_findings(stores.open().lake.read(catalog.PLATFORM_POSTS))
    return nothing_found(found.sort(POST))


@dg.asset_check(
    asset="sync_health",
    description="Syncs of active accounts last succeeded within three cadences.",
    additional_deps=["platform_accounts", "project_allowlist", "projects"],
)
def syncs_are_recent(stores: StoresResource) -> dg.AssetCheckResult:
    """Active accounts that have gone quiet at a depth, with what is wrong and the remedy."""
    opened = stores.open()
    lake, now = opened.lake, opened.clock.now()
    wanted = wanted_accounts(
        lake.read(catalog.PLATFORM_ACCOUNTS),
        allowlist=lake.read(catalog.PROJECT_ALLOWLIST),
        projects=lake.read(catalog.PROJECTS),
        as_of=now,
    )
    health = lake.read(catalog.SYNC_HEALTH)
    return nothing_found(quiet_accounts(health, wanted=wanted, every={**EVERY}, as_of=now))


def nothing_found(
    findings: pl.LazyFrame, *, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN
) -> dg.AssetCheckResult:
    """A check that passes where there are no findings, and else shows the first of them."""
    found = findings.collect()
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        severity=severity,
        metadata={"findings": found.height, "first": listed(found)},
    )


def listed(rows: pl.DataFrame) -> dg.MarkdownMetadataValue:
    """The first rows as a table for people."""
    head = [f"| {' | '.join(rows.columns)} |", "|---" * rows.width + "|"]
    body = [
        "| " + " | ".join(as_cell(value) for value in row) + " |"
        for row in rows.head(ROWS_SHOWN).iter_rows()
    ]
    return dg.MetadataValue.md("\n".join([*head, *body]))


def as_cell(value: object) -> str:
    """A value within a table; platforms' messages may hold anything."""
    return "" if value is None else re.sub(r"\s+", " ", str(value)).replace("|", r"\|")


def share_of(truths: pl.Series) -> float:
    """Share of rows that are true, 0-1; 0 where there are none."""
    return int(truths.sum()) / truths.len() if truths.len() else 0.0


SYNC_CHECKS: Final = (
    failed_share_is_small,
    accounts_need_no_login,
    no_deletion_storm,
    publication_times_agree,
    syncs_are_recent,
)
