"""Figures of this machine: room on its disks, the size of the operational database.

Belongs here: what the file system tells.
Does not belong here: memory of processes (runs count their own, ``dagster_support``).
"""

import shutil
from pathlib import Path
from urllib.parse import unquote

from layers_pipeline.settings import Settings
from layers_pipeline.steps.watch.families import Families, gauge, single

PLACE = ("place",)


def of_disks(settings: Settings) -> Families:
    """Room where the stores lie, as far as they lie on this machine."""
    places = {"home": settings.root, "serve": settings.serve_location}
    if "://" not in settings.lake_location:
        places["lake"] = Path(settings.lake_location)
    usages = {
        name: shutil.disk_usage(next(path for path in (place, *place.parents) if path.exists()))
        for name, place in places.items()
    }
    yield gauge(
        "disk_free_bytes",
        "Room left where a store lies.",
        [((name,), usage.free) for name, usage in usages.items()],
        PLACE,
    )
    yield gauge(
        "disk_size_bytes",
        "Room in all where a store lies.",
        [((name,), usage.total) for name, usage in usages.items()],
        PLACE,
    )
    url = settings.operations_database_url
    if url.startswith("sqlite"):
        path = Path(unquote(url.partition("///")[2]))
        logs = (path, path.with_name(f"{path.name}-wal"))
        size = sum(one.stat().st_size for one in logs if one.exists())
        yield gauge(
            "operations_size_bytes", "Size of the operational database's file.", single(size)
        )
