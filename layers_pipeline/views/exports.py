"""Exports: the rows that a filter keeps as a file, with a manifest that says what it holds (R63).

Belongs here: writing such files, finding them, holding them to the query, deleting old ones.
Does not belong here: rows (``content``), when exports are written (``sensors``), copies of all
tables (``serving.copies``).

A file lies at PROJECT/NAME/MOMENT.csv and its manifest beside it; the manifest comes last, so a
file without one is none.
"""

import hashlib
import json
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow.parquet as pq

from layers_pipeline.errors import StoreError
from layers_pipeline.views.content import batches, count, stream_csv
from layers_pipeline.views.csv_text import csv_of
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import Reader
from transforms.vocabulary import ExportFormat

MANIFEST: Final = ".manifest.json"
PIECE: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Export:
    """What a manifest says of a file."""

    project_id: str
    name: str
    file: str
    """Name of the file, which lies beside the manifest."""
    format: ExportFormat
    query: str
    """The filter, as a URL's query."""
    columns: tuple[str, ...]
    rows: int
    as_of: str
    """When the generation was made that the rows are of; ISO 8601, UTC."""
    generation: int
    bytes: int
    sha256: str
    made_at: str


def write_export(
    reader: Reader,
    kept: ContentFilter,
    folder: Path,
    *,
    name: str,
    form: ExportFormat,
    now: datetime,
) -> Export:
    """Write all rows that a filter keeps, and the manifest; the same generation again, anew.

    Args:
        folder: Of all exports.
        name: What the export is called, such as a saved view.

    Raises:
        StoreError: The folder cannot be written.
    """
    home = folder / kept.project_id / name
    path = home / f"{reader.as_of:%Y%m%dT%H%M%SZ}.{form}"
    making = path.with_name(f".making-{path.name}")
    try:
        home.mkdir(parents=True, exist_ok=True)
        (_write_csv if form == "csv" else _write_parquet)(reader, kept, making)
        export = Export(
            project_id=kept.project_id,
            name=name,
            file=path.name,
            format=form,
            query=kept.to_query(),
            columns=kept.columns,
            rows=count(reader, kept),
            as_of=reader.as_of.isoformat(),
            generation=reader.generation,
            bytes=making.stat().st_size,
            sha256=_sha256(making),
            made_at=now.isoformat(),
        )
        making.replace(path)
        _write_manifest(path, export)
    except OSError as error:
        raise StoreError(
            f"export {name!r}: {error.strerror} ({path}). Make room or name another folder."
        ) from error
    finally:
        with suppress(OSError):
            making.unlink()
    return export


def exports_in(folder: Path) -> list[Export]:
    """Every export that has a manifest, by project, name and moment."""
    found = sorted(folder.glob(f"*/*/*{MANIFEST}"))
    return [_read_manifest(path) for path in found]


def problems_of(reader: Reader, kept: ContentFilter, export: Export, folder: Path) -> list[str]:
    """What tells a file from what the query gives, asked again, in words; nothing if they agree."""
    path = folder / export.project_id / export.name / export.file
    if not path.exists():
        return [f"{path} is gone"]
    expected = {
        "as_of": reader.as_of.isoformat(),
        "query": kept.to_query(),
        "columns": kept.columns,
        "rows": count(reader, kept),
        "sha256": _sha256(path),
    }
    found = [
        f"{name} is {getattr(export, name)!r} in the manifest and {value!r} when asked again"
        for name, value in expected.items()
        if getattr(export, name) != value
    ]
    if _digest(_rows_of(path, export.format)) != _digest(stream_csv(reader, kept)):
        found.append(f"{path}: its rows are not those of the query")
    return found


def prune_exports(folder: Path, *, kept: int) -> list[Path]:
    """Delete all but the newest exports of each name; give the files that went."""
    gone: list[Path] = []
    for home in {path.parent for path in folder.glob(f"*/*/*{MANIFEST}")}:
        for manifest in sorted(home.glob(f"*{MANIFEST}"))[: -max(kept, 1)]:
            path = home / _read_manifest(manifest).file
            # Without its manifest a file is none: the manifest goes first.
            manifest.unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            gone.append(path)
    return sorted(gone)


def _write_csv(reader: Reader, kept: ContentFilter, path: Path) -> None:
    with path.open("wb") as file, closing(stream_csv(reader, kept)) as pieces:
        file.writelines(pieces)


def _write_parquet(reader: Reader, kept: ContentFilter, path: Path) -> None:
    with closing(batches(reader, kept)) as frames:
        schema = next(frames).to_arrow().schema
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for frame in frames:
                writer.write_table(frame.to_arrow().cast(schema))


def _rows_of(path: Path, form: ExportFormat) -> Generator[bytes]:
    """The rows of a file as CSV, in pieces."""
    if form == "csv":
        with path.open("rb") as file:
            yield from iter(lambda: file.read(PIECE), b"")
        return
    with pq.ParquetFile(path) as file:
        yield csv_of(pl.DataFrame(file.schema_arrow.empty_table()), with_names=True)
        for rows in file.iter_batches():
            yield csv_of(pl.DataFrame(rows), with_names=False)


def _digest(pieces: Generator[bytes]) -> str:
    found = hashlib.sha256()
    with closing(pieces):
        for piece in pieces:
            found.update(piece)
    return found.hexdigest()


def _write_manifest(path: Path, export: Export) -> None:
    text = json.dumps(asdict(export), indent=2, ensure_ascii=False) + "\n"
    making = path.with_name(f".making-{path.name}{MANIFEST}")
    making.write_text(text, encoding="utf-8")
    making.replace(path.with_name(f"{path.name}{MANIFEST}"))


def _read_manifest(path: Path) -> Export:
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Export(**{**said, "columns": tuple(said["columns"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StoreError(f"{path}: it is no manifest of an export ({error}). Delete it.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
