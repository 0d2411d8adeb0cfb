"""Eligibility that follows from the scores of earlier ticks, in whatever order ticks were scored.

Belongs here: finding stored rows whose effective score is another one by now, and judging them
again.
Does not belong here: scoring ticks (``scoring``), how a row is judged (``transforms.scoring``).

A post that a tick gives no score is judged by the newest score before (R24). A tick that is scored
before its predecessors cannot know that score, and neither can one that is scored while another
run scores an earlier tick. So ``ad_eligibility`` notes up to which version of ``organic_scores``
its rows follow from it, and whatever was written since is gone over in the order of time: from the
first tick that changed to the last that is stored. Every tick is looked at, and only those are
written again of which a row changes. A crash before the note leaves all of it to the next time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.score.effective_scores import effective_in_history
from layers_pipeline.steps.stores import Stores
from transforms.scoring.eligibility import EFFECTIVE, carried_forward, judge_again
from transforms.scoring.rules import RULES, ScoringRules
from transforms.scoring.ticks import tick_from_text

SCORES: Final = catalog.ORGANIC_SCORES
JUDGED: Final = catalog.AD_ELIGIBILITY
ROWS_AT_ONCE: Final = 3_000_000
LEFT: Final = (
    "{count} ticks from {first} to {last} were judged by version {version} of the rules, which "
    "this package lacks. They stay as they are; the package that has it can judge them again."
)
FOLLOWS: Final = ("organic_score", "score_of", "scoring_version", "reason", "is_eligible")
"""Columns of a row that follow from the effective score."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What came of going over eligibility: rows that were judged otherwise, by tick."""

    looked_at: int = 0
    """Ticks."""
    changed: dict[datetime, int] = field(default_factory=dict[datetime, int])
    left: tuple[str, ...] = ()
    """Of ticks that stay as they are, since this package lacks the rules that judged them: which,
    in words, for each version of the rules."""

    @property
    def rows(self) -> int:
        """Rows that were judged otherwise."""
        return sum(self.changed.values())


class Stored(NamedTuple):
    """A stored tick, and how many rows of eligibility it has."""

    tick: str
    rows: int


def unsettled_ticks(lake: Lake) -> list[str]:
    """Stored ticks whose eligibility may not follow from all scores before, as text, in order."""
    since = lake.watermark(JUDGED, SCORES.name)
    if since == lake.version(SCORES):
        return []
    changed = lake.partitions_changed_since(SCORES, since)
    first = min(changed, default=None)
    stored = lake.partitions(JUDGED, "tick")
    return sorted(tick for tick in stored if first is not None and tick >= first)


def settle(stores: Stores) -> Settled:
    """Make eligibility follow from the scores that are stored; a repeat changes nothing.

    Returns:
        The ticks that changed, how many of their rows, and ticks that nobody here can judge.
    """
    lake = stores.lake
    with lake.scoring():
        at, due = lake.version(SCORES), unsettled_ticks(lake)
        versions = _by_version(stores, due)
        changed: dict[datetime, int] = {}
        for version in versions.keys() & RULES.keys():
            changed |= _judge_again(lake, RULES[version], versions[version])
        # Scores of a version come from packages that have it: what follows from them stays true.
        left = {name: ticks for name, ticks in versions.items() if name not in RULES}
        lake.record_marks(JUDGED, {SCORES.name: at})
    return Settled(looked_at=len(due), changed=dict(sorted(changed.items())), left=_said(left))


def _said(left: Mapping[str, Sequence[Stored]]) -> tuple[str, ...]:
    """What is said of ticks by versions of the rules that judged them."""
    return tuple(
        LEFT.format(count=len(ticks), version=version, first=ticks[0].tick, last=ticks[-1].tick)
        for version, ticks in sorted(left.items())
    )


def _by_version(stores: Stores, due: Sequence[str]) -> dict[str, list[Stored]]:
    """The ticks, in order, by the version of the rules that judged them."""
    if not due:
        return {}
    kept = ("rules_version", "scoring_version")
    judged = stores.lake.read(JUDGED).filter(pl.col("tick") >= due[0])
    by_tick = judged.group_by("tick").agg(pl.col(kept).max(), rows=pl.len())
    # Before rules_version was kept, a tick without any score does not tell its version.
    version = pl.coalesce(*kept, pl.lit(rules_in_force(stores).active.version))
    versions: dict[str, list[Stored]] = {}
    for tick, name, rows in by_tick.select("tick", version, "rows").sort("tick").collect().rows():
        versions.setdefault(name, []).append(Stored(tick, rows))
    return versions


