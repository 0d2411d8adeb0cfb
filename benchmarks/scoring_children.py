"""What ``benchmarks.scoring`` measures, each in a process of its own.

Belongs here: seeding, scoring our way and the bare ways, and that all of them agree.
Does not belong here: the bare queries (``scoring_bare``), measuring and printing (``scoring``).
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.scoring_bare import OUTPUTS, duckdb_tick, polars_tick
from benchmarks.scoring_data import END, Size, write_lake
from layers_pipeline.lake import catalog
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores, open_stores

READ: Final = (
    catalog.PLATFORM_POST_METRICS,
    catalog.STG_IMPORT__CAPTURES,
    catalog.POST_ABSENCES,
    catalog.PROJECT_ALLOWLIST,
)
"""Tables that the bare queries read."""
CLOSE: Final = 1e-9
"""How far apart two numbers may lie that are the same."""
ContentRecords = dict[str, Any]


def seed(size: Size) -> ContentRecords:
    """Write the data."""
    started = time.perf_counter()
    write_lake(open_stores(load_settings()), size)
    return {"work_s": time.perf_counter() - started}


def score_in_one_run(ticks: Sequence[datetime]) -> ContentRecords:
    """Our whole way: open the stores, score the ticks in one run, count what readers then see."""
    started = time.perf_counter()
    stores = open_stores(load_settings())
    list(score_ticks(stores, ticks))
    rows = {table.name: _readable(stores, ticks, table) for table in WRITTEN}
    work_s = time.perf_counter() - started
    files = [Path(uri) for table in WRITTEN for uri in stores.lake.files(table)]
    return {"work_s": work_s, "rows": rows, "bytes": sum(file.stat().st_size for file in files)}


def _readable(stores: Stores, ticks: Sequence[datetime], table: catalog.Table) -> int:
    rows = stores.lake.read(table).filter(pl.col("scored_at").is_in(list(ticks)))
    found = int(rows.select(pl.len()).collect().item())
    if not found:
        raise AssertionError(f"{table.name}: nothing was scored, so nothing was measured.")
    return found


def score_bare(query: Callable[..., None], **options: str) -> ContentRecords:
    """One tick by a bare query, into Parquet files beside the lake."""
    stores = open_stores(load_settings())
    folder = stores.settings.root / "bare"
    folder.mkdir()
    started = time.perf_counter()
    query(_files(stores), END, folder, **options)
    rows = {
        name: int(pl.scan_parquet(folder / f"{name}.parquet").select(pl.len()).collect().item())
        for name in OUTPUTS
    }
    work_s = time.perf_counter() - started
    size = sum((folder / f"{name}.parquet").stat().st_size for name in OUTPUTS)
    shutil.rmtree(folder)
    return {"work_s": work_s, "rows": rows, "bytes": size}


def _files(stores: Stores) -> Mapping[str, list[str]]:
    return {table.name: stores.lake.files(table) for table in READ}


def check_equal(size: Size) -> ContentRecords:
    """Score a small lake in all three ways, and compare every row and column.

    Raises:
        AssertionError: Two ways differ; names the table and its columns.
    """
    with tempfile.TemporaryDirectory(prefix="layers-bench-") as home:
        stores = open_stores(Settings(home=Path(home), tick_grace_s=0))
        write_lake(stores, size)
        list(score_ticks(stores, [END]))
        rows = {}
        for query in (polars_tick, duckdb_tick):
            folder = Path(home) / query.__name__
            folder.mkdir()
            query(_files(stores), END, folder)
            for table in WRITTEN:
                ours = stores.lake.read(table).filter(pl.col("scored_at") == END).collect()
                bare = pl.read_parquet(folder / f"{table.name}.parquet")
                if unequal := different_columns(ours, bare):
                    raise AssertionError(f"{query.__name__}: {table.name}: {unequal}")
                if ours.is_empty():
                    raise AssertionError(f"{table.name}: nothing was scored, so nothing is equal.")
                rows[table.name] = ours.height
        stores.operations.close()
    return {"rows": rows}


def different_columns(ours: pl.DataFrame, bare: pl.DataFrame) -> list[str]:
    """Columns in which two tables of things differ, numbers by more than a billionth."""
    key = "ads_content_id"
    if ours.height != bare.height or ours.columns != bare.columns:
        return [f"{ours.shape} beside {bare.shape}", *set(ours.columns) ^ set(bare.columns)]
    left, right = ours.sort(key), bare.sort(key)
    return [name for name in ours.columns if not _is_close(left[name], right[name])]


def _is_close(ours: pl.Series, bare: pl.Series) -> bool:
    if ours.dtype != pl.Float64:
        return ours.dtype == bare.dtype and ours.equals(bare, null_equal=True)
    off = (ours - bare).abs().max()
    same_nulls = bool((ours.is_null() == bare.is_null()).all())
    return same_nulls and (off is None or float(str(off)) <= CLOSE)
