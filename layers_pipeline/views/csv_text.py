"""CSV as spreadsheets read it: text that they would run is made harmless, numbers stay numbers.

Belongs here: frames as CSV.
Does not belong here: which rows (one module per topic), answers to single questions
(``serving.query``), whose rule of harmless text this is.
"""

from io import BytesIO
from typing import Final

import polars as pl

RUN_BY_SPREADSHEETS: Final = (
    r"^(?:[\t\r\n]|[\s\x0b\x1c-\x1f\x{85}\p{Z}]*[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}])"
)
"""How text begins that a spreadsheet takes for a formula; ``serving.query`` has it for Python."""
INSTANT: Final = "%Y-%m-%dT%H:%M:%S%.fZ"


def csv_of(frame: pl.DataFrame, *, with_names: bool) -> bytes:
    """The rows as lines of UTF-8; instants in UTC, null as nothing.

    Args:
        frame: Instants, days, truths, numbers and text.
        with_names: Whether the first line has the columns' names.
    """
    file = BytesIO()
    _harmless(frame).write_csv(
        file,
        include_header=with_names,
        datetime_format=INSTANT,
        quote_style="necessary",
        # A line with nothing on it is no row to those who read CSV.
        null_value='""' if frame.width == 1 else "",
    )
    return file.getvalue()


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows, text that a spreadsheet would run made harmless; most columns hold none."""
    runs = frame.select(pl.col(pl.String).str.contains(RUN_BY_SPREADSHEETS).any())
    mended = [name for name in runs.columns if runs[name].any()]
    return frame.with_columns(pl.col(mended).str.replace(RUN_BY_SPREADSHEETS, "'${0}"))
