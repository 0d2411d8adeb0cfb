"""The figures of a deployment put together: part by part, each of which may fail alone.

Belongs here: which parts there are, what becomes of one that cannot be read, the text form.
Does not belong here: the figures themselves (one module per store), who may read them.
"""

import logging
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from layers_pipeline.clock import Clock
from layers_pipeline.errors import LayersError, NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_lake
from layers_pipeline.steps.watch import accounts, machine, published, tables, work
from layers_pipeline.steps.watch.families import Families, gauge
from layers_pipeline.views.opening import Views, open_views

log: Final = logging.getLogger(__name__)
PART: Final = ("part",)
Part = Callable[[], Families]


class Figures(Collector):
    """Every figure of a deployment, read anew at each scrape, one scrape at a time.

    A part that cannot be read is missing, ``layers_scrape_error`` says so of it, and the others are
    there. Nothing is made, migrated or written. What is opened stays open between scrapes, so that
    a table which nobody wrote costs nothing.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._operations: Operations | None = None
        self._lake: Lake | None = None
        self._tables: tables.TableReader | None = None
        self._views: Views | None = None

    def collect(self) -> Iterator[Metric]:
        """The families of every part, then how each part went."""
        version = metadata.version("layers-pipeline")
        yield gauge("build_info", "Which version runs.", [((version,), 1)], ("version",))
        errors: dict[str, str] = {}
        seconds: dict[str, float] = {}
        for name, part in self._parts().items():
            began = time.monotonic()
            read, error = _read(part)
            seconds[name] = time.monotonic() - began
            errors[name] = error
            yield from read
        found, damaged = self._read_tables()
        yield from tables.of_tables(found)
        errors |= damaged
        for name, error in errors.items():
            if error:
                log.warning("figures of %s cannot be read: %s", name, error)
        yield gauge(
            "scrape_error",
            "1 where a part of the figures could not be read; the log says why.",
            [((name,), bool(error)) for name, error in errors.items()],
            PART,
        )
        yield gauge(
            "scrape_duration_seconds",
            "How long a part of the figures took to read.",
            [((name,), took) for name, took in seconds.items()],
            PART,
        )

    def close(self) -> None:
        """Close what was opened."""
        if self._operations is not None:
            self._operations.close()
        if self._views is not None:
            self._views.close()

    def _parts(self) -> dict[str, Part]:
        settings, now = self._settings, self._clock.now()
        each = settings.metrics_per_account
        return {
            "accounts": lambda: accounts.of_accounts(self._database()),
            "syncs": lambda: accounts.of_syncs(self._database(), per_account=each),
            "cadences": accounts.of_cadences,
            "tokens": lambda: accounts.of_tokens(self._database(), now=now),
            "jobs": lambda: work.of_jobs(self._database()),
            "calls": lambda: work.of_calls(self._database(), settings),
            "refusals": lambda: work.of_refusals(self._database(), now=now),
            "ticks": lambda: tables.of_ticks(self._lake_of()),
            "published": lambda: published.of_published(self._views_of()),
            "freshness": lambda: published.of_freshness(self._views_of(), per_account=each),
            "disks": lambda: machine.of_disks(settings),
        }

    def _read_tables(self) -> tuple[dict[str, tables.TableFigures], dict[str, str]]:
        """The figures of each table that can be read, and what is wrong with the others."""
        found: dict[str, tables.TableFigures] = {}
        errors: dict[str, str] = {}
        for table in catalog.TABLES:
            try:
                if self._tables is None:
                    self._tables = tables.TableReader(self._lake_of())
                figures = self._tables.figures(table)
            except (LayersError, OSError) as error:
                errors[f"table {table.name}"] = _in_a_line(error)
                continue
            if figures is not None:
                found[table.name] = figures
                errors[f"table {table.name}"] = ""
        return found, errors

    def _database(self) -> Operations:
        url = self._settings.operations_database_url
        if url.startswith("sqlite"):
            path = Path(unquote(url.partition("///")[2]))
            if not path.exists():
                raise NotFoundError(f"{path}: there is no operational database yet.")
        if self._operations is None:
            self._operations = Operations(url)
        return self._operations

    def _lake_of(self) -> Lake:
        if self._lake is None:
            self._lake = open_lake(self._settings)
        return self._lake

    def _views_of(self) -> Views:
        if self._views is None:
            self._views = open_views(self._settings, clock=self._clock)
        return self._views


def _read(part: Part) -> tuple[list[Metric], str]:
    """A part's families, and what is wrong with it; empty: nothing."""
    try:
        return list(part()), ""
    # Whatever is wrong with a part, those who watch must learn of it, and see the other parts.
    except Exception as error:  # noqa: BLE001 - told by scrape_error and the log
        return [], _in_a_line(error)


def _in_a_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return said if isinstance(error, LayersError) else f"{type(error).__name__}: {said}"


def exposition(*collectors: Collector) -> bytes:
    """The figures as Prometheus reads them, in the text form of version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)  # which would read everything once more
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
