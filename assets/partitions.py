"""Scoring ticks as Dagster partitions.

Belongs here: the partition definition that everything scored shares.
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
