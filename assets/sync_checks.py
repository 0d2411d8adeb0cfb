"""Asset checks of what syncs bring: failures, logins, deletions that wait, times that disagree.

Belongs here: findings on accounts and posts as checks that name the remedy.
Does not belong here: the findings themselves (``transforms``), contracts (``contract_checks``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import dagster as dg
import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.outcomes import EVERY
from layers_pipeline.steps.platforms import CORE_METRICS, PLATFORMS
from layers_pipeline.steps.stores import Stores
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
ENDING_SOON: Final = timedelta(days=7)
"""Before that, a token that can be renewed has been; who is left has to be asked."""


def failed_share_is_small(stores: Stores) -> dg.AssetCheckResult:
    """Share of synced accounts whose newest outcome is a failure, against the limit set."""
    limit = stores.settings.failed_share_limit
    synced = failed_accounts(stores.lake.read(catalog.PLATFORM_ACCOUNTS)).collect()
    share = share_of(synced["is_failed"])
    by_connection = {
        str(connection): share_of(rows["is_failed"])
        for (connection,), rows in synced.partition_by("connection", as_dict=True).items()
    }
    return dg.AssetCheckResult(
        passed=share <= limit,
        description=f"{int(synced['is_failed'].sum())} of {synced.height} synced accounts failed "
        f"when they were last read ({share:.0%}; at most {limit:.0%} is well).",
        metadata={
            "failed_share": share,
            "failed_share_by_connection": by_connection,
            "partial_share": share_of(synced["is_partial"]),
            "limit": limit,
            "failed": listed(synced.filter("is_failed").select("account_id", "last_message")),
            "partial": listed(synced.filter("is_partial").select("account_id", "last_message")),
        },
    )


def accounts_need_no_login(stores: Stores) -> dg.AssetCheckResult:
    """Accounts whose platform wants a new login, each with the command that gives a token."""
    found = lost_logins(stores.lake.read(catalog.PLATFORM_ACCOUNTS))
    return nothing_found(found, what="accounts wait for a new token")


def tokens_last(stores: Stores) -> dg.AssetCheckResult:
    """Tokens that end within a week and were not renewed, each with the command that gives one."""
    ending = stores.operations.tokens.ending_before(stores.clock.now() + ENDING_SOON)
    found = pl.DataFrame(
        [(name, end, f"layers-pipeline account reauth {name}") for name, end in ending],
        schema=["account_id", "expires_at", "remedy"],
        orient="row",
    )
    return nothing_found(found.lazy(), what="tokens end within a week")


def no_deletion_storm(stores: Stores) -> dg.AssetCheckResult:
    """Deletions that count only once somebody confirms them, each with the command that does."""
    lake = stores.lake
    checked = lake.read(catalog.PLATFORM_POST_METRICS_LATEST).select(*POST, "last_checked_at")
    found = waiting_deletions(
        lake.read(catalog.POST_ABSENCES),
        listings=lake.read(catalog.ACCOUNT_LISTINGS),
        posts=lake.read(catalog.PLATFORM_POSTS).join(checked, on=POST, how="inner"),
    )
    severity = dg.AssetCheckSeverity.ERROR
    return nothing_found(found, what="accounts have deletions that wait", severity=severity)


def publication_times_agree(stores: Stores) -> dg.AssetCheckResult:
    """Posts whose publication differs from their id's time by more than ten minutes (R13)."""
    found = publication_findings(stores.lake.read(catalog.PLATFORM_POSTS))
    return nothing_found(found.sort(POST), what="posts say another time than their id")


