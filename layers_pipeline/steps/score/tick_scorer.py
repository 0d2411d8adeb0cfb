"""Scores tick after tick, each as of its own time.

Belongs here: the state that is carried from tick to tick, and the rows of one tick.
Does not belong here: loading (``history``), writing (``scoring``), formulas (``transforms``).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.effective_scores import effective_before
from layers_pipeline.steps.score.history import History, load_history
from layers_pipeline.steps.stores import Stores
from transforms.scoring.eligibility import (
    EFFECTIVE,
    carried_forward,
    judge_creatives,
    judge_posts,
)
from transforms.scoring.generated_score import score_creatives
from transforms.scoring.organic_score import (
    rank_pools,
    score_members,
    score_ugc,
    scores_of,
    ugc_pool_percentiles,
)
from transforms.scoring.pool_candidates import NUMBER
from transforms.scoring.rules import ScoringRules
from transforms.scoring.ticks import tick_text

WRITTEN: Final = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
)
Frames = Mapping[str, pl.DataFrame]
Earlier = Callable[[pl.DataFrame], pl.DataFrame]
"""Effective scores of before the first tick, of content by ads_content_id."""


def open_scorer(
    stores: Stores, *, first: datetime, last: datetime, in_force: InForce
) -> "TickScorer":
    """A scorer of ticks between two, over what the stores hold.

    Args:
        first: The first tick.
        last: The last tick.
        in_force: The version that decides, and those that are scored beside it.
    """
    history = load_history(stores, since=first, until=last)
    version = in_force.active.version
    earlier = partial(effective_before, stores.lake, first, version=version)
    return TickScorer(history, first=first, last=last, in_force=in_force, earlier=earlier)


class TickScorer:
    """Scores ticks in order, carrying what is known of each post and its effective score.

    Ticks must be asked for in ascending order: what was known of a post at one is brought up to
    date to the next, and never back. Candidates come in chunks of whole projects, as a pool is
    ranked within its project; each chunk has scores of its own that are carried forward.

    Args:
        history: What was known, and when.
        first: The first tick.
        last: The last tick; nothing is carried beyond it.
        in_force: The version that decides, and those that are scored beside it.
        earlier: Asked once for each content that a tick gives no score, nor one before it.
    """

    def __init__(
        self,
        history: History,
        *,
        first: datetime,
        last: datetime,
        in_force: InForce,
        earlier: Earlier,
    ) -> None:
        self._history, self._earlier = history, earlier
        self.derived, self.baseline = history.derived, history.baseline
        self._rules, self._shadows = in_force.active, in_force.shadows
        self._first, self._last = first, last
        self._chunks = history.candidates.chunks()
        self._at, self._counts = first, history.counts
        nothing = pl.DataFrame(schema=EFFECTIVE)
        self._found, self._asked = nothing, nothing.select("ads_content_id")
        self._carried = [nothing] * len(self._chunks)

    def step(self, tick: datetime) -> Frames:
        """Move on to a tick and score it.

        Returns:
            Rows to write, by table name, each table in the order of its key.
        """
        parts = list(self.parts(tick))
        return {
            table.name: pl.concat([table.empty(), *(part[table.name] for part in parts)]).sort(
                table.key
            )
            for table in WRITTEN
        }

    def parts(self, tick: datetime) -> Iterator[Frames]:
        """Move on to a tick and score it, some projects at a time.

        Yields:
            Rows to write, by table name, each table in the order of its key: first those of
            creatives, then those of posts.
        """
        self._counts = self._history.counts_at(tick, before=self._counts, after=self._at)
        self._at = tick
        yield from self._creatives(tick)
        posts, is_listed = self._history.posts_at(tick, self._counts), self._history.listed_at(tick)
        for place, candidates in enumerate(self._chunks):
            members = self._history.members_of(candidates, posts, is_listed, tick)
            yield self._posts(members, tick, place)

    def _posts(self, members: pl.DataFrame, tick: datetime, place: int) -> Frames:
        ranked = rank_pools(members.lazy(), rules=self._rules.ugc).collect()
        scored = score_members(ranked.lazy(), as_of=tick, rules=self._rules).collect()
        earlier = self._effective(scored, place)
        judged = judge_posts(scored.lazy(), earlier.lazy(), as_of=tick, rules=self._rules)
        if tick != self._last:
            self._carry(scored.lazy().filter("has_row"), place)
        shadows = [score_ugc(members.lazy(), as_of=tick, rules=rules) for rules in self._shadows]
        percentiles = ugc_pool_percentiles(ranked.lazy(), as_of=tick)
        return _shaped((percentiles, _in_order([scores_of(scored.lazy()), *shadows]), judged), tick)

    def _creatives(self, tick: datetime) -> Iterator[Frames]:
        made = self._made(tick, self._rules)
        if made.is_empty():
            return
        scored = score_creatives(made.lazy(), as_of=tick, rules=self._rules).collect()
        judged = judge_creatives(scored.lazy(), as_of=tick, rules=self._rules)
        shadows = [
            score_creatives(self._made(tick, rules).lazy(), as_of=tick, rules=rules)
            for rules in self._shadows
        ]
        percentiles = catalog.UGC_POOL_PERCENTILES.empty().lazy()
        yield _shaped((percentiles, _in_order([scored.lazy(), *shadows]), judged), tick)

    def _made(self, tick: datetime, rules: ScoringRules) -> pl.DataFrame:
        return self._history.creatives_at(tick, spend_days=rules.generated.boost_days)

    def _carry(self, scores: pl.LazyFrame, place: int) -> None:
        """Keep the newest score of each content for the ticks to come, one row each."""
        fresh = carried_forward(scores.with_columns(score_of="scored_at")).select(*EFFECTIVE)
        kept = self._carried[place].lazy().join(fresh, on="ads_content_id", how="anti")
        self._carried[place] = pl.concat([fresh, kept]).collect()

    def _effective(self, scored: pl.DataFrame, place: int) -> pl.DataFrame:
        """Effective scores of before the tick, of the content that it gives none."""
        without = scored.filter(~pl.col("has_row")).select("ads_content_id", NUMBER)
        carried = self._carried[place].join(without, on="ads_content_id", how="semi")
        if carried.height == without.height:
            return carried
        others = without.join(carried, on="ads_content_id", how="anti")
        return pl.concat([carried, self._before_the_first(others)])

    def _before_the_first(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Effective scores of before the first tick; looked for once for each content.

        A post that came to be known later had none.
        """
        known_at = self._history.candidates.posts["known_at"][wanted[NUMBER]]
        old = wanted.filter(known_at < self._first).select("ads_content_id")
        unasked = old.join(self._asked, on="ads_content_id", how="anti")
        if unasked.height:
            self._found = pl.concat([self._found, self._earlier(unasked)])
            self._asked = pl.concat([self._asked, unasked])
        return self._found.join(wanted, on="ads_content_id", how="semi")


def _in_order(scores: list[pl.LazyFrame]) -> pl.LazyFrame:
    """Scores of several versions in the order of the table's key."""
    columns = [name for name in catalog.ORGANIC_SCORES.columns if name != "tick"]
    if len(scores) == 1:
        return scores[0].select(columns)
    rows = pl.concat([one.select(columns) for one in scores])
    return rows.sort(catalog.ORGANIC_SCORES.key)


def _shaped(rows: tuple[pl.LazyFrame, ...], tick: datetime) -> Frames:
    named = [frame.with_columns(tick=pl.lit(tick_text(tick))) for frame in rows]
    shaped = [_in_shape(table, frame) for table, frame in zip(WRITTEN, named, strict=True)]
    found = pl.collect_all(shaped)
    return {table.name: frame for table, frame in zip(WRITTEN, found, strict=True)}


def _in_shape(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(table.columns).cast(table.empty().schema)
