"""Scoring ticks: walking through them in order, and writing what each of them saw.

Belongs here: writing in batches, what each tick came to, eligibility as it stands now.
Does not belong here: the walk itself (``walk``), formulas (``transforms``), and which ticks are
due (``sensors``).
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from layers_pipeline import tables
from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.lake_table import Written, tick_text
from layers_pipeline.progress import report
from layers_pipeline.steps.stores import Stores
from layers_pipeline.steps.versions import InForce, rules_in_force
from layers_pipeline.steps.walk import WRITTEN, Frames, Walk
from transforms.scoring_rules import ScoringRules

ROWS_PER_COMMIT: Final = 2_000_000
TICKS_PER_COMMIT: Final = 36


@dataclass(frozen=True, kw_only=True)
class ScoredTick:
    """What one tick came to, in rows.

    ``posts`` and ``creatives`` were in some project's pools, ``pools`` of posts had enough
    scorable ones, ``scored`` rows have a score of their own, ``unscored`` counts those that are
    not eligible by reason, ``eligible`` may run as ads.
    """

    tick: datetime
    posts: int
    creatives: int
    pools: int
    scored: int
    eligible: int
    unscored: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    """Rows written, by table name."""


def score_ticks(
    stores: Stores, ticks: Sequence[datetime], *, in_force: InForce | None = None
) -> Iterator[ScoredTick]:
    """Score ticks in order, each as of its own time, committing a batch of them at once.

    A batch that was committed stays if the walk is interrupted; scoring a tick again replaces
    its rows by the same rows, and leaves those of versions that are not in force.

    Args:
        stores: Open stores.
        ticks: Instants to score, any order.
        in_force: Versions of the rules; those that people chose by default.

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
    _wait_out_the_grace(stores, due[-1])
    rules = in_force or rules_in_force(stores)
    walk = Walk(stores, first=due[0], last=due[-1], in_force=rules)
    batch: dict[datetime, Frames] = {}
    for done, tick in enumerate(due, start=1):
        batch[tick] = walk.step(tick)
        report("ticks scored", done, len(due))
        if done == len(due) or _is_full(batch):
            _write(stores, batch, versions=rules.versions)
            yield from _summaries(batch, rules.active)
            batch = {}


def _summaries(batch: Mapping[datetime, Frames], active: ScoringRules) -> Iterator[ScoredTick]:
    return (_summary(tick, rows, version=active.version) for tick, rows in batch.items())


def _is_full(batch: Mapping[datetime, Frames]) -> bool:
    rows = sum(frame.height for frames in batch.values() for frame in frames.values())
    return len(batch) >= TICKS_PER_COMMIT or rows >= ROWS_PER_COMMIT


def copy_current_eligibility(stores: Stores) -> Written:
    """Write the eligibility at the newest tick as ``ad_eligibility_current``."""
    lake, current = stores.lake, tables.AD_ELIGIBILITY_CURRENT
    with lake.unit():
        ticks = lake.partitions(tables.AD_ELIGIBILITY, "tick")
        judged = lake.read(tables.AD_ELIGIBILITY).filter(pl.col("tick") == max(ticks, default=""))
        rows = judged.select(current.columns).sort(current.key)
        return lake.replace(current, rows.collect(), where={})


def _write(stores: Stores, batch: Mapping[datetime, Frames], *, versions: Sequence[str]) -> None:
    where = {"tick": [tick_text(tick) for tick in batch]}
    with stores.lake.unit():
        for table in WRITTEN:
            rows = pl.concat([frames[table.name] for frames in batch.values()])
            of_versions = {"scoring_version": versions} if table is tables.ORGANIC_SCORES else {}
            stores.lake.replace(table, rows, where=where | of_versions)


def _require_cron(stores: Stores) -> None:
    """Refuse to mix ticks of two cadences: what is missing would look scored, or the reverse."""
    asked = stores.settings.tick_cron
    settled = stores.operations.settle("tick_cron", asked, now=stores.clock.now())
    if settled != asked:
        raise SettingsError(
            f"LAYERS_TICK_CRON: this lake's ticks fall by {settled!r}, and the setting says "
            f"{asked!r}. Set it back to {settled!r}, or begin a new deployment with another "
            "LAYERS_HOME (or other LAYERS_LAKE_URL and LAYERS_OPERATIONS_URL)."
        )


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


def _summary(tick: datetime, rows: Frames, *, version: str) -> ScoredTick:
    judged = rows[tables.AD_ELIGIBILITY.name]
    scores = rows[tables.ORGANIC_SCORES.name].filter(pl.col("scoring_version") == version)
    reasons = judged.filter(~pl.col("is_eligible"))["reason"].value_counts().sort("reason")
    posts = int((judged["scoring_pool"] == "ugc").sum())
    return ScoredTick(
        tick=tick,
        posts=posts,
        creatives=judged.height - posts,
        pools=rows[tables.UGC_POOL_PERCENTILES.name]["project_id"].n_unique(),
        scored=int(scores["unscored_reason"].is_null().sum()),
        eligible=int(judged["is_eligible"].sum()),
        unscored=dict(reasons.iter_rows()),
        rows={name: frame.height for name, frame in rows.items()},
    )
