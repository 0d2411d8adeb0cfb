"""Meta's ads, their days and account totals, from landed rows to typed ones.

Belongs here: the Marketing API's fields, and what each becomes.
Does not belong here: what every ad platform shares (``ads``), reading the API.
"""

from typing import Final

import polars as pl

from transforms.contracts.ads_landed import StgAdsAccountDays, StgAdsDays, StgAdsStates
from transforms.staging.ads import (
    TAKEN_OVER,
    StagedAds,
    may_change_until,
    money_in_minor_units,
    plain_number,
    staged,
    whole_number,
)
from transforms.staging.documents import decoded, with_documents
from transforms.staging.parsing import read_day, read_instant

RUNNING: Final = "ACTIVE"
DELETED: Final = "DELETED"
UNKNOWN: Final = "UNKNOWN"
PURCHASES: Final = (
    "omni_purchase",
    "purchase",
    "offsite_conversion.fb_pixel_purchase",
    "onsite_web_purchase",
    "onsite_web_app_purchase",
    "web_in_store_purchase",
)
"""One purchase comes under all of these names: the first that is there counts, never their sum."""
CREATIVE: Final = (
    "effective_instagram_media_id",
    "source_instagram_media_id",
    "instagram_permalink_url",
)
_TEXT: Final = pl.String()
_ACTIONS: Final = pl.List(pl.Struct({"action_type": _TEXT, "value": _TEXT}))
AD_FIELDS: Final = {
    **dict.fromkeys(
        ("id", "name", "campaign_id", "adset_id", "effective_status", "status", "created_time"),
        _TEXT,
    ),
    "creative": pl.Struct(dict.fromkeys(CREATIVE, _TEXT)),
}
DAY_FIELDS: Final = {
    **dict.fromkeys(
        ("ad_id", "date_start", "spend", "impressions", "clicks", "reach", "frequency"), _TEXT
    ),
    "actions": _ACTIONS,
    "action_values": _ACTIONS,
}


def stage_meta_ads(landed: pl.DataFrame, days: int) -> StagedAds:
    """Read landed rows of Meta's ads, to be held to their contracts.

    Args:
        landed: Rows of ``RawMetaAds``.
        days: For how many days Meta may restate a day.
    """
    rows = with_documents(landed)
    return StagedAds(
        states=_states(rows.filter(entity="ad")),
        days=_days(rows.filter(entity="ad_day"), days),
        account_days=_account_days(rows.filter(entity="account_day"), days),
    )


def _states(rows: pl.DataFrame) -> pl.DataFrame:
    shown = rows.select(TAKEN_OVER).hstack(decoded(rows, AD_FIELDS))
    creative = pl.col("creative").struct
    post = pl.coalesce(creative.field(CREATIVE[0]), creative.field(CREATIVE[1]))
    status = pl.coalesce("effective_status", "status", pl.lit(UNKNOWN))
    typed = shown.with_columns(
        ad_platform=pl.lit("meta"),
        ad_id="id",
        ad_set_id="adset_id",
        ad_name="name",
        status=status,
        is_running=status == RUNNING,
        is_deleted=status == DELETED,
        created_at=read_instant("created_time", _TEXT, time_zone=None).value,
        shows_platform=pl.when(post.is_not_null()).then(pl.lit("instagram")),
        shows_post_id=post,
        shows_permalink=creative.field(CREATIVE[2]),
    )
    return staged(StgAdsStates, typed)


def _days(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    shown = _measured(rows, days)
    typed = shown.with_columns(
        reach=whole_number(pl.col("reach")),
        frequency=plain_number(pl.col("frequency")),
        spent_in=pl.col("spent_on").dt.to_string("%Y-%m"),
    )
    return staged(StgAdsDays, typed)


def _account_days(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    return staged(StgAdsAccountDays, _measured(rows, days))


def _measured(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    """What a day's row says, of an ad or of an account: money, counts, purchases each once."""
    taken = rows.select(*TAKEN_OVER, "reading_id", "currency")
    shown = taken.hstack(decoded(rows, DAY_FIELDS))
    currency = pl.col("currency")
    value = _purchase("action_values")
    return shown.with_columns(
        ad_platform=pl.lit("meta"),
        spent_on=read_day("date_start", _TEXT).value,
        spend_cents=money_in_minor_units(pl.col("spend"), currency),
        impressions=whole_number(pl.col("impressions")),
        clicks=whole_number(pl.col("clicks")),
        # No list of actions on a row means that there were none, as Meta leaves the key out.
        conversions=pl.coalesce(whole_number(_purchase("actions")), _none_if_odd("actions")),
        conversion_value_cents=pl.coalesce(
            money_in_minor_units(value, currency), _none_if_odd("action_values")
        ),
    ).with_columns(may_change_until=may_change_until(pl.col("spent_on"), days))


def _purchase(column: str) -> pl.Expr:
    """The value of the first of a purchase's names that the list has, as text."""
    of_each = [
        pl.col(column)
        .list.eval(
            pl.when(pl.element().struct.field("action_type") == name).then(
                pl.element().struct.field("value")
            )
        )
        .list.drop_nulls()
        .list.first()
        for name in PURCHASES
    ]
    return pl.coalesce(of_each)


def _none_if_odd(column: str) -> pl.Expr:
    """Nothing, 0, where no purchase is listed; null where one is and cannot be read."""
    return pl.when(_purchase(column).is_null()).then(pl.lit(0, pl.Int64))
