"""Money as whole minor units of a currency: shown, read and rounded without floats.

Belongs here: how many decimals a currency has, text to minor units and back, rounding.
Does not belong here: sums, and what money is for.
"""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import polars as pl

USD: Final = "USD"
NO_CURRENCY: Final = "XXX"
"""ISO 4217's own word for "no currency is involved"."""
WITHOUT_DECIMALS: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
WITH_THREE: Final = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
CODE: Final = re.compile(r"[A-Z]{3}")
AMOUNT: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def decimals(currency: str) -> int:
    """Digits behind the point: 2 but for the currencies of ISO 4217 that have none or three."""
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE else 2


def shown(minor: int, currency: str) -> str:
    """An amount as people write it, such as ``-1234.50 EUR``."""
    return f"{plain(minor, currency)} {currency}"


def plain(minor: int, currency: str) -> str:
    """An amount in major units without its currency, exact."""
    digits = decimals(currency)
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
    scaled = Decimal(text).scaleb(decimals(currency))
    if scaled != scaled.to_integral_value(ROUND_HALF_EVEN):
        raise ValueError(
            f"{text!r} has parts of a minor unit: {currency} has {decimals(currency)} decimals."
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
