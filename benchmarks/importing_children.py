"""One reader of captures, run by ``importing`` in a process of its own; prints seconds.

Belongs here: what each reader does.
Does not belong here: making files, comparing.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
COUNTS: Final = {
    "playCount": "views",
    "diggCount": "likes",
    "commentCount": "comments",
    "shareCount": "shares",
    "collectCount": "saves",
    "authorMeta/fans": "followers",
}


def bare(path: Path) -> int:
    """The same columns with the same casts, and nothing else."""
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


def export(path: Path) -> int:
    """This code."""
    from layers_pipeline.files.captures import read_capture_file  # noqa: PLC0415 - not for bare

    return read_capture_file(path, time_zone=None, now=NOW, run_id="r").sound.height


def own(path: Path) -> int:
    """A checkout that reads our own format only."""
    from layers_pipeline.files.captures import read_capture_file  # noqa: PLC0415 - not for bare

    return read_capture_file(path, time_zone=None, now=NOW, run_id="r").sound.height


if __name__ == "__main__":
    started = time.perf_counter()
    {"bare": bare, "export": export, "own": own}[sys.argv[1]](Path(sys.argv[2]))
    sys.stdout.write(f"{time.perf_counter() - started:.3f}")
