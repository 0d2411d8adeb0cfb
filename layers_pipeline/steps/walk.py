"""One walk forward through history, from tick to tick, scoring what each tick saw.

Belongs here: the state that a walk carries, and the rows of one tick.
Does not belong here: loading (``history``), writing (``scoring``), formulas (``transforms``).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Final

import polars as pl

from layers_pipeline import tables
from layers_pipeline.lake_table import Table, tick_text
from layers_pipeline.steps.history import load_history
from layers_pipeline.steps.standing import STANDING, stored_before
from layers_pipeline.steps.stores import Stores
from layers_pipeline.steps.versions import InForce
from transforms.eligibility import (
    judge_creatives,
    judge_eligibility,
    lasting_scores,
    standing_scores,
)
from transforms.generated_score import score_creatives
from transforms.organic_score import score_ugc, ugc_pool_percentiles
from transforms.scoring_rules import ScoringRules

WRITTEN: Final = (
    tables.UGC_POOL_PERCENTILES,
    tables.ORGANIC_SCORES,
    tables.AD_ELIGIBILITY,
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
        self._first = first
        self._history = load_history(stores, until=last)
        self._at: datetime | None = None
        self._latest: pl.DataFrame | None = None
        self._walked = pl.DataFrame(schema=STANDING)

    def step(self, tick: datetime) -> Frames:
        """Move on to a tick and score it.

        Returns:
            Rows to write, by table name.
        """
        self._latest = self._history.latest_at(tick, before=self._latest, after=self._at)
        self._at = tick
        posts = self._history.members_at(tick, self._latest)
        ranked, scores, made = self._scored(posts, self._rules, tick)
        standing = standing_scores(self._standing_before(posts, scores), scores.lazy())
        judged = pl.concat(
            [
                judge_eligibility(posts.lazy(), standing, as_of=tick, rules=self._rules),
                judge_creatives(made.lazy(), standing, as_of=tick, rules=self._rules),
            ]
        )
        self._remember(scores)
        shadowed = [self._scored(posts, rules, tick)[1] for rules in self._shadows]
        frames = (ranked, pl.concat([scores, *shadowed]), judged.collect())
        return {
            table.name: _in_partition(table, frame, tick)
            for table, frame in zip(WRITTEN, frames, strict=True)
        }

    def _scored(
        self, posts: pl.DataFrame, rules: ScoringRules, tick: datetime
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Percentiles, scores of all pools, and creatives, under one version of the rules."""
        ranked = ugc_pool_percentiles(posts.lazy(), as_of=tick, rules=rules.ugc).collect()
        made = self._history.creatives_at(tick, spend_days=rules.generated.boost_days)
        of_posts = score_ugc(posts.lazy(), ranked.lazy(), as_of=tick, rules=rules)
        of_creatives = score_creatives(made.lazy(), as_of=tick, rules=rules)
        columns = [name for name in tables.ORGANIC_SCORES.columns if name != "tick"]
        scores = pl.concat([of_posts.select(columns), of_creatives.select(columns)])
        return ranked, scores.collect(), made

    def _remember(self, scores: pl.DataFrame) -> None:
        fresh = lasting_scores(scores.lazy().with_columns(score_of="scored_at")).select(*STANDING)
        kept = self._walked.lazy().join(fresh, on="ads_content_id", how="anti")
        self._walked = pl.concat([fresh, kept]).collect()

    def _standing_before(self, members: pl.DataFrame, scores: pl.DataFrame) -> pl.LazyFrame:
        """Scores that stood before the tick, of the content that has none of its own."""
        without = members.select("ads_content_id").join(scores, on="ads_content_id", how="anti")
        walked = self._walked.join(without, on="ads_content_id", how="semi")
        if walked.height == without.height:
            return walked.lazy()
        unwalked = without.join(walked, on="ads_content_id", how="anti")
        stored = self._stored_before.join(unwalked, on="ads_content_id", how="semi")
        return pl.concat([walked, stored]).lazy()

    @cached_property
    def _stored_before(self) -> pl.DataFrame:
        """Scores that stood when the walk began, read only if some content has no other."""
        return stored_before(self._lake, self._first, version=self._rules.version)


def _in_partition(table: Table, frame: pl.DataFrame, tick: datetime) -> pl.DataFrame:
    """The rows in the table's shape and in one fixed order."""
    return table.shape(frame.with_columns(tick=pl.lit(tick_text(tick)))).sort(table.key)
