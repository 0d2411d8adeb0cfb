"""What selections reveal of ads that run already.

Belongs here: content that runs although something forbids it.
Does not belong here: stopping ads: this project reports and does not act.
"""

from typing import Final

import polars as pl

FORBID: Final = (
    "excluded",
    "safety_failed",
    "approval_pending",
    "approval_rejected",
    "right_missing",
    "right_not_begun",
    "right_expired",
    "right_revoked",
    "deleted",
)
"""Blockers that forbid an ad which runs; a low score never stops one."""


def runs_though_blocked(selections: pl.LazyFrame) -> pl.LazyFrame:
    """Content that runs in an ad set although something forbids it.

    Args:
        selections: Rows of ``AdSelections`` of one tick.
    Returns:
        ads_content_id, ad_set_id, blocked_by: the first thing that forbids it; in order of ids.
    """
    blockers = pl.concat_list(pl.concat_list("blocked_by").list.drop_nulls(), "also_blocked_by")
    running = selections.with_columns(blockers=blockers).filter(
        pl.col("blockers").list.contains("already_running")
    )
    forbidding = pl.col("blockers").list.filter(pl.element().is_in(FORBID)).list.first()
    found = running.select("ads_content_id", "ad_set_id", blocked_by=forbidding)
    return found.filter(pl.col("blocked_by").is_not_null()).sort("ads_content_id", "ad_set_id")
