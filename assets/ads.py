"""What ads spent: reports of ads imported, and the history of every ad and day.

Belongs here: assets of ads.
Does not belong here: content that ads show, scores.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import dagster as dg

from assets.described import described, file_as_json, outcome
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.ingest.ad_imports import AdImportReport, import_ad_metrics

GROUP: Final = "ingestion"
STAGED: Final = catalog.STG_IMPORT__AD_METRICS
HISTORY: Final = catalog.AD_DAILY_METRICS


class AdImportConfig(dg.Config):
    """Which reports of ads to import, and how to read them."""

    files: list[str]
    ad_platform: str
    spent_on: str = ""
    is_history: bool = False


@dg.multi_asset(
    name="import_reports_of_ads",
    specs=[
        dg.AssetSpec(**described(STAGED, group=GROUP)),
        dg.AssetSpec(**described(HISTORY, group=GROUP, deps=[STAGED.name])),
    ],
)
def import_reports_of_ads(
    context: dg.AssetExecutionContext, stores: StoresResource, config: AdImportConfig
) -> Iterator[dg.MaterializeResult]:
    """Reads reports of ads, and adds to the history what they tell anew."""
    opened = stores.open()
    report = import_ad_metrics(
        opened,
        [Path(name) for name in config.files],
        ad_platform=config.ad_platform,
        spent_on=date.fromisoformat(config.spent_on) if config.spent_on else None,
        is_history=config.is_history,
        run_id=context.run.run_id,
    )
    rows = sum(file.rows - file.quarantined for file in report.files if not file.already_there)
    set_aside = sum(file.quarantined for file in report.files)
    staged = outcome(opened, STAGED, Written(inserted=rows, quarantined=set_aside))
    yield staged._replace(metadata={**(staged.metadata or {}), "report": as_json(report)})
    yield outcome(opened, HISTORY, report.written[HISTORY.name])


def as_json(report: AdImportReport) -> dict[str, Any]:
    """An import's report as plain values."""
    return {
        "ads": report.ads,
        "first_day": report.first_day.isoformat() if report.first_day else None,
        "last_day": report.last_day.isoformat() if report.last_day else None,
        "spend_cents": report.spend_cents,
        "files": [file_as_json(file) for file in report.files],
    }
