"""From staged captures to posts, snapshots and last known values.

Belongs here: which captures are new, which state they follow on, and writing what they give.
Does not belong here: how a row is read or compared (``transforms``), deletions (``deletions``).

A capture that is newer than all of its post's others is compared with what is known; a post one
of whose captures came late is made again from all of them. Every table remembers how far it has
read the staging tables, and what is written follows from the captures alone, so a crash between
two tables heals with the next run, and a repeat changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written, add_up, differ
from layers_pipeline.steps.derive.aliases import (
    FACTS,
    renamed_posts,
    stale_posts,
    take_out,
    take_out_accounts,
)
from layers_pipeline.steps.derive.staging import ROWS_AT_ONCE, captures, captures_since
from layers_pipeline.steps.derive.told_listings import FOLLOWERS_MARK, told_followers
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS, METRICS
from transforms.facts.posts import posts_of
from transforms.facts.snapshots import (
    ACCOUNT,
    POST,
    distinct_captures,
    followers_of,
    latest_metrics,
    snapshots_of,
)

OF_POSTS: Final = (
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS_LATEST,
)
KEPT: Final = frozenset({"platform", "platform_post_id", "deleted_at", "bucket"})
"""Columns of a post that its captures do not change."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What captures say of posts, by table."""

    snapshots: pl.DataFrame
    posts: pl.DataFrame
    latest: pl.DataFrame


def derive_facts(stores: Stores) -> dict[str, Written]:
    """Bring posts, snapshots, followers and last known values up to what is staged (R8-R10).

    Returns:
        What was written, by table name.
    """
    lake, accounts = stores.lake, catalog.PLATFORM_ACCOUNT_METRICS
    with lake.write_lock():
        marks = {source.name: lake.version(source) for source in catalog.STAGED_TABLES}
        since = {name: min(lake.watermark(table, name) for table in FACTS) for name in marks}
        stale, old_names = stale_posts(stores), renamed_posts(stores)
        told = told_followers(stores)
        is_told = lake.watermark(accounts, FOLLOWERS_MARK) >= told.height
        if since == marks and stale.is_empty() and old_names.is_empty() and is_told:
            return {table.name: Written() for table in FACTS}
        arrived = _with_renamed(stores, captures_since(stores, since), stale, old_names)
        # Before the posts that tell which they are: a crash in between leaves those to be found.
        take_out_accounts(stores, old_names)
        written = {
            accounts.name: lake.merge(
                accounts,
                _followers(stores, arrived, told, is_told=is_told),
                update=f"s.source = 'import' AND ({differ(('followers',))})",
                columns=("followers",),
                marks=marks | ({} if is_told else {FOLLOWERS_MARK: told.height}),
            )
        }
        batches = _batches(arrived)
        for left, some in zip(reversed(range(len(batches))), batches, strict=True):
            facts = _facts(stores, some.collect())
            add_up(written, _write(stores, facts, marks={} if left else marks))
        take_out(stores, stale)
        return written


def _with_renamed(
    stores: Stores, arrived: pl.LazyFrame, stale: pl.DataFrame, old_names: pl.DataFrame
) -> pl.LazyFrame:
    """Arrived captures, and all of posts whose rows stand under another id or name so far."""
    if stale.is_empty() and old_names.is_empty():
        return arrived
    moved = stale.select("platform", platform_post_id="same_as")
    posts = pl.concat([moved, old_names.select(POST)]).unique().lazy()
    others = arrived.join(posts, on=POST, how="anti")
    return pl.concat([others, captures(stores).join(posts, on=POST, how="semi")])


