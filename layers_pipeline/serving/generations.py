"""The analysts' file: generations of one read-only DuckDB file, swapped in whole.

Belongs here: putting a generation in place, keeping and pruning older ones, finding them.
Does not belong here: what a file holds (``database``), which versions are pinned and when
(``steps.publish``).
"""

import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import polars as pl

from layers_pipeline.errors import NotFoundError, PublicationError
from layers_pipeline.serving import mart_days, rolled
from layers_pipeline.serving.database import VIEWS, build
from layers_pipeline.serving.history import History
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.marts import Mart
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.serving.pinned import Pinned

LINK: Final = "layers.duckdb"
GENERATION: Final = re.compile(r"layers-(\d{6})\.duckdb")
READ_ONLY: Final = 0o444
"""Rights of a published file: whoever opens it to write is told so by the system."""
log: Final = logging.getLogger(__name__)


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
    history: History = VIEWS,
    rolls: bool = False,
) -> Generation:
    """Build the next generation beside the current one and swap the link to it.

    Readers of an older generation go on undisturbed; the newest ``kept`` generations stay.

    Args:
        pinned: Tables of the lake, all pinned in one moment.
        history: What is copied of tables in an object store that grow without end.
        rolls: Whether months that are over are rolled into a file each (``rolled``).

    Raises:
        PublicationError: The file could not be built; the current generation stays.
    """
    number = max(generations(folder), default=0) + 1
    path = file_of(folder, number)
    making = folder / f".making-{number:06d}.duckdb"
    with _making(making, path):
        folder.mkdir(parents=True, exist_ok=True)
        _remove(making)
        making_it = partial(
            build,
            serve=folder,
            pinned=pinned,
            number=number,
            at=at,
            history=history,
            rolls=rolls,
        )
        rows, marts = _built(making, making_it)
        making.chmod(READ_ONLY)
        _sync(making)
        _write_versions(path, {pin.table.name: pin.version for pin in pinned})
        making.replace(path)
        _swap_link(folder, path.name)
    _prune(folder, kept)
    mart_days.prune(folder, generations(folder))
    rolled.prune(folder, generations(folder))
    return Generation(number=number, path=path, rows=rows, marts=marts)


def _built(
    making: Path, making_it: Callable[[Path], tuple[dict[str, int], dict[str, Mart]]]
) -> tuple[dict[str, int], dict[str, Mart]]:
    """Make the file, elsewhere first where DuckDB cannot write its log beside it."""
    if "?" not in str(making):
        return making_it(making)
    with TemporaryDirectory(prefix="layers-") as elsewhere:
        made = Path(elsewhere) / making.name
        rows, marts = making_it(made)
        shutil.copyfile(made, making)
    return rows, marts


@contextmanager
def _making(making: Path, path: Path) -> Generator[None]:
    """Leave nothing of a generation that could not be made, and say why in our words."""
    try:
        yield
    except (duckdb.Error, pl.exceptions.PolarsError, OSError) as error:
        for left in (making, making.with_name(f"{making.name}.wal"), path, _versions_file(path)):
            _remove(left)
        said = " ".join(str(error).split())
        raise PublicationError(f"{path}: {said}. The previous generation stays.") from error


def _remove(left: Path) -> None:
    """Delete what a killed or failed publication left of a file, if that is possible."""
    with suppress(OSError):
        left.unlink(missing_ok=True)


def _prune(folder: Path, kept: int) -> None:
    """Delete all but the newest generations; one that cannot be deleted stays, and is told."""
    for old in sorted(generations(folder))[: -max(kept, 1)]:
        path = file_of(folder, old)
        try:
            path.unlink(missing_ok=True)
            _versions_file(path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s: cannot be deleted (%s). Delete it by hand.", path, error.strerror)


def generations(folder: Path) -> list[int]:
    """Numbers of the generations that lie in a folder."""
    found = (GENERATION.fullmatch(path.name) for path in folder.glob("layers-*.duckdb"))
    return [int(match.group(1)) for match in found if match]


def file_of(folder: Path, number: int) -> Path:
    """Where a generation lies."""
    return folder / f"layers-{number:06d}.duckdb"


def _versions_file(path: Path) -> Path:
    """The file beside a generation that says of which versions of the lake's tables it was made."""
    return path.with_suffix(".json")


def _write_versions(path: Path, versions: Mapping[str, int]) -> None:
    beside = _versions_file(path)
    fresh = beside.with_name(f".{beside.name}.next")
    fresh.write_text(json.dumps(dict(versions), indent=1), encoding="utf-8")
    _sync(fresh)
    fresh.replace(beside)


def current(folder: Path) -> Path:
    """The file that the link names now.

    Raises:
        NotFoundError: Nothing was published yet.
        PublicationError: The newest generation is gone.
    """
    link = folder / LINK
    if link.exists():
        return link.resolve()
    if link.is_symlink():
        raise PublicationError(
            f"{link}: the newest generation, {link.resolve()}, is gone. Run `layers-pipeline "
            "publish`: it makes another."
        )
    raise NotFoundError(
        f"{link}: nothing was published yet. Run `layers-pipeline publish` or `make demo`."
    )


def pinned_versions(folder: Path) -> dict[str, list[int]]:
    """Versions of the lake's tables that kept generations still read.

    They stand beside each file, which may be open elsewhere. A generation that does not tell them
    is damaged, or held by a program that writes: it is left out with a warning.
    """
    found: dict[str, list[int]] = {}
    for number in generations(folder):
        path = file_of(folder, number)
        try:
            versions = _versions_beside(path) or _versions_within(path)
        except duckdb.Error as error:
            log.warning(
                "%s: this generation cannot be read and is left out of account (%s). Close what "
                "holds it, or delete it; a newer one is not touched by it.",
                path,
                " ".join(str(error).split()),
            )
            continue
        for name, version in versions.items():
            if version >= 0:
                found.setdefault(name, []).append(version)
    return found


def _versions_beside(path: Path) -> dict[str, int]:
    """What the file beside a generation says; nothing where there is none that can be read."""
    try:
        read = json.loads(_versions_file(path).read_text(encoding="utf-8"))
        return {str(name): int(version) for name, version in read.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _versions_within(path: Path) -> dict[str, int]:
    """What a generation of an older package says of itself."""
    # Attached, because the same process may hold the file open under another configuration.
    with duckdb.connect(config=CONFIG) as connection:
        connection.execute(f"attach {sql_literal(str(path))} as published (read_only)")
        query = "select table_name, lake_version from published.publication"
        return dict(connection.execute(query).fetchall())


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _swap_link(folder: Path, target: str) -> None:
    """Point the link to a new generation in one step, so that it is never missing."""
    fresh = folder / f".{LINK}.next"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(folder / LINK)
