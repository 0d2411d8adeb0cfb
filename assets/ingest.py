"""What comes in: scrapes asked for and collected, accounts read, files imported.

Belongs here: assets that talk to a source and land what it gives.
Does not belong here: what follows from landed rows (``derive``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

import dagster as dg
from pydantic import Field

from assets.asset_specs import OWNERS, file_as_json, outcome, spec_fields, spec_of
from assets.contract_checks import check_specs, log, results_of, versions
from assets.derive import OWN as DERIVED
from assets.sources import sources_of
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.ingest.ad_imports import AdImportReport, import_ad_metrics
from layers_pipeline.steps.ingest.imports import ImportedFile, ImportReport, import_captures
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.outcomes import EVERY, SyncSummary
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.platforms import PLATFORMS
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Depth

SYNC_TAG: Final = "layers/sync"
"""Tag of a run that says how deep it syncs: quick, posts or full."""
OAUTH: Final = (
    *(platform.raw for platform in PLATFORMS.values()),
    catalog.ACCOUNT_LISTINGS,
)
MISSED: Final = (1.4, 2.4)
"""Cadences without a sync after which it warns and fails: one was missed, and two."""
OUTLASTED: Final = (2.4, 6.0)
"""The same of syncs that read as they run: with many accounts one may outlast its cadence."""
FAILURES_SHOWN: Final = 50
PARENT: Final = "dagster/parent_run_id"
"""Tag of a run that repeats another, by itself or because a person asked for it."""
UNDONE: Final = ("FAILURE", "IN_PROGRESS")
"""How a step stands that failed, or whose process was killed: then its accounts are leased yet."""


def freshness(depth: Depth, after: tuple[float, float] = MISSED) -> dg.FreshnessPolicy:
    """Warns and fails when the asset was not made for so many of its cadences."""
    warn, fail = (EVERY[depth] * cadences for cadences in after)
    return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn)


class SyncConfig(dg.Config):
    """Which accounts to sync, as platform:key; none: those that are due."""

    accounts: list[str] = Field(default_factory=list)


class ImportConfig(dg.Config):
    """Which files of captures to import, and where they belong."""

    files: list[str]
    project_id: str
    time_zone: str = ""
    options: dict[str, str] = Field(default_factory=dict)


class AdImportConfig(dg.Config):
    """Which reports of ads to import, and how to read them."""

    files: list[str]
    ad_platform: str = ""
    spent_on: str = ""
    is_history: bool = False
    options: dict[str, str] = Field(default_factory=dict)


@dg.asset(
    group_name="raw",
    deps=sources_of("scrape_jobs"),
    owners=list(OWNERS),
    kinds={"sqlalchemy", "sift"},
    pool="quick_sync",
    freshness_policy=freshness("quick"),
)
def scrape_jobs(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], config: SyncConfig
) -> dg.MaterializeResult:
    """Scrapes asked of SIFT. Grain: one row per scrape, in the operational database."""
    summary = submit_scrapes(stores, worker=context.run.run_id, accounts=config.accounts)
    refuse_to_look_fresh(context, summary)
    return dg.MaterializeResult(metadata=sync_figures(summary))


@dg.multi_asset(
    name="read_oauth_accounts",
    specs=[spec_of(table, freshness=freshness("quick", OUTLASTED)) for table in OAUTH],
)
def read_oauth_accounts(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], config: SyncConfig
) -> Iterator[dg.MaterializeResult]:
    """Reads the OAuth accounts that are due at the run's depth, and lands what is answered."""
    depth = cast("Depth", context.run.tags.get(SYNC_TAG, "quick"))
    summary = sync_oauth(stores, depth, worker=context.run.run_id, accounts=config.accounts)
    refuse_to_look_fresh(context, summary, may_all_fail=depth == "posts")
    for table in OAUTH:
        version = {"table_version": stores.lake.version(table)}
        yield dg.MaterializeResult(table.name, metadata={**version, **sync_figures(summary)})


@dg.asset(
    **spec_fields(catalog.RAW_SIFT__POSTS),
    pool="posts_sync",
    freshness_policy=freshness("posts"),
)
def raw_sift__posts(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores]
) -> dg.MaterializeResult:
    """Rows of finished scrapes, as received."""
    summary = collect_scrapes(stores, worker=context.run.run_id, run_id=context.run.run_id)
    refuse_to_look_fresh(context, summary)
    landed = Written(inserted=summary.rows)
    return outcome(stores, catalog.RAW_SIFT__POSTS, landed, beside=sync_figures(summary))


