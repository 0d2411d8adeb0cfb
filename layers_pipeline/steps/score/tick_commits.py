"""What ticks come to, on its way into the tables: written as it is made, committed some at a time.

Belongs here: data files of ticks, one commit per table for several ticks, what each tick came to,
whether eligibility still follows from all scores before.
Does not belong here: the rows of a tick (``tick_scorer``), which ticks (``scoring``), who makes
them (``shares``).
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Self
from uuid import uuid4

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.partition_commit import Ahead
from layers_pipeline.lake.store import Lake
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.history import Baseline
from layers_pipeline.steps.score.tick_scorer import WRITTEN, Frames
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_text

TICKS_PER_COMMIT: Final = 36
ROWS_PER_COMMIT: Final = 30_000_000
WRITES_WAITING: Final = 2
JUST_MADE: Final = 0
"""The version of a table that was made and has no rows yet."""


@dataclass(kw_only=True)
class ScoredTick:
    """What one tick came to, in rows.

    ``posts`` and ``creatives`` were in some project's pools, ``pools`` of posts had enough
    scorable ones, ``scored`` rows have a score of their own, ``unscored`` counts those that are
    not eligible by reason, ``eligible`` may run as ads.
    """

    tick: datetime
    posts: int = 0
    creatives: int = 0
    pools: int = 0
    scored: int = 0
    eligible: int = 0
    unscored: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Rows written, by table name."""

    def count(self, part: Frames, *, version: str) -> None:
        """Count some of the tick's rows, under the version of the rules that decides."""
        judged, scores, ranked = (
            part[table.name]
            for table in (
                catalog.AD_ELIGIBILITY,
                catalog.ORGANIC_SCORES,
                catalog.UGC_POOL_PERCENTILES,
            )
        )
        posts = int((judged["scoring_pool"] == "ugc").sum())
        own = scores.filter(pl.col("scoring_version") == version)
        reasons = judged.filter(~pl.col("is_eligible"))["reason"].value_counts()
        self.posts += posts
        self.creatives += judged.height - posts
        self.pools += ranked["project_id"].n_unique()
        self.scored += int(own["unscored_reason"].is_null().sum())
        self.eligible += int(judged["is_eligible"].sum())
        found = Counter(self.unscored) + Counter(dict(reasons.iter_rows()))
        self.unscored = dict(sorted(found.items()))
        for name, frame in part.items():
            self.rows[name] = self.rows.get(name, 0) + frame.height

    def add_up(self, other: "ScoredTick") -> None:
        """Count what the same tick came to in other projects."""
        for name in ("posts", "creatives", "pools", "scored", "eligible"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unscored = dict(sorted((Counter(self.unscored) + Counter(other.unscored)).items()))
        self.rows = {name: rows + other.rows[name] for name, rows in self.rows.items()}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Ticks of some projects: what they came to, and data files, by table, of no commit yet."""

    scored: tuple[ScoredTick, ...]
    ahead: Mapping[str, Ahead]


class Writer:
    """Writes in a thread beside the scorer, a little behind it: each keeps one core busy."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scores")
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def submit(self, write: Callable[[], None]) -> None:
        """Have something written; waits while too much is waiting already."""
        self._waiting.append(self._thread.submit(write))
        self._wait(until=WRITES_WAITING)

    def finish(self) -> None:
        """Wait until everything is written; raises what any of it raised."""
        self._wait(until=0)

    def _wait(self, *, until: int) -> None:
        while len(self._waiting) > until:
            self._waiting.popleft().result()


