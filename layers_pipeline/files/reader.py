"""What files to be imported have in common: what identifies them, what makes one unusable.

Belongs here: a file's identity, and faults of whole files, said with line, value and remedy.
Does not belong here: file formats, what columns mean, rows that are set aside one by one.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import dataframely as dy
import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.progress import report
from transforms.staging.parsing import LINE
from transforms.staging.quarantine import split

SHOWN_LINES: Final = 3
SHOWN_REASONS: Final = 5
SHOWN_CHARACTERS: Final = 200
SPREADSHEET_ERROR: Final = r"^\s*(?:#(?:NAME\?|REF!|VALUE!|NUM!|DIV/0!|NULL!|N/A)|#{3,})\s*$"


@dataclass(kw_only=True)
class Tally:
    """What became of rows, counted.

    Args:
        sound: Rows that keep the contract.
        broken: Rows that were set aside.
        reasons: How many of those broke each rule.
        odd_values: How many values of sound rows alone broke each rule.
        first_broken: The first row that was set aside, of ``Quarantine``.
    """

    sound: int = 0
    broken: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    odd_values: Counter[str] = field(default_factory=Counter)
    first_broken: pl.DataFrame | None = None

    def add(self, sound: pl.DataFrame, quarantined: pl.DataFrame) -> None:
        """Count some more rows."""
        self.sound += sound.height
        if quarantined.is_empty():
            return
        is_row = pl.col("column_name").is_null()
        rows = quarantined.filter(is_row)
        self.broken += rows.height
        self.reasons += _counted(rows)
        self.odd_values += _counted(quarantined.filter(~is_row))
        if self.first_broken is None and rows.height:
            self.first_broken = rows.head(1)


def _counted(set_aside: pl.DataFrame) -> Counter[str]:
    """How many rows of ``Quarantine`` broke each rule."""
    return Counter(set_aside["broken_rules"].str.split(",").explode().drop_nulls().to_list())


@dataclass(frozen=True, kw_only=True)
class ReadFile:
    """A file as read.

    Args:
        file_id: Its identity, 16 hexadecimal digits.
        rows: Rows read, sound and broken.
        sound: The sound rows, of the file's contract; none if they were taken as they came.
        quarantined: The broken rows, and odd values of sound ones, as rows of ``Quarantine``;
            none if they were taken as they came.
        tally: What became of the rows, in numbers.
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
    tally: Tally
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
    parts: Sequence[tuple[pl.DataFrame, pl.DataFrame]],
    tally: Tally,
    *,
    file_id: str,
    rows: int,
    columns: Sequence[str],
) -> ReadFile:
    """The file whose parts, each its sound and its broken rows, were read.

    Raises:
        InputRefusedError: None of its rows can be used.
    """
    if not tally.sound:
        raise InputRefusedError(_nothing_usable(path, tally))
    sound, quarantined = (pl.concat(some) for some in zip(*parts, strict=True))
    return ReadFile(
        path=path,
        file_id=file_id,
        rows=rows,
        sound=sound,
        quarantined=quarantined,
        tally=tally,
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


def report_rows(path: Path, done: int, total: int) -> None:
    """Say how many of the file's rows are read."""
    report(f"reading {path.name}", done, max(done, total))


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


def unusable_types(schema: pl.Schema, columns: Iterable[str]) -> Iterator[str]:
    """A fault per column whose type holds neither text nor numbers nor times."""
    for name in columns:
        dtype = schema.get(name, pl.String())
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Boolean):
            yield f"column {name} has the type {dtype}. Write it as text or as a number"


def places(found: pl.DataFrame, name: str, *, count: int | None = None) -> str:
    """The first lines of rows with a fault in one column, and what stands there.

    Args:
        found: Such rows, the first ones at least.
        name: The column.
        count: How many there are, if not all are given.
    """
    first, count = found.head(SHOWN_LINES), count or found.height
    lines = ", ".join(str(line) for line in first[LINE])
    values = ", ".join(str(value) for value in first[name])
    more = f" and {count - first.height} more" if count > first.height else ""
    return f"{'line' if first.height == 1 else 'lines'} {lines}{more}: {name} {values}"


def _nothing_usable(path: Path, tally: Tally) -> str:
    """Words for a file all of whose rows are set aside."""
    counted = sorted(tally.reasons.items(), key=lambda one: (-one[1], one[0]))
    reasons = ", ".join(f"{rule} ({rows})" for rule, rows in counted[:SHOWN_REASONS])
    words = f"{path}: none of its {tally.broken} rows can be used: {reasons}."
    if tally.first_broken is not None:
        first = tally.first_broken.row(0, named=True)
        line = str(first["origin"]).rpartition(":")[2]
        words += f" The first is on line {line}: {first['row'][:SHOWN_CHARACTERS]}."
    return f"{words} Mend the file and import it again."
