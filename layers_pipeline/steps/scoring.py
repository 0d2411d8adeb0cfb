"""Scoring ticks: one walk forward through the snapshots, writing what each tick saw.

Belongs here: loading history once, carrying the state from tick to tick, writing in batches.
Does not belong here: formulas (``transforms``), and which ticks are due (``sensors``).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Final

import polars as pl

from layers_pipeline import tables
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake_table import Table, Written, tick_text
from layers_pipeline.progress import report
from layers_pipeline.steps.posts import derive_known
from layers_pipeline.steps.staging import captures
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS
from transforms.deletions import deleted_posts
from transforms.eligibility import judge_eligibility, standing_scores
from transforms.organic_score import score_ugc, ugc_pool_percentiles
from transforms.posts import IDENTITY, identities_of, pool_members
from transforms.scoring_rules import ACTIVE, ScoringRules
from transforms.snapshots import INSTANT, POST, advance_latest, latest_metrics

TICKS_PER_COMMIT: Final = 36
WRITTEN: Final = (
    tables.UGC_POOL_PERCENTILES,
    tables.ORGANIC_SCORES,
    tables.AD_ELIGIBILITY,
)
STANDING: Final = {
    "ads_content_id": pl.String,
    "organic_score": pl.Float64,
    "unscored_reason": pl.String,
    "scoring_version": pl.String,
    "score_of": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True, kw_only=True)
class ScoredTick:
    """What one tick came to, in rows.

    ``posts`` were in some project's pool, ``pools`` had enough scorable posts, ``scored`` rows
    have a score of their own, ``unscored`` counts those without by reason, ``eligible`` may run
    as ads.
    """

    tick: datetime
    posts: int
    pools: int
    scored: int
    eligible: int
    unscored: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Rows written, by table name."""


@dataclass(frozen=True, kw_only=True)
class History:
    """Everything that a walk reads, pinned at one moment and loaded once."""

    snapshots: pl.DataFrame
    identities: pl.DataFrame
    absences: pl.DataFrame
    allowlist: pl.DataFrame

    def arrived(self, after: datetime | None, until: datetime) -> pl.LazyFrame:
        """Snapshots that became known in (after, until]."""
        known = self.snapshots["known_at"]
        first = 0 if after is None else known.search_sorted(after, side="right")
        return self.snapshots.slice(first, known.search_sorted(until, side="right") - first).lazy()

    def posts_at(self, until: datetime) -> pl.LazyFrame:
        """Posts as the captures known at a moment name them, and whether they were deleted."""
        known = self.identities.lazy().filter(pl.col("known_at") <= until)
        gone = deleted_posts(self.absences.lazy(), as_of=until)
        return (
            identities_of(known)
            .join(gone, on=POST, how="left")
            .with_columns(is_deleted=pl.col("deleted_at").is_not_null())
        )


class Walk:
    """Walks from tick to tick, carrying what is known of each post and which scores stand."""

    def __init__(
        self, stores: Stores, *, first: datetime, last: datetime, rules: ScoringRules
    ) -> None:
        self._lake = stores.lake
        self._rules = rules
        self._first = first
        self._history = load_history(stores, until=last)
        self._at: datetime | None = None
        self._latest = pl.DataFrame()
        self._scored: list[pl.DataFrame] = []

    def step(self, tick: datetime) -> dict[str, pl.DataFrame]:
        """Move on to a tick and score it.

        Returns:
            Rows to write, by table name.
        """
        latest = self._advance(tick)
        members = pool_members(
            latest.lazy(),
            self._history.posts_at(tick),
            self._history.allowlist.lazy(),
            as_of=tick,
        ).collect()
        ranked = ugc_pool_percentiles(members.lazy(), as_of=tick, rules=self._rules.ugc).collect()
        scores = score_ugc(members.lazy(), ranked.lazy(), as_of=tick, rules=self._rules).collect()
        standing = standing_scores(self._standing_before(members, scores), scores.lazy())
        judged = judge_eligibility(members.lazy(), standing, as_of=tick, rules=self._rules)
        self._remember(scores)
        frames = (ranked, scores, judged.collect())
        return {
            table.name: _in_partition(table, frame, tick)
            for table, frame in zip(WRITTEN, frames, strict=True)
        }

    def _advance(self, tick: datetime) -> pl.DataFrame:
        """What is known at a tick: what was known before, and what has arrived since."""
        arrived = self._history.arrived(self._at, tick)
        if self._at is None:
            moved = latest_metrics(arrived, metrics=COUNTS)
        else:
            moved = advance_latest(
                self._latest.lazy(),
                arrived=arrived,
                history=self._history.arrived(None, tick),
                metrics=COUNTS,
            )
        self._at, self._latest = tick, moved.collect()
        return self._latest

    def _remember(self, scores: pl.DataFrame) -> None:
        fresh = scores.select(
            "ads_content_id",
            "organic_score",
            "unscored_reason",
            "scoring_version",
            score_of="scored_at",
        )
        kept = [frame.join(fresh, on="ads_content_id", how="anti") for frame in self._scored]
        self._scored = [pl.concat([*kept, fresh])]

    def _standing_before(self, members: pl.DataFrame, scores: pl.DataFrame) -> pl.LazyFrame:
        """Scores that stood before the tick, read only if some content has none of its own."""
        if members.join(scores, on="ads_content_id", how="anti").is_empty():
            return pl.LazyFrame(schema=STANDING)
        walked = pl.concat([pl.DataFrame(schema=STANDING), *self._scored])
        stored = self._stored_before.join(walked, on="ads_content_id", how="anti")
        return pl.concat([walked, stored]).lazy()

    @cached_property
    def _stored_before(self) -> pl.DataFrame:
        """The newest score of each content before the walk's first tick."""
        stored = self._lake.read(tables.ORGANIC_SCORES).filter(pl.col("scored_at") < self._first)
        own = stored.filter(pl.col("scoring_version") == self._rules.version)
        newest = (
            own.sort("scored_at")
            .group_by("ads_content_id")
            .agg(
                pl.col("organic_score", "unscored_reason", "scoring_version").last(),
                score_of=pl.col("scored_at").last(),
            )
        )
        return newest.select(*STANDING).collect()


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
        snapshots = lake.read_as_known(tables.PLATFORM_POST_METRICS, until)
        seen = captures(stores)
        absences = lake.read(tables.POST_ABSENCES)
        allowlist = lake.read(tables.PROJECT_ALLOWLIST)
    return History(
        snapshots=snapshots.select(*POST, *INSTANT, "known_at", *COUNTS).sort("known_at").collect(),
        identities=seen.select(*POST, *INSTANT, "known_at", *IDENTITY)
        .filter(pl.col("known_at") <= until)
        .collect(),
        absences=absences.collect(),
        allowlist=allowlist.collect(),
    )


