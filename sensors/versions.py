"""A changed version of the rules: scoring the newest tick again, not only from the next one on.

Belongs here: noticing that people chose another version.
Does not belong here: choosing (``layers-pipeline scoring``), scoring.
"""

import dagster as dg

from assets.partitions import scoring_ticks
from layers_pipeline.dagster_support.console import asking_for_json
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.stores import Stores
from sensors.jobs import scoring
from sensors.schedules import run_under_way


def changed_rules(settings: Settings) -> dg.SensorDefinition:
    """A sensor that asks for the newest scored tick once more where another version is active."""
    ticks = scoring_ticks(settings)

    @dg.sensor(
        job=scoring,
        name="changed_rules",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus[settings.schedules.upper()],
        description="Scores the newest scored tick anew once people made another version active.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, stores: dg.ResourceParam[Stores]
    ) -> dg.SensorResult | dg.SkipReason:
        active = rules_in_force(stores).active.version
        if context.cursor == active:
            return dg.SkipReason(f"version {active} is active as before")
        if run_under_way(context.instance, scoring.name):
            # It began under the old version, and may yet add a tick newer than all of today's.
            return dg.SkipReason("a scoring run has not ended yet")
        done = context.instance.get_materialized_partitions(dg.AssetKey("organic_scores"))
        newest = [key for key in ticks.get_partition_keys() if key in done][-1:]
        if not context.cursor:
            newest = []  # the first look: nobody changed anything
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    partition_key=key,
                    run_key=f"rules-{context.cursor}-{active}-{key}",
                    run_config=asking_for_json(),
                )
                for key in newest
            ],
            cursor=active,
        )

    return sensor
