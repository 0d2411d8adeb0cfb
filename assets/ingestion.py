"""What comes in: scrapes asked for and collected, files imported, rows typed.

Belongs here: landing and staging assets.
Does not belong here: posts and what follows from them.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from assets.described import OWNERS, described, outcome
from layers_pipeline import tables
from layers_pipeline.lake_table import Written
from layers_pipeline.resources import StoresResource
from layers_pipeline.steps.imports import ImportReport, import_captures
from layers_pipeline.steps.posts import stage_sift
from layers_pipeline.steps.syncing import (
    FULL_EVERY,
    SyncSummary,
    collect_scrapes,
    submit_scrapes,
    sync_oauth,
)

GROUP = "ingestion"


def freshness(*, warn_min: int, fail_min: int) -> dg.FreshnessPolicy:
    """Warns and fails when the asset was not made for so many minutes."""
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=fail_min), warn_window=timedelta(minutes=warn_min)
    )


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
def scrape_jobs(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Scrapes asked of SIFT. Grain: one row per scrape, in the operational database."""
    summary = submit_scrapes(stores.open(), worker=context.run.run_id)
    return told(summary)


@dg.asset(
    group_name=GROUP,
    owners=list(OWNERS),
    kinds={"sqlalchemy"},
    pool="full_sync",
    freshness_policy=freshness(warn_min=25, fail_min=45),
)
def full_sync_outcomes(
    context: dg.AssetExecutionContext, stores: StoresResource
) -> dg.MaterializeResult:
    """Outcome of the full sync of every OAuth account that was due, in the operational database."""
    summary = sync_oauth(stores.open(), "full", every=FULL_EVERY, worker=context.run.run_id)
    return told(summary)


@dg.asset(
    **described(tables.RAW_SIFT__POSTS, group=GROUP, deps=["scrape_jobs"]),
    pool="posts_sync",
    freshness_policy=freshness(warn_min=40, fail_min=70),
)
def raw_sift__posts(
    context: dg.AssetExecutionContext, stores: StoresResource
) -> dg.MaterializeResult:
    """Rows of finished scrapes, as received."""
    opened = stores.open()
    summary = collect_scrapes(opened, worker=context.run.run_id, run_id=context.run.run_id)
    landed = outcome(opened, tables.RAW_SIFT__POSTS, Written(inserted=summary.rows))
    return told(summary, beside=dict(landed.metadata or {}))


@dg.asset(**described(tables.STG_SIFT__POSTS, group=GROUP, deps=["raw_sift__posts"]))
def stg_sift__posts(
    context: dg.AssetExecutionContext, stores: StoresResource
) -> dg.MaterializeResult:
    """Landed rows, typed."""
    opened = stores.open()
    return outcome(opened, tables.STG_SIFT__POSTS, stage_sift(opened, run_id=context.run.run_id))


@dg.asset(**described(tables.STG_IMPORT__CAPTURES, group=GROUP))
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
    result = outcome(opened, tables.STG_IMPORT__CAPTURES, Written(inserted=rows))
    return result._replace(metadata={**(result.metadata or {}), "report": as_json(report)})


def told(summary: SyncSummary, *, beside: dict[str, Any] | None = None) -> dg.MaterializeResult:
    """A sync's summary as metadata; a sync in which every account failed must not look fresh.

    Raises:
        dg.Failure: Every account failed.
    """
    metadata: dict[str, Any] = {
        **(beside or {}),
        "accounts": summary.accounts,
        "failed_share": summary.failed_share,
        "still_running": summary.still_running,
        "outcomes": dict(summary.outcomes),
        "failures": dg.MetadataValue.md("\n".join(f"- {line}" for line in summary.failures[:50])),
    }
    if summary.accounts and summary.failed_share == 1.0:
        raise dg.Failure(
            description=f"every one of {summary.accounts} accounts failed: {summary.failures[0]}",
            metadata=metadata,
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata=metadata)


def as_json(report: ImportReport) -> dict[str, Any]:
    """An import's report as plain values."""
    return {
        "project_was_made": report.project_was_made,
        "posts": report.posts,
        "accounts": report.accounts,
        "first_capture": report.first_capture.isoformat() if report.first_capture else None,
        "last_capture": report.last_capture.isoformat() if report.last_capture else None,
        "files": [
            {
                "path": str(file.path),
                "rows": file.rows,
                "quarantined": file.quarantined,
                "reasons": file.reasons,
                "already_there": file.already_there,
                "ignored_columns": list(file.ignored_columns),
            }
            for file in report.files
        ],
    }