@dg.multi_asset(
    name="stg_import__captures",
    specs=[spec_of(catalog.STG_IMPORT__CAPTURES)],
    check_specs=check_specs([catalog.STG_IMPORT__CAPTURES]),
)
def stg_import__captures(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], config: ImportConfig
) -> dg.MaterializeResult:
    """Captures of imported files, typed. Made by `layers-pipeline import captures`."""
    before = stores.lake.version(catalog.STG_IMPORT__CAPTURES)
    report = import_captures(
        stores,
        [Path(name) for name in config.files],
        project_id=config.project_id,
        time_zone=config.time_zone or None,
        run_id=context.run.run_id,
        options=config.options,
    )
    return _imported(stores, catalog.STG_IMPORT__CAPTURES, report, report.files, since=before)


@dg.multi_asset(
    name="import_reports_of_ads",
    specs=[spec_of(catalog.STG_IMPORT__AD_METRICS)],
    check_specs=check_specs([catalog.STG_IMPORT__AD_METRICS]),
)
def import_reports_of_ads(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[Stores], config: AdImportConfig
) -> dg.MaterializeResult:
    """Reports of ads, typed. Made by `layers-pipeline import ad-metrics`."""
    since = versions(stores, (catalog.STG_IMPORT__AD_METRICS, *DERIVED))
    report = import_ad_metrics(
        stores,
        [Path(name) for name in config.files],
        ad_platform=config.ad_platform or None,
        spent_on=date.fromisoformat(config.spent_on) if config.spent_on else None,
        is_history=config.is_history,
        run_id=context.run.run_id,
        options=config.options,
    )
    log(context, stores, report.written, since=since)
    table = catalog.STG_IMPORT__AD_METRICS
    return _imported(stores, table, report, report.files, since=since[table.name])


def _imported(
    stores: Stores,
    table: Table,
    report: ImportReport | AdImportReport,
    files: Sequence[ImportedFile],
    *,
    since: int,
) -> dg.MaterializeResult:
    written = Written(
        inserted=sum(file.rows - file.quarantined for file in files if not file.already_there),
        quarantined=sum(file.quarantined for file in files),
    )
    checks = tuple(results_of(stores, table, since=since))
    return outcome(stores, table, written, beside={"report": as_json(report)}, checks=checks)


def as_json(report: ImportReport | AdImportReport) -> dict[str, Any]:
    """An import's report as plain values."""
    values = {field.name: getattr(report, field.name) for field in fields(report)}
    plain: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if value is None or isinstance(value, date | bool | int)
    }
    more: dict[str, Any] = (
        {"spent": dict(report.spent)}
        if isinstance(report, AdImportReport)
        else {"own_accounts": list(report.own_accounts)}
    )
    more["outdated"] = asdict(report.outdated) if report.outdated else None
    return {**plain, **more, "files": [file_as_json(file) for file in report.files]}


def refuse_to_look_fresh(
    context: dg.AssetExecutionContext, summary: SyncSummary, *, may_all_fail: bool = False
) -> None:
    """Fail a sync that brought nothing because everything failed, now or in the run before.

    Accounts that are read only because nobody else could read them may all fail: one of them
    must not keep back what the same run derives of all others (R6).

    Raises:
        dg.Failure: Every account failed; or this repeats a step that did not end well, and
            nothing is due.
    """
    failures = sorted(summary.failures)
    if summary.accounts and summary.failed_share == 1.0 and not may_all_fail:
        raise dg.Failure(
            description=f"every one of {summary.accounts} accounts failed: {failures[0]}",
            metadata=sync_figures(summary),
            allow_retries=False,
        )
    if not summary.accounts and not summary.still_running and _failed_before(context):
        raise dg.Failure(
            description=f"run {context.run.tags[PARENT]} did not end well here, and nothing is due "
            "now, so nothing was read. The next scheduled sync reads what is due by then.",
            allow_retries=False,
        )


def _failed_before(context: dg.AssetExecutionContext) -> bool:
    """Whether this run repeats another in which the same step failed, or was killed."""
    parent, step = context.run.tags.get(PARENT), str(context.op_execution_context.op_handle)
    if not parent:
        return False
    step_stats = context.instance.get_run_step_stats(parent, [step])
    return any(one.status is not None and one.status.value in UNDONE for one in step_stats)


def sync_figures(summary: SyncSummary) -> Mapping[str, Any]:
    """A sync's summary as metadata."""
    failures = sorted(summary.failures)[:FAILURES_SHOWN]
    return {
        "accounts": summary.accounts,
        "failed_share": summary.failed_share,
        "still_running": summary.still_running,
        "rows_landed": summary.rows,
        "http_calls": summary.calls,
        "outcomes": dict(summary.outcomes),
        "failures": dg.MetadataValue.md("\n".join(f"- {line}" for line in failures)),
    }