def syncs_are_recent(stores: Stores) -> dg.AssetCheckResult:
    """Active accounts that have gone quiet at a depth, with what is wrong and the remedy."""
    lake, now = stores.lake, stores.clock.now()
    wanted = wanted_accounts(
        lake.read(catalog.PLATFORM_ACCOUNTS),
        allowlist=lake.read(catalog.PROJECT_ALLOWLIST),
        projects=lake.read(catalog.PROJECTS),
        as_of=now,
    )
    health = lake.read(catalog.SYNC_HEALTH)
    found = quiet_accounts(health, wanted=wanted, every={**EVERY}, as_of=now)
    return nothing_found(found, what="accounts have gone quiet at a depth")


def api_versions_last(stores: Stores) -> dg.AssetCheckResult:
    """Versions of platforms' APIs that end within 90 days or have ended, each with the remedy."""
    on = stores.clock.now().date()
    notices = (platform.version_notice(stores.settings, on) for platform in PLATFORMS.values())
    told = [notice for notice in notices if notice]
    return dg.AssetCheckResult(
        passed=not told,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(told) or "Every version that is set lasts for 90 days and longer.",
    )


def core_metrics_are_given(stores: Stores) -> dg.AssetCheckResult:
    """Views, likes and reach that a platform refuses now, each with the command that asks again."""
    now = stores.clock.now()
    refused = [
        {
            "account": row.account_id or f"all of {row.source}",
            "media_type": row.media_type,
            "metric": row.name,
            "until": row.until,
            "cause": row.cause,
            "remedy": "layers-pipeline refusals forget"
            f" --account {row.account_id or 'all'} --media-type {row.media_type} --name {row.name}",
        }
        for row in stores.operations.refusals.all()
        if row.is_of_all and row.name in CORE_METRICS and row.until > now
    ]
    severity = dg.AssetCheckSeverity.ERROR
    return nothing_found(pl.LazyFrame(refused), what="core metrics are refused", severity=severity)


@dataclass(frozen=True)
class SyncCheck:
    """A check of tables as they are now, shown with one of them."""

    asset: str
    description: str
    find: Callable[[Stores], dg.AssetCheckResult]

    @property
    def key(self) -> dg.AssetCheckKey:
        """What Dagster calls it."""
        return dg.AssetCheckKey(dg.AssetKey(self.asset), self.find.__name__)

    def spec(self) -> dg.AssetCheckSpec:
        """What Dagster shows of it."""
        return dg.AssetCheckSpec(self.key.name, asset=self.asset, description=self.description)

    def result(self, stores: Stores) -> dg.AssetCheckResult:
        """What it finds, under its name."""
        found = self.find(stores)
        return dg.AssetCheckResult(
            asset_key=self.key.asset_key,
            check_name=self.key.name,
            passed=found.passed,
            severity=found.severity,
            description=found.description,
            metadata=found.metadata,
        )


SYNC_CHECKS: Final = (
    SyncCheck("platform_accounts", "Few accounts fail to sync.", failed_share_is_small),
    SyncCheck(
        "platform_post_metrics",
        "No platform refuses views, likes or reach.",
        core_metrics_are_given,
    ),
    SyncCheck("platform_accounts", "No account waits for a new token.", accounts_need_no_login),
    SyncCheck("platform_accounts", "No token ends within a week.", tokens_last),
    SyncCheck(
        "post_absences",
        "No deletions wait for a person: none were too many at once, no account is empty.",
        no_deletion_storm,
    ),
    SyncCheck(
        "platform_posts", "Posts were published when their ids say.", publication_times_agree
    ),
    SyncCheck(
        "sync_health",
        "Syncs of active accounts last succeeded within three cadences.",
        syncs_are_recent,
    ),
    SyncCheck(
        "sync_health", "The set versions of platforms' APIs do not end soon.", api_versions_last
    ),
)


def nothing_found(
    findings: pl.LazyFrame,
    *,
    what: str,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> dg.AssetCheckResult:
    """A check that passes where there are no findings, and else shows the first of them."""
    found = findings.collect()
    return dg.AssetCheckResult(
        passed=found.is_empty(),
        severity=severity,
        description=f"{found.height or 'No'} {what}.",
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
