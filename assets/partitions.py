"""Scoring ticks as Dagster partitions.

Belongs here: what everything scored shares: the partition definition, and how a backfill is split
into runs.
Does not belong here: when a tick is scored (``sensors``).
"""

import dagster as dg

from layers_pipeline.settings import Settings
from transforms.scoring.ticks import KEY_FORMAT


def scoring_ticks(settings: Settings) -> dg.TimeWindowPartitionsDefinition:
    """Ticks from the first that the settings name; the key is the tick, the moment of knowledge."""
    return dg.TimeWindowPartitionsDefinition(
        start=settings.first_tick,
        fmt=KEY_FORMAT,
        cron_schedule=settings.tick_cron,
        end_offset=1,
        timezone="UTC",
    )


def backfill_policy(settings: Settings) -> dg.BackfillPolicy:
    """One run for a range, or runs of so many ticks as the settings name; several may be at work.

    Ranges may be scored in any order, and at once: what comes of them is the same.
    """
    ticks = settings.backfill_ticks_per_run
    return dg.BackfillPolicy.multi_run(ticks) if ticks else dg.BackfillPolicy.single_run()
