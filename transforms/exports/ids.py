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
FEW: Final = 3


def lost_digits(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """The rows whose ids have lost digits, if most of the long ids have.

    Args:
        rows: Ids as text in a column.
        name: The column.
    """
    long_ids = rows.filter(pl.col(name).str.contains(LONG)).unique(name, maintain_order=True)
    shape = ROUNDED if long_ids.height >= FEW else SURELY
    rounded = long_ids.filter(pl.col(name).str.contains(shape))
    return rounded if rounded.height * 2 > long_ids.height else rounded.clear()
