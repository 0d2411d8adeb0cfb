"""Scoring ticks in order, in one process or in several that share the projects.

Belongs here: what comes before and after, who scores, eligibility as it stands now.
Does not belong here: one tick's rows (``tick_scorer``), writing them (``tick_commits``), formulas
(``transforms``), and which ticks are due (``sensors``).
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import polars as pl

from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.everything import OnWritten, unheard
from layers_pipeline.steps.derive.versions import InForce, rules_in_force
from layers_pipeline.steps.score.selecting import Selected, select_ticks
from layers_pipeline.steps.score.settling import Settled, settle
from layers_pipeline.steps.score.share_process import Task, share_processes
from layers_pipeline.steps.score.shares import Share, pin_history
from layers_pipeline.steps.score.tick_commits import (
    TICKS_PER_COMMIT,
    Batch,
    Continuity,
    ScoredTick,
    Writer,
)
from layers_pipeline.steps.score.tick_scorer import open_scorer
from layers_pipeline.steps.stores import Stores

OnSettled = Callable[[Settled], None]
OnSelected = Callable[[Selected], None]


def ignored(done: Settled | Selected) -> None:
    """Tell nobody what was judged again, or selected."""
    del done


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
    in_way = _in_shares if stores.settings.score_shards > 1 else _in_one_process
    continuity = yield from in_way(stores, due, rules, on_written)
    on_settled(Settled() if continuity.is_settled else settle(stores))
    on_selected(select_ticks(stores))


def _in_one_process(
    stores: Stores, due: Sequence[datetime], rules: InForce, on_written: OnWritten
) -> Generator[ScoredTick, None, Continuity]:
    scorer = open_scorer(stores, first=due[0], last=due[-1], in_force=rules)
    on_written(scorer.derived)
    continuity = Continuity(stores.lake, scorer.baseline)
    with Writer() as writer:
        batch = Batch(stores, rules, writer)
        for done, tick in enumerate(due, start=1):
            batch.add(tick, scorer.parts(tick))
            report("ticks scored", done, len(due))
            if done == len(due) or batch.is_full:
                yield from batch.commit(continuity)
                batch = Batch(stores, rules, writer)
    return continuity


def _in_shares(
    stores: Stores, due: Sequence[datetime], rules: InForce, on_written: OnWritten
) -> Generator[ScoredTick, None, Continuity]:
    """The same by several processes, each of which scores some projects, and one commit of all."""
    pinned = pin_history(stores)
    on_written(pinned.derived)
    continuity = Continuity(stores.lake, pinned.baseline)
    starts = range(0, len(due), TICKS_PER_COMMIT)
    batches = [(uuid4().hex, due[start : start + TICKS_PER_COMMIT]) for start in starts]
    of = stores.settings.score_shards
    tasks = [
        Task(
            settings=stores.settings,
            clock=stores.clock,
            share=Share(number=number, of=of),
            batches=batches,
            versions=pinned.versions,
            rules=rules,
        )
        for number in range(of)
    ]
    done = 0
    with share_processes(tasks) as processes, Writer() as writer:
        for name, ticks in batches:
            batch = Batch(stores, rules, writer, batch=name)
            for process in processes:
                batch.adopt(process.take())
            done += len(ticks)
            report("ticks scored", done, len(due))
            yield from batch.commit(continuity)
    return continuity


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
