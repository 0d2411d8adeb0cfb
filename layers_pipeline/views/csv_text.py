"""CSV as spreadsheets read it: text that they would run is made harmless, numbers stay numbers.

Belongs here: frames as CSV.
Does not belong here: which rows (one module per topic), answers to single questions
(``serving.query``), whose rule of harmless text this is.
"""

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
    harmless = frame.with_columns(pl.col(pl.String).str.replace(RUN_BY_SPREADSHEETS, "'${0}"))
    written = harmless.write_csv(
        include_header=with_names, datetime_format=INSTANT, quote_style="necessary"
    )
    return written.encode()
