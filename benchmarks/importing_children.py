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
from importlib.util import find_spec
from pathlib import Path
from typing import Final

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
    """This code, the rows landed in a lake of their own."""
    from layers_pipeline.steps.ingest.imports import import_captures  # noqa: PLC0415 - not for bare
    from tests.worlds.data_builders import make_stores  # noqa: PLC0415 - not for bare

    home = tempfile.TemporaryDirectory(dir=path.parent)
    stores = make_stores(Path(home.name) / "home", now=NOW)
    told = {"project_id": "p", "time_zone": None, "run_id": "r"}

    def land() -> int:
        with home:
            return import_captures(stores, [path], **told).files[0].rows

    return land


def own(path: Path) -> Reader:
    """A checkout that reads our own format only, wherever it keeps its reader."""
    for name in ("layers_pipeline.files.captures", "layers_pipeline.capture_files"):
        if find_spec(name.rpartition(".")[0]) and find_spec(name):
            module = import_module(name)
            read = partial(module.read_capture_file, path, time_zone=None, now=NOW, run_id="r")
            return lambda: read().sound.height
    raise ModuleNotFoundError("no reader of captures in that checkout")


READERS: Final = {"bare": bare, "export": export, "landed": landed, "own": own}

if __name__ == "__main__":
    reader = READERS[sys.argv[1]](Path(sys.argv[2]))
    started, worked = time.perf_counter(), time.process_time()
    reader()
    sys.stdout.write(f"{time.perf_counter() - started:.3f} {time.process_time() - worked:.3f}")
