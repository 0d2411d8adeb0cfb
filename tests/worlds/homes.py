"""A deployment that many tests begin with: made once, copied for each that writes.

Belongs here: copying whole homes, and Dagster's files before the first run.
Does not belong here: what is in them.
"""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dagster as dg

from layers_pipeline.dagster_support.instance_storage import SqliteStorage
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores
from tests.worlds.data_builders import migrated_database


@contextmanager
def copied(stores: Stores, home: Path) -> Iterator[Stores]:
    """The same lake and database in another folder, at the same moment; closed afterwards."""
    shutil.copytree(stores.settings.root, home)
    settings = Settings(**(stores.settings.model_dump() | {"home": home}))
    opened = open_stores(settings, clock=stores.clock)
    yield opened
    opened.operations.close()


def begun(home: Path) -> Path:
    """A new home with an empty operational database: migrating one takes as long as a command."""
    home.mkdir(parents=True)
    (home / "operations.db").write_bytes(migrated_database())
    return home


@cache
def empty_storage() -> Path:
    """Dagster's files before the first run: making them takes longer than most runs."""
    folder = _folder()
    storage = SqliteStorage(str(folder / "storage"))
    storage.run_storage.dispose()
    storage.event_log_storage.dispose()
    return folder / "storage"


@contextmanager
def empty_instance(folder: Path) -> Iterator[dg.DagsterInstance]:
    """A real instance in a folder, in which nothing has happened yet."""
    shutil.copytree(_empty_home(), folder, dirs_exist_ok=True)
    with dg.instance_for_test(temp_dir=str(folder)) as made:
        yield made


@cache
def _empty_home() -> Path:
    folder = _folder()
    with dg.instance_for_test(temp_dir=str(folder)):
        return folder


def _folder() -> Path:
    """Deleted at the end of the process."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
