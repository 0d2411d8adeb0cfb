"""What captures at hand say of their posts, beside what is known of them.

Belongs here: which posts have captures that came late, and the rows that follow.
Does not belong here: which captures arrived, writing rows (``posts``), rules (``transforms``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.merging import DAY
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS, METRICS
from transforms.facts.posts import posts_of
from transforms.facts.snapshots import (
    POST,
    are_distinct,
    as_distinct,
    changed_of_distinct,
    distinct_captures,
    latest_metrics,
)

SNAPSHOTS: Final = catalog.PLATFORM_POST_METRICS
POSTS: Final = catalog.PLATFORM_POSTS
LATEST: Final = catalog.PLATFORM_POST_METRICS_LATEST
LOOKED_AT: Final = (*POST, "captured_at", "source")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What captures say of posts, by table."""

    snapshots: pl.DataFrame
    posts: pl.DataFrame
    latest: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is stored of posts."""

    latest: pl.DataFrame
    posts: pl.DataFrame


def facts_of(given: pl.DataFrame) -> Facts:
    """What captures say of posts, if they are all there are of them."""
    known = Known(latest=LATEST.empty(), posts=POSTS.empty())
    return _following(given, known)


def compared(
    known: Known, arrived: pl.DataFrame, late: pl.DataFrame, everything: pl.DataFrame
) -> Facts:
    """What captures say that follow on what is known, and of posts with late ones all of them."""
    if late.is_empty():
        return _following(arrived, known)
    others = (rows.join(late, on=POST, how="anti") for rows in (known.latest, known.posts))
    latest, posts = others
    in_order = _following(
        arrived.join(late, on=POST, how="anti"), Known(latest=latest, posts=posts)
    )
    remade = facts_of(everything)
    return Facts(
        snapshots=pl.concat([in_order.snapshots, remade.snapshots]),
        posts=pl.concat([in_order.posts, remade.posts]),
        latest=pl.concat([in_order.latest, remade.latest]),
    )


def _following(given: pl.DataFrame, known: Known) -> Facts:
    """What captures say that are later than all that is known of their posts."""
    metrics = [name for name in METRICS if _is_shown(name, given, known.latest)]
    are_plain = are_distinct(given)
    rows, read = given.lazy(), as_distinct if are_plain else distinct_captures
    distinct = read(rows, metrics=metrics).collect().lazy()
    before = known.latest.lazy()
    latest = _with_all(latest_metrics(distinct, before=before, metrics=metrics), LATEST)
    snapshots = changed_of_distinct(distinct, before=before, metrics=metrics).with_columns(
        pl.col("captured_at").dt.date().alias(DAY)
    )
    return Facts(
        snapshots=_with_all(snapshots, SNAPSHOTS),
        posts=_as_posts(
            posts_of(rows, before=known.posts.lazy(), are_distinct=are_plain).collect(), latest
        ),
        latest=latest,
    )


def _is_shown(metric: str, *frames: pl.DataFrame) -> bool:
    return any(rows[metric].null_count() < rows.height for rows in frames)


def _with_all(rows: pl.LazyFrame, table: Table) -> pl.DataFrame:
    """The rows in the table's shape; metrics that nobody shows are null."""
    found = rows.collect()
    if "bucket" in table.columns:
        found = _in_buckets(found)
    schema = table.empty().schema
    lacking = [name for name in table.columns if name not in found.columns]
    nothing = [pl.lit(None, schema[name]).alias(name) for name in lacking]
    return table.shape(found.with_columns(nothing))


def known_of(stores: Stores, arrived: pl.DataFrame) -> Known:
    """What is stored of the posts that captures speak of."""
    return Known(latest=stored_of(stores, LATEST, arrived), posts=stored_of(stores, POSTS, arrived))


def stored_of(
    stores: Stores, table: Table, arrived: pl.DataFrame, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """A table's rows of the posts that captures speak of."""
    touched = arrived.select(POST).unique()
    parts = catalog.buckets(touched["platform_post_id"]).unique().to_list()
    rows = stores.lake.read(table).filter(pl.col("bucket").is_in(parts))
    found = rows.join(touched.lazy(), on=POST, how="semi")
    return found.select(columns or table.columns).collect()


def late_among(arrived: pl.DataFrame, known: Known) -> pl.DataFrame:
    """Posts with a capture that is not newer than all that is known of them.

    Content can be ahead of the metrics where a crash fell between the two; then a capture of the
    very moment of the content may have to come before those that made it.
    """
    checked = known.latest.select(*POST, "last_checked_at")
    content = known.posts.select(*POST, "content_at")
    met = arrived.join(checked, on=POST, how="left").join(content, on=POST, how="left")
    is_known = pl.col("last_checked_at").is_not_null()
    is_late = (
        (pl.col("captured_at") <= pl.col("last_checked_at"))
        | (pl.col("captured_at") <= pl.col("content_at"))
        | ((pl.col("source") == "import") & is_known)
    )
    return met.filter(is_late).select(POST).unique()


def _as_posts(identities: pl.DataFrame, latest: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``platform_posts``; whether a post is deleted is not the captures' to say."""
    rows = identities.join(latest.select(*POST, *COUNTS), on=POST, how="left").with_columns(
        deleted_at=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    return POSTS.shape(_in_buckets(rows))


def _in_buckets(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(bucket=catalog.buckets(rows["platform_post_id"]))
