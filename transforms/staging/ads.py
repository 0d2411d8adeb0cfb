"""Landed rows of ads APIs as typed rows: what every ad platform's staging shares.

Belongs here: the three frames that staging gives, columns taken over from the landed row, money of
API answers in minor units, until when a day may change.
Does not belong here: any one platform's fields (``meta_ads``, ``tiktok_ads``).
"""

from dataclasses import dataclass
from typing import Final

import dataframely as dy
import polars as pl

from transforms.contracts.ads_landed import StgAdsAccountDays, StgAdsDays, StgAdsStates
from transforms.currencies import minor_units

DECIMAL: Final = r"^-?[0-9]{1,15}(?:\.[0-9]{0,18})?$"
LARGEST: Final = 10**15


@dataclass(frozen=True, kw_only=True)
class StagedAds:
    """Typed rows of one ad platform's landed rows; those that keep no contract are set aside."""

    states: pl.DataFrame
    """Rows of ``StgAdsStates``."""
    days: pl.DataFrame
    """Rows of ``StgAdsDays``."""
    account_days: pl.DataFrame
    """Rows of ``StgAdsAccountDays``."""


TAKEN_OVER: Final = ("landing_id", "ad_account_id", "known_at", "run_id", "landed_on")
"""What a staged row keeps of its landed one."""


def money_in_minor_units(text: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """An API's decimal amount in whole minor units of its currency, half to even; else null.

    Platforms give averages such as "3.378254" and pad others, so there is nothing finer to keep:
    the row as received stays in the raw table. Decimals are read exactly, never through floats.
    """
    plain = text.cast(pl.String).str.strip_chars()
    amount = pl.when(plain.str.contains(DECIMAL)).then(plain)
    decimal = amount.str.to_decimal(scale=18)
    units = minor_units(currency).cast(pl.Decimal(38, 0))
    scaled = (decimal.cast(pl.Decimal(38, 18)) * units).cast(pl.Decimal(38, 18))
    return scaled.round(0, mode="half_to_even").cast(pl.Int64, strict=False)


def whole_number(value: pl.Expr) -> pl.Expr:
    """A count that an API gives as text or number, ``12``, ``"12"`` or ``"12.0"``; else null."""
    text = value.cast(pl.String).str.strip_chars()
    is_whole = text.str.contains(r"^[0-9]{1,18}(?:\.0*)?$")
    return pl.when(is_whole).then(text.str.extract(r"^([0-9]+)", 1)).cast(pl.Int64, strict=False)


def plain_number(value: pl.Expr) -> pl.Expr:
    """A number that an API gives as text or number; null where it is none."""
    text = value.cast(pl.String).str.strip_chars()
    return pl.when(text.str.contains(DECIMAL)).then(text).cast(pl.Float64, strict=False)


def may_change_until(day: pl.Expr, days: int) -> pl.Expr:
    """The last day on which the platform may restate a day."""
    return day.dt.offset_by(f"{days}d")


def staged(schema: type[dy.Schema], rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with exactly the contract's columns and types."""
    return rows.select(schema.column_names()).cast(schema.create_empty().schema)


def nothing_staged() -> StagedAds:
    """No rows of any kind."""
    return StagedAds(
        states=StgAdsStates.create_empty(),
        days=StgAdsDays.create_empty(),
        account_days=StgAdsAccountDays.create_empty(),
    )
