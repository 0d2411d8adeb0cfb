"""What a report on TikTok's ads asks for: level, dimensions, metrics, days, filters.

Belongs here: reading and checking the parameters.
Does not belong here: rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sandbox.simulation.ads.accounts import AdAccount
from sandbox.simulation.ads.ad import Ad
from sandbox.tiktok.ads.call import AdsCall, checked
from sandbox.tiktok.ads.metrics import METRICS
from sandbox.tiktok.ads.objects import DEFAULT_STATUS, PRIMARY
from sandbox.tiktok.parameters import day, refused

LEVELS: Final[Mapping[str, str]] = {
    "AUCTION_AD": "ad_id",
    "AUCTION_ADGROUP": "adgroup_id",
    "AUCTION_CAMPAIGN": "campaign_id",
    "AUCTION_ADVERTISER": "advertiser_id",
}
"""The id that names a row of each level."""
DAY_DIMENSION: Final = "stat_time_day"
MOST_DAYS: Final = 30
"""With one row for each day."""
MOST_DAYS_TOGETHER: Final = 365
METRICS_MOST: Final = 100
DEFAULT_METRICS: Final = ("spend", "impressions")
FILTERED: Final[Mapping[str, str]] = {
    "ad_ids": "ad_id",
    "adgroup_ids": "adgroup_id",
    "campaign_ids": "campaign_id",
}


@dataclass(frozen=True, kw_only=True)
class ReportQuery:
    """Which rows, and which metrics of each."""

    level: str
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    since: date
    until: date
    ids: tuple[tuple[str, frozenset[str]], ...]
    """Ids that are wanted, by the dimension that has them."""
    status: str
    """Primary status of the ads that are wanted."""

    @property
    def days(self) -> int:
        """How many days are asked for."""
        return (self.until - self.since).days + 1


def report_query(call: AdsCall, account: AdAccount, *, of_task: bool = False) -> ReportQuery:
    """Read the parameters of a report.

    Args:
        call: The request.
        account: The advertiser.
        of_task: Whether it is a task: that filters by ids only, and leaves nothing out.

    Raises:
        TikTokRefusalError: 40002, one of them is wrong.
    """
    if call.params.get("report_type", "BASIC") != "BASIC":
        raise refused("report_type", "The sandbox has BASIC only.")
    level = call.params.get("data_level", "")
    if level not in LEVELS:
        raise refused("data_level", f"Must be one of {sorted(LEVELS)}.")
    dimensions = call.texts("dimensions")
    known = (LEVELS[level], DAY_DIMENSION)
    checked(dimensions, known, "dimensions")
    if LEVELS[level] not in dimensions:
        raise refused("dimensions", f"{LEVELS[level]} is required for {level}.")
    metrics = tuple(checked(call.texts("metrics") or DEFAULT_METRICS, METRICS, "metrics"))
    if len(metrics) > METRICS_MOST:
        raise refused("metrics", f"At most {METRICS_MOST}.")
    since, until = _days(call, account, dimensions)
    ids, status = _filters(call, of_task=of_task)
    return ReportQuery(
        level=level,
        dimensions=dimensions,
        metrics=metrics,
        since=since,
        until=until,
        ids=ids,
        status=status,
    )


def _days(call: AdsCall, account: AdAccount, dimensions: tuple[str, ...]) -> tuple[date, date]:
    today = account.day_of(call.now)
    if call.is_on("query_lifetime"):
        if DAY_DIMENSION in dimensions:
            raise refused("query_lifetime", "Not with stat_time_day.")
        return account.day_of(account.created_at), today
    for name in ("start_date", "end_date"):
        if not call.params.get(name):
            raise refused(name, "Missing data for required field.")
    since, until = day(call.params, "start_date", today), day(call.params, "end_date", today)
    most = MOST_DAYS if DAY_DIMENSION in dimensions else MOST_DAYS_TOGETHER
    if not timedelta() <= until - since < timedelta(days=most):
        raise refused("end_date", f"The time span must be from 1 to {most} days.")
    return since, until


def _filters(call: AdsCall, *, of_task: bool) -> tuple[tuple[tuple[str, frozenset[str]], ...], str]:
    given = call.json("filtering", []) or call.json("filters", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise refused("filtering", "Not a valid list of conditions.")
    ids, status = [], "STATUS_ALL" if of_task else DEFAULT_STATUS
    for one in given:
        name, values = str(one.get("field_name", "")), _values(call, one)
        if name in FILTERED:
            ids.append((FILTERED[name], frozenset(values)))
        elif name == "ad_status" and not of_task and values and values[0] in PRIMARY:
            status = values[0]
        else:
            raise refused("filtering", f"{name:.40} cannot be filtered by.")
    return tuple(ids), status


def _values(call: AdsCall, one: Mapping[str, Any]) -> list[str]:
    """A value is a JSON text, also where it is a list."""
    value = one.get("filter_value", "")
    if not isinstance(value, str):
        raise refused("filtering.filter_value", "Not a valid string.")
    nested = AdsCall(world=call.world, params={"filter_value": value}, holder=call.holder)
    return list(nested.texts("filter_value"))


def dimension_of(ad: Ad, name: str) -> str:
    """The id of an ad at a level."""
    return {
        "ad_id": ad.ad_id,
        "adgroup_id": ad.ad_set.ad_set_id,
        "campaign_id": ad.ad_set.campaign.campaign_id,
        "advertiser_id": ad.account.account_id,
    }[name]
