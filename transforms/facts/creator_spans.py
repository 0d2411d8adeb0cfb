"""What each creator did and brought in any days, as known at one moment (R52).

Belongs here: sums over a span of days, as the macro ``creator_report`` has them.
Does not belong here: days themselves (``creator_days``), whole weeks and months
(``creator_reports``).
"""

from datetime import date
from typing import Final

import polars as pl

from transforms.facts.attribution import FIGURES
from transforms.facts.creator_days import CHANGES, known_sum, side_by_side
from transforms.facts.creator_reports import OF_CREATOR, PAY, POSTS, per
from transforms.facts.money import NO_CURRENCY

OF_SPAN: Final = (
    *(*OF_CREATOR, "currency", *POSTS, *CHANGES, "spend_cents", "impressions", "clicks"),
    *("conversions", "conversion_value_cents", "roas", "cpa_cents", *PAY),
)
"""Columns of a report of a span."""


def creator_span(
    organic: pl.LazyFrame, money: pl.LazyFrame, lines: pl.LazyFrame, *, first: date, last: date
) -> pl.LazyFrame:
    """Sums of the days from the first to the last, both included.

    Args:
        organic: ``organic_days``.
        money: ``by_creator``.
        lines: Lines of the ledger. Reads project_id, creator_id, currency, period_starts_on, kind,
            rule, amount_cents; a line counts where its period starts within the span.
        first: First day, of the projects' zones; of ads, as the platforms report it.
        last: Last day.
    Returns:
        One row per project, creator and currency of which anything is known: ``OF_SPAN``. Figures
        of posts stand in one row of a creator.
    """
    posts = (
        organic.filter(pl.col("day_on").is_between(first, last))
        .group_by(OF_CREATOR)
        .agg(*(pl.col(name).sum() for name in POSTS), *(known_sum(name) for name in CHANGES))
    )
    key = (*OF_CREATOR, "currency")
    spent = (
        money.filter(pl.col("spent_on").is_between(first, last))
        .group_by(key)
        .agg(known_sum(name) for name in FIGURES)
    )
    begun = lines.filter(pl.col("period_starts_on").is_between(first, last))
    earned = begun.with_columns(**_pay()).group_by(key).agg(known_sum(name) for name in PAY)
    with_pay = spent.join(earned, on=key, how="full", coalesce=True)
    rows = side_by_side(posts, with_pay, key=OF_CREATOR, no_currency=NO_CURRENCY)
    rates = {
        "roas": per("conversion_value_cents", "spend_cents"),
        "cpa_cents": per("spend_cents", "conversions"),
    }
    return rows.with_columns(**rates).select(OF_SPAN).sort(key)


def _pay() -> dict[str, pl.Expr]:
    """The amount of a line, in the column of what it is for."""
    is_accrual, is_base = pl.col("kind") == "accrual", pl.col("rule") == "base"
    cases = (is_accrual & is_base, is_accrual & ~is_base, ~is_accrual)
    return {name: pl.when(case).then("amount_cents") for name, case in zip(PAY, cases, strict=True)}
