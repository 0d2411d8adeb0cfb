"""Workbooks (XLSX) as tables of text: each cell as it would stand in a CSV file.

Belongs here: which sheet counts, and what a cell's value is as text.
Does not belong here: what columns mean.

A number with three decimals gets a fourth, so that nobody takes its point for one of thousands;
a whole number that a double cannot hold is written with an exponent, as a lost id is.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from python_calamine import CalamineWorkbook

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member

MOST_BYTES: Final = 2**30
"""What may come out of a workbook's packing."""
EXACT: Final = 2**53
"""Whole numbers below it are exact in a double."""
OPEN_DECIMALS: Final = 3


def sheet_rows(member: Member, likeness: Callable[[Sequence[str]], int]) -> list[list[str]]:
    """The rows of the sheet that is most like a table that we know, as text.

    Args:
        member: The workbook.
        likeness: How much a row is like a header that we know.

    Raises:
        InputRefusedError: It is no workbook, too large, or two sheets are alike.
    """
    content = member.read()
    _require_small(member, content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            name: [
                [_text(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()
            ]
            for name in book.sheet_names
        }
    except Exception as error:  # calamine's errors have no common class
        if isinstance(error, InputRefusedError | MemoryError):
            raise
        raise InputRefusedError(
            f"{member.path}: cannot be read as a workbook. Open it in a spreadsheet and save it "
            "again, or save it as CSV UTF-8."
        ) from error
    return _one_of(member, {name: rows for name, rows in sheets.items() if rows}, likeness)


def _require_small(member: Member, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as error:
        raise InputRefusedError(
            f"{member.path}: is no XLSX workbook, or is cut off. Export it again."
        ) from error
    if size > MOST_BYTES:
        raise InputRefusedError(
            f"{member.path}: unpacks to more than {MOST_BYTES // 2**30} GiB. Save it as CSV UTF-8."
        )


def _one_of(
    member: Member, sheets: dict[str, list[list[str]]], likeness: Callable[[Sequence[str]], int]
) -> list[list[str]]:
    if not sheets:
        raise InputRefusedError(f"{member.path}: is empty. Export it again.")
    alike = {name: max(likeness(row) for row in rows[:20]) for name, rows in sheets.items()}
    most = max(alike.values())
    best = [name for name, count in alike.items() if count == most]
    if len(best) > 1 and most:
        raise InputRefusedError(
            f"{member.path}: the sheets {' and '.join(best)} could both be meant. Save the one "
            "that is as a file of its own."
        )
    return sheets[best[0]]


def _text(cell: Any) -> str:  # noqa: ANN401 - any value of a cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return _number(float(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < EXACT else f"{value:.6e}"
    text = repr(value)
    has_open_point = "e" not in text and len(text.partition(".")[2]) == OPEN_DECIMALS
    return f"{text}0" if has_open_point else text
