"""Catching up: ticks that passed while nothing was running.

Belongs here: which ticks are missing, and asking for them as one range.
Does not belong here: scoring.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

import dagster as dg

from assets.partitions import SETTINGS, scoring_ticks
from sensors.jobs import scoring
from sensors.schedules import run_under_way

LOOKED_BACK: Final = 42
SENSOR_STATUS: Final = (
    dg.DefaultSensorStatus.RUNNING
    if SETTINGS.schedules == "running"
    else dg.DefaultSensorStatus.STOPPED
)


def ticks_missed(keys: Sequence[str], done: Collection[str]) -> list[str]:
    """Ticks of the last week that are not scored although an earlier or later one is.

    The newest tick is left to its schedule. Nothing is missing where nothing was ever scored:
    a new deployment begins with its next tick, and history is backfilled when asked for.
    """
    recent = [key for key in keys[-LOOKED_BACK - 1 : -1] if key not in done]
    return recent if done else []


def catch_up_key(missed: Sequence[str], *, at: datetime) -> str:
    """Names a request for these ticks; once an hour it is a new one, should its run have failed."""
    return f"catch-up-{missed[0]}-{missed[-1]}-{len(missed)}-{at:%Y%m%dT%H}"


@dg.sensor(job=scoring, minimum_interval_seconds=300, default_status=SENSOR_STATUS)
def missed_ticks(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Asks for one run over the missed ticks, each scored as of its own time."""
    if run_under_way(context.instance, scoring.name):
        return dg.SkipReason("a scoring run has not ended yet")
    done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
    missed = ticks_missed(scoring_ticks.get_partition_keys(), done)
    if not missed:
        return dg.SkipReason("no tick was missed")
    return dg.RunRequest(
        run_key=catch_up_key(missed, at=datetime.now(UTC)),
        tags={
            "dagster/asset_partition_range_start": missed[0],
            "dagster/asset_partition_range_end": missed[-1],
        },
    )
