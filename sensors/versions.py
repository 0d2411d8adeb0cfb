"""A changed version of the rules: scoring the newest tick anew, not only from the next one on.

Belongs here: noticing that people chose another version.
Does not belong here: choosing (``layers-pipeline scoring``), scoring.
"""

import dagster as dg

from assets.partitions import scoring_ticks
from layers_pipeline.dagster_support.resources import StoresResource
from layers_pipeline.steps.derive.versions import rules_in_force
from sensors.jobs import scoring
from sensors.schedules import run_under_way
from sensors.ticks import SENSOR_STATUS


@dg.sensor(job=scoring, minimum_interval_seconds=60, default_status=SENSOR_STATUS)
def changed_rules(
    context: dg.SensorEvaluationContext, stores: StoresResource
) -> dg.SensorResult | dg.SkipReason:
    """Asks for the newest scored tick once more if another version was made active since."""
    active = rules_in_force(stores.open()).active.version
    if context.cursor == active:
        return dg.SkipReason(f"version {active} is active as before")
    if run_under_way(context.instance, scoring.name):
        return dg.SkipReason("a scoring run has not ended yet")
    done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
    newest = [key for key in scoring_ticks.get_partition_keys() if key in done][-1:]
    if not context.cursor:
        newest = []  # the first look: nobody changed anything
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(partition_key=key, run_key=f"rules-{context.cursor}-{active}-{key}")
            for key in newest
        ],
        cursor=active,
    )
