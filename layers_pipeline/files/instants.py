"""Instants of Parquet files that Polars cannot hold: it stops the process where it meets one.

Belongs here: finding them before they are read.
Does not belong here: instants that are held, and what is wrong with them (``transforms``).
"""

from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

import polars as pl
import pyarrow as pa
from pyarrow import parquet

FIRST, LAST = -62_135_596_800, 253_402_300_799
"""Seconds: the first of year 1 and the last of year 9999."""
PER_SECOND: Final = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def odd_instants(source: Path | bytes) -> str | None:
    """What is wrong with a column of instants as such: a zone that is none, a unit that is cut."""
    opened = pa.BufferReader(source) if isinstance(source, bytes) else source
    try:
        schema = parquet.read_schema(opened)
    except (pa.ArrowException, OSError):
        return None  # damage, which reading will tell
    known = available_timezones()
    for field in schema:
        zone = field.type.tz if pa.types.is_timestamp(field.type) else None
        if zone is not None and zone not in known:
            return (
                f"column {field.name} has the time zone {zone!r}, which no database of zones knows."
                " Write its instants in UTC."
            )
        if pa.types.is_duration(field.type):
            return f"column {field.name} holds lengths of time. Write it as text or as a number."
    return None


def beyond_calendar(rows: pl.DataFrame, before: int = 0) -> str | None:
    """Which instant lies before the year 1 or after 9999, by the row that it stands in.

    Args:
        rows: Some rows of a file.
        before: How many stand before them.
    """
    for name, dtype in rows.schema.items():
        if isinstance(dtype, pl.Datetime):
            per_second = PER_SECOND[dtype.time_unit]
            number = rows[name].to_physical() // per_second
            at = ((number < FIRST) | (number > LAST)).arg_true()
            if at.len():
                return (
                    f"row {before + at[0] + 1}: {name} {rows[name].to_physical()[at[0]]} "
                    f"{dtype.time_unit} since 1970 lies beyond the years 1 to 9999. Mend the file."
                )
    return None
