"""Numbers as people write them: which sign parts decimals, and the number without separators.

Belongs here: telling a file's decimal sign from its values; writing its numbers plainly.
Does not belong here: what a number means; reading plain numbers (``transforms.staging.parsing``).

A file is written in one way. ``9,80`` or ``1.486,31`` tell that its decimals begin with a comma,
``9.80`` or ``1,486.31`` that they begin with a point. ``1,486`` alone tells nothing.
"""

from collections.abc import Sequence
from typing import Final, Literal

import polars as pl

Decimal = Literal["point", "comma"]
"""Sign between whole and part."""

THOUSANDS: Final = {
    "point": r"[,\u0020\u00a0\u2009\u202f'’]",
    "comma": r"[.\u0020\u00a0\u2009\u202f'’]",
}
SIGN: Final = {"point": r"\.", "comma": ","}
UNIT: Final = r"(?:\s?[KMBkmb])?"

_ENDS: Final = r"(?:[0-9]{1,2}|[0-9]{4,})"
"""Digits after a decimal sign that no group of thousands can be."""


def _tells(decimal: Decimal) -> str:
    sign, group = SIGN[decimal], THOUSANDS[decimal]
    return (
        rf"^-?(?:[0-9]+{sign}{_ENDS}|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+{sign}[0-9]+"
        rf"|0{sign}[0-9]+"
        rf"|[0-9]{{1,3}}(?:{'[,]' if decimal == 'point' else '[.]'}[0-9]{{3}}){{2,}}"
        rf"|[0-9]+{sign}[0-9]+\s?[KMBkmb])$"
    )


TELLING: Final[dict[Decimal, str]] = {"point": _tells("point"), "comma": _tells("comma")}
OPEN: Final = r"^-?[1-9][0-9]{0,2}[.,][0-9]{3}$"
"""``1,486`` or ``1.486``: thousands, or three decimals."""


def bare(column: str) -> pl.Expr:
    """The text of a number without surrounding space and signs of currency."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return text.str.replace_all(r"^(-?)[\p{Sc}]\s?|\s?[\p{Sc}%]$", "${1}")


def telling(rows: pl.DataFrame, columns: Sequence[str]) -> dict[Decimal, pl.DataFrame]:
    """Rows whose values tell the decimal sign, by sign: the line and the value.

    Args:
        rows: Line and columns of text.
        columns: Those that hold numbers.
    """
    parts: dict[Decimal, list[pl.DataFrame]] = {
        decimal: [
            rows.select(rows.columns[0], value=bare(name)).filter(
                pl.col("value").str.contains(shape)
            )
            for name in columns
        ]
        for decimal, shape in TELLING.items()
    }
    empty = rows.select(rows.columns[0], value=pl.lit(None, pl.String)).clear()
    return {decimal: pl.concat([empty, *found]) for decimal, found in parts.items()}


def open_values(rows: pl.DataFrame, columns: Sequence[str], decimal: Decimal) -> pl.DataFrame:
    """Rows whose values a decimal sign would make fractions of three digits: line and value."""
    shape = rf"^-?[1-9][0-9]{{0,2}}{SIGN[decimal]}[0-9]{{3}}$"
    empty = rows.select(rows.columns[0], value=pl.lit(None, pl.String)).clear()
    found = [
        rows.select(rows.columns[0], value=bare(name)).filter(pl.col("value").str.contains(shape))
        for name in columns
    ]
    return pl.concat([empty, *found])


def plain_number(column: str, decimal: Decimal) -> pl.Expr:
    """The number with a point and nothing else, as text; text that is no number stays as it is."""
    sign, group = SIGN[decimal], THOUSANDS[decimal]
    text = bare(column)
    shape = rf"^-?(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)(?:{sign}[0-9]+)?{UNIT}$"
    without = text.str.replace_all(group, "")
    plain = without if decimal == "point" else without.str.replace(",", ".", literal=True)
    return pl.when(text.str.contains(shape)).then(plain).otherwise(pl.col(column))
