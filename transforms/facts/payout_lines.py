"""What creators earn in each period, line by line, and what settled periods have come to since.

Belongs here: the amounts of base pay and bonuses, their caps, corrections (R53).
Does not belong here: which periods there are, storing lines (``layers_pipeline.operations``).

Amounts are whole minor units. Each line is rounded once, halves to the even unit; views are paid by
what a post has come to in all, less what that was before the period, so that a post that was paid
in many periods is rounded as if it had been paid in one.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from transforms.facts.money import half_even
from transforms.vocabulary import PAYOUT_RULES

LINE: Final = ("creator_id", "earned_from", "rule", "container_id")
"""What identifies an accrued line within its project."""
BOOKED: Final = ("creator_id", "period_starts_on", "kind", "rule", "earned_from", "container_id")
TERMS: Final = {
    "config_id": pl.Int64,
    "currency": pl.String,
    "base_mode": pl.String,
    "base_amount_cents": pl.Int64,
    "required_posts": pl.Int64,
    "per_1000_views_cents": pl.Int64,
    "views_cap_per_post_cents": pl.Int64,
    "views_cap_cents": pl.Int64,
    "spend_share_bps": pl.Int64,
    "spend_cap_cents": pl.Int64,
    "conversion_cents": pl.Int64,
    "conversions_cap_cents": pl.Int64,
    "cap_cents": pl.Int64,
}
"""Columns of a config that decide about amounts."""
PERIOD: Final = {"starts_on": pl.Date, "ends_before": pl.Date, "is_settled": pl.Boolean, **TERMS}
LINES: Final = {
    "creator_id": pl.String,
    "period_starts_on": pl.Date,
    "kind": pl.String,
    "rule": pl.String,
    "earned_from": pl.Date,
    "container_id": pl.String,
    "currency": pl.String,
    "amount_cents": pl.Int64,
    "config_id": pl.Int64,
    "numbers": pl.String,
}
UNITS_PER_1000: Final = 1000
BPS: Final = 10_000


def accrued_lines(
    periods: pl.LazyFrame,
    *,
    members: pl.LazyFrame,
    views: pl.LazyFrame,
    ads: pl.LazyFrame,
) -> pl.LazyFrame:
    """What each creator earned in each period, after caps.

    Args:
        periods: Columns of ``PERIOD``.
        members: Creators by period of their contract. Reads creator_id, starts_on, posts (that
            count as required ones).
        views: Posts by period. Reads creator_id, container_id, starts_on, views_before and
            views_after, the most that were ever seen by its start and by its end.
        ads: Ads by post, period and currency. Reads creator_id, container_id, starts_on,
            currency, spend_cents, conversions.
    Returns:
        One row per line: ``LINE``, currency, amount_cents, config_id, numbers.
    """
    terms = periods.select("starts_on", *TERMS)
    rules = [
        _base(members.join(terms, on="starts_on")),
        _views(views.join(terms, on="starts_on")),
        _spend(ads.join(terms, on=["starts_on", "currency"])),
        _conversions(_sum_of_conversions(ads).join(terms, on="starts_on")),
    ]
    each = pl.concat([_within_rule(lines) for lines in rules])
    return _within_period(each).select(
        "creator_id",
        "rule",
        "container_id",
        "currency",
        "amount_cents",
        "config_id",
        "numbers",
        earned_from="starts_on",
    )


def _base(members: pl.LazyFrame) -> pl.LazyFrame:
    """Base pay: the share of required posts, or all or nothing."""
    counted = pl.min_horizontal("posts", "required_posts")
    share = half_even(pl.col("base_amount_cents") * counted, pl.col("required_posts"))
    is_full = pl.col("posts") >= pl.col("required_posts")
    whole = pl.when(is_full).then("base_amount_cents").otherwise(0)
    paid = members.filter(pl.col("base_mode").is_not_null())
    return _line(
        paid.with_columns(container_id=pl.lit("")),
        "base",
        earned=pl.when(pl.col("base_mode") == "prorata").then(share).otherwise(whole),
        cap=pl.lit(None, pl.Int64),
        numbers=("base_mode", "base_amount_cents", "posts", "required_posts"),
    )


def _views(views: pl.LazyFrame) -> pl.LazyFrame:
    """Organic views: what the post has earned in all, less what it had before the period."""

    def in_all(seen: str) -> pl.Expr:
        earned = half_even(pl.col(seen) * pl.col("per_1000_views_cents"), UNITS_PER_1000)
        return pl.min_horizontal(earned, "views_cap_per_post_cents")

    paid = views.filter(
        pl.col("per_1000_views_cents").is_not_null(), pl.col("views_after") > pl.col("views_before")
    )
    return _line(
        paid,
        "organic_views",
        earned=in_all("views_after") - in_all("views_before"),
        cap=pl.col("views_cap_cents"),
        numbers=(
            "views_before",
            "views_after",
            "per_1000_views_cents",
            "views_cap_per_post_cents",
            "views_cap_cents",
        ),
    )


def _spend(ads: pl.LazyFrame) -> pl.LazyFrame:
    """A share of what ads spent on the post, of spend in the currency of the pay alone."""
    paid = ads.filter(pl.col("spend_share_bps").is_not_null(), pl.col("spend_cents") > 0)
    return _line(
        paid,
        "attributed_spend",
        earned=half_even(pl.col("spend_cents") * pl.col("spend_share_bps"), BPS),
        cap=pl.col("spend_cap_cents"),
        numbers=("spend_cents", "spend_share_bps", "spend_cap_cents"),
    )


def _conversions(ads: pl.LazyFrame) -> pl.LazyFrame:
    """So much for each conversion, whatever the currency of the ad."""
    paid = ads.filter(pl.col("conversion_cents").is_not_null(), pl.col("conversions") > 0)
    return _line(
        paid,
        "conversions",
        earned=pl.col("conversions") * pl.col("conversion_cents"),
        cap=pl.col("conversions_cap_cents"),
        numbers=("conversions", "conversion_cents", "conversions_cap_cents"),
    )


def _sum_of_conversions(ads: pl.LazyFrame) -> pl.LazyFrame:
    by_post = ads.group_by("creator_id", "container_id", "starts_on")
    return by_post.agg(pl.col("conversions").sum())


def _line(
    rows: pl.LazyFrame, rule: str, *, earned: pl.Expr, cap: pl.Expr, numbers: Sequence[str]
) -> pl.LazyFrame:
    uncapped = earned.cast(pl.Int64)
    made = rows.with_columns(rule=pl.lit(rule), earned=uncapped, rule_cap=cap)
    told = pl.struct(*numbers, "cap_cents", uncapped_cents="earned").struct.json_encode()
    return made.select(
        "creator_id",
        "starts_on",
        "rule",
        "container_id",
        "currency",
        "config_id",
        "cap_cents",
        "earned",
        "rule_cap",
        numbers=told,
    )


def _within_rule(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Lines of one rule cut where their sum, in the order of posts, passes the rule's cap."""
    return _cut(lines.sort("container_id"), "earned", cap="rule_cap")


