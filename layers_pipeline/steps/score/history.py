"""Everything that scoring ticks read, pinned at one moment and loaded once.

Belongs here: loading histories, and what stood in them at a moment.
Does not belong here: who is in a pool (``transforms.scoring.pools``), scores (``tick_scorer``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.score.decisions import Decisions, read_decisions
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS
from transforms.facts.creatives import creative_members
from transforms.facts.snapshots import POST, capture_order, last_known, still_known
from transforms.facts.spend import trailing_spend
from transforms.facts.verdicts import with_verdicts
from transforms.scoring.pool_candidates import NUMBER, Candidates, find_candidates
from transforms.scoring.pools import listed_at, members_of, posts_at


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What stood of scores when a history was loaded."""

    scores_version: int = -1
    """Of ``organic_scores``."""
    is_settled: bool = False
    """Whether all stored eligibility followed from them."""


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
    decisions: Decisions
    daily: pl.DataFrame
    derived: Mapping[str, Written] = field(default_factory=dict[str, Written])
    """What was written to bring the lake up to date, by table name."""
    baseline: Baseline = field(default_factory=Baseline)

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
        """Every post as known at a tick, by number; ``counts`` is ``counts_at`` of the tick."""
        return posts_at(self.candidates, counts, self.absences.lazy(), as_of=tick)

    def listed_at(self, tick: datetime) -> pl.Series:
        """Whether each pair of project and account stands on the allowlist at a tick."""
        return listed_at(self.candidates, self.allowlist.lazy(), as_of=tick)

    def members_of(
        self, rows: pl.DataFrame, posts: pl.DataFrame, is_listed: pl.Series, tick: datetime
    ) -> pl.DataFrame:
        """Members of the pools of posts among some rows of the candidates, whole projects."""
        return self._judged(
            members_of(rows, posts, is_listed=is_listed, as_of=tick), tick
        ).collect()

    def creatives_at(self, tick: datetime, *, spend_days: int) -> pl.DataFrame:
        """Members of the generated and manual pools at a tick.

        Args:
            tick: The tick.
            spend_days: Days before it whose ad spend counts.
        """
        said = self.decisions
        spend = trailing_spend(self.daily.lazy(), said.ads, as_of=tick, days=spend_days)
        made = creative_members(said.creatives, spend, as_of=tick)
        return self._judged(made, tick).sort("ads_content_id").collect()

    def _judged(self, members: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
        said = self.decisions
        return with_verdicts(members, reviews=said.reviews, overrides=said.overrides, as_of=tick)


def load_history(stores: Stores, *, since: datetime, until: datetime) -> History:
    """Pin what ticks read, and load it.

    What has landed is derived first: rows are known once they have landed, and a tick sees all
    that was known at its time, however busy the pipeline was then. Nobody else derives meanwhile;
    what lands now is known later than the ticks.

    Args:
        since: The first moment that will be asked for.
        until: The last one; nothing known later is loaded.
    """
    with stores.lake.deriving():
        derived = bring_up_to_date(stores)
        known, baseline = read_known(stores, until), read_baseline(stores)
    history = history_from(known, since=since, until=until)
    return replace(history, derived=derived, baseline=baseline)


def read_baseline(stores: Stores) -> Baseline:
    """What stands of scores now."""
    lake = stores.lake
    at = lake.version(catalog.ORGANIC_SCORES)
    follows = lake.watermark(catalog.AD_ELIGIBILITY, catalog.ORGANIC_SCORES.name)
    return Baseline(scores_version=at, is_settled=follows == at)


@dataclass(frozen=True, kw_only=True)
class Known:
    """Tables as they are at one moment, as ``history_of`` wants them."""

    posts: pl.LazyFrame
    captures: pl.LazyFrame
    snapshots: pl.LazyFrame
    absences: pl.DataFrame
    allowlist: pl.DataFrame
    decisions: Decisions
    daily: pl.DataFrame


def read_known(stores: Stores, until: datetime) -> Known:
    """Open what ticks up to a moment read; nothing known later is among it."""
    lake = stores.lake
    return Known(
        posts=lake.read(catalog.PLATFORM_POSTS).filter(pl.col("first_seen_at") <= until),
        captures=captures(stores).filter(pl.col("known_at") <= until),
        snapshots=lake.read_as_known(catalog.PLATFORM_POST_METRICS, until),
        absences=lake.read(catalog.POST_ABSENCES).collect(),
        allowlist=lake.read(catalog.PROJECT_ALLOWLIST).collect(),
        decisions=read_decisions(stores, until),
        daily=lake.read_as_known(catalog.AD_DAILY_METRICS, until).collect(),
    )


def history_from(known: Known, *, since: datetime, until: datetime) -> History:
    """Load what was opened; ``since`` and ``until`` as of ``load_history``."""
    return history_of(
        posts=known.posts,
        captures=known.captures,
        snapshots=known.snapshots,
        absences=known.absences,
        allowlist=known.allowlist,
        decisions=known.decisions,
        daily=known.daily,
        since=since,
        goes_on=since < until,
    )


def history_of(
    *,
    posts: pl.LazyFrame,
    captures: pl.LazyFrame,
    snapshots: pl.LazyFrame,
    absences: pl.DataFrame,
    allowlist: pl.DataFrame,
    decisions: Decisions,
    daily: pl.DataFrame,
    since: datetime,
    goes_on: bool,
) -> History:
    """The history that frames hold, wherever they come from.

    Args:
        posts: Rows of ``PlatformPosts``.
        captures: All captures of them.
        snapshots: Rows of ``PlatformPostMetrics``.
        absences: Rows of ``PostAbsences``.
        allowlist: Rows of ``ProjectAllowlist``.
        decisions: What people have decided of content.
        daily: Rows of ``AdDailyMetrics``.
        since: The first moment that will be asked for.
        goes_on: Whether later ones will be.
    """
    candidates = find_candidates(posts, captures, allowlist)
    numbered = _snapshots(snapshots, candidates.ids)
    return History(
        candidates=candidates,
        counts=_counts(numbered, candidates.posts, at=since, goes_on=goes_on),
        # By when they were known: ``counts_at`` finds what arrived between two ticks by search.
        snapshots=numbered.filter(pl.col("known_at") > since).sort("known_at"),
        absences=absences,
        allowlist=allowlist,
        decisions=decisions,
        daily=daily,
    )


def _snapshots(metrics: pl.LazyFrame, ids: pl.DataFrame) -> pl.DataFrame:
    """Snapshots by their post's number."""
    rows = metrics.select(*POST, capture_order(), "known_at", *COUNTS).join(ids.lazy(), on=POST)
    return rows.drop(POST).collect(engine="streaming")


def _counts(
    snapshots: pl.DataFrame, posts: pl.DataFrame, *, at: datetime, goes_on: bool
) -> pl.DataFrame:
    """What was known of each post at a moment, and, if later ticks follow, by which capture."""
    known = snapshots.lazy().filter(pl.col("known_at") <= at).drop("known_at")
    shown = last_known(known, key=NUMBER, metrics=COUNTS, with_order=goes_on)
    everything = (
        posts.lazy().select(NUMBER).join(shown, on=NUMBER, how="left", maintain_order="left")
    )
    # What is sorted is grouped and joined without hash tables by this engine alone.
    return everything.collect(engine="in-memory")