def _batches(arrived: pl.LazyFrame) -> list[pl.LazyFrame]:
    """Captures of some buckets of posts after the other; one batch where there are few.

    A post's rows follow from its own captures, which are in one batch; so posts may be taken in
    any order, and those that are stored together are.
    """
    found = arrived.group_by(POST).agg(rows=pl.len()).collect()
    if found["rows"].sum() <= ROWS_AT_ONCE:
        return [arrived]
    placed = found.with_columns(bucket=catalog.buckets(found["platform_post_id"])).sort("bucket")
    counted = placed.group_by("bucket", maintain_order=True).agg(pl.col("rows").sum())
    numbered = counted.select("bucket", batch=(pl.col("rows").cum_sum() - 1) // ROWS_AT_ONCE)
    batches = placed.join(numbered, on="bucket").partition_by("batch", maintain_order=True)
    return [arrived.join(some.lazy().select(POST), on=POST, how="semi") for some in batches]


def _write(stores: Stores, facts: Facts, *, marks: Mapping[str, int]) -> dict[str, Written]:
    """Write what captures say, and up to where the staging tables were read."""
    lake = stores.lake
    columns = [name for name in catalog.PLATFORM_POSTS.columns if name not in KEPT]
    latest = [name for name in catalog.PLATFORM_POST_METRICS_LATEST.columns if name not in POST]
    written = (
        lake.merge(
            catalog.PLATFORM_POST_METRICS,
            facts.snapshots,
            update=f"s.source = 'import' AND ({differ(METRICS)})",
            columns=METRICS,
            marks=marks,
        ),
        lake.merge(
            catalog.PLATFORM_POSTS,
            facts.posts,
            update=differ(columns),
            columns=columns,
            marks=marks,
        ),
        lake.merge(
            catalog.PLATFORM_POST_METRICS_LATEST,
            facts.latest,
            update=differ(latest),
            columns=latest,
            marks=marks,
        ),
    )
    return {table.name: done for table, done in zip(OF_POSTS, written, strict=True)}


def facts_of(given: pl.DataFrame) -> Facts:
    """What captures say of posts, if they are all there are of them."""
    latest = latest_metrics(distinct_captures(given.lazy())).collect()
    return Facts(
        snapshots=snapshots_of(given.lazy()).collect(),
        posts=_as_posts(posts_of(given.lazy()).collect(), latest),
        latest=_in_buckets(latest),
    )


def _facts(stores: Stores, arrived: pl.DataFrame) -> Facts:
    """What arrived captures say, each post's in the way that its others allow."""
    latest = _of(stores, catalog.PLATFORM_POST_METRICS_LATEST, arrived)
    posts = _of(stores, catalog.PLATFORM_POSTS, arrived)
    late = _late(arrived, latest, posts)
    in_order = arrived.join(late, on=POST, how="anti").lazy()
    known = latest.join(late, on=POST, how="anti").lazy()
    known_posts = posts.join(late, on=POST, how="anti").lazy()
    everything = (
        captures(stores).join(late.lazy(), on=POST, how="semi").collect()
        if late.height
        else arrived.clear()
    )
    remade = facts_of(everything)
    newest = latest_metrics(distinct_captures(in_order), before=known).collect()
    snapshots = snapshots_of(in_order, before=known).collect()
    posts = _as_posts(posts_of(in_order, before=known_posts).collect(), newest)
    return Facts(
        snapshots=pl.concat([snapshots, remade.snapshots]),
        posts=pl.concat([posts, remade.posts]),
        latest=pl.concat([_in_buckets(newest), remade.latest]),
    )


def _of(stores: Stores, table: Table, arrived: pl.DataFrame) -> pl.DataFrame:
    """A table's rows of the posts that captures speak of."""
    touched = arrived.select(POST).unique()
    parts = catalog.buckets(touched["platform_post_id"]).unique().to_list()
    rows = stores.lake.read(table).filter(pl.col("bucket").is_in(parts))
    return rows.join(touched.lazy(), on=POST, how="semi").collect()


def _late(arrived: pl.DataFrame, latest: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with a capture that is not newer than all that is known of them.

    Content can be ahead of the metrics where a crash fell between the two; then a capture of the
    very moment of the content may have to come before those that made it.
    """
    checked = latest.select(*POST, "last_checked_at")
    content = posts.select(*POST, "content_at")
    met = arrived.join(checked, on=POST, how="left").join(content, on=POST, how="left")
    is_known = pl.col("last_checked_at").is_not_null()
    is_late = (
        (pl.col("captured_at") <= pl.col("last_checked_at"))
        | (pl.col("captured_at") <= pl.col("content_at"))
        | ((pl.col("source") == "import") & is_known)
    )
    return met.filter(is_late).select(POST).unique()


def _followers(
    stores: Stores, arrived: pl.LazyFrame, told: pl.DataFrame, *, is_told: bool
) -> pl.DataFrame:
    """Follower counts of the accounts that captures speak of, made again where one came late.

    Args:
        told: What people told of followers (``told_followers``).
        is_told: Whether all of that is stored already.
    """
    columns = [*ACCOUNT, "captured_at", "source", "known_at", "followers"]
    news = told.clear() if is_told else told
    shown = arrived.select(columns).filter(pl.col("followers").is_not_null()).collect()
    shown = pl.concat([shown, news.select(columns)])
    first = shown.group_by(ACCOUNT).agg(pl.col("captured_at").min(), pl.col("source").unique())
    late = _late_accounts(first, _checked_accounts(stores, first.select(ACCOUNT)))
    stored = _followers_before(stores, first)
    newest = stored.sort("captured_at", "source").group_by(ACCOUNT).last()
    in_order = pl.concat(
        [
            newest.join(late, on=ACCOUNT, how="anti").select(columns),
            shown.join(late, on=ACCOUNT, how="anti").select(columns),
        ]
    )
    everything = (
        pl.concat([captures(stores).select(columns), told.lazy().select(columns)])
        .join(late.lazy(), on=ACCOUNT, how="semi")
        .collect()
        if late.height
        else in_order.clear()
    )
    made = [followers_of(part.lazy()).collect() for part in (in_order, everything)]
    return pl.concat(made)


def _followers_before(stores: Stores, first: pl.DataFrame) -> pl.DataFrame:
    """What is stored of accounts from before the first capture that arrived of each.

    What a crash left behind is made once more, from what stood before it.
    """
    begins = first.lazy().select(*ACCOUNT, first_at="captured_at")
    return (
        stores.lake.read(catalog.PLATFORM_ACCOUNT_METRICS)
        .join(begins, on=ACCOUNT)
        .filter(pl.col("captured_at") < pl.col("first_at"))
        .collect()
    )


def _late_accounts(first: pl.DataFrame, checked: pl.DataFrame) -> pl.DataFrame:
    """Accounts with a capture that is not newer than all that is known of them, or imported."""
    is_late = (pl.col("captured_at") <= pl.col("last_checked_at")) | pl.col("source").list.contains(
        "import"
    )
    return first.join(checked, on=ACCOUNT, how="inner").filter(is_late).select(ACCOUNT)


def _checked_accounts(stores: Stores, touched: pl.DataFrame) -> pl.DataFrame:
    """When any post of each account was last looked at."""
    posts = stores.lake.read(catalog.PLATFORM_POSTS).select(*POST, "account_key")
    checked = stores.lake.read(catalog.PLATFORM_POST_METRICS_LATEST).select(
        *POST, "last_checked_at"
    )
    return (
        posts.join(touched.lazy(), on=ACCOUNT, how="semi")
        .join(checked, on=POST, how="inner")
        .group_by(ACCOUNT)
        .agg(pl.col("last_checked_at").max())
        .collect()
    )


def _as_posts(identities: pl.DataFrame, latest: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``platform_posts``; whether a post is deleted is not the captures' to say."""
    rows = identities.join(latest.select(*POST, *COUNTS), on=POST, how="left").with_columns(
        deleted_at=pl.lit(None, pl.Datetime("us", "UTC"))
    )
    return catalog.PLATFORM_POSTS.shape(_in_buckets(rows))


def _in_buckets(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(bucket=catalog.buckets(rows["platform_post_id"]))
