"""Money as whole minor units of a currency: shown, read and rounded without floats.

Belongs here: text to minor units and back, rounding of fractions.
Does not belong here: which currencies there are (``transforms.currencies``), what money is for.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import polars as pl

from transforms.currencies import DECIMALS, USD

NO_CURRENCY: Final = "XXX"
"""ISO 4217's own word for "no currency is involved"."""
AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


def shown(minor: int, currency: str) -> str:
    """An amount as people write it, such as ``-1234.50 EUR``."""
    return f"{plain(minor, currency)} {currency}"


def plain(minor: int, currency: str) -> str:
    """An amount in major units without its currency, exact."""
    digits = DECIMALS[currency]
    whole, rest = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}}" if digits else f"{sign}{whole}"


def minor_units(text: str, currency: str) -> int:
    """The minor units of an amount in major units.

    Raises:
        ValueError: The text is no plain decimal, or has parts of a minor unit.
    """
    if not AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no amount. Write it such as 1234.50, without separators.")
    scaled = Decimal(text).scaleb(DECIMALS[currency])
    if scaled != scaled.to_integral_value(ROUND_HALF_EVEN):
        raise ValueError(
            f"{text!r} has parts of a minor unit: {currency} has {DECIMALS[currency]} decimals."
        )
    return int(scaled)


def half_even(numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """A fraction of whole numbers, not negative, rounded to the nearest, halves to the even one."""
    whole, rest = numerator // denominator, numerator % denominator
    doubled = rest * 2
    is_up = (doubled > denominator) | ((doubled == denominator) & (whole % 2 == 1))
    return whole + is_up.cast(pl.Int64)


def currency_of(column: str = "currency") -> pl.Expr:
    """The currency of a row of ad metrics; null means US dollars, as before it was kept."""
    return pl.col(column).fill_null(USD)
