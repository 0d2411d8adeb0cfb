"""The code location: the only file that knows every part.

Belongs here: putting assets, checks, jobs, schedules, sensors and resources together.
Does not belong here: anything else.
"""

import warnings

import dagster as dg

from layers_pipeline.dagster_support.resources import StoresResource


def build_definitions() -> dg.Definitions:
    """Everything that Dagster shows and runs."""
    with warnings.catch_warnings():
        # Backfill policies (what makes a range one run) and code references (links to the
        # source) are marked beta in Dagster 1.13.
        warnings.simplefilter("ignore", dg.BetaWarning)
        from assets import ads, checks, content, ingestion, posts, scoring  # noqa: PLC0415
        from sensors import jobs, schedules, scrapes, ticks, versions  # noqa: PLC0415

        assets = dg.load_assets_from_modules([ingestion, content, ads, posts, scoring])
        return dg.Definitions(
            assets=dg.with_source_code_references(assets),
            asset_checks=list(checks.CHECKS),
            jobs=list(jobs.JOBS),
            schedules=list(schedules.SCHEDULES),
            sensors=[ticks.missed_ticks, scrapes.finished_scrapes, versions.changed_rules],
            resources={"stores": StoresResource.configure_at_launch()},
            executor=dg.in_process_executor,
        )


defs = build_definitions()