def _judge_again(lake: Lake, rules: ScoringRules, due: Sequence[Stored]) -> dict[datetime, int]:
    """Judge posts of some ticks, in order, by the scores that are effective; write what differs.

    Returns:
        How many rows differed, by tick.
    """
    wanted = _waiting(lake, [one.tick for one in due]).select("ads_content_id").unique().collect()
    if wanted.is_empty():
        return {}
    since = due[0].tick
    known = effective_in_history(lake, tick_from_text(since), wanted, version=rules.version)
    changed: dict[datetime, int] = {}
    done = 0
    for ticks in _some_at_a_time(due):
        between = pl.col("tick").is_between(pl.lit(since), pl.lit(ticks[-1]))
        made = _lasting(lake, rules, wanted).filter(between).select(*EFFECTIVE).collect()
        known = pl.concat([known, made]).sort("score_of")
        differing = _differing(lake, rules, ticks, known)
        _put(lake, differing)
        changed |= dict(differing.group_by("scored_at").len().iter_rows())
        known, since = known.unique("ads_content_id", keep="last"), ticks[-1]
        done += len(ticks)
        report("ticks judged again", done, len(due))
    return changed


def _some_at_a_time(due: Sequence[Stored]) -> Iterator[list[str]]:
    """The ticks, in order, so many at a time that their rows fit into memory."""
    ticks: list[str] = []
    rows = 0
    for one in due:
        if ticks and rows + one.rows > ROWS_AT_ONCE:
            yield ticks
            ticks, rows = [], 0
        ticks.append(one.tick)
        rows += one.rows
    if ticks:
        yield ticks


def _waiting(lake: Lake, ticks: Sequence[str]) -> pl.LazyFrame:
    """Eligibility of posts that their tick gave no score: earlier scores decide of them."""
    has_none = pl.col("score_of").ne_missing(pl.col("scored_at"))
    is_post = pl.col("scoring_pool") == "ugc"
    return lake.read(JUDGED).filter(pl.col("tick").is_in(list(ticks)), is_post, has_none)


def _lasting(lake: Lake, rules: ScoringRules, wanted: pl.DataFrame) -> pl.LazyFrame:
    """Scores of one version that stay effective, of some content."""
    stored = lake.read(SCORES).filter(pl.col("scoring_version") == rules.version)
    lasting = carried_forward(stored).with_columns(score_of="scored_at")
    return lasting.join(wanted.lazy(), on="ads_content_id", how="semi")


def _differing(
    lake: Lake, rules: ScoringRules, ticks: Sequence[str], known: pl.DataFrame
) -> pl.DataFrame:
    """Rows of some ticks that are judged otherwise by now, as they ought to be.

    Args:
        known: Effective scores of these and earlier ticks, in the order of time.
    """
    ranked = lake.read(catalog.UGC_POOL_PERCENTILES).filter(pl.col("tick").is_in(list(ticks)))
    pools = ranked.select("scored_at", "project_id", has_pool=True).unique()
    # A row number ties rows to what was stored of them, and keeps the join's columns apart.
    stored = _waiting(lake, ticks).sort("scored_at").with_row_index("place").collect()
    effective = stored.lazy().drop(set(EFFECTIVE) & set(stored.columns) - {"ads_content_id"})
    effective = effective.join_asof(
        known.lazy(),
        left_on="scored_at",
        right_on="score_of",
        by="ads_content_id",
        allow_exact_matches=False,
        coalesce=False,
        check_sortedness=False,
    ).join(pools, on=["scored_at", "project_id"], how="left")
    judged = judge_again(
        effective.with_columns(pl.col("has_pool").fill_null(value=False)), rules=rules
    )
    now = judged.sort("place").select(JUDGED.columns).collect()
    differs = pl.any_horizontal(now[name].ne_missing(stored[name]) for name in FOLLOWS)
    return now.filter(pl.select(differs).to_series())


def _put(lake: Lake, rows: pl.DataFrame) -> None:
    """Put rows in place of those of the same key; their ticks are written again."""
    if rows.is_empty():
        return
    ticks = rows["tick"].unique().sort().to_list()
    stored = lake.read(JUDGED).filter(pl.col("tick").is_in(ticks))
    others = stored.join(rows.lazy().select(JUDGED.key), on=JUDGED.key, how="anti").collect()
    lake.replace(JUDGED, pl.concat([others, rows]).sort(JUDGED.key), where={"tick": ticks})
