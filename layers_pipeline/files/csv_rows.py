"""Delimited text as rows, block by block: all of them text, each with the line it begins on.

Belongs here: which columns are kept, lines of rows, rows with too few or too many values.
Does not belong here: how the text is laid out (``delimited``); where blocks end (``blocks``).
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.blocks import Block, blocks_of
from layers_pipeline.files.delimited import Dialect, csv_reader
from layers_pipeline.files.members import Member
from layers_pipeline.files.raw_file import Part, RawFile
from transforms.exports.headers import header_word
from transforms.staging.parsing import LINE

WIDE: Final = 24
"""Of tables with more columns, only those are kept whose names are known."""


def csv_table(member: Member, dialect: Dialect, words: Collection[str]) -> RawFile:
    """The table that a member holds as delimited text.

    Args:
        member: The table.
        dialect: How it is laid out.
        words: Header words that are known.

    Raises:
        InputRefusedError: Its header is blank, or names a column twice.
    """
    header = [name.strip() for name in dialect.header]
    if not header:
        raise InputRefusedError(f"{member.path}: line 1: is blank. Begin with the column names.")
    refuse_twice(member.path, header, line=dialect.header_line)
    places = {name: at for at, name in enumerate(header) if name}
    known = {name: at for name, at in places.items() if header_word(name) in words}
    wanted = known if len(header) > WIDE and known else places
    rows = _Rows(
        member=member,
        dialect=dialect,
        width=len(header),
        wanted={name: at for name, at in wanted.items() if name != LINE},
    )
    return RawFile(columns=tuple(places), parts=rows.parts)


def refuse_twice(path: Path, header: list[str], *, line: int) -> None:
    """Refuse a header that names a column twice."""
    twice = [name for name, times in Counter(header).items() if name and times > 1]
    if twice:
        raise InputRefusedError(
            f"{path}: line {line}: column {twice[0]} appears twice. Remove or rename one of them."
        )


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """The rows of a table.

    Args:
        width: Columns of the file.
        wanted: Those that are kept, by name, with their places.
    """

    member: Member
    dialect: Dialect
    width: int
    wanted: dict[str, int]

    def parts(self) -> Iterator[Part]:
        size, done, line, skipped = (
            self.member.size(),
            0,
            self.dialect.lines + 1,
            self.dialect.lines,
        )
        blocks = blocks_of(self.member)
        for block in blocks:
            self._refuse_torn(block)
            ends = size if block.is_last else block.ends
            try:
                rows, line = self._read(block, line, skipped)
            except pa.ArrowInvalid as error:
                rows, line = self._read_rest(block, blocks, line, skipped, error)
                ends = size
            done, skipped = done + rows.height, 0
            yield rows, done * size // max(ends, 1)

    def _read_rest(
        self, block: Block, blocks: Iterator[Block], line: int, skipped: int, error: pa.ArrowInvalid
    ) -> tuple[pl.DataFrame, int]:
        """A block that cannot be read, together with the rest of the file.

        Quotes within values without quotes can let a block end where no row does.
        """
        if damage := self._damage():
            raise InputRefusedError(damage) from error
        rest = list(blocks)
        if rest:
            content = b"".join(part.content for part in (block, *rest))
            whole = Block(content=content, ends=rest[-1].ends, is_last=True)
            try:
                return self._read(whole, line, skipped)
            except pa.ArrowInvalid as again:
                error = again
        raise InputRefusedError(f"{self.member.path}: {error}") from error

    def _refuse_torn(self, block: Block) -> None:
        if block.is_torn and (damage := self._damage()):
            raise InputRefusedError(damage)

    def _read(self, block: Block, line: int, skipped: int) -> tuple[pl.DataFrame, int]:
        """A block's rows, and the line on which the next one begins."""
        if len(self.wanted) < self.width:
            rows = self._arrow(block, skipped, sorted(self.wanted.values()))
            if _has_a_line_each(rows, block, skipped):
                numbered = rows.with_row_index(LINE, offset=line).cast({LINE: pl.Int64})
                return self._named(numbered), line + rows.height
        rows = self._arrow(block, skipped, range(self.width))
        breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
        taken = rows.select(lines=(breaks + 1).cast(pl.Int64))["lines"]
        rows = rows.with_columns((taken.cum_sum() - taken + line).alias(LINE))
        is_blank = pl.all_horizontal(pl.col(_names(range(self.width))) == "")
        return self._named(rows.filter(~is_blank)), line + int(taken.sum())

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(LINE, **{name: pl.col(_name(at)) for name, at in self.wanted.items()})

    def _arrow(self, block: Block, skipped: int, places: Sequence[int]) -> pl.DataFrame:
        """A block's rows, all of them text, of some columns."""
        if not block.content:
            return pl.DataFrame(schema=dict.fromkeys(_names(places), pl.String()))
        names = _names(range(self.width))
        table = arrow_csv.read_csv(
            pa.BufferReader(block.content),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=skipped),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.dialect.delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=_names(places),
                strings_can_be_null=False,
            ),
        )
        return cast("pl.DataFrame", pl.from_arrow(table, rechunk=False))

    def _damage(self) -> str | None:
        """The first row with too few or too many values, or a quote that is never closed."""
        with self.member.opened() as text:
            reader = csv_reader(text, self.dialect.delimiter)
            while reader.line_num < self.dialect.lines:
                next(reader)
            begins = reader.line_num + 1
            try:
                for row in reader:
                    if row and len(row) != self.width:
                        return (
                            f"{self.member.path}: line {begins}: has {len(row)} values where the "
                            f"header has {self.width} columns. The file is cut off, or a value "
                            "with a comma lacks its quotes: export it again."
                        )
                    begins = reader.line_num + 1
            except csv.Error as error:
                return (
                    f"{self.member.path}: line {begins}: cannot be read as CSV: {error}. "
                    "Export it again."
                )
        return None


def _name(place: int) -> str:
    return f"column {place}"


def _names(places: Sequence[int]) -> list[str]:
    return [_name(place) for place in places]


def _has_a_line_each(rows: pl.DataFrame, block: Block, skipped: int) -> bool:
    """Whether a block's rows stand on a line each, and none of them is blank."""
    lines = block.content.count(b"\n") + (not block.content.endswith(b"\n"))
    if not block.content or lines != rows.height + skipped:
        return False
    return not rows.select(pl.all_horizontal(pl.all() == "").any()).item()
