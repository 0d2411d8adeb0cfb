"""TikTok's ads and their days: what its ads API answered, as typed rows.

Belongs here: TikTok's words for ads and figures, and what each becomes.
Does not belong here: fetching, landing; columns that every ad platform's rows have (``ads``).

Every figure comes as text. "-" is not reported and "<5" too few to be told: both are null, and
neither is a zero.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from transforms.contracts.ads_landed import StgAdsAccountDays, StgAdsDays, StgAdsStates
from transforms.currencies import DECIMALS
from transforms.staging.ads import (
    StagedAds,
    may_change_until,
    money_in_minor_units,
    plain_number,
    staged,
    whole_number,
)
from transforms.staging.documents import decoded, with_documents

AD_FIELDS: Final = (
    "ad_id",
    "ad_name",
    "adgroup_id",
    "campaign_id",
    "create_time",
    "operation_status",
    "secondary_status",
    "tiktok_item_id",
)
PURCHASES: Final = ("complete_payment", "total_purchase", "onsite_shopping")
"""On the web, in apps, in TikTok's shop: a purchase is made in one of them."""
VALUES: Final = (
    "total_complete_payment_rate",
    "total_purchase_value",
    "total_onsite_shopping_value",
)
"""What those purchases were worth; the first is money despite its name."""
METRICS: Final = (
    "spend",
    "currency",
    "impressions",
    "clicks",
    "reach",
    "frequency",
    *PURCHASES,
    *VALUES,
)
RUNNING: Final = ("DELIVERY_OK", "REAUDIT", "BUDGET_EXCEED", "CAMPAIGN_EXCEED")
"""Of ``secondary_status``, less its prefix: it delivers, or does so again without anybody's doing
once the day's budget is there again."""
DELETED: Final = ("DELETE", "ADGROUP_DELETE", "CAMPAIGN_DELETE")
PREFIX: Final = r"^AD_STA(?:T)?US_"
"""The vendor itself writes ``AD_STAUS_`` once."""
NO_POST: Final = ("", "0")
TIME: Final = "%Y-%m-%d %H:%M:%S"
TEXTS: Final = pl.String()


def stage_tiktok_ads(landed: pl.DataFrame, trailing_days: int) -> StagedAds:
    """Read landed rows of TikTok's ads API, to be held to their contracts.

    Args:
        landed: Rows of ``RawTiktokAds``.
        trailing_days: For how many days a day may still be restated.
    """
    parts = landed.partition_by("entity", as_dict=True)
    of = {name: parts.get((name,), landed.clear()) for name in ("ad", "ad_day", "account_day")}
    return StagedAds(
        states=_states(of["ad"]),
        days=_days(of["ad_day"], trailing_days),
        account_days=_account_days(of["account_day"], trailing_days),
    )


def _states(landed: pl.DataFrame) -> pl.DataFrame:
    documents = with_documents(landed)
    rows = documents.hstack(
        decoded(documents, dict.fromkeys(AD_FIELDS, TEXTS)).rename({"ad_id": "told_id"})
    )
    word = pl.col("secondary_status").str.replace(PREFIX, "")
    is_on = pl.col("operation_status").fill_null("ENABLE") == "ENABLE"
    post = pl.col("tiktok_item_id")
    return staged(
        StgAdsStates,
        rows.with_columns(
            ad_platform=pl.lit("tiktok"),
            ad_id=pl.coalesce("told_id", "subject"),
            ad_set_id=pl.col("adgroup_id"),
            status=pl.coalesce("secondary_status", "operation_status"),
            is_running=is_on
            & word.is_in(RUNNING).fill_null(pl.col("operation_status").is_not_null()),
            is_deleted=word.is_in(DELETED).fill_null(value=False),
            created_at=pl.col("create_time")
            .str.to_datetime(TIME, time_unit="us", strict=False)
            .dt.replace_time_zone("UTC"),
            shows_post_id=pl.when(~post.is_in(NO_POST)).then(post),
            shows_permalink=pl.lit(None, TEXTS),
        ).with_columns(
            shows_platform=pl.when(pl.col("shows_post_id").is_not_null()).then(pl.lit("tiktok"))
        ),
    )


def _days(landed: pl.DataFrame, trailing_days: int) -> pl.DataFrame:
    rows = _measured(landed, "ad_id", trailing_days)
    return staged(
        StgAdsDays,
        rows.with_columns(
            ad_id=pl.coalesce("told_id", "subject"),
            reach=whole_number(pl.col("reach")),
            frequency=plain_number(pl.col("frequency")),
            spent_in=pl.col("spent_on").dt.to_string("%Y-%m").fill_null(""),
        ),
    )


def _account_days(landed: pl.DataFrame, trailing_days: int) -> pl.DataFrame:
    return staged(StgAdsAccountDays, _measured(landed, "advertiser_id", trailing_days))


def _measured(landed: pl.DataFrame, dimension: str, trailing_days: int) -> pl.DataFrame:
    """Rows of a report with what ads' and accounts' days have in common."""
    documents = with_documents(landed)
    schema = {
        "dimensions": pl.Struct({dimension: TEXTS, "stat_time_day": TEXTS}),
        "metrics": pl.Struct(dict.fromkeys(METRICS, TEXTS)),
    }
    found = decoded(documents, schema)
    figures = found.select(
        told_id=pl.col("dimensions").struct.field(dimension),
        day_text=pl.col("dimensions").struct.field("stat_time_day"),
        **{_told(name): pl.col("metrics").struct.field(name) for name in METRICS},
    )
    rows = documents.hstack(figures).with_columns(currency=_currency())
    day = pl.col("day_text").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    return rows.with_columns(
        ad_platform=pl.lit("tiktok"),
        spent_on=day,
        spend_cents=_money("spend"),
        impressions=whole_number(pl.col("impressions")),
        clicks=whole_number(pl.col("clicks")),
        conversions=_together({name: whole_number(pl.col(name)) for name in PURCHASES}),
        conversion_value_cents=_together({name: _money(name) for name in VALUES}),
        may_change_until=may_change_until(day, trailing_days),
    )


def _told(metric: str) -> str:
    return "told_currency" if metric == "currency" else metric


def _currency() -> pl.Expr:
    """The row's own currency, where it names one; else its account's."""
    told = pl.col("told_currency").str.to_uppercase()
    return pl.coalesce(pl.when(told.is_in(list(DECIMALS))).then(told), "currency")


def _money(column: str) -> pl.Expr:
    return money_in_minor_units(pl.col(column), pl.col("currency"))


def _together(parts: Mapping[str, pl.Expr]) -> pl.Expr:
    """The sum of what is told; null where nothing is."""
    return pl.when(pl.any_horizontal(part.is_not_null() for part in parts.values())).then(
        pl.sum_horizontal(parts.values())
    )
