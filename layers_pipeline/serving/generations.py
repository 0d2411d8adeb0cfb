"""The analysts' file: generations of one read-only DuckDB file, swapped in whole.

Belongs here: putting a generation in place, keeping and pruning older ones, finding them.
Does not belong here: what a file holds (``database``), which versions are pinned and when
(``steps.publish``).
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from layers_pipeline.errors import NotFoundError, PublicationError
from layers_pipeline.serving import mart_days
from layers_pipeline.serving.database import CONFIG, build
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.marts import Mart
from layers_pipeline.serving.pinned import Pinned

LINK: Final = "layers.duckdb"
GENERATION: Final = re.compile(r"layers-(\d{6})\.duckdb")


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A published file."""

    number: int
    path: Path
    rows: Mapping[str, int]
    marts: Mapping[str, Mart]


def publish(
    folder: Path,
    *,
    pinned: Sequence[Pinned],
    at: datetime,
    kept: int,
) -> Generation:
    """Build the next generation beside the current one and swap the link to it.

    Readers of an older generation go on undisturbed; the newest ``kept`` generations stay.

    Args:
        pinned: Tables of the lake, all pinned in one moment.

    Raises:
        PublicationError: The file could not be built; the current generation stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    number = max(generations(folder), default=0) + 1
    path = folder / f"layers-{number:06d}.duckdb"
    making = folder / f".making-{number:06d}.duckdb"
    making.unlink(missing_ok=True)
    try:
        rows, marts = build(making, pinned=pinned, number=number, at=at)
    except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
        making.unlink(missing_ok=True)
        making.with_name(f"{making.name}.wal").unlink(missing_ok=True)
        raise PublicationError(f"{path}: {error}. The previous generation stays.") from error
    _sync(making)
    making.replace(path)
    _swap_link(folder, path.name)
    for old in sorted(generations(folder))[: -max(kept, 1)]:
        (folder / f"layers-{old:06d}.duckdb").unlink(missing_ok=True)
    mart_days.prune(folder, generations(folder))
    return Generation(number=number, path=path, rows=rows, marts=marts)


def generations(folder: Path) -> list[int]:
    """Numbers of the generations that lie in a folder."""
    found = (GENERATION.fullmatch(path.name) for path in folder.glob("layers-*.duckdb"))
    return [int(match.group(1)) for match in found if match]


def current(folder: Path) -> Path:
    """The file that the link names now.

    Raises:
        NotFoundError: Nothing was published yet.
    """
    link = folder / LINK
    if not link.exists():
        raise NotFoundError(
            f"{link}: nothing was published yet. Run `layers-pipeline publish` or `make demo`."
        )
    return link.resolve()


def pinned_versions(folder: Path) -> dict[str, list[int]]:
    """Versions of the lake's tables that kept generations still read."""
    found: dict[str, list[int]] = {}
    for number in generations(folder):
        path = folder / f"layers-{number:06d}.duckdb"
        # Attached, because the same process may hold the file open under another configuration.
        with duckdb.connect(config=CONFIG) as connection:
            connection.execute(f"attach {sql_literal(str(path))} as published (read_only)")
            query = (
                "select table_name, lake_version from published.publication where lake_version >= 0"
            )
            for name, version in connection.execute(query).fetchall():
                found.setdefault(name, []).append(version)
    return found


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _swap_link(folder: Path, target: str) -> None:
    """Point the link to a new generation in one step, so that it is never missing."""
    fresh = folder / f".{LINK}.next"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(folder / LINK)
