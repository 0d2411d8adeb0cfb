"""The history of what kept accounts from being synced.

Belongs here: which change of an account's health is news, and whose syncs fail at a moment.
Does not belong here: the health itself, in words (``steps.derive.health``).
"""

from datetime import datetime
from typing import Final

import polars as pl

PASSING: Final = ("partial", "rate_limited")
"""Outcomes that nobody need do anything about: the next sync reads what was missing."""
TOLD: Final = ("outcome", "problem", "remedy", "fails")


def problems_now(health: pl.LazyFrame) -> pl.LazyFrame:
    """What keeps each account from being synced.

    Args:
        health: Rows of ``SyncHealth``.
    Returns:
        One row per account: account_id, and ``TOLD``.
    """
    passes = pl.col("outcome").is_in(PASSING).fill_null(value=False)
    return health.select(
        "account_id", "outcome", "problem", "remedy", fails=~pl.col("is_healthy") & ~passes
    )


def changed_problems(now: pl.LazyFrame, history: pl.LazyFrame) -> pl.LazyFrame:
    """Accounts whose syncs fail, or do no more, otherwise than was noted last.

    An account that never failed has no history: nobody need be told so.

    Args:
        now: ``problems_now``.
        history: Rows of ``SyncProblems``.
    Returns:
        The rows of ``now`` that are news.
    """
    newest = history.sort("known_at").unique("account_id", keep="last")
    before = newest.select("account_id", failed="fails", was="outcome")
    both = now.join(before, on="account_id", how="left")
    is_news = (pl.col("fails") != pl.col("failed").fill_null(value=False)) | (
        pl.col("fails") & pl.col("outcome").ne_missing(pl.col("was"))
    )
    return both.filter(is_news).select("account_id", *TOLD)


def failing_accounts(history: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Accounts whose syncs failed at a moment: account_id.

    Args:
        history: Rows of ``SyncProblems``.
    """
    known = history.filter(pl.col("known_at") <= as_of).sort("known_at")
    newest = known.unique("account_id", keep="last")
    return newest.filter("fails").select("account_id")
