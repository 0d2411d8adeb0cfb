"""The code location: the only file that knows every part.

Belongs here: putting assets, checks, jobs, schedules, sensors and resources together.
Does not belong here: anything else.
"""

import warnings

import dagster as dg

from layers_pipeline.dagster_support.console import CONSOLE, console
from layers_pipeline.dagster_support.resources import StoresResource, shown
from layers_pipeline.settings import Settings, load_settings


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything that Dagster shows and runs, as the settings say."""
    with warnings.catch_warnings():
        # Backfill policies (what makes a range one run) and code references (links to the
        # source) are marked beta in Dagster 1.13.
        warnings.simplefilter("ignore", dg.BetaWarning)
        from assets import (  # noqa: PLC0415
            ad_classes,
            ads,
            creators,
            derive,
            exports,
            ingest,
            publish,
            score,
            selection_checks,
            sources,
        )
        from sensors import jobs, schedules, scrapes, ticks, versions  # noqa: PLC0415

        made_here = [
            *dg.load_assets_from_modules([ingest, ads, derive, score, creators, publish, exports]),
            score.scored_ticks(settings),
            ad_classes.classified_ticks(settings),
        ]
        return dg.Definitions(
            assets=[*sources.external_assets(), *dg.with_source_code_references(made_here)],
            asset_checks=[
                score.newest_tick_is_scored(settings),
                score.follows_earlier_scores,
                *selection_checks.SELECTION_CHECKS,
            ],
            jobs=list(jobs.JOBS),
            schedules=schedules.schedules(settings),
            sensors=[
                ticks.missed_ticks(settings),
                scrapes.finished_scrapes(settings),
                versions.changed_rules(settings),
            ],
            resources={"stores": StoresResource.configure_at_launch(**shown(settings))},
            executor=dg.in_process_executor,
            loggers={CONSOLE: console},
        )


@dg.definitions
def defs() -> dg.Definitions:
    """What the workspace loads: the definitions for the environment's settings."""
    return build_definitions(load_settings())
