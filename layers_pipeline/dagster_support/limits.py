"""How many runs may score at once, as the settings say.

Belongs here: the pool of scoring, and its limit on Dagster's instance.
Does not belong here: limits of all pools and runs (``dagster.yaml``).

``dagster.yaml`` knows one limit for all pools; that of a single one stands in Dagster's storage.
"""

from typing import Final

import dagster as dg

from layers_pipeline.settings import Settings

SCORING_POOL: Final = "scoring"


def limit_scoring(instance: dg.DagsterInstance, settings: Settings) -> None:
    """Let as many runs score at once as the settings say; without a word of theirs, as before."""
    wanted = settings.scoring_runs_at_once
    storage = instance.event_log_storage
    limits = {pool.name: pool.limit for pool in storage.get_pool_limits()}
    if wanted and limits.get(SCORING_POOL) != wanted:
        storage.set_concurrency_slots(SCORING_POOL, wanted)
