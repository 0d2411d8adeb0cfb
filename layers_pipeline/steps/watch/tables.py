"""Figures of the lake's tables, from their logs: commits, files, bytes, rows, ages.

Belongs here: what a table's log tells without a look at any row.
Does not belong here: whether files are as the log says (``lake.reading``), upkeep.

Costs the opening of each table that was written since it was last looked at, and a listing of its
log's folder; the log says of every file how large it is and how many rows it has.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.watch.families import Families, counter, gauge, single
from transforms.scoring.ticks import tick_from_text

TABLE: Final = ("table",)
TICKS: Final = 10
"""Among so many newest ticks the widest gap is looked for."""


@dataclass(frozen=True, kw_only=True)
class TableFigures:
    """What a table's log tells of it."""

    version: int
    files: int
    bytes: int
    rows: int
    log_files: int
    """0 where the log is not on this machine."""
    written_at: float | None
    """When its newest commit was made, in seconds since 1970; null: its log is elsewhere."""


class TableReader:
    """Reads figures of tables; of one that nobody has written since, it knows them."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._known: dict[tuple[str, int], dict[str, int]] = {}

    def figures(self, table: Table) -> TableFigures | None:
        """The figures of a table; None before its first write.

        Raises:
            StoreError: It is damaged, or has lost what was seen of it before.
        """
        handle = self._lake.handle(table)
        if handle is None:
            return None
        key = (table.name, handle.version())
        if key not in self._known:
            self._known = {known: at for known, at in self._known.items() if known[0] != key[0]}
            self._known[key] = _sums(handle.get_add_actions())
        folder = self._lake.log_folder(table)
        names = [] if folder is None else list(folder.iterdir())
        commits = [path for path in names if path.suffix == ".json" and path.stem.isdigit()]
        newest = max(commits, default=None)
        return TableFigures(
            version=key[1],
            log_files=len(names),
            written_at=newest.stat().st_mtime if newest else None,
            **self._known[key],
        )


def _sums(actions: Any) -> dict[str, int]:  # noqa: ANN401 - Arrow rows
    listed = pl.DataFrame(actions)
    return {
        "files": listed.height,
        "bytes": int(listed["size_bytes"].sum()),
        "rows": int(listed["num_records"].sum()),
    }


def of_tables(found: dict[str, TableFigures]) -> Families:
    """Figures of each table by name."""
    told = sorted(found.items())
    yield counter(
        "table_commits",
        "Commits of a table since it was made.",
        [((name,), one.version + 1) for name, one in told],
        TABLE,
    )
    yield gauge(
        "table_version",
        "Newest version of a table.",
        [((name,), one.version) for name, one in told],
        TABLE,
    )
    for name, said, column in (
        ("table_files", "Data files of a table's newest version.", "files"),
        ("table_size_bytes", "Bytes of those files.", "bytes"),
        ("table_rows", "Rows of a table's newest version, as its log says.", "rows"),
        ("table_log_files", "Files in a table's log folder on this machine.", "log_files"),
    ):
        yield gauge(name, said, [((key,), getattr(one, column)) for key, one in told], TABLE)
    yield gauge(
        "table_commit_timestamp_seconds",
        "When a table's newest commit was made.",
        [((key,), one.written_at) for key, one in told if one.written_at is not None],
        TABLE,
    )


def of_ticks(lake: Lake) -> Families:
    """The newest tick that was scored, by the partitions of eligibility."""
    ticks = sorted(map(tick_from_text, lake.partitions(catalog.AD_ELIGIBILITY, "tick")))
    yield gauge("ticks", "Ticks that were scored and are kept.", single(len(ticks)))
    if ticks:
        yield gauge(
            "newest_tick_timestamp_seconds",
            "The newest tick that was scored.",
            single(ticks[-1].timestamp()),
        )
    if gap := _widest_gap_s(ticks[-TICKS:]):
        yield gauge(
            "tick_interval_seconds",
            f"Widest gap between the newest {TICKS} ticks that were scored.",
            single(gap),
        )


def _widest_gap_s(ticks: list[datetime]) -> float:
    gaps = ((later - one).total_seconds() for one, later in pairwise(ticks))
    return max(gaps, default=0.0)
