"""What the analysts' file holds of tables that grow without end, where the lake is far away.

Belongs here: which files and rows are copied instead of shown.
Does not belong here: copying them (``database``), what is pinned (``pinned``).

A view over an object store asks an extension and a key of whoever reads the file. So the newest
days are copied, unless the settings say otherwise.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from layers_pipeline.lake.data_files import value_of
from layers_pipeline.lake.table import TICK, Table
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.settings import Settings
from transforms.scoring.ticks import tick_text

MOMENTS: Final = ("scored_at", "captured_at")
"""Columns by which the newest rows are told; a table without one is copied whole."""
DAY_OF: Final = ("captured_on", "scraped_on")


@dataclass(frozen=True, kw_only=True)
class History:
    """How much of such tables a file holds.

    Args:
        kind: Copies of the newest days, views over the files, or copies of all.
        days: Of how many days, for ``newest``.
    """

    kind: Literal["newest", "views", "whole"] = "views"
    days: int = 0

    @classmethod
    def of(cls, settings: Settings) -> "History":
        """As the settings say."""
        return cls(kind=settings.history_in_file, days=settings.history_days)

    def since(self, table: Table, *, at: datetime) -> datetime | None:
        """From which moment on a table's rows are copied; None: all of them.

        The last known value of each post (``platform_post_metrics_latest``) is copied whole.
        """
        grows = table.per_tick or "captured_on" in table.partition_by or not table.is_stored
        if self.kind != "newest" or not grows or self.moment(table) is None:
            return None
        return at - timedelta(days=self.days)

    @staticmethod
    def moment(table: Table) -> str | None:
        """The column by which a table's newest rows are told."""
        return next((name for name in MOMENTS if name in table.columns), None)


def newest(pin: Pinned, since: datetime | None) -> Pinned:
    """The pinned table with only those files that may hold rows since a moment."""
    if since is None or len(pin.table.partition_by) != 1:
        return pin
    (column,) = pin.table.partition_by
    if column == TICK:
        first = tick_text(since)
    elif column in DAY_OF:
        # A row lands on the day on which it was captured, or later.
        first = since.date().isoformat()
    else:
        return pin
    return replace(pin, files=tuple(uri for uri in pin.files if value_of(uri) >= first))
