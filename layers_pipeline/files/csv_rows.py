"""Delimited text as rows, block by block: all of them text, each with the line it begins on.

Belongs here: which columns are kept, lines of rows, rows with too few or too many values.
Does not belong here: how the text is laid out (``delimited``); where blocks end (``blocks``).
"""

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, cast

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from layers_pipeline.ahead import ahead
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.blocks import BLOCK_BYTES, Block, blocks_of
from layers_pipeline.files.delimited import Dialect, csv_reader
from layers_pipeline.files.members import Member
from layers_pipeline.files.raw_file import Part, RawFile
from transforms.exports.headers import header_word
from transforms.staging.parsing import LINE

WIDE: Final = 24
"""Of tables with more columns, only those are kept whose names are known."""


def csv_table(
    member: Member,
    dialect: Dialect,
    words: Collection[str],
    *,
    block_bytes: int = BLOCK_BYTES,
) -> RawFile:
    """The table that a member holds as delimited text.

    Args:
        member: The table.
        dialect: How it is laid out.
        words: Header words that are known.
        block_bytes: How much of it is read at a time; what stands above its rows has to be less.

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
        block_bytes=block_bytes,
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
class _Read:
    """A block that was read; without one: where the first begins.

    Args:
        line: Line on which its first row begins.
        skipped: Lines of it above that.
        lines: Lines that its rows take.
    """

    line: int
    skipped: int
    block: Block | None = None
    rows: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines: int = 0

    @property
    def next_line(self) -> int:
        """Line on which the next block begins."""
        return self.line + self.lines

    @property
    def skips_next(self) -> int:
        """Lines that are skipped at the beginning of the next block."""
        return self.skipped if self.block is None else 0


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
    block_bytes: int

    def parts(self) -> Iterator[Part]:
        size, skipped = self.member.size(), self.dialect.lines
        last, done = _Read(line=skipped + 1, skipped=skipped), 0
        tried = ahead(self._tried, self._begun())
        for block, read in tried:
            if not isinstance(read, pa.ArrowInvalid) and read.line != last.next_line:
                read = self._tried((block, last.next_line, last.skips_next))[1]  # noqa: PLW2901
            if isinstance(read, pa.ArrowInvalid):
                rest = [block, *(block for block, _ in tried)]
                last = self._read_rest(last, rest, read)
                break
            # Handed on once the next one was read too: only that tells whether a row ends here.
            if last.block is not None:
                done += last.rows.height
                yield last.rows, done * size // last.block.ends
            last = read
        yield last.rows, done + last.rows.height

    def _begun(self) -> Iterator[tuple[Block, int, int]]:
        """The blocks, each with the line on which it begins, and the lines to be skipped there.

        Rows that no line feed ends, but a carriage return, make later lines wrong.
        """
        line, skipped = self.dialect.lines + 1, self.dialect.lines
        for block in blocks_of(self.member, size=self.block_bytes):
            self._refuse_torn(block)
            yield block, line, skipped
            line, skipped = line + block.breaks - skipped, 0

    def _tried(self, begun: tuple[Block, int, int]) -> tuple[Block, "_Read | pa.ArrowInvalid"]:
        """A block and its rows, or why they cannot be read."""
        block, line, skipped = begun
        try:
            return block, self._read(block, line, skipped)
        except pa.ArrowInvalid as error:
            return block, error

    def _read_rest(self, last: "_Read", blocks: list[Block], error: pa.ArrowInvalid) -> "_Read":
        """The block before one that cannot be read, together with the rest of the file.

        Quotes within values without quotes can let a block end where no row does.
        """
        if damage := self._damage():
            raise InputRefusedError(damage) from error
        joined = blocks if last.block is None else [last.block, *blocks]
        if len(joined) > 1:
            content = b"".join(block.content for block in joined)
            whole = Block(
                content=memoryview(content),
                ends=joined[-1].ends,
                breaks=sum(block.breaks for block in joined),
                is_last=True,
            )
            try:
                return self._read(whole, last.line, last.skipped)
            except pa.ArrowInvalid as again:
                error = again
        raise InputRefusedError(f"{self.member.path}: {error}") from error

    def _refuse_torn(self, block: Block) -> None:
        if block.is_torn and (damage := self._damage()):
            raise InputRefusedError(damage)

    def _read(self, block: Block, line: int, skipped: int) -> "_Read":
        """A block's rows."""
        read = partial(_Read, block=block, line=line, skipped=skipped)
        if len(self.wanted) < self.width:
            rows = self._arrow(block, skipped, sorted(self.wanted.values()))
            if _has_a_line_each(rows, block, skipped):
                numbered = rows.with_row_index(LINE, offset=line).cast({LINE: pl.Int64})
                return read(rows=self._named(numbered), lines=rows.height)
        rows = self._arrow(block, skipped, range(self.width))
        breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
        taken = rows.select(lines=(breaks + 1).cast(pl.Int64))["lines"]
        rows = rows.with_columns((taken.cum_sum() - taken + line).alias(LINE))
        is_blank = pl.all_horizontal(pl.col(_names(range(self.width))) == "")
        return read(rows=self._named(rows.filter(~is_blank)), lines=int(taken.sum()))

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(LINE, **{name: pl.col(_name(at)) for name, at in self.wanted.items()})

    def _arrow(self, block: Block, skipped: int, places: Sequence[int]) -> pl.DataFrame:
        """A block's rows, all of them text, of some columns."""
        if not block.content:
            return pl.DataFrame(schema=dict.fromkeys(_names(places), pl.String()))
        names = _names(range(self.width))
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(block.content)),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows=skipped, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.dialect.delimiter, newlines_in_values=True, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=_names(places),
                strings_can_be_null=False,
                check_utf8=False,
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
    lines = block.breaks + (block.content[-1:] != b"\n")
    if not block.content or lines != rows.height + skipped:
        return False
    return not rows.select(pl.all_horizontal(pl.all() == "").any()).item()
