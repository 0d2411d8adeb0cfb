"""Which score stands of content that a tick gives none: the newest one before it.

Belongs here: finding stored scores without reading more of their history than needed.
Does not belong here: what stands while a walk goes on (``walk``), what follows from it.
"""

from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import tick_from_text
from layers_pipeline.steps.derive.latest_scores import latest_scores
from transforms.scoring.eligibility import lasting_scores

STANDING: Final = {
    "ads_content_id": pl.String,
    "organic_score": pl.Float64,
    "unscored_reason": pl.String,
    "scoring_version": pl.String,
    "score_of": pl.Datetime("us", "UTC"),
}
"""A score that stands; ``score_of`` is the tick that made it."""


def stored_before(
    lake: Lake, first: datetime, wanted: pl.DataFrame, *, version: str
) -> pl.DataFrame:
    """The newest lasting score of content before a moment, of one version of the rules.

    ``ads_content`` knows the newest score of everything, so the history of scores is read only
    for content whose newest one does not answer: it is later, forced, or of another version.

    Args:
        lake: The lake.
        first: The moment.
        wanted: Content by ads_content_id.
        version: The version; scores of another are of another scale and never stand under it.
    Returns:
        Rows as ``STANDING`` describes.
    """
    if not _is_level(lake):
        return _from_history(lake, first, wanted, version=version)
    newest = (
        lake.read(catalog.ADS_CONTENT)
        .filter(pl.col("scored_at").is_not_null())
        .join(wanted.lazy(), on="ads_content_id", how="semi")
        .rename({"scored_at": "score_of"})
        .select(*STANDING)
        .collect()
    )
    is_answer = (pl.col("score_of") < first) & (pl.col("scoring_version") == version)
    answers = lasting_scores(newest.lazy().filter(is_answer)).collect()
    unanswered = newest.join(answers, on="ads_content_id", how="anti").select("ads_content_id")
    if unanswered.is_empty():
        return answers
    return pl.concat([answers, _from_history(lake, first, unanswered, version=version)])


def _is_level(lake: Lake) -> bool:
    """Whether ``ads_content`` has been given every score."""
    given = lake.watermark(catalog.ADS_CONTENT, catalog.ORGANIC_SCORES.name)
    return given == lake.version(catalog.ORGANIC_SCORES)


def _from_history(
    lake: Lake, first: datetime, wanted: pl.DataFrame, *, version: str
) -> pl.DataFrame:
    stored = lake.read(catalog.ORGANIC_SCORES).filter(
        pl.col("scored_at") < first, pl.col("scoring_version") == version
    )
    there = map(tick_from_text, lake.partitions(catalog.ORGANIC_SCORES, "tick"))
    found = latest_scores(
        lasting_scores(stored),
        (tick for tick in there if tick < first),
        wanted,
        columns=("organic_score", "unscored_reason", "scoring_version", "scored_at"),
    )
    return found.rename({"scored_at": "score_of"}).select(*STANDING)
