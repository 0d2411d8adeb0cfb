"""Reports of ads to test with, and what an import of them left in the lake.

Belongs here: rows and files of reports, importing them, the real export.
Does not belong here: assertions, rows of the history by themselves
(``tests.worlds.creative_builders``).
"""

import json
from datetime import date

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from tests.shared_data import SHARED
from tests.worlds.data_builders import rows_of

HISTORY, STAGING = catalog.AD_DAILY_METRICS, catalog.STG_IMPORT__AD_METRICS
WRITTEN = (HISTORY, STAGING, catalog.QUARANTINE, catalog.IMPORT_FILES)
DAY = date(2025, 5, 13)
KAG = SHARED / "data/ads_facebook_kag/ads.csv"
needs_kag = pytest.mark.skipif(
    not KAG.is_file(), reason=f"{KAG} is absent: set LAYERS_SHARED to the folder of shared data"
)


def ad_row(ad_id="ad", spend="1.43", *, day=DAY, **more):
    return {"ad_id": ad_id, "date": f"{day:%Y-%m-%d}", "spend": spend} | more


def write(stores, rows, *, name="ads"):
    path = stores.settings.home / f"{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bring(stores, *rows, name="ads", **how):
    """Import rows through a file."""
    return import_ad_metrics(
        stores,
        [write(stores, rows, name=name)],
        **{"ad_platform": "meta", "run_id": name} | how,
    )


def whole(stores):
    return {table.name: rows_of(stores, table).to_dicts() for table in WRITTEN}


def history(stores):
    """Known at and cents of every row of the history, in the order in which they were known."""
    rows = rows_of(stores, HISTORY).sort("known_at", "ad_id")
    return rows.select("known_at", "spend_cents").rows()
