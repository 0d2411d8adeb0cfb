"""Everything that scoring ticks read, pinned at one moment and loaded once.

Belongs here: loading histories, and what stood in them at a moment.
Does not belong here: which posts there are (``candidates``), scores (``walk``), writing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.score.candidates import (
    ACCOUNT_CODE,
    NUMBER,
    SPELL,
    Candidates,
    find_candidates,
)
from layers_pipeline.steps.score.told import Told, read_told
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS
from transforms.facts.creatives import creative_members
from transforms.facts.deletions import deleted_posts
from transforms.facts.posts import identities_of
from transforms.facts.snapshots import POST, last_known, still_known, turn
from transforms.facts.spend import trailing_spend
from transforms.facts.verdicts import with_verdicts


@dataclass(frozen=True, kw_only=True)
class History:
    """What was known of posts, creatives and ads, and when.

    ``counts`` is what was known of each post's counts at the beginning (``counts_at``), and
    ``snapshots`` what came to be known later, in that order, both by the posts' numbers.
    """

    candidates: Candidates
    counts: pl.DataFrame
    snapshots: pl.DataFrame
    absences: pl.DataFrame
    allowlist: pl.DataFrame
    told: Told
    daily: pl.DataFrame
    derived: Mapping[str, Written]
    """What was written to bring the lake up to date, by table name."""

    def counts_at(self, until: datetime, *, before: pl.DataFrame, after: datetime) -> pl.DataFrame:
        """What was known of each post's counts at a moment, by number.

        Args:
            until: The moment.
            before: The same at an earlier moment.
            after: That moment.
        """
        known = self.snapshots["known_at"]
        first = known.search_sorted(after, side="right")
        last = known.search_sorted(until, side="right")
        if first == last:
            return before
        arrived = self.snapshots.slice(first, last - first).lazy()
        shown = last_known(arrived, key=NUMBER, metrics=COUNTS).collect(engine="in-memory")
        numbers = shown[NUMBER]
        old = before[numbers].lazy()
        now = still_known(old, shown.lazy(), key=NUMBER, metrics=COUNTS).collect()
        # Posts are at the places of their numbers; few of them change from tick to tick.
        return before.with_columns(
            before[name].scatter(numbers, now[name]) for name in now.columns if name != NUMBER
        )

    def posts_at(self, tick: datetime, counts: pl.DataFrame) -> pl.DataFrame:
        """Every post as known at a tick, by number, and whether it was known and published.

        Args:
            tick: The tick.
            counts: ``counts_at`` of the tick.
        """
        gone = deleted_posts(self.absences.lazy(), as_of=tick).select(
            *POST, is_deleted=pl.lit(value=True)
        )
        numbers = (
            self.candidates.ids.lazy().join(gone, on=POST, how="inner").select(NUMBER, "is_deleted")
        )
        named = self._identities_at(tick).join(
            numbers, on=NUMBER, how="left", maintain_order="left"
        )
        published = pl.col("published_at").is_null() | (pl.col("published_at") <= tick)
        is_there = (pl.col("known_at") <= tick) & published
        return (
            pl.concat([named.collect(), counts.select(COUNTS)], how="horizontal")
            .lazy()
            .select(
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
        is_listed = self._spells_at(tick).gather(candidates[SPELL])
        now = posts[candidates[NUMBER]].rename({"account": "account_now"})
        is_member = (
            pl.col("is_listed") & pl.col("is_there") & (pl.col("account") == pl.col("account_now"))
        )
        members = (
            candidates.hstack(now)
            .lazy()
            .with_columns(is_listed=is_listed)
            .filter(is_member)
            .drop("is_listed", "is_there", "account", "account_now", SPELL)
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

    def _spells_at(self, tick: datetime) -> pl.Series:
        """Whether each pair of project and account stands on the allowlist at a tick."""
        listed = self.allowlist.lazy().filter(
            pl.col("allowed_from") <= tick,
            pl.col("allowed_to").is_null() | (pl.col("allowed_to") > tick),
        )
        now = listed.select("project_id", ACCOUNT_CODE, is_listed=pl.lit(value=True)).unique()
        found = self.candidates.spells.lazy().join(
            now, on=["project_id", "account"], how="left", maintain_order="left"
        )
        return found.select(pl.col("is_listed").fill_null(value=False)).collect().to_series()

    def _identities_at(self, until: datetime) -> pl.LazyFrame:
        """Posts by number, as the captures known at a moment name them."""
        posts = self.candidates.posts.lazy()
        if self.candidates.unsettled.is_empty():
            return posts
        known = self.candidates.unsettled.lazy().filter(pl.col("known_at") <= until)
        named = identities_of(known, key=(NUMBER,)).select(
            NUMBER,
            account_then=pl.col("account_key").cast(pl.Categorical),
            published_then="published_at",
        )
        settled = pl.col("is_identity_settled")
        return posts.join(named, on=NUMBER, how="left", maintain_order="left").with_columns(
            account=pl.when(settled).then("account").otherwise("account_then"),
            published_at=pl.when(settled).then("published_at").otherwise("published_then"),
        )


def load_history(stores: Stores, *, since: datetime, until: datetime) -> History:
    """Pin the lake while no unit of writes is under way, and load what a walk reads.

    What has landed is derived first: rows are known from their landing on, and a tick sees all
    that was known at its time, however busy the pipeline was then.

    Args:
        stores: Open stores.
        since: The first moment that will be asked for.
        until: The last one; nothing known later is loaded.
    """
    lake = stores.lake
    with lake.write_lock():
        derived = bring_up_to_date(stores)
        posts = lake.read(catalog.PLATFORM_POSTS).filter(pl.col("first_seen_at") <= until)
        seen = captures(stores).filter(pl.col("known_at") <= until)
        metrics = lake.read_as_known(catalog.PLATFORM_POST_METRICS, until)
        daily = lake.read_as_known(catalog.AD_DAILY_METRICS, until).collect()
        absences = lake.read(catalog.POST_ABSENCES).collect()
        allowlist = lake.read(catalog.PROJECT_ALLOWLIST).collect()
        told = read_told(stores, until)
    candidates = find_candidates(posts, seen, allowlist)
    snapshots = _snapshots(metrics, candidates.ids)
    return History(
        candidates=candidates,
        counts=_counts(snapshots, candidates.posts, at=since, goes_on=since < until),
        snapshots=snapshots.filter(pl.col("known_at") > since).sort("known_at"),
        absences=absences,
        allowlist=allowlist,
        told=told,
        daily=daily,
        derived=derived,
    )


def _snapshots(metrics: pl.LazyFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Snapshots by their post's number."""
    rows = metrics.select(*POST, turn(), "known_at", *COUNTS).join(ids.lazy(), on=POST)
    return rows.drop(POST).collect(engine="streaming")


def _counts(
    snapshots: pl.DataFrame, posts: pl.DataFrame, *, at: datetime, goes_on: bool
) -> pl.DataFrame:
    """What was known of each post at a moment, and, if the walk goes on, since which turn."""
    known = snapshots.lazy().filter(pl.col("known_at") <= at).drop("known_at")
    shown = last_known(known, key=NUMBER, metrics=COUNTS, with_turns=goes_on)
    everything = (
        posts.lazy().select(NUMBER).join(shown, on=NUMBER, how="left", maintain_order="left")
    )
    # What is sorted is grouped and joined without hash tables by this engine alone.
    return everything.collect(engine="in-memory")