def _within_period(lines: pl.LazyFrame) -> pl.LazyFrame:
    """All lines cut where their sum, rule after rule and post after post, passes the period's."""
    order = pl.col("rule").replace_strict({rule: place for place, rule in enumerate(PAYOUT_RULES)})
    ordered = lines.with_columns(place=order).sort("place", "container_id")
    return _cut(ordered, "earned", cap="cap_cents").rename({"earned": "amount_cents"})


def _cut(ordered: pl.LazyFrame, amount: str, *, cap: str) -> pl.LazyFrame:
    before = pl.col(amount).cum_sum().over("creator_id", "starts_on") - pl.col(amount)
    room = (pl.col(cap) - before).clip(0)
    return ordered.with_columns(pl.min_horizontal(amount, room).alias(amount))


def open_lines(periods: pl.LazyFrame, accrued: pl.LazyFrame, settled: pl.LazyFrame) -> pl.LazyFrame:
    """The lines of every period that is open: what was earned in it, and corrections.

    A correction is what a settled line comes to now, less what it and earlier corrections of it
    came to when they were settled. It is booked in the first open period. What would take back more
    than a creator has in that period stays for the next: nothing owed is ever below zero.

    Args:
        periods: Columns of ``PERIOD``.
        accrued: ``accrued_lines`` of every period, settled ones by the config they were settled by.
        settled: Stored lines of settled periods: columns of ``LINES``.
    Returns:
        Rows of ``LINES``.
    """
    is_open = periods.filter(~pl.col("is_settled")).select(earned_from="starts_on")
    earned = accrued.join(is_open, on="earned_from", how="semi").with_columns(
        period_starts_on="earned_from", kind=pl.lit("accrual")
    )
    first = is_open.select(pl.col("earned_from").min().alias("period_starts_on"))
    found = _corrections(periods, accrued, settled).join(
        first.filter(pl.col("period_starts_on").is_not_null()), how="cross"
    )
    bounded = _never_below_zero(earned.select(*LINES), found.select(*LINES, "wanted"))
    return pl.concat([earned.select(*LINES), bounded.select(*LINES)])


def _corrections(
    periods: pl.LazyFrame, accrued: pl.LazyFrame, settled: pl.LazyFrame
) -> pl.LazyFrame:
    is_settled = periods.filter("is_settled").select(earned_from="starts_on")
    now = accrued.join(is_settled, on="earned_from", how="semi").select(
        *LINE, "currency", "config_id", "numbers", now_cents="amount_cents"
    )
    then = settled.group_by(LINE).agg(
        pl.col("currency", "config_id").first(), then_cents=pl.col("amount_cents").sum()
    )
    both = now.join(then, on=LINE, how="full", coalesce=True, suffix="_then")
    moved = pl.col("now_cents").fill_null(0) - pl.col("then_cents").fill_null(0)
    told = pl.struct(
        now_cents=pl.col("now_cents").fill_null(0),
        settled_cents=pl.col("then_cents").fill_null(0),
        by=pl.col("numbers"),
    ).struct.json_encode()
    return both.select(
        *LINE,
        kind=pl.lit("correction"),
        currency=pl.coalesce("currency", "currency_then"),
        config_id=pl.coalesce("config_id", "config_id_then"),
        amount_cents=moved,
        wanted=moved,
        numbers=told,
    ).filter(pl.col("wanted") != 0)


def _never_below_zero(earned: pl.LazyFrame, corrections: pl.LazyFrame) -> pl.LazyFrame:
    """Corrections of which those that take back end where the creator's period comes to nothing."""
    whose = ("creator_id", "period_starts_on", "currency")
    gained = pl.concat(
        [
            earned.select(*whose, gained="amount_cents"),
            corrections.filter(pl.col("wanted") > 0).select(*whose, gained="wanted"),
        ]
    )
    room = gained.group_by(whose).agg(pl.col("gained").sum())
    ordered = corrections.join(room, on=whose, how="left").sort(
        "earned_from", "rule", "container_id"
    )
    taken = pl.when(pl.col("wanted") < 0).then(-pl.col("wanted")).otherwise(0)
    before = taken.cum_sum().over(whose) - taken
    left = (pl.col("gained").fill_null(0) - before).clip(0)
    return ordered.with_columns(
        amount_cents=pl.when(pl.col("wanted") > 0)
        .then("wanted")
        .otherwise(-pl.min_horizontal(taken, left))
    )