def score_ticks(
    stores: Stores, ticks: Sequence[datetime], *, rules: ScoringRules = ACTIVE
) -> Iterator[ScoredTick]:
    """Score ticks in order, each as of its own time, committing a batch of them at once.

    A batch that was committed stays if the walk is interrupted; scoring a tick again replaces
    its rows by the same rows.

    Args:
        stores: Open stores.
        ticks: Instants to score, any order.
        rules: The version of the rules.

    Yields:
        One summary per tick, after its rows were committed.

    Raises:
        InputRefusedError: A tick lies in the future.
    """
    due = sorted(set(ticks))
    if not due:
        return
    _wait_out_the_grace(stores, due[-1])
    walk = Walk(stores, first=due[0], last=due[-1], rules=rules)
    edges = [*range(0, len(due), TICKS_PER_COMMIT), len(due)]
    for start, end in pairwise(edges):
        batch = due[start:end]
        scored = []
        for done, tick in enumerate(batch, start=start + 1):
            scored.append(walk.step(tick))
            report("ticks scored", done, len(due))
        _write(stores, batch, scored)
        yield from (_summary(tick, rows) for tick, rows in zip(batch, scored, strict=True))


def copy_current_eligibility(stores: Stores) -> Written:
    """Write the eligibility at each project's newest tick as ``ad_eligibility_current``."""
    lake, current = stores.lake, tables.AD_ELIGIBILITY_CURRENT
    with lake.unit():
        judged = lake.read(tables.AD_ELIGIBILITY)
        newest = judged.group_by("project_id").agg(pl.col("scored_at").max())
        rows = judged.join(newest, on=["project_id", "scored_at"], how="semi")
        rows = rows.select(current.columns)
        return lake.replace(current, rows.sort(current.key).collect(), where={})


def _write(
    stores: Stores, ticks: Sequence[datetime], scored: Sequence[dict[str, pl.DataFrame]]
) -> None:
    where = {"tick": [tick_text(tick) for tick in ticks]}
    with stores.lake.unit():
        for table in WRITTEN:
            rows = pl.concat([frames[table.name] for frames in scored])
            stores.lake.replace(table, rows, where=where)


def _wait_out_the_grace(stores: Stores, tick: datetime) -> None:
    """Let commits that were under way at the tick arrive (R20)."""
    now = stores.clock.now()
    if tick > now:
        raise InputRefusedError(
            f"tick {tick:%Y-%m-%d %H:%M} UTC lies in the future (it is {now:%Y-%m-%d %H:%M} UTC). "
            "Score it once it has passed."
        )
    left = tick + timedelta(seconds=stores.settings.tick_grace_s) - now
    if left > timedelta():
        time.sleep(left.total_seconds())


def _in_partition(table: Table, frame: pl.DataFrame, tick: datetime) -> pl.DataFrame:
    """The rows in the table's shape and in one fixed order."""
    return table.shape(frame.with_columns(tick=pl.lit(tick_text(tick)))).sort(table.key)


def _summary(tick: datetime, rows: dict[str, pl.DataFrame]) -> ScoredTick:
    scores, judged = rows[tables.ORGANIC_SCORES.name], rows[tables.AD_ELIGIBILITY.name]
    reasons = judged.filter(~pl.col("is_eligible"))["reason"].value_counts().sort("reason")
    return ScoredTick(
        tick=tick,
        posts=judged.height,
        pools=scores["project_id"].n_unique(),
        scored=int(scores["unscored_reason"].is_null().sum()),
        eligible=int(judged["is_eligible"].sum()),
        unscored=dict(reasons.iter_rows()),
        rows={name: frame.height for name, frame in rows.items()},
    )
