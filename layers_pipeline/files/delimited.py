"""How delimited text is laid out: its separator, what stands before the header, the header itself.

Belongs here: ``;`` and tabs, ``sep=``, titles and periods above the header.
Does not belong here: reading the rows (``formats``); which format it is (``recognition``).
"""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Final

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member
from transforms.exports.headers import header_of

DELIMITERS: Final = (",", ";", "\t", "|")
PEEKED_ROWS: Final = 20
LEAST_KNOWN: Final = 2
"""Known words by which a later row than the first is taken for the header."""
SEP: Final = b"sep="
BOM: Final = b"\xef\xbb\xbf"
FIRST_BYTES: Final = len(BOM) + len(SEP) + 2


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a file is laid out.

    Args:
        delimiter: One character.
        header: The names of its columns, as they are written.
        header_line: Line on which the header begins.
        lines: Lines up to the end of the header.
    """

    delimiter: str
    header: tuple[str, ...]
    header_line: int
    lines: int


def csv_reader(content: IO[bytes], delimiter: str) -> Any:  # noqa: ANN401 - no public type
    """Rows of delimited text, strict about quotes."""
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    return csv.reader(text, strict=True, delimiter=delimiter)


def likeness(row: Sequence[str], words: Collection[str]) -> int:
    """How many names of a row are header words that are known."""
    header = header_of(name for name in row if name.strip())
    plain = sum(name in words for name in header.names)
    return plain + sum(header.find(word) is not None for word in words if "{" in word)


def dialect_of(member: Member, words: Collection[str]) -> Dialect:
    """How a table is laid out, as its first rows tell.

    Args:
        member: The table, UTF-8.
        words: Header words that are known, in small letters.

    Raises:
        InputRefusedError: Not even the first row can be read.
    """
    with member.opened() as text:
        said = _said_delimiter(text.read(FIRST_BYTES))
    choices = [said] if said else list(DELIMITERS)
    tried = [_layout(member, delimiter, words, is_said=bool(said)) for delimiter in choices]
    found = [one for one in tried if isinstance(one, Dialect)]
    if not isinstance(tried[0], Dialect) and not found:
        raise tried[0]
    best = max(found, key=lambda one: (likeness(one.header, words), len(one.header)))
    # A comma is what we ask for: another separator has to explain the header better.
    plain = found[0]
    is_better = likeness(best.header, words) > likeness(plain.header, words)
    return best if is_better or len(plain.header) == 1 else plain


def _said_delimiter(content: bytes) -> str | None:
    first = content.removeprefix(BOM)[: len(SEP) + 2]
    if not first.lower().startswith(SEP):
        return None
    return first[len(SEP) : len(SEP) + 1].decode("latin-1")


def _layout(
    member: Member, delimiter: str, words: Collection[str], *, is_said: bool
) -> Dialect | InputRefusedError:
    rows, line = [], 1
    with member.opened() as text:
        reader = csv_reader(text, delimiter)
        try:
            for row in islice(reader, PEEKED_ROWS):
                rows.append((row, line, reader.line_num))
                line = reader.line_num + 1
        except csv.Error as error:
            if not rows:
                return InputRefusedError(
                    f"{member.path}: line {line}: cannot be read as CSV: {error}. Export it again."
                )
    rows = rows[1:] if is_said and len(rows) > 1 else rows
    known = [likeness(row, words) for row, _, _ in rows]
    most = max(known)
    is_later = known[0] < most and most >= LEAST_KNOWN
    header, begins, ends = rows[known.index(most)] if is_later else rows[0]
    return Dialect(delimiter=delimiter, header=tuple(header), header_line=begins, lines=ends)
