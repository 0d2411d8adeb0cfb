"""One walk forward through history, from tick to tick, scoring what each tick saw.

Belongs here: the state that a walk carries, and the rows of one tick.
Does not belong here: loading (``history``), writing (``scoring``), formulas (``transforms``).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, tick_text
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.candidates import NUMBER
from layers_pipeline.steps.score.history import History, load_history
from layers_pipeline.steps.score.standing import STANDING, stored_before
from layers_pipeline.steps.stores import Stores
from transforms.scoring.eligibility import (
    judge_creatives,
    judge_scored,
    lasting_scores,
    standing_scores,
)
from transforms.scoring.generated_score import score_creatives
from transforms.scoring.organic_score import (
    rank_pools,
    score_members,
    scores_of,
    ugc_pool_percentiles,
)
from transforms.scoring.rules import ScoringRules

WRITTEN: Final = (
    catalog.UGC_POOL_PERCENTILES,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
)
Frames = Mapping[str, pl.DataFrame]


class Walk:
    """Walks from tick to tick, carrying what is known of each post and which scores stand.

    Args:
        stores: Open stores.
        first: The first tick.
        last: The last tick.
        in_force: The version that decides, and those that are scored beside it.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        first: datetime,
        last: datetime,
        in_force: InForce,
    ) -> None:
        self._lake = stores.lake
        self._rules = in_force.active
        self._shadows = in_force.shadows
        self._first, self._last = first, last
        self._history: History = load_history(stores, since=first, until=last)
        self.derived = self._history.derived
        self._chunks = self._history.candidates.chunks()
        self._at, self._counts = first, self._history.counts
        self._stored = pl.DataFrame(schema=STANDING)
        self._asked = self._stored.select("ads_content_id")
        self._walked = [pl.DataFrame(schema=STANDING)] * len(self._chunks)

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
        posts = self._history.posts_at(tick, self._counts)
        for place, candidates in enumerate(self._chunks):
            members = self._history.members_of(candidates, posts, tick)
            yield self._posts(members, tick, place)

    def _posts(self, members: pl.DataFrame, tick: datetime, place: int) -> Frames:
        ranked = rank_pools(members.lazy(), rules=self._rules.ugc).collect()
        scored = score_members(ranked.lazy(), as_of=tick, rules=self._rules).collect()
        kept = self._kept(scored, place)
        judged = judge_scored(scored.lazy(), kept.lazy(), as_of=tick, rules=self._rules)
        if tick != self._last:
            self._remember(scored.lazy().filter("has_row"), place)
        scores = [scores_of(scored.lazy())]
        for rules in self._shadows:
            placed = rank_pools(members.lazy(), rules=rules.ugc)
            scores.append(scores_of(score_members(placed, as_of=tick, rules=rules)))
        percentiles = ugc_pool_percentiles(ranked.lazy(), as_of=tick)
        return _shaped((percentiles, _in_order(scores), judged), tick)

    def _creatives(self, tick: datetime) -> Iterator[Frames]:
        made = self._made(tick, self._rules)
        if made.is_empty():
            return
        scores = score_creatives(made.lazy(), as_of=tick, rules=self._rules).collect()
        # Every creative has a score of its own.
        standing = standing_scores(pl.LazyFrame(schema=STANDING), scores.lazy())
        judged = judge_creatives(made.lazy(), standing, as_of=tick, rules=self._rules)
        shadowed = [
            score_creatives(self._made(tick, rules).lazy(), as_of=tick, rules=rules)
            for rules in self._shadows
        ]
        percentiles = catalog.UGC_POOL_PERCENTILES.empty().lazy()
        yield _shaped((percentiles, _in_order([scores.lazy(), *shadowed]), judged), tick)

    def _made(self, tick: datetime, rules: ScoringRules) -> pl.DataFrame:
        return self._history.creatives_at(tick, spend_days=rules.generated.boost_days)

    def _remember(self, scores: pl.LazyFrame, place: int) -> None:
        fresh = lasting_scores(scores.with_columns(score_of="scored_at")).select(*STANDING)
        kept = self._walked[place].lazy().join(fresh, on="ads_content_id", how="anti")
        self._walked[place] = pl.concat([fresh, kept]).collect()

    def _kept(self, scored: pl.DataFrame, place: int) -> pl.DataFrame:
        """Scores that stood before the tick, of the content that has none of its own."""
        without = scored.filter(~pl.col("has_row")).select("ads_content_id", NUMBER)
        walked = self._walked[place].join(without, on="ads_content_id", how="semi")
        if walked.height == without.height:
            return walked
        unwalked = without.join(walked, on="ads_content_id", how="anti")
        return pl.concat([walked, self._before_the_walk(unwalked)])

    def _before_the_walk(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """Scores that stood when the walk began; looked for once for each content.

        A post that came to be known later had none.
        """
        known_at = self._history.candidates.posts["known_at"][wanted[NUMBER]]
        old = wanted.filter(known_at < self._first).select("ads_content_id")
        unasked = old.join(self._asked, on="ads_content_id", how="anti")
        if unasked.height:
            version = self._rules.version
            found = stored_before(self._lake, self._first, unasked, version=version)
            self._stored = pl.concat([self._stored, found])
            self._asked = pl.concat([self._asked, unasked])
        return self._stored.join(wanted, on="ads_content_id", how="semi")


def _in_order(scores: list[pl.LazyFrame]) -> pl.LazyFrame:
    """Scores of several versions in the order of the table's key."""
    columns = [name for name in catalog.ORGANIC_SCORES.columns if name != "tick"]
    if len(scores) == 1:
        return scores[0].select(columns)
    rows = pl.concat([one.select(columns) for one in scores])
    return rows.sort(catalog.ORGANIC_SCORES.key)


def _shaped(rows: tuple[pl.LazyFrame, ...], tick: datetime) -> Frames:
    """The rows in the tables' shapes."""
    named = [frame.with_columns(tick=pl.lit(tick_text(tick))) for frame in rows]
    shaped = [_in_shape(table, frame) for table, frame in zip(WRITTEN, named, strict=True)]
    found = pl.collect_all(shaped)
    return {table.name: frame for table, frame in zip(WRITTEN, found, strict=True)}


def _in_shape(table: Table, rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(table.columns).cast(table.empty().schema)
