"""Layers' ads as they stand now, and what every ad shows as of a moment, from the lake's tables.

Belongs here: which rows the answer of ``transforms.facts.ads_shown`` is made from, writing it.
Does not belong here: the answer itself (``transforms``), history (``ads``).
"""

from datetime import datetime

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.lake.tables.layer_ads import MADE_FROM
from layers_pipeline.steps.stores import Stores
from transforms.facts.ad_states import AD, states_at
from transforms.facts.ads_shown import ads_shown

TABLES = {"meta": catalog.LAYER_META_ADS, "tiktok": catalog.LAYER_TIKTOK_ADS}
"""By ad platform, also those that nobody has connected yet."""


def shown_in_lake(stores: Stores, *, as_of: datetime) -> pl.LazyFrame:
    """What each ad shows as of a moment: ``transforms.facts.ads_shown.SHOWN``."""
    lake = stores.lake
    return ads_shown(
        lake.read(catalog.AD_STATES),
        links=lake.read(catalog.AD_CONTENT),
        accounts=lake.read(catalog.AD_ACCOUNTS),
        layers=lake.read(catalog.LAYERS),
        ad_sets=lake.read(catalog.AD_SETS),
        contents=lake.read(catalog.ADS_CONTENT),
        as_of=as_of,
    )


def derive_layer_ads(stores: Stores) -> dict[str, Written]:
    """Bring layers' ads up to what platforms and people say; a table that stands is not written."""
    lake = stores.lake
    with lake.write_lock():
        marks = {name: lake.version(catalog.BY_NAME[name]) for name in MADE_FROM}
        stale = {
            name: table
            for name, table in TABLES.items()
            if marks != {source: lake.watermark(table, source) for source in marks}
        }
        rows = _layer_ads(stores) if stale else pl.DataFrame()
        written = {table.name: Written() for table in TABLES.values()}
        for name, table in stale.items():
            written[table.name] = _replace(stores, table, rows.filter(ad_platform=name), marks)
        return written


def _layer_ads(stores: Stores) -> pl.DataFrame:
    now = stores.clock.now()
    states = states_at(stores.lake.read(catalog.AD_STATES), as_of=now)
    told = states.rename({"known_at": "state_known_at"}).drop(
        "run_id", "ad_account_id", "ad_set_id"
    )
    shown = shown_in_lake(stores, as_of=now).filter(pl.col("layer_id").is_not_null())
    return shown.join(told, on=AD, how="inner").collect()


def _replace(stores: Stores, table: Table, rows: pl.DataFrame, marks: dict[str, int]) -> Written:
    lake, frame = stores.lake, table.shape(rows).sort(table.key)
    if lake.read(table).sort(table.key).collect().equals(frame):
        lake.record_marks(table, marks)
        return Written()
    return lake.replace(table, frame, where={}, marks=marks)
