"""What the oracle knows of ads that run: sums of days, how each is doing, the state it is in.

Belongs here: dictionaries, lists and fractions that follow R51 and the page of rules.
Does not belong here: Polars, SQL, or ``transforms``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

Ad = Mapping[str, Any]


def judged(
    ads: Sequence[Ad], daily: Sequence[Ad], as_of: datetime
) -> dict[tuple[str, str], dict[str, Any]]:
    """Reason, classification and state by ad."""
    weeks = {key(ad): week_of(ad, daily, as_of) for ad in ads}
    return {key(ad): verdict(ad, weeks, ads, as_of) for ad in ads}


def key(ad: Ad) -> tuple[str, str]:
    return ad["ad_platform"], ad["ad_id"]


def week_of(ad: Ad, daily: Sequence[Ad], as_of: datetime) -> list[dict[str, Any] | None]:
    """The newest known report of each of the seven days, oldest day first."""
    week: list[dict[str, Any] | None] = []
    for back in range(6, -1, -1):
        day = ad["last_day_on"] - timedelta(days=back)
        told = [
            dict(row)
            for row in daily
            if key(row) == key(ad) and row["spent_on"] == day and row["known_at"] <= as_of
        ]
        week.append(max(told, key=lambda row: row["known_at"], default=None))
    return week


def total(days: Sequence[Ad | None], name: str, *beside: str) -> int | None:
    """The sum of a value over days that tell it, and all that is asked for beside it."""
    names = (name, *beside)
    told = [day[name] for day in days if day and all(day.get(one) is not None for one in names)]
    return sum(told) if told else None


def currencies(week: Sequence[Ad | None]) -> set[str]:
    return {day["currency"] or "USD" for day in week if day}


def pool(ad: Ad, weeks: Mapping[tuple[str, str], list[Any]], ads: Sequence[Ad]) -> tuple[int, int]:
    """Spend and conversions of the ads that one is compared with, itself included."""
    spend = conversions = 0
    for other in ads:
        week = weeks[key(other)]
        is_same = all(other[name] == ad[name] for name in ("project_id", "scoring_pool"))
        brought = total(week, "conversions")
        one = len(currencies(week)) == 1
        if (
            is_same
            and one
            and brought is not None
            and currencies(week) == currencies(weeks[key(ad)])
        ):
            spend += total(week, "spend_cents") or 0
            conversions += brought
    return spend, conversions


def reason_of(
    ad: Ad, weeks: Mapping[tuple[str, str], list[Any]], ads: Sequence[Ad], as_of: datetime
) -> tuple[str, str | None]:
    """The first thing to be said of an ad that runs."""
    week = weeks[key(ad)]
    found = without_a_verdict(ad, week, as_of)
    if found is None:
        ratio = cost_ratio(ad, weeks, ads)
        found = alarm(week, ratio) or unknowable(week) or rank(week, ratio)
    return found


def without_a_verdict(
    ad: Ad, week: Sequence[Ad | None], as_of: datetime
) -> tuple[str, str | None] | None:
    if ad["began_at"] is not None and as_of - ad["began_at"] < timedelta(days=3):
        return "too_young", "too_young"
    if not total(week, "spend_cents") and not total(week, "impressions"):
        return "no_delivery", None
    return ("currencies_mixed", None) if len(currencies(week)) > 1 else None


def cost_ratio(
    ad: Ad, weeks: Mapping[tuple[str, str], list[Any]], ads: Sequence[Ad]
) -> Fraction | None:
    """The cost of its conversions by that of its pool's."""
    spend, brought = (total(weeks[key(ad)], name) for name in ("spend_cents", "conversions"))
    pool_spend, pool_brought = pool(ad, weeks, ads)
    if not brought or not pool_spend or not pool_brought:
        return None
    return Fraction(spend or 0, brought) / Fraction(pool_spend, pool_brought)


def alarm(week: Sequence[Ad | None], ratio: Fraction | None) -> tuple[str, str] | None:
    is_usd, spend = currencies(week) == {"USD"}, total(week, "spend_cents") or 0
    if is_usd and total(week, "conversions") == 0 and spend > 5000:
        return "spend_without_conversion", "critical"
    if ratio is not None and ratio > Fraction(5, 2):
        return "cpa_far_above_pool", "critical"
    if not is_usd or spend < 500:
        return None
    if frequency(week) > 3 and has_become_dear(week):
        return "seen_too_often", "fatigued"
    return ("ctr_falling", "fatigued") if is_clicked_less(week) else None


def unknowable(week: Sequence[Ad | None]) -> tuple[str, None] | None:
    if currencies(week) != {"USD"}:
        return "currency_not_usd", None
    return ("conversions_unknown", None) if total(week, "conversions") is None else None


def rank(week: Sequence[Ad | None], ratio: Fraction | None) -> tuple[str, str]:
    brought, spend = total(week, "conversions") or 0, total(week, "spend_cents") or 0
    if ratio is not None and ratio > Fraction(3, 2):
        return "cpa_above_pool", "underperforming"
    if brought == 0 and spend > 2000:
        return "little_for_its_spend", "underperforming"
    if ratio is not None and ratio <= Fraction(7, 10) and brought >= 3:
        return "cpa_below_pool", "top_performer"
    return "in_line", "healthy"


def frequency(week: Sequence[Ad | None]) -> Fraction:
    """Views per person if the same people were reached every day; 0 where that is unknown."""
    reached = max((day["reach"] for day in week if day and day["reach"]), default=0)
    seen = total(week, "impressions", "reach")
    return Fraction(seen or 0, reached) if reached else Fraction(0)


def has_become_dear(week: Sequence[Ad | None]) -> bool:
    first, last = week[0], week[-1]
    if not first or not last or not first["conversions"] or not last["conversions"]:
        return False
    cost = [Fraction(day["spend_cents"], day["conversions"]) for day in (first, last)]
    return cost[0] > 0 and cost[1] >= cost[0] * Fraction(3, 2)


def is_clicked_less(week: Sequence[Ad | None]) -> bool:
    rates = []
    for days in (week[:3], week[-3:]):
        seen, clicked = total(days, "impressions", "clicks"), total(days, "clicks", "impressions")
        if seen is None or clicked is None or seen < 500:
            return False
        rates.append(Fraction(clicked, seen))
    return rates[1] < rates[0] * Fraction(4, 5)


def verdict(
    ad: Ad, weeks: Mapping[tuple[str, str], list[Any]], ads: Sequence[Ad], as_of: datetime
) -> dict[str, Any]:
    is_archived = ad["is_deleted"] or "ARCHIVED" in (ad["status"] or "").upper()
    runs = ad["is_running"]
    if runs is None:
        runs = (total(weeks[key(ad)], "impressions") or 0) > 0
    runs = runs and not is_archived
    reason, word = reason_of(ad, weeks, ads, as_of) if runs else ("not_running", None)
    if is_archived:
        state = "archived"
    elif runs:
        state = "fatigued" if word == "fatigued" else "live"
    elif ad["has_run"]:
        state = "disabled"
    elif ad["ads_content_id"] is None:
        state = "draft"
    else:
        is_approved = ad["approval"] in {"approved", "not_required"}
        state = "approved" if is_approved else "generated"
    return {"reason_key": reason, "classification": word, "state": state}
