"""Ids that a table program has rounded: their last digits are zeros.

Belongs here: telling that digits were lost.
Does not belong here: ids written with an exponent or decimals, which one value alone tells.
"""

from typing import Final

import polars as pl

LONG: Final = r"^\s*[0-9]{17,20}\s*$"
ROUNDED: Final = r"^\s*[0-9]{15,17}0{2,}\s*$"
"""A spreadsheet keeps 15 digits, a double prints at most 17; whole ids of so many digits end in two
zeros once in a hundred times."""
SURELY: Final = r"^\s*[0-9]{15}0{3,}\s*$"
ZEROS: Final = "00"
FEW: Final = 3
LOOKED_AT: Final = 1_000
"""Rows that are looked at for other ids, besides twice the number of those that look rounded."""


def lost_digits(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The rows whose ids have lost digits, if most of the long ids have.

    Args:
        rows: Ids as text in a column.
        name: The column.
    """
    likely = likely_rounded(rows, name).height
    if has_others(rows, name, likely):
        return rows.clear()
    long_ids = rows.filter(pl.col(name).str.contains(LONG)).unique(name, maintain_order=True)
    shape = ROUNDED if long_ids.height >= FEW else SURELY
    rounded = long_ids.filter(pl.col(name).str.contains(shape))
    return rounded if rounded.height * 2 > long_ids.height else rounded.clear()


def likely_rounded(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The ids that look rounded, each once."""
    ends = rows.filter(pl.col(name).str.strip_chars_end().str.ends_with(ZEROS))
    return ends.filter(pl.col(name).str.contains(ROUNDED)).select(name).unique()


def looked_at(likely: int) -> int:
    """How many rows are looked at for other ids than those that look rounded."""
    return 4 * likely + LOOKED_AT


def has_others(rows: pl.DataFrame, name: str, likely: int) -> bool:
    """Whether the first rows hold so many other long ids that no digits can be lost.

    Args:
        rows: Ids as text in a column; of a file its first rows are enough.
        name: The column.
        likely: How many ids of the file look rounded.
    """
    if not likely:
        return True
    others = rows.head(looked_at(likely)).filter(pl.col(name).str.contains(LONG))
    return others.n_unique(name) >= 2 * likely
