"""Scoring ticks in order, and writing what each of them saw.

Belongs here: writing in batches, what each tick came to, eligibility as it stands now.
Does not belong here: one tick's rows (``tick_scorer``), formulas (``transforms``), and which
ticks are due (``sensors``).
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Self
from uuid import uuid4

import polars as pl

from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Written
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.everything import OnWritten, unheard
from layers_pipeline.steps.derive.versions import InForce, rules_in_force
from layers_pipeline.steps.score.history import Baseline
from layers_pipeline.steps.score.selecting import Selected, select_ticks
from layers_pipeline.steps.score.settling import Settled, settle
from layers_pipeline.steps.score.tick_scorer import WRITTEN, Frames, open_scorer
from layers_pipeline.steps.stores import Stores
from transforms.scoring.ticks import tick_text

TICKS_PER_COMMIT: Final = 36
ROWS_PER_COMMIT: Final = 30_000_000
WRITES_WAITING: Final = 2
JUST_MADE: Final = 0
"""The version of a table that was made and has no rows yet."""
OnSettled = Callable[[Settled], None]
OnSelected = Callable[[Selected], None]


def ignored(done: Settled | Selected) -> None:
    """Tell nobody what was judged again, or selected."""
    del done


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


def score_ticks(
    stores: Stores,
    ticks: Sequence[datetime],
    *,
    in_force: InForce | None = None,
    on_written: OnWritten = unheard,
    on_settled: OnSettled = ignored,
    on_selected: OnSelected = ignored,
) -> Iterator[ScoredTick]:
    """Score ticks in order, each as of its own time, committing a batch of them at once.

    A batch that was committed stays if the run is interrupted; scoring a tick again replaces
    its rows by the same rows, and leaves those of versions that are not in force.

    Args:
        ticks: Instants to score, any order.
        in_force: Versions of the rules; those that people chose by default.
        on_written: Called with what was derived before the first tick, by table name.
        on_settled: Called at the end with the rows of eligibility, of these and of later ticks,
            that scores of earlier ticks changed (``settling``).
        on_selected: Called after that with the ticks whose selections were made (``selecting``).

    Yields:
        One summary per tick, after its rows were committed.

    Raises:
        InputRefusedError: A tick lies in the future.
        SettingsError: The ticks of this lake were made by another cron expression.
    """
    due = sorted(set(ticks))
    if not due:
        return
    _require_cron(stores)
    wait_out_the_grace(stores, due[-1])
    rules = in_force or rules_in_force(stores)
    scorer = open_scorer(stores, first=due[0], last=due[-1], in_force=rules)
    on_written(scorer.derived)
    continuity = _Continuity(stores.lake, scorer.baseline)
    with _Writer() as writer:
        batch = _Batch(stores, rules, writer)
        for done, tick in enumerate(due, start=1):
            batch.add(tick, scorer.parts(tick))
            report("ticks scored", done, len(due))
            if done == len(due) or batch.is_full:
                yield from batch.commit(continuity)
                batch = _Batch(stores, rules, writer)
    on_settled(Settled() if continuity.is_settled else settle(stores))
    on_selected(select_ticks(stores))


class _Writer:
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


class _Continuity:
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


class _Batch:
    """Ticks whose rows are written, and wait for one commit per table."""

    def __init__(self, stores: Stores, rules: InForce, writer: _Writer) -> None:
        self._stores, self._rules, self._writer = stores, rules, writer
        self._scored: list[ScoredTick] = []
        lake, batch = stores.lake, uuid4().hex
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

    def commit(self, continuity: _Continuity) -> list[ScoredTick]:
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


def copy_current_eligibility(stores: Stores) -> Written:
    """Write the eligibility at the newest tick as ``ad_eligibility_current``, if that is new."""
    lake, current = stores.lake, catalog.AD_ELIGIBILITY_CURRENT
    with lake.scoring():
        marks = {catalog.AD_ELIGIBILITY.name: lake.version(catalog.AD_ELIGIBILITY)}
        if all(lake.watermark(current, name) == at for name, at in marks.items()):
            return Written()
        ticks = lake.partitions(catalog.AD_ELIGIBILITY, "tick")
        judged = lake.read(catalog.AD_ELIGIBILITY).filter(pl.col("tick") == max(ticks, default=""))
        rows = judged.select(current.columns).sort(current.key)
        return lake.replace(current, rows.collect(), where={}, marks=marks)


def _require_cron(stores: Stores) -> None:
    """Refuse to mix ticks of two cadences: what is missing would look scored, or the reverse."""
    asked = stores.settings.tick_cron
    pinned = stores.operations.settings.pin("tick_cron", asked, now=stores.clock.now())
    if pinned != asked:
        raise SettingsError(
            f"LAYERS_TICK_CRON: this lake's ticks fall by {pinned!r}, and the setting says "
            f"{asked!r}. Set it back to {pinned!r}, or begin a new deployment with another "
            "LAYERS_HOME (or other LAYERS_LAKE_URL and LAYERS_OPERATIONS_URL)."
        )


def wait_out_the_grace(stores: Stores, tick: datetime) -> None:
    """Let commits that were under way at the tick arrive (R20).

    Raises:
        InputRefusedError: The tick lies in the future.
    """
    now = stores.clock.now()
    if tick > now:
        raise InputRefusedError(
            f"tick {tick:%Y-%m-%d %H:%M} UTC lies in the future (it is {now:%Y-%m-%d %H:%M} UTC). "
            "Score it once it has passed."
        )
    left = tick + timedelta(seconds=stores.settings.tick_grace_s) - now
    if left > timedelta():
        time.sleep(left.total_seconds())
