"""Scoring ticks as Dagster partitions.

Belongs here: the partition definition that everything scored shares.
Does not belong here: when a tick is scored (``sensors``).
"""

from typing import Final

import dagster as dg

from layers_pipeline.settings import load_settings
from transforms.scoring.ticks import KEY_FORMAT

SETTINGS: Final = load_settings()

scoring_ticks = dg.TimeWindowPartitionsDefinition(
    start=SETTINGS.first_tick,
    fmt=KEY_FORMAT,
    cron_schedule=SETTINGS.tick_cron,
    end_offset=1,
    timezone="UTC",
)
"""The key is the tick, and the tick is the moment of knowledge."""
