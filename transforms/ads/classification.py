"""How the ads that run are doing, each with the one reason why, in words.

Belongs here: the classification, its precedence, and its sentences.
Does not belong here: sums of days (``windows``), states (``lifecycle``), acting on any of it.

It only reports. An organic score has no part in it: a low one never stops an ad that runs (R51).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.ads.lifecycle import is_live, state
from transforms.ads.rules import AdRules
from transforms.ads.windows import USD, is_mixed, with_pools, with_windows
from transforms.scoring.organic_score import age_days

CENTS_PER_DOLLAR: Final = 100
PLACES: Final = 6
"""Decimals behind which a number is noise of floats."""


@dataclass(frozen=True, kw_only=True)
class AdReason:
    """Why an ad is classified as it is, or is not classified."""

    key: str
    classification: str | None
    """Null: nothing can be said of it."""
    words: str
    """A sentence that names columns as ``{}``, in the order of ``facts``."""
    facts: tuple[str, ...] = ()


def _reason(key: str, classification: str | None, words: str, *facts: str) -> AdReason:
    return AdReason(key=key, classification=classification, words=words, facts=facts)


_ALL: Final = (
    _reason("not_running", None, "it does not run"),
    _reason(
        "too_young", "too_young", "{} days old; it is judged from day {} on", "age", "young_days"
    ),
    _reason("no_delivery", None, "nobody saw it in {} days", "window_days"),
    _reason("currencies_mixed", None, "its days are told in more than one currency"),
    _reason(
        "spend_without_conversion",
        "critical",
        "{} USD in {} days and no conversion; critical above {} USD",
        "spend_usd",
        "window_days",
        "critical_spend_usd",
    ),
    _reason(
        "cpa_far_above_pool",
        "critical",
        "a conversion costs {} times its pool's average; critical above {}",
        "times",
        "critical_cpa_ratio",
    ),
    _reason(
        "seen_too_often",
        "fatigued",
        "seen up to {} times per person in {} days, and a conversion costs {} times that of day 1",
        "frequency",
        "window_days",
        "rise",
    ),
    _reason(
        "ctr_falling",
        "fatigued",
        "its click rate fell from {} % to {} % within {} days",
        "ctr_first",
        "ctr_last",
        "window_days",
    ),
    _reason(
        "currency_not_usd",
        None,
        "it spends {}, and the limits of spend are dollars; no ratio tells against it",
        "currency",
    ),
    _reason("conversions_unknown", None, "its reports tell no conversions"),
    _reason(
        "cpa_above_pool",
        "underperforming",
        "a conversion costs {} times its pool's average; underperforming above {}",
        "times",
        "poor_cpa_ratio",
    ),
    _reason(
        "little_for_its_spend",
        "underperforming",
        "{} USD in {} days and no conversion; underperforming above {} USD",
        "spend_usd",
        "window_days",
        "poor_spend_usd",
    ),
    _reason(
        "cpa_below_pool",
        "top_performer",
        "{} conversions, each at {} times its pool's average; top up to {}",
        "conversions",
        "times",
        "top_cpa_ratio",
    ),
    _reason("in_line", "healthy", "nothing tells against it"),
)
REASONS: Final[Mapping[str, AdReason]] = MappingProxyType({one.key: one for one in _ALL})
"""Every reason in its precedence: the first one that holds is given."""


def classify_ads(
    ads: pl.LazyFrame, daily: pl.LazyFrame, *, as_of: datetime, rules: AdRules
) -> pl.LazyFrame:
    """Classify every ad as of a moment, and say which state its creative is in.

    Args:
        ads: One row per ad (``facts.ads_judged``). Reads ad_platform, ad_id, project_id,
            scoring_pool, ads_content_id, approval, status, is_running, is_deleted, has_run,
            began_at, last_day_on.
        daily: Rows of ``AdDailyMetrics``.
    Returns:
        The ads in their order, with what their days add up to, classification, reason_key,
        reason and state.
    Source: R51; docs/rules.md, "How ads are doing".
    """
    known = with_pools(with_windows(ads, daily, as_of=as_of, rules=rules))
    measured = known.with_columns(
        age_days=age_days("began_at", as_of=as_of),
        is_young=pl.lit(as_of) - pl.col("began_at") < timedelta(days=rules.young_days),
        frequency_7d_max=pl.col("reach_impressions_7d") / _positive("reach_max_7d"),
        is_live=is_live(),
    )
    reasoned = measured.with_columns(reason_key=_first_that_holds(_conditions(rules)))
    worded = reasoned.with_columns(
        classification=pl.col("reason_key").replace_strict(
            {key: reason.classification for key, reason in REASONS.items()},
            return_dtype=pl.String,
        ),
        reason=_in_words(rules),
    )
    return worded.with_columns(
        state=state(), rules_version=pl.lit(rules.version), judged_at=pl.lit(as_of)
    )


def _conditions(rules: AdRules) -> dict[str, pl.Expr]:
    """When each reason holds, were it not for those before it; null counts as not."""
    spend, conversions = pl.col("spend_7d_minor"), pl.col("conversions_7d")
    is_usd, ratio = pl.col("currency") == USD, pl.col("cpa_pool_ratio")
    has_delivered = (spend > 0) | (pl.col("impressions_7d") > 0)
    is_told = is_usd & (spend >= rules.fatigue_spend_usd_cents)
    is_frequent = pl.col("frequency_7d_max") > rules.fatigue_frequency
    without = is_usd & (conversions == 0)
    return {
        "not_running": ~pl.col("is_live"),
        "too_young": pl.col("is_young"),
        "no_delivery": ~has_delivered.fill_null(value=False),
        "currencies_mixed": is_mixed(),
        "spend_without_conversion": without & (spend > rules.critical_spend_usd_cents),
        "cpa_far_above_pool": ratio > rules.critical_cpa_ratio,
        "seen_too_often": is_told & is_frequent & (_cpa_rise(rules) >= rules.fatigue_cpa_rise),
        "ctr_falling": is_told & _is_ctr_falling(rules),
        "currency_not_usd": ~is_usd,
        "conversions_unknown": conversions.is_null(),
        "cpa_above_pool": ratio > rules.poor_cpa_ratio,
        "little_for_its_spend": without & (spend > rules.poor_spend_usd_cents),
        "cpa_below_pool": (ratio <= rules.top_cpa_ratio) & (conversions >= rules.top_conversions),
    }


def _first_that_holds(conditions: Mapping[str, pl.Expr]) -> pl.Expr:
    last = next(reversed(REASONS))
    named = [
        pl.when(conditions[key].fill_null(value=False)).then(pl.lit(key))
        for key in REASONS
        if key != last
    ]
    return pl.coalesce(*named, pl.lit(last))


def _cpa_rise(rules: AdRules) -> pl.Expr:
    """Cost per conversion of the last day by that of the first; null where either has none.

    A day without spend has no cost: conversions that come late belong to what earlier days cost.
    """
    week = rules.window_days
    last = pl.col(f"spend_minor_day_{week}") * pl.col("conversions_day_1")
    first = pl.col("spend_minor_day_1") * pl.col(f"conversions_day_{week}")
    return pl.when((first > 0) & (last > 0)).then(last / first)


def _is_ctr_falling(rules: AdRules) -> pl.Expr:
    first, last = pl.col("impressions_first_days"), pl.col("impressions_last_days")
    are_enough = pl.min_horizontal(first, last) >= rules.ctr_impressions
    return are_enough & (
        pl.col("clicks_last_days") * first < rules.ctr_fall * pl.col("clicks_first_days") * last
    )


def _positive(column: str) -> pl.Expr:
    return pl.when(pl.col(column) > 0).then(pl.col(column))


def _in_words(rules: AdRules) -> pl.Expr:
    facts = _facts(rules)
    named = [
        pl.when(pl.col("reason_key") == reason.key).then(
            pl.format(reason.words, *(facts[fact] for fact in reason.facts))
            if reason.facts
            else pl.lit(reason.words)
        )
        for reason in REASONS.values()
    ]
    return pl.coalesce(named)


def _facts(rules: AdRules) -> dict[str, pl.Expr]:
    """What the sentences name, as text."""
    given = ("window_days", "critical_cpa_ratio", "poor_cpa_ratio", "top_cpa_ratio")
    rate = {
        end: 100 * pl.col(f"clicks_{end}_days") / _positive(f"impressions_{end}_days")
        for end in ("first", "last")
    }
    return {
        **{name: pl.lit(f"{getattr(rules, name):g}") for name in given},
        "young_days": pl.lit(f"{rules.young_days:g}"),
        "critical_spend_usd": _dollars(pl.lit(rules.critical_spend_usd_cents)),
        "poor_spend_usd": _dollars(pl.lit(rules.poor_spend_usd_cents)),
        "age": _down(pl.col("age_days").clip(0)),
        "spend_usd": _dollars(pl.col("spend_7d_minor")),
        "times": _up(pl.col("cpa_pool_ratio")),
        "frequency": _up(pl.col("frequency_7d_max")),
        "rise": _up(_cpa_rise(rules)),
        "ctr_first": _up(rate["first"]),
        "ctr_last": _down(rate["last"]),
        "currency": pl.col("currency"),
        "conversions": pl.col("conversions_7d").cast(pl.String),
    }


def _dollars(cents: pl.Expr) -> pl.Expr:
    """Whole cents as text in dollars."""
    rest = (cents % CENTS_PER_DOLLAR).cast(pl.String).str.zfill(2)
    return pl.format("{}.{}", cents // CENTS_PER_DOLLAR, rest)


def _up(number: pl.Expr) -> pl.Expr:
    """A number as text, two decimals, rounded up: what lies above a limit must look so."""
    return _dollars((100 * number).round(PLACES).ceil().cast(pl.Int64))


def _down(number: pl.Expr) -> pl.Expr:
    """A number as text, two decimals, rounded down: what lies below a limit must look so."""
    return _dollars((100 * number).round(PLACES).floor().cast(pl.Int64))
