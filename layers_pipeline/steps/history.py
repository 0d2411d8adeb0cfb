"""Everything that scoring ticks read, pinned at one moment and loaded once.

Belongs here: loading histories, and what stood in them at a moment.
Does not belong here: scores (``walk``), writing.

Within a history posts go by whole numbers, which are quicker to join and to sort than their ids.
A candidate is a post that some project's allowlist brings in at some time.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

import polars as pl

from layers_pipeline import tables
from layers_pipeline.steps.posts import derive_known
from layers_pipeline.steps.staging import captures
from layers_pipeline.steps.stores import Stores
from layers_pipeline.steps.told import Told, read_told
from transforms.contracts.columns import COUNTS
from transforms.creatives import creative_members
from transforms.deletions import deleted_posts
from transforms.posts import IDENTITY, account, ads_content_id, identities_of, identity_spans
from transforms.snapshots import INSTANT, POST, last_known, still_known, turn
from transforms.spend import trailing_spend
from transforms.verdicts import with_verdicts

NUMBER: Final = "post_number"
CANDIDATES_PER_CHUNK: Final = 1_000_000
ACCOUNT_CODE: Final = account().cast(pl.Categorical)
"""Platform and account key as one column that takes little room."""


@dataclass(frozen=True, kw_only=True)
class History:
    """What was known of posts, creatives and ads, and when.

    ``posts`` has one row per post, by number: what all its captures say of it, since when it is
    known, and whether they agree; ``unsettled`` has the captures of those on which they do not.
    ``candidates`` are in the order of their ads content ids.
    """

    posts: pl.DataFrame
    unsettled: pl.DataFrame
    snapshots: pl.DataFrame
    absences: pl.DataFrame
    allowlist: pl.DataFrame
    candidates: pl.DataFrame
    told: Told
    daily: pl.DataFrame

    def counts_at(
        self, until: datetime, *, before: pl.DataFrame | None, after: datetime | None
    ) -> pl.DataFrame:
        """What was known of each post's counts at a moment, by number.

        Args:
            until: The moment.
            before: The same at ``after``, if it is at hand.
            after: The earlier moment.
        """
        arrived = last_known(self._arrived(after, until), key=NUMBER, metrics=COUNTS)
        if before is None:
            nothing = self.posts.lazy().select(NUMBER)
            return nothing.join(arrived, on=NUMBER, how="left", maintain_order="left").collect()
        return still_known(before.lazy(), arrived, key=NUMBER, metrics=COUNTS).collect()

    def chunks(self) -> list[pl.DataFrame]:
        """The candidates, some whole projects at a time."""
        sizes = self.candidates["project_id"].rle().struct.field("len").to_list()
        edges, start, end = [0], 0, 0
        for size in sizes:
            if end > start and end + size - start > CANDIDATES_PER_CHUNK:
                edges.append(end)
                start = end
            end += size
        if end > start:
            edges.append(end)
        return [self.candidates.slice(first, last - first) for first, last in pairwise(edges)]

    def posts_at(self, tick: datetime, counts: pl.DataFrame) -> pl.DataFrame:
        """Every post as known at a tick, by number; those not yet known or published are not there.

        Args:
            tick: The tick.
            counts: ``counts_at`` of the tick.
        """
        gone = deleted_posts(self.absences.lazy(), as_of=tick).select(
            *POST, is_deleted=pl.lit(value=True)
        )
        numbers = self.posts.lazy().join(gone, on=POST, how="inner").select(NUMBER, "is_deleted")
        named = self._identities_at(tick).join(
            numbers, on=NUMBER, how="left", maintain_order="left"
        )
        published = pl.col("published_at").is_null() | (pl.col("published_at") <= tick)
        is_there = (pl.col("known_at") <= tick) & published
        return (
            pl.concat([named.collect(), counts.select(COUNTS)], how="horizontal")
            .lazy()
            .select(
                NUMBER,
                "account",
                "published_at",
                *COUNTS,
                pl.col("is_deleted").fill_null(value=False),
                is_there=is_there.fill_null(value=False),
            )
            .collect()
        )

    def members_of(
        self, candidates: pl.DataFrame, posts: pl.DataFrame, tick: datetime
    ) -> pl.DataFrame:
        """Members of the UGC pools at a tick, in the order of their ads content ids.

        Args:
            candidates: Some of the candidates, whole projects.
            posts: ``posts_at`` of the tick.
            tick: The tick.
        """
        listed = self.allowlist.lazy().filter(
            pl.col("allowed_from") <= tick,
            pl.col("allowed_to").is_null() | (pl.col("allowed_to") > tick),
        )
        pools = listed.select("project_id", ACCOUNT_CODE, is_listed=pl.lit(value=True)).unique()
        now = posts[candidates[NUMBER]].drop(NUMBER).rename({"account": "account_now"})
        members = (
            candidates.hstack(now)
            .lazy()
            .filter(pl.col("is_there") & (pl.col("account") == pl.col("account_now")))
            .join(pools, on=["account", "project_id"], how="left", maintain_order="left")
            .filter("is_listed")
            .drop("is_listed", "is_there", "account", "account_now")
        )
        return self._judged(members, tick).collect()

    def creatives_at(self, tick: datetime, *, spend_days: int) -> pl.DataFrame:
        """Members of the generated and manual pools at a tick.

        Args:
            tick: The tick.
            spend_days: Days before it whose ad spend counts.
        """
        told = self.told
        spend = trailing_spend(self.daily.lazy(), told.ads, as_of=tick, days=spend_days)
        made = creative_members(told.creatives, spend, as_of=tick)
        return self._judged(made, tick).sort("ads_content_id").collect()

    def _judged(self, members: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
        told = self.told
        return with_verdicts(members, reviews=told.reviews, overrides=told.overrides, as_of=tick)

    def _arrived(self, after: datetime | None, until: datetime) -> pl.LazyFrame:
        """Snapshots that became known in (after, until]."""
        known = self.snapshots["known_at"]
        first = 0 if after is None else known.search_sorted(after, side="right")
        return self.snapshots.slice(first, known.search_sorted(until, side="right") - first).lazy()

    def _identities_at(self, until: datetime) -> pl.LazyFrame:
        """Posts by number, as the captures known at a moment name them."""
        posts = self.posts.lazy().drop(POST)
        if self.unsettled.is_empty():
            return posts
        known = self.unsettled.lazy().filter(pl.col("known_at") <= until)
        named = identities_of(known, key=(NUMBER,)).select(
            NUMBER,
            account_then=pl.col("account_key").cast(pl.Categorical),
            published_then="published_at",
        )
        settled = pl.col("is_settled")
        return posts.join(named, on=NUMBER, how="left", maintain_order="left").with_columns(
            account=pl.when(settled).then("account").otherwise("account_then"),
            published_at=pl.when(settled).then("published_at").otherwise("published_then"),
        )


def load_history(stores: Stores, *, until: datetime) -> History:
    """Pin the lake while no unit of writes is under way, and load what a walk reads.

    What has landed is derived first: rows are known from their landing on, and a tick sees all
    that was known at its time, however busy the pipeline was then.

    Args:
        stores: Open stores.
        until: Nothing known later is loaded.
    """
    lake = stores.lake
    with lake.rest():
        derive_known(stores)
        seen = captures(stores).filter(pl.col("known_at") <= until)
        snapshots = lake.read_as_known(tables.PLATFORM_POST_METRICS, until)
        daily = lake.read_as_known(tables.AD_DAILY_METRICS, until).collect()
        absences = lake.read(tables.POST_ABSENCES).collect()
        allowlist = lake.read(tables.PROJECT_ALLOWLIST).collect()
        told = read_told(stores, until)
    posts = _posts(seen)
    numbers = posts.lazy().select(*POST, NUMBER)
    unsettled = _unsettled(seen, numbers.filter(~posts["is_settled"]))
    return History(
        posts=posts,
        unsettled=unsettled,
        snapshots=_snapshots(snapshots, numbers),
        absences=absences,
        allowlist=allowlist,
        candidates=_candidates(posts, unsettled, allowlist),
        told=told,
        daily=daily,
    )


def _posts(seen: pl.LazyFrame) -> pl.DataFrame:
    spans = identity_spans(seen).with_columns(ACCOUNT_CODE).drop("account_key")
    return spans.collect(engine="streaming").with_row_index(NUMBER)


def _snapshots(snapshots: pl.LazyFrame, numbers: pl.LazyFrame) -> pl.DataFrame:
    """Snapshots by number, in the order in which they became known."""
    rows = snapshots.select(*POST, turn(), "known_at", *COUNTS).join(numbers, on=POST)
    return rows.drop(POST).collect(engine="streaming").sort("known_at")


def _unsettled(seen: pl.LazyFrame, numbers: pl.LazyFrame) -> pl.DataFrame:
    """Captures of posts on which captures do not agree, by number."""
    rows = seen.select(*POST, *INSTANT, "known_at", *IDENTITY).join(numbers, on=POST)
    named = rows.with_columns(account_key=account()).drop(POST)
    return named.collect(engine="streaming")


def _candidates(
    posts: pl.DataFrame, unsettled: pl.DataFrame, allowlist: pl.DataFrame
) -> pl.DataFrame:
    """Posts that any spell of a project's allowlist names, under any account of theirs."""
    listed = allowlist.lazy().select("project_id", ACCOUNT_CODE).unique()
    owners = pl.concat(
        [
            posts.lazy().filter("is_settled").select(NUMBER, "account"),
            unsettled.lazy()
            .select(NUMBER, account=pl.col("account_key").cast(pl.Categorical))
            .unique(),
        ]
    )
    found = owners.join(listed, on="account", how="inner")
    ids = posts.lazy().select(NUMBER, *POST)
    return (
        found.join(ids, on=NUMBER, how="inner")
        .with_columns(ads_content_id=ads_content_id())
        .sort("ads_content_id", "account")
        .collect()
    )
