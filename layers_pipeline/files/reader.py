"""What files to be imported have in common: what identifies them, what makes one unusable.

Belongs here: a file's identity, and faults of whole files, said with line, value and remedy.
Does not belong here: file formats, what columns mean, rows that are set aside one by one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import RawFile
from layers_pipeline.files.members import Member
from layers_pipeline.progress import report
from transforms.staging.parsing import LINE
from transforms.staging.quarantine import split

SHOWN_LINES: Final = 3
SHOWN_REASONS: Final = 5
SHOWN_CHARACTERS: Final = 200
SPREADSHEET_ERROR: Final = r"^\s*(?:#(?:NAME\?|REF!|VALUE!|NUM!|DIV/0!|NULL!|N/A)|#{3,})\s*$"


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """A file as read.

    Args:
        file_id: Its identity, 16 hexadecimal digits.
        rows: Rows read, sound and broken.
        sound: The sound rows, of the file's contract.
        quarantined: The broken rows, and odd values of sound ones, as rows of ``Quarantine``.
        ignored_columns: Columns of the file that mean nothing here.
        format: The format that it was read as.
        mapping: Columns of the file that are read, by columns of ours.
        findings: What a person should look at, in sentences.
        notes: What was settled or left out, in sentences.
    """

    path: Path
    file_id: str
    rows: int
    sound: pl.DataFrame
    quarantined: pl.DataFrame
    ignored_columns: tuple[str, ...]
    format: str = "own"
    mapping: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows_set_aside(self) -> pl.DataFrame:
        """The rows that broke the contract."""
        return self.quarantined.filter(pl.col("column_name").is_null())

    @property
    def odd_values(self) -> pl.DataFrame:
        """The values that alone were set aside."""
        return self.quarantined.filter(pl.col("column_name").is_not_null())


def read_file(
    path: Path,
    raw: RawFile,
    parts: Iterable[tuple[pl.DataFrame, pl.DataFrame]],
    *,
    file_id: str,
    columns: Sequence[str],
) -> ReadFile:
    """The file whose parts, each its sound and its broken rows, were read.

    Raises:
        InputRefusedError: None of its rows can be used.
    """
    sound, quarantined = (pl.concat(some) for some in zip(*parts, strict=True))
    if sound.is_empty():
        raise InputRefusedError(_nothing_usable(path, quarantined))
    return ReadFile(
        path=path,
        file_id=file_id,
        rows=raw.rows.height,
        sound=sound,
        quarantined=quarantined,
        ignored_columns=tuple(name for name in raw.columns if name not in columns),
    )


def split_rows(
    schema: type[dy.Schema], typed: pl.DataFrame, *, table_name: str, read_at: datetime, run_id: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the contract, and rows that break it. Reads file_id, line_number."""
    return split(
        schema,
        typed,
        table_name=table_name,
        origin=pl.concat_str("file_id", pl.lit(":"), pl.col(LINE).cast(pl.String)),
        quarantined_at=read_at,
        run_id=run_id,
    )


def refuse(path: Path, faults: Iterable[str]) -> None:
    """Refuse the file if it has any fault, and name them all."""
    if found := list(faults):
        raise InputRefusedError(f"{path}: {'; '.join(found)}.")


def report_rows(path: Path, done: int, raw: RawFile) -> None:
    """Say how many of the file's rows are read."""
    report(f"reading {path.name}", done, raw.rows.height)


def fingerprint(member: Member) -> str:
    """The identity of a table's content, 16 hexadecimal digits."""
    if member.content is not None and member.path.parent.suffix.lower() == ".zip":
        return hashlib.sha256(member.content).hexdigest()[:16]
    with member.path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def read_as(identity: str, *how: object) -> str:
    """The identity of content that is read in a way of its own, 16 hexadecimal digits."""
    whole = "/".join([identity, *("" if part is None else str(part) for part in how)])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def missing_columns(raw: RawFile, required: Iterable[str], *, page: str) -> Iterator[str]:
    """A fault if required columns are missing; ``page`` tells what they are."""
    missing = [name for name in required if name not in raw.columns]
    if missing:
        yield (
            f"required columns are missing: {', '.join(missing)} (found: {', '.join(raw.columns)})"
            f". Rename the file's columns to the names in {page}"
        )


def spreadsheet_errors(rows: pl.DataFrame, columns: Iterable[str]) -> Iterator[str]:
    """A fault per column in which a spreadsheet's error stands in place of a value."""
    for name in columns:
        if rows.schema.get(name) == pl.String:
            found = rows.filter(pl.col(name).str.contains(SPREADSHEET_ERROR))
            if not found.is_empty():
                yield (
                    f"{places(found, name)}: a spreadsheet's error in place of a value. "
                    "Export the file again from its source, not through a spreadsheet"
                )


def unusable_types(rows: pl.DataFrame, columns: Iterable[str]) -> Iterator[str]:
    """A fault per column whose type holds neither text nor numbers nor times."""
    for name in columns:
        dtype = rows.schema.get(name, pl.String())
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Boolean):
            yield f"column {name} has the type {dtype}. Write it as text or as a number"


def places(found: pl.DataFrame, name: str) -> str:
    """The first lines of rows with a fault in one column, and what stands there."""
    first = found.head(SHOWN_LINES)
    lines = ", ".join(str(line) for line in first[LINE])
    values = ", ".join(str(value) for value in first[name])
    more = f" and {found.height - first.height} more" if found.height > first.height else ""
    return f"{'line' if first.height == 1 else 'lines'} {lines}{more}: {name} {values}"


def _nothing_usable(path: Path, quarantined: pl.DataFrame) -> str:
    """Words for a file all of whose rows are set aside (rows of ``Quarantine``)."""
    rules = quarantined.select(rule=pl.col("broken_rules").str.split(",")).explode("rule")
    counted = rules.group_by("rule").len().sort(["len", "rule"], descending=[True, False])
    reasons = ", ".join(
        f"{rule} ({rows})" for rule, rows in counted.head(SHOWN_REASONS).iter_rows()
    )
    first = quarantined.row(0, named=True)
    line = str(first["origin"]).rpartition(":")[2]
    return (
        f"{path}: none of its {quarantined.height} rows can be used: {reasons}. The first is on "
        f"line {line}: {first['row'][:SHOWN_CHARACTERS]}. Mend the file and import it again."
    )
