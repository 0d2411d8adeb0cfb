"""One version of each table of the lake, all of one moment, down to the files that make it up.

Belongs here: which files a version needs, data and log, while nobody writes.
Does not belong here: copying them (``backup``).

A table's log is taken whole: versions that other tables have read stay readable by number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from layers_pipeline.lake import catalog
from layers_pipeline.lake.log import LOG_FILE
from layers_pipeline.lake.store import Lake
from layers_pipeline.steps.keep.places import Place, place_of


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One table at one version.

    Args:
        place: Where its files lie.
        files: Data files by place within it, and their bytes as the log says.
        log: Names of the log's files up to the version.
        note: The log's note of its last checkpoint, where there is one.
    """

    name: str
    version: int
    rows: int
    place: Place
    files: dict[str, int]
    log: tuple[str, ...]
    note: bytes | None


def pin_all(lake: Lake) -> list[Pin]:
    """Every stored table at its version; the caller holds the lake's write lock."""
    return list(_pins(lake))


def _pins(lake: Lake) -> Iterator[Pin]:
    for table in catalog.TABLES:
        if (handle := lake.handle(table)) is None:
            continue
        place, listed = place_of(lake, table), handle.get_add_actions()
        paths, sizes, rows = (
            listed[name].to_pylist() for name in ("path", "size_bytes", "num_records")
        )
        yield Pin(
            name=table.name,
            version=handle.version(),
            rows=sum(count or 0 for count in rows),
            place=place,
            files=dict(zip(map(unquote, paths), sizes, strict=True)),
            log=_up_to(handle.version(), place.log()),
            note=place.note(),
        )


def _up_to(version: int, names: Iterable[str]) -> tuple[str, ...]:
    found = map(LOG_FILE.fullmatch, names)
    return tuple(sorted(one.group() for one in found if one and int(one["version"]) <= version))
