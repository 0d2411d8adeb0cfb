"""One reader of captures, run by ``importing`` in a process of its own.

Prints the seconds that it took, and those of the processor.

Belongs here: what each reader does.
Does not belong here: making files, comparing.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import polars as pl

Reader = Callable[[], int]
"""Made with everything that it needs imported; called, it reads and gives the rows."""
NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
COUNTS: Final = {
    "playCount": "views",
    "diggCount": "likes",
    "commentCount": "comments",
    "shareCount": "shares",
    "collectCount": "saves",
    "authorMeta/fans": "followers",
}


def bare(path: Path) -> Reader:
    """The same columns with the same casts, and nothing else."""
    return lambda: _bare(path)


def _bare(path: Path) -> int:
    text = pl.read_csv(
        path,
        infer_schema=False,
        columns=[
            "id", "authorMeta/name", "createTimeISO", "webVideoUrl", "text", "isSlideshow", *COUNTS,
        ],
    )  # fmt: skip
    rows = text.select(
        "id",
        "authorMeta/name",
        "webVideoUrl",
        "text",
        "isSlideshow",
        made=pl.col("createTimeISO").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_zone="UTC"),
        **{ours: pl.col(theirs).cast(pl.Int64) for theirs, ours in COUNTS.items()},
    )
    return rows.height


def export(path: Path) -> Reader:
    """This code, its rows taken as they come and dropped."""
    from layers_pipeline.files.captures import read_capture_files  # noqa: PLC0415 - not for bare

    def take(_: str) -> Callable[[pl.DataFrame, pl.DataFrame], None]:
        return lambda *_: None

    read = partial(read_capture_files, path, time_zone=None, now=NOW, run_id="r", take=take)
    return lambda: read()[0].rows


def landed(path: Path) -> Reader:
    """A checkout, this one or an older one, the rows landed in a lake of their own."""
    import_captures = _first_of(
        "import_captures", "layers_pipeline.steps.ingest.imports", "layers_pipeline.steps.imports"
    )
    make_stores = _first_of("make_stores", "tests.worlds.data_builders", "tests.data_builders")
    home = tempfile.TemporaryDirectory(dir=path.parent)
    stores = make_stores(Path(home.name) / "home", now=NOW)
    told = {"project_id": "p", "time_zone": None, "run_id": "r"}

    def land() -> int:
        with home:
            return import_captures(stores, [path], **told).files[0].rows

    return land


def own(path: Path) -> Reader:
    """A checkout that reads our own format only: the rows as it hands them on, held by it."""
    read_capture_file = _first_of(
        "read_capture_file", "layers_pipeline.files.captures", "layers_pipeline.capture_files"
    )
    read = partial(read_capture_file, path, time_zone=None, now=NOW, run_id="r")
    return lambda: read().rows


def _first_of(name: str, *places: str) -> Callable[..., Any]:
    """What a checkout calls by a name, wherever it keeps it."""
    for place in places:
        try:
            return getattr(import_module(place), name)
        except ModuleNotFoundError as error:
            if not place.startswith(error.name or "-"):
                raise
    raise ModuleNotFoundError(f"no {name} in that checkout")


READERS: Final = {"bare": bare, "export": export, "landed": landed, "own": own}

if __name__ == "__main__":
    reader = READERS[sys.argv[1]](Path(sys.argv[2]))
    started, worked = time.perf_counter(), time.process_time()
    reader()
    sys.stdout.write(f"{time.perf_counter() - started:.3f} {time.process_time() - worked:.3f}")
