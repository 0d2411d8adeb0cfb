"""Dagster resources: each opens a plain object and hands it over.

Belongs here: how a run comes by its stores, and closes them.
Does not belong here: behaviour.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg

from layers_pipeline.clock import FixedClock, SystemClock
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.stores import Stores, open_stores


class StoresResource(dg.ConfigurableResource[Stores]):
    """The stores of a deployment, opened once per run; assets are handed ``Stores``.

    What is a secret or may hold one (keys, the operational database's URL) is shown nowhere:
    a run reads it from the environment.
    """

    home: str
    """The folder of everything that no other setting places elsewhere."""
    lake: str
    """Where the lake's tables lie."""
    serve: str
    """The folder of the analysts' files."""
    sift: str
    instagram: str
    tiktok: str
    now: str = ""
    """For simulations: an ISO 8601 instant that the run takes for the present."""

    @contextmanager
    def yield_for_execution(  # pyright: ignore[reportIncompatibleMethodOverride] - as documented
        self, context: dg.InitResourceContext
    ) -> Generator[Stores]:
        """The open stores, and the clock that the run goes by."""
        del context
        clock = FixedClock(datetime.fromisoformat(self.now)) if self.now else SystemClock()
        stores = open_stores(self._settings(), clock=clock)
        try:
            yield stores
        finally:
            stores.operations.close()

    def _settings(self) -> Settings:
        shown = {
            "home": Path(self.home),
            "lake_url": self.lake,
            "serve_dir": Path(self.serve),
            "sift_url": self.sift,
            "instagram_url": self.instagram,
            "tiktok_url": self.tiktok,
        }
        return load_settings().model_copy(update=shown)


def shown(settings: Settings) -> dict[str, str]:
    """The fields of the resource as the settings say."""
    return {
        "home": str(settings.root),
        "lake": settings.lake_location,
        "serve": str(settings.serve_location),
        "sift": settings.sift_url,
        "instagram": settings.instagram_url,
        "tiktok": settings.tiktok_url,
    }
