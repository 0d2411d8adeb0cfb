"""Catching up: ticks that passed while nothing was running.

Belongs here: which ticks are missing, and asking for them as one range.
Does not belong here: scoring.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import dagster as dg

from assets.partitions import scoring_ticks
from layers_pipeline.dagster_support.console import asking_for_json
from layers_pipeline.settings import Settings
from sensors.jobs import scoring
from sensors.schedules import run_under_way
from transforms.scoring.ticks import tick_key

LOOKED_BACK: Final = timedelta(days=7)


def ticks_missed(keys: Sequence[str], done: Collection[str], *, now: datetime) -> list[str]:
    """Ticks of the last week that are not scored although an earlier or later one is.

    The newest tick is left to its schedule. Nothing is missing where nothing was ever scored:
    a new deployment begins with its next tick, and history is backfilled when asked for.
    """
    oldest = tick_key(now - LOOKED_BACK)
    recent = [key for key in keys[:-1] if key >= oldest and key not in done]
    return recent if done else []


def catch_up_key(missed: Sequence[str], *, at: datetime) -> str:
    """Names a request for these ticks; once an hour it is a new one, should its run have failed."""
    return f"catch-up-{missed[0]}-{missed[-1]}-{len(missed)}-{at:%Y%m%dT%H}"


def missed_ticks(settings: Settings) -> dg.SensorDefinition:
    """A sensor that asks for one run over the missed ticks, each scored as of its own time."""
    ticks = scoring_ticks(settings)

    @dg.sensor(
        job=scoring,
        name="missed_ticks",
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus[settings.schedules.upper()],
        description="Asks for the ticks of the last week that were missed, as one run.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if run_under_way(context.instance, scoring.name):
            return dg.SkipReason("a scoring run has not ended yet")
        now = datetime.now(UTC)
        done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
        missed = ticks_missed(ticks.get_partition_keys(), done, now=now)
        if not missed:
            return dg.SkipReason("no tick was missed")
        return dg.RunRequest(
            run_key=catch_up_key(missed, at=now),
            run_config=asking_for_json(),
            tags={
                "dagster/asset_partition_range_start": missed[0],
                "dagster/asset_partition_range_end": missed[-1],
            },
        )

    return sensor
