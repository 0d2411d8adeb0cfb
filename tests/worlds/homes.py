"""A deployment that many tests begin with: made once, copied for each that writes.

Belongs here: copying whole homes.
Does not belong here: what is in them.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import Stores, open_stores


@contextmanager
def copied(stores: Stores, home: Path) -> Iterator[Stores]:
    """The same lake and database in another folder, at the same moment; closed afterwards."""
    shutil.copytree(stores.settings.root, home)
    settings = Settings(**(stores.settings.model_dump() | {"home": home}))
    opened = open_stores(settings, clock=stores.clock)
    yield opened
    opened.operations.close()
