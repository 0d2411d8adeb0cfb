"""What is asked of TikTok's ads API: fields of ads and accounts, metrics of reports.

Belongs here: names, and the parameters that no question may do without.
Does not belong here: what they mean in our words (``transforms.staging.tiktok_ads``), requests.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, Literal

from layers_pipeline.json_text import json_text

ACCOUNT_FIELDS: Final = (
    "advertiser_id",
    "name",
    "currency",
    "timezone",
    "display_timezone",
    "status",
    "create_time",
)
AD_FIELDS: Final = (
    "ad_id",
    "ad_name",
    "advertiser_id",
    "adgroup_id",
    "campaign_id",
    "create_time",
    "modify_time",
    "operation_status",
    "secondary_status",
    "identity_type",
    "identity_id",
    "tiktok_item_id",
    "video_id",
    "ad_format",
)
METRICS: Final = (
    "spend",
    "currency",
    "impressions",
    "clicks",
    "reach",
    "frequency",
    "conversion",
    "real_time_conversion",
    "complete_payment",
    "total_complete_payment_rate",
    "total_purchase",
    "total_purchase_value",
    "onsite_shopping",
    "total_onsite_shopping_value",
)
"""Purchases on the web, in apps and in TikTok's shop, each with its money:
``total_complete_payment_rate`` is money despite its name."""
DAY: Final = "stat_time_day"
EVERY_STATUS: Final = "STATUS_ALL"
"""By default both lists and reports hide what was deleted, and with it what it spent."""
Level = Literal["ad", "account"]
LEVELS: Final[dict[Level, tuple[str, str]]] = {
    "ad": ("AUCTION_AD", "ad_id"),
    "account": ("AUCTION_ADVERTISER", "advertiser_id"),
}
"""``data_level`` and the dimension that goes with it."""


def ads_filter(ad_ids: Sequence[str] = ()) -> str:
    """Ads of every status; of these ids alone, where there are some."""
    named = {"ad_ids": list(ad_ids)} if ad_ids else {}
    return json_text({"primary_status": EVERY_STATUS, **named})


def report_question(level: Level, since: date, until: date) -> dict[str, str]:
    """Parameters of a report of days, both ends included, in the advertiser's zone."""
    data_level, dimension = LEVELS[level]
    question = {
        "report_type": "BASIC",
        "service_type": "AUCTION",
        "data_level": data_level,
        "dimensions": json_text([dimension, DAY]),
        "metrics": json_text(METRICS),
        "start_date": since.isoformat(),
        "end_date": until.isoformat(),
    }
    if level == "ad":
        question["filtering"] = json_text(
            [
                {
                    "field_name": "ad_status",
                    "filter_type": "IN",
                    # A list as text inside of the list: so TikTok wants it.
                    "filter_value": json_text([EVERY_STATUS]),
                }
            ]
        )
    return question


def task_body(advertiser_id: str, since: date, until: date) -> dict[str, object]:
    """The body that orders a report of ads and days as a task."""
    data_level, dimension = LEVELS["ad"]
    return {
        "advertiser_id": advertiser_id,
        "report_type": "BASIC",
        "service_type": "AUCTION",
        "data_level": data_level,
        "dimensions": [dimension, DAY],
        "metrics": list(METRICS),
        "start_date": since.isoformat(),
        "end_date": until.isoformat(),
        "output_format": "CSV_DOWNLOAD",
        # True by default, and then columns are called otherwise.
        "enable_report_title_translation": False,
    }
