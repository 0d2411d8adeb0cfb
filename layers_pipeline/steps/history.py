"""Everything that scoring ticks read, pinned at one moment and loaded once.

Belongs here: loading histories, and what stood in them at a moment.
Does not belong here: scores (``walk``), writing.

Within a history posts go by whole numbers, which are quicker to join and to sort than their ids.
"""

from dataclasses import dataclass
from datetime import datetime
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
from transforms.posts import IDENTITY, identities_of, identity_spans, pool_members
from transforms.snapshots import INSTANT, POST, advance_latest, latest_metrics
from transforms.spend import trailing_spend
from transforms.verdicts import with_verdicts

NUMBER: Final = "post_number"
KEY: Final = (NUMBER,)


@dataclass(frozen=True, kw_only=True)
class History:
    """What was known of posts, creatives and ads, and when.

    ``posts`` has one row per post, in the order of their numbers; ``unsettled`` the captures of
    those whose account or publication not all captures agree on.
    """

    posts: pl.DataFrame
    unsettled: pl.DataFrame
    snapshots: pl.DataFrame
    absences: pl.DataFrame
    allowlist: pl.DataFrame
    told: Told
    daily: pl.DataFrame

    def latest_at(
        self, until: datetime, *, before: pl.DataFrame | None, after: datetime | None
    ) -> pl.DataFrame:
        """What was known of each post's counts at a moment.

        Args:
            until: The moment.
            before: The same at ``after``, if it is at hand.
            after: The earlier moment.
        """
        known = self._arrived(None, until)
        if before is None:
            return latest_metrics(known, metrics=COUNTS, key=KEY).collect()
        return advance_latest(
            before.lazy(),
            arrived=self._arrived(after, until),
            history=known,
            metrics=COUNTS,
            key=KEY,
        ).collect()

    def members_at(self, tick: datetime, latest: pl.DataFrame) -> pl.DataFrame:
        """Members of the UGC pools at a tick."""
        pools = pool_members(
            latest.lazy(), self._posts_at(tick), self.allowlist.lazy(), as_of=tick, key=KEY
        )
        return self._judged(pools, tick).collect()

    def creatives_at(self, tick: datetime, *, spend_days: int) -> pl.DataFrame:
        """Members of the generated and manual pools at a tick.

        Args:
            tick: The tick.
            spend_days: Days before it whose ad spend counts.
        """
        told = self.told
        spend = trailing_spend(self.daily.lazy(), told.ads.lazy(), as_of=tick, days=spend_days)
        return self._judged(
            creative_members(told.creatives.lazy(), spend, as_of=tick), tick
        ).collect()

    def _judged(self, members: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
        told = self.told
        return with_verdicts(
            members, reviews=told.reviews.lazy(), overrides=told.overrides.lazy(), as_of=tick
        )

    def _arrived(self, after: datetime | None, until: datetime) -> pl.LazyFrame:
        """Snapshots that became known in (after, until]."""
        known = self.snapshots["known_at"]
        first = 0 if after is None else known.search_sorted(after, side="right")
        return self.snapshots.slice(first, known.search_sorted(until, side="right") - first).lazy()

    def _posts_at(self, until: datetime) -> pl.LazyFrame:
        """Posts as the captures known at a moment name them, and whether they were deleted."""
        known = pl.col("known_at") <= until
        posts = self.posts.lazy().filter(known)
        settled = posts.filter("is_settled").select(NUMBER, *POST, *IDENTITY)
        named = identities_of(self.unsettled.lazy().filter(known), key=KEY)
        others = posts.filter(~pl.col("is_settled")).select(NUMBER, *POST).join(named, on=KEY)
        gone = deleted_posts(self.absences.lazy(), as_of=until)
        return (
            pl.concat([settled, others.select(NUMBER, *POST, *IDENTITY)])
            .join(gone, on=POST, how="left")
            .with_columns(is_deleted=pl.col("deleted_at").is_not_null())
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
        daily = lake.read_as_known(tables.AD_DAILY_METRICS, until)
        absences = lake.read(tables.POST_ABSENCES)
        allowlist = lake.read(tables.PROJECT_ALLOWLIST)
        told = read_told(stores, until=until)
    posts = identity_spans(seen).collect().with_row_index(NUMBER)
    numbers = posts.lazy().select(*POST, NUMBER)
    unsettled = numbers.filter(~posts["is_settled"])
    return History(
        posts=posts,
        unsettled=seen.select(*POST, *INSTANT, "known_at", *IDENTITY)
        .join(unsettled, on=POST)
        .drop(POST)
        .collect(),
        snapshots=snapshots.select(*POST, *INSTANT, "known_at", *COUNTS)
        .join(numbers, on=POST)
        .drop(POST)
        .sort("known_at")
        .collect(),
        absences=absences.collect(),
        allowlist=allowlist.collect(),
        told=told,
        daily=daily.collect(),
    )