class Continuity:
    """Whether all stored eligibility follows from the scores before it, though this run writes.

    It does if it did when the run read what stood before, if nobody else has written scores since,
    and if every stored tick from the run's first on is one that the run has scored: its own ticks
    it judges in order.

    Args:
        found: What stood when the run read it.
    """

    def __init__(self, lake: Lake, found: Baseline) -> None:
        self._lake, self._at = lake, max(found.scores_version, JUST_MADE)
        self._is_alone = found.is_settled
        self._done: set[str] = set()
        self.is_settled = found.is_settled

    def begin(self, ticks: Iterable[str]) -> None:
        """Look at what is stored before ticks are committed, under the lock of scores."""
        self._done.update(ticks)
        first, lake = min(self._done), self._lake
        self._is_alone &= lake.version(catalog.ORGANIC_SCORES) == self._at
        tables = (catalog.ORGANIC_SCORES, catalog.AD_ELIGIBILITY)
        stored = {tick for table in tables for tick in lake.partitions(table, "tick")}
        others = {tick for tick in stored - self._done if tick >= first}
        self.is_settled = self._is_alone and not others

    def marks(self) -> dict[str, int]:
        """What to note with the ticks' eligibility, once their scores were committed."""
        self._at = self._lake.version(catalog.ORGANIC_SCORES)
        return {catalog.ORGANIC_SCORES.name: self._at} if self.is_settled else {}


class Batch:
    """Ticks whose rows are written, and wait for one commit per table."""

    def __init__(
        self, stores: Stores, rules: InForce, writer: Writer, *, batch: str | None = None
    ) -> None:
        self._stores, self._rules, self._writer = stores, rules, writer
        self._scored: list[ScoredTick] = []
        lake, batch = stores.lake, batch or uuid4().hex
        self._tables = {table: lake.replacement(table, "tick", batch=batch) for table in WRITTEN}

    @property
    def is_full(self) -> bool:
        rows = sum(sum(scored.rows.values()) for scored in self._scored)
        return len(self._scored) >= TICKS_PER_COMMIT or rows >= ROWS_PER_COMMIT

    def add(self, tick: datetime, parts: Iterable[Frames]) -> None:
        scored, text = ScoredTick(tick=tick), tick_text(tick)
        for table in WRITTEN:
            self._tables[table].empty(text)
            scored.rows[table.name] = 0
        for part in parts:
            self._writer.submit(partial(self._write, scored, text, part))
        self._scored.append(scored)

    def _write(self, scored: ScoredTick, text: str, part: Frames) -> None:
        scored.count(part, version=self._rules.active.version)
        for table in WRITTEN:
            self._tables[table].add(text, part[table.name])

    def hand_over(self) -> "Part":
        """Give what was written to somebody else, who commits it."""
        self._writer.finish()
        ahead = {table.name: one.hand_over() for table, one in self._tables.items()}
        return Part(scored=tuple(self._scored), ahead=ahead)

    def adopt(self, part: "Part") -> None:
        """Commit what somebody else has written of the same ticks, too."""
        for table, one in self._tables.items():
            one.adopt(part.ahead[table.name])
        by_tick = {scored.tick: scored for scored in self._scored}
        for scored in part.scored:
            if scored.tick in by_tick:
                by_tick[scored.tick].add_up(scored)
            else:
                self._scored.append(scored)

    def commit(self, continuity: Continuity) -> list[ScoredTick]:
        """Put the rows in place of those that the ticks had, but for versions not in force."""
        self._writer.finish()
        *before, judged = WRITTEN
        with self._stores.lake.scoring():
            continuity.begin(tick_text(scored.tick) for scored in self._scored)
            self._keep_other_versions()
            for table in before:
                self._tables[table].commit()
            self._tables[judged].commit(continuity.marks())
        return self._scored

    def _keep_other_versions(self) -> None:
        lake, scores = self._stores.lake, catalog.ORGANIC_SCORES
        there = lake.partitions(scores, "tick")
        for text in (tick_text(scored.tick) for scored in self._scored):
            if text not in there:
                continue
            stored = lake.read(scores).filter(pl.col("tick") == text)
            others = stored.filter(~pl.col("scoring_version").is_in(self._rules.versions))
            self._tables[scores].add(text, others.sort(scores.key).collect())
