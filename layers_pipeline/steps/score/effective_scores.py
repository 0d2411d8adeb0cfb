"""Effective scores that earlier runs stored, for content that a tick gives none.

Belongs here: finding them without reading more of their history than needed.
Does not belong here: those of earlier ticks of the same run (``tick_scorer``), what follows.
"""

from datetime import datetime

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.store import Lake
from layers_pipeline.steps.derive.latest_scores import latest_scores
from transforms.scoring.eligibility import EFFECTIVE, carried_forward
from transforms.scoring.ticks import tick_from_text


def effective_before(
    lake: Lake, first: datetime, wanted: pl.DataFrame, *, version: str
) -> pl.DataFrame:
    """The effective score of content just before a moment, under one version of the rules.

    ``ads_content`` knows the newest score of everything, so the history of scores is read only
    for content whose newest one does not answer: it is later, forced, or of another version.

    Args:
        first: The moment.
        wanted: Content by ads_content_id.
        version: The version; scores of another are of another scale and never count under it.
    Returns:
        Rows as ``EFFECTIVE`` describes.
    """
    if not _is_level(lake):
        return effective_in_history(lake, first, wanted, version=version)
    newest = (
        lake.read(catalog.ADS_CONTENT)
        .filter(pl.col("scored_at").is_not_null())
        .join(wanted.lazy(), on="ads_content_id", how="semi")
        .rename({"scored_at": "score_of"})
        .select(*EFFECTIVE)
        .collect()
    )
    is_answer = (pl.col("score_of") < first) & (pl.col("scoring_version") == version)
    answers = carried_forward(newest.lazy().filter(is_answer)).collect()
    unanswered = newest.join(answers, on="ads_content_id", how="anti").select("ads_content_id")
    if unanswered.is_empty():
        return answers
    return pl.concat([answers, effective_in_history(lake, first, unanswered, version=version)])


def _is_level(lake: Lake) -> bool:
    """Whether ``ads_content`` has been given every score."""
    given = lake.watermark(catalog.ADS_CONTENT, catalog.ORGANIC_SCORES.name)
    return given == lake.version(catalog.ORGANIC_SCORES)


def effective_in_history(
    lake: Lake, first: datetime, wanted: pl.DataFrame, *, version: str
) -> pl.DataFrame:
    """The same from the history of scores alone, the newest ticks first."""
    stored = lake.read(catalog.ORGANIC_SCORES).filter(
        pl.col("scored_at") < first, pl.col("scoring_version") == version
    )
    there = map(tick_from_text, lake.partitions(catalog.ORGANIC_SCORES, "tick"))
    found = latest_scores(
        carried_forward(stored),
        (tick for tick in there if tick < first),
        wanted,
        columns=("organic_score", "unscored_reason", "scoring_version", "scored_at"),
    )
    return found.rename({"scored_at": "score_of"}).select(*EFFECTIVE)
