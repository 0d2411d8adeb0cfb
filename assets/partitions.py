"""Scoring ticks as Dagster partitions.

Belongs here: what everything scored shares: the partition definition, and how a backfill is split
into runs.
Does not belong here: when a tick is scored (``sensors``).
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial

import dagster as dg
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.instance import DynamicPartitionsStore

from layers_pipeline.settings import Settings
from transforms.scoring.ticks import KEY_FORMAT


def scoring_ticks(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """Ticks from the first that the settings name; the key is the tick, the moment of knowledge."""
    ticks = dg.TimeWindowPartitionsDefinition(
        start=settings.first_tick,
        fmt=KEY_FORMAT,
        cron_schedule=settings.tick_cron,
        end_offset=1,
        timezone="UTC",
    )
    # Dagster counts them from the first on, a third of a second for two years, for each check of a
    # scored table. A class of our own would not be one that Dagster knows to store.
    object.__setattr__(ticks, "get_partition_keys", partial(_listed, ticks))
    return ticks


def _listed(
    ticks: dg.TimeWindowPartitionsDefinition,
    current_time: datetime | None = None,
    dynamic_partitions_store: DynamicPartitionsStore | None = None,
) -> Sequence[str]:
    """Every tick since the first; once in a process for each that is the newest."""
    with partition_loading_context(current_time, dynamic_partitions_store):
        newest = ticks.get_last_partition_key()
        return _until(ticks, newest) if newest else []


@lru_cache(maxsize=8)
def _until(ticks: dg.TimeWindowPartitionsDefinition, newest: str) -> Sequence[str]:
    del newest  # by which the list is told from an earlier one
    return dg.TimeWindowPartitionsDefinition.get_partition_keys(ticks)


def backfill_policy(settings: Settings) -> dg.BackfillPolicy:
    """One run for a range, or runs of so many ticks as the settings name; several may be at work.

    Ranges may be scored in any order, and at once: what comes of them is the same.
    """
    ticks = settings.backfill_ticks_per_run
    return dg.BackfillPolicy.multi_run(ticks) if ticks else dg.BackfillPolicy.single_run()
