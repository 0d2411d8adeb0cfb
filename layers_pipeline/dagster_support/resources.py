"""Dagster resources: each opens a plain object and hands it over.

Belongs here: how a run comes by its stores, and closes them.
Does not belong here: behaviour.
"""

import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import dagster as dg

from layers_pipeline import logs
from layers_pipeline.clock import Clock, FixedClock, SystemClock
from layers_pipeline.dagster_support.run_watch import watched
from layers_pipeline.settings import Settings, load_settings
from layers_pipeline.steps.stores import Stores, open_stores

SECRET: Final = re.compile(r"(?<=://)[^/?#]*:[^/?#]*(?=@)|(?<=\?).+")
"""What may be a secret in a URL: a name with a password, and parameters."""


class StoresResource(dg.ConfigurableResource[Stores]):
    """The stores of a deployment, opened once per run; assets are handed ``Stores``.

    What is a secret or may hold one (keys, the operational database's URL, passwords in other
    URLs) is shown nowhere: a run reads it from the environment.
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
        clock = FixedClock(datetime.fromisoformat(self.now)) if self.now else SystemClock()
        settings = self._settings()
        if context.run is None:  # a sensor looks
            with _opened(settings, clock) as stores:
                yield stores
            return
        with logs.written(settings), _opened(settings, clock) as stores, watched(stores, context):
            yield stores

    def _settings(self) -> Settings:
        """The environment's settings, but for what was given another value than it shows."""
        here = shown(load_settings())
        given = {field: str(getattr(self, field)) for field in here}
        changed = {name: given[name] for name in here if given[name] != here[name]}
        read = {SETTINGS[name]: AS_READ.get(name, str)(text) for name, text in changed.items()}
        return load_settings().model_copy(update=read)


@contextmanager
def _opened(settings: Settings, clock: Clock) -> Generator[Stores]:
    stores = open_stores(settings, clock=clock)
    try:
        yield stores
    finally:
        stores.operations.close()


SETTINGS: Final = {
    "home": "home",
    "lake": "lake_url",
    "serve": "serve_dir",
    "sift": "sift_url",
    "instagram": "instagram_url",
    "tiktok": "tiktok_url",
}
"""By field of the resource: the setting that it shows."""
AS_READ: Final[Mapping[str, Callable[[str], object]]] = {"home": Path, "serve": Path}


def shown(settings: Settings) -> dict[str, str]:
    """The fields of the resource as the settings say, without secrets."""
    return {
        "home": str(settings.root),
        "lake": _without_secrets(settings.lake_location),
        "serve": str(settings.serve_location),
        "sift": _without_secrets(settings.sift_url),
        "instagram": _without_secrets(settings.instagram_url),
        "tiktok": _without_secrets(settings.tiktok_url),
    }


def _without_secrets(place: str) -> str:
    return SECRET.sub("***", place) if "://" in place else place
