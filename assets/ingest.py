"""What comes in: scrapes asked for and collected, files imported, rows typed.

Belongs here: landing and staging assets.
Does not belong here: posts and what follows from them.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import dagster as dg
from pydantic import Field

from assets.described import OWNERS, described, file_as_json, outcome
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.derive.staging import SOURCES, stage
from layers_pipeline.steps.ingest.imports import ImportReport, import_captures
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.outcomes import SyncSummary
from layers_pipeline.steps.ingest.syncing import collect_scrapes, submit_scrapes
from transforms.vocabulary import Depth

GROUP = "ingestion"
SYNC_TAG: Final = "layers/sync"
"""Tag of a run that says how deep it syncs: quick, posts or full."""
OAUTH = (
    catalog.RAW_INSTAGRAM__RESPONSES,
    catalog.RAW_TIKTOK__RESPONSES,
    catalog.ACCOUNT_LISTINGS,
)


def freshness(*, warn_min: int, fail_min: int) -> dg.FreshnessPolicy:
    """Warns and fails when the asset was not made for so many minutes."""
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=fail_min), warn_window=timedelta(minutes=warn_min)
    )


class SyncConfig(dg.Config):
    """Which accounts to sync, as platform:key; none: those that are due."""

    accounts: list[str] = Field(default_factory=list)


class ImportConfig(dg.Config):
    """Which files of captures to import, and where they belong."""

    files: list[str]
    project_id: str
    time_zone: str = ""


@dg.asset(
    group_name=GROUP,
    owners=list(OWNERS),
    kinds={"sqlalchemy", "sift"},
    pool="quick_sync",
    freshness_policy=freshness(warn_min=7, fail_min=12),
)
def scrape_jobs(
    context: dg.AssetExecutionContext, stores: StoresResource, config: SyncConfig
) -> dg.MaterializeResult:
    """Scrapes asked of SIFT. Grain: one row per scrape, in the operational database."""
    worker = context.run.run_id
    summary = submit_scrapes(stores.open(), worker=worker, accounts=config.accounts)
    return told(summary)


@dg.multi_asset(
    name="read_oauth_accounts",
    specs=[
        dg.AssetSpec(
            **described(table, group=GROUP), freshness_policy=freshness(warn_min=12, fail_min=30)
        )
        for table in OAUTH
    ],
)
def read_oauth_accounts(
    context: dg.AssetExecutionContext, stores: StoresResource, config: SyncConfig
) -> Iterator[dg.MaterializeResult]:
    """Reads the OAuth accounts that are due at the run's depth, and lands what is answered."""
    opened = stores.open()
    depth = cast("Depth", context.run.tags.get(SYNC_TAG, "quick"))
    summary = sync_oauth(opened, depth, worker=context.run.run_id, accounts=config.accounts)
    for table in OAUTH:
        beside = {"table_version": opened.lake.version(table)}
        yield told(summary, beside=beside, table=table, may_all_fail=depth == "posts")


@dg.asset(
    **described(catalog.RAW_SIFT__POSTS, group=GROUP, deps=["scrape_jobs"]),
    pool="posts_sync",
    freshness_policy=freshness(warn_min=40, fail_min=70),
)
def raw_sift__posts(
    context: dg.AssetExecutionContext, stores: StoresResource
) -> dg.MaterializeResult:
    """Rows of finished scrapes, as received."""
    opened = stores.open()
    summary = collect_scrapes(opened, worker=context.run.run_id, run_id=context.run.run_id)
    landed = outcome(opened, catalog.RAW_SIFT__POSTS, Written(inserted=summary.rows))
    return told(summary, beside=dict(landed.metadata or {}))


@dg.multi_asset(
    name="stage_landed_rows",
    specs=[
        dg.AssetSpec(**described(source.staged, group=GROUP, deps=[source.raw.name]))
        for source in SOURCES
    ],
)
def stage_landed_rows(stores: StoresResource) -> Iterator[dg.MaterializeResult]:
    """Landed rows of every source, typed; rows that cannot be read are set aside."""
    opened = stores.open()
    for source in SOURCES:
        yield outcome(opened, source.staged, stage(opened, source))


@dg.asset(**described(catalog.STG_IMPORT__CAPTURES, group=GROUP))
def stg_import__captures(
    context: dg.AssetExecutionContext, stores: StoresResource, config: ImportConfig
) -> dg.MaterializeResult:
    """Captures of imported files, typed."""
    opened = stores.open()
    report = import_captures(
        opened,
        [Path(name) for name in config.files],
        project_id=config.project_id,
        time_zone=config.time_zone or None,
        run_id=context.run.run_id,
    )
    rows = sum(file.rows - file.quarantined for file in report.files if not file.already_there)
    result = outcome(opened, catalog.STG_IMPORT__CAPTURES, Written(inserted=rows))
    return result._replace(metadata={**(result.metadata or {}), "report": as_json(report)})


def told(
    summary: SyncSummary,
    *,
    beside: dict[str, Any] | None = None,
    table: Table | None = None,
    may_all_fail: bool = False,
) -> dg.MaterializeResult:
    """A sync's summary as metadata; a sync in which every account failed must not look fresh.

    Accounts that are read only because nobody else could read them may all fail: one of them
    must not keep back what the same run derives of all others (R6).

    Raises:
        dg.Failure: Every account failed.
    """
    failures = sorted(summary.failures)
    metadata: dict[str, Any] = {
        **(beside or {}),
        "accounts": summary.accounts,
        "failed_share": summary.failed_share,
        "still_running": summary.still_running,
        "rows_landed": summary.rows,
        "http_calls": summary.calls,
        "outcomes": dict(summary.outcomes),
        "failures": dg.MetadataValue.md("\n".join(f"- {line}" for line in failures[:50])),
    }
    if summary.accounts and summary.failed_share == 1.0 and not may_all_fail:
        raise dg.Failure(
            description=f"every one of {summary.accounts} accounts failed: {failures[0]}",
            metadata=metadata,
            allow_retries=False,
        )
    key = dg.AssetKey(table.name) if table else None
    return dg.MaterializeResult(asset_key=key, metadata=metadata)


def as_json(report: ImportReport) -> dict[str, Any]:
    """An import's report as plain values."""
    return {
        "project_was_made": report.project_was_made,
        "posts": report.posts,
        "accounts": report.accounts,
        "first_capture": report.first_capture.isoformat() if report.first_capture else None,
        "last_capture": report.last_capture.isoformat() if report.last_capture else None,
        "files": [file_as_json(file) for file in report.files],
    }
