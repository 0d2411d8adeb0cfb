"""Dagster resources: each builds a plain object and hands it over.

Belongs here: how a run comes by its stores.
Does not belong here: behaviour.
"""

from datetime import datetime

import dagster as dg

from layers_pipeline.clock import FixedClock, SystemClock
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.stores import Stores, open_stores


class StoresResource(dg.ConfigurableResource):
    """Opens the stores that the environment's settings name.

    ``now`` is for simulations: an ISO 8601 instant that the run takes for the present.
    """

    now: str = ""

    def open(self) -> Stores:
        """The open stores, and the clock that the run goes by."""
        clock = FixedClock(datetime.fromisoformat(self.now)) if self.now else SystemClock()
        return open_stores(load_settings(), clock=clock)
