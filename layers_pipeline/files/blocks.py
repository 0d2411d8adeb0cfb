"""Text of a file in blocks that end where rows end, each checked to be UTF-8.

Belongs here: cutting delimited text between rows; telling the line of what is no UTF-8.
Does not belong here: reading rows (``csv_rows``).

A line break ends a row if the quotes before it are even in number. Where a file has a quote within
a value without quotes, blocks are larger than they need be.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import polars as pl
import pyarrow as pa

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member

BLOCK_BYTES: Final = 8 * 2**20
DECODED_BYTES: Final = 2**20
Text = bytes | bytearray | memoryview
CLEAR: Final = (b"", 0)
"""The state of a decoder that waits for nothing."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some whole rows of delimited text.

    Args:
        content: Their bytes.
        ends: Bytes of the file up to the end of the block.
        breaks: Line breaks in it.
        is_last: Whether the file ends here.
        is_torn: Whether a quote is left open, or was somewhere.
    """

    content: memoryview
    ends: int
    breaks: int = 0
    is_last: bool = False
    is_torn: bool = False


def blocks_of(member: Member, *, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """The text of a table in blocks of whole rows, from its beginning.

    Raises:
        InputRefusedError: Something of it is no UTF-8.
    """
    with member.opened() as text:
        rest, read, lines = memoryview(b""), 0, 0
        while True:
            content, taken = _with_next(rest, text, size)
            read += taken
            quotes = count_of(content, b'"')
            cut = len(content) if not taken else _last_row_end(content, quotes)
            whole, rest = memoryview(content)[:cut], memoryview(content)[cut:]
            breaks = count_of(whole, b"\n")
            if not content.isascii():
                refuse_other_text(member.path, whole, lines)
            lines += breaks
            if whole or not taken:
                yield Block(
                    content=whole,
                    ends=read - len(rest),
                    breaks=breaks,
                    is_last=not taken,
                    is_torn=not taken and quotes % 2 == 1,
                )
            if not taken:
                return


def _with_next(rest: memoryview, text: IO[bytes], size: int) -> tuple[bytearray, int]:
    """What is left of a text and the next bytes of it, copied once; and how many those are."""
    content, taken = bytearray(len(rest) + size), 0
    content[: len(rest)] = rest
    while taken < size and (more := text.readinto(memoryview(content)[len(rest) + taken :])):  # type: ignore[attr-defined]
        taken += more
    del content[len(rest) + taken :]
    return content, taken


def _last_row_end(content: bytearray, quotes: int) -> int:
    """Where the last row that is there as a whole ends; 0: none is."""
    at, before = len(content), quotes
    while (found := content.rfind(b"\n", 0, at)) >= 0:
        before -= content.count(b'"', found, at)
        if before % 2 == 0:
            return found + 1
        at = found
    return 0


def count_of(content: Text, byte: bytes) -> int:
    """How often one byte stands in a text; as ``bytes.count``, several times as fast."""
    buffer = pa.py_buffer(content)
    array = pa.Array.from_buffers(pa.uint8(), len(content), [None, buffer])
    return int((pl.Series(array) == byte[0]).sum())


def refuse_other_text(path: Path, content: memoryview, lines: int = 0) -> None:
    """Refuse what is not UTF-8; looked at in parts, so that no copy of all is made.

    Args:
        path: The file, for messages.
        content: Some whole lines of it.
        lines: Line breaks before them.
    """
    decoder, seen = codecs.getincrementaldecoder("utf-8")(), 0
    try:
        for first in range(0, len(content), DECODED_BYTES):
            part = bytes(content[first : first + DECODED_BYTES])
            if decoder.getstate() == CLEAR and part.isascii():
                continue
            seen = first - len(decoder.getstate()[0])
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = lines + count_of(content[: seen + error.start], b"\n") + 1
        raise InputRefusedError(
            f"{path}: line {line}: is not UTF-8 text. Save it as UTF-8 (in Excel: CSV UTF-8)."
        ) from error


def refuse_blank(path: Path, text: IO[bytes]) -> None:
    """Refuse a file in which nothing is written."""
    while part := text.read(DECODED_BYTES):
        if not part.isspace():
            return
    raise InputRefusedError(f"{path}: is empty. Export it again.")
