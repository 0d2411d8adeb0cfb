"""What safety reviews and people have said of content, as of a moment.

Belongs here: which review and which override stand, and giving them to the members of pools.
Does not belong here: what follows from them (``transforms.scoring.eligibility``, the scores).
"""

from datetime import datetime
from typing import Final

import polars as pl

from transforms.facts.content_ids import container_id

NOTHING_SAID: Final = {
    "safety_failed": pl.lit(value=False),
    "override": pl.lit(None, pl.String),
}
"""What stands of content that nobody has reviewed or overridden."""


def newest_known(rows: pl.LazyFrame, *key: str, value: str, as_of: datetime) -> pl.LazyFrame:
    """What was known last by a moment of each key: the key and the value, also where it is null.

    Args:
        rows: Reads the key, known_at and the value. Of two known at once the greater stands.
        key: Columns that identify what was decided on.
    """
    known = rows.filter(pl.col("known_at") <= as_of).sort("known_at", value)
    return known.group_by(key).agg(pl.col(value).last())


def unsafe_containers(reviews: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """Containers whose newest review known at a moment failed them (R25).

    Args:
        reviews: Rows of ``SafetyReviews``.
    Returns:
        One row per unsafe container: container_id.
    """
    newest = newest_known(reviews, "container_id", value="safety_failed", as_of=as_of)
    return newest.filter("safety_failed").select("container_id")


def overrides_at(overrides: pl.LazyFrame, *, as_of: datetime) -> pl.LazyFrame:
    """The override of each content at a moment, where there is one (R41).

    Args:
        overrides: Rows of ``ContentOverrides``.
    Returns:
        One row per ads content that is included or excluded: ads_content_id, override.
    """
    newest = newest_known(overrides, "ads_content_id", value="override", as_of=as_of)
    return newest.filter(pl.col("override").is_not_null())


def with_verdicts(
    members: pl.LazyFrame, *, reviews: pl.LazyFrame, overrides: pl.LazyFrame, as_of: datetime
) -> pl.LazyFrame:
    """Members of pools with what stands of their safety and their override at a moment.

    Args:
        members: Rows of ``PoolMembers`` or ``CreativeMembers``. Reads project_id and
            ads_content_id.
        reviews: Rows of ``SafetyReviews``.
        overrides: Rows of ``ContentOverrides``.
    Returns:
        The members in their order, with safety_failed and override.
    """
    unsafe = unsafe_containers(reviews, as_of=as_of).with_columns(failed=pl.lit(value=True))
    named = members.drop(*NOTHING_SAID, strict=False).with_columns(container=container_id())
    return (
        named.join(
            unsafe,
            left_on="container",
            right_on="container_id",
            how="left",
            maintain_order="left",
        )
        .join(
            overrides_at(overrides, as_of=as_of),
            on="ads_content_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(safety_failed=pl.col("failed").fill_null(value=False))
        .drop("failed", "container")
    )
