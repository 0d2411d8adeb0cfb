"""Generated and manual creatives: their containers, their ads content, their pools.

Belongs here: which creatives a project has as of a moment.
Does not belong here: posts (``transforms.facts.posts``), scores, spend.
"""

from datetime import datetime

import polars as pl

from transforms.facts.content_ids import ads_content_id
from transforms.facts.verdicts import NOTHING_SAID


def creative_members(
    creatives: pl.LazyFrame, spend: pl.LazyFrame, *, as_of: datetime
) -> pl.LazyFrame:
    """Generated and manual creatives of each project as of a moment.

    Args:
        creatives: Rows of ``Creatives``; those made or known after ``as_of`` are left out.
        spend: Trailing spend of content at ``as_of`` (``trailing_spend``). Content of which no
            spend is known has spent nothing.
    Returns:
        Rows of ``CreativeMembers``, of which neither a review nor a person has said anything yet
        (``transforms.facts.verdicts`` adds that).
    """
    there = creatives.filter(pl.col("created_at") <= as_of, pl.col("known_at") <= as_of)
    return (
        there.with_columns(ads_content_id=ads_content_id(pl.col("container_id")))
        .join(spend, on="ads_content_id", how="left")
        .select(
            "project_id",
            "ads_content_id",
            "container_id",
            "created_at",
            pl.col("spend_30d_usd").fill_null(0.0),
            scoring_pool="kind",
            **NOTHING_SAID,
        )
    )


def containers_of_creatives(creatives: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``content_containers`` for creatives (R11): made when one was first known.

    Args:
        creatives: Rows of ``Creatives``, and bucket; a creative comes with all its projects.
    """
    first = creatives.group_by("container_id").agg(pl.col("kind", "bucket", "known_at").min())
    return first.select(
        "container_id",
        "kind",
        "bucket",
        created_at="known_at",
        platform=pl.lit(None, pl.String),
        platform_post_id=pl.lit(None, pl.String),
    )


def ads_content_of_creatives(creatives: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``ads_content`` that creatives call for, made when known in the project, unscored.

    Args:
        creatives: Rows of ``Creatives``, and bucket.
    """
    return creatives.select(
        ads_content_id=ads_content_id(pl.col("container_id")),
        project_id="project_id",
        container_id="container_id",
        scoring_pool="kind",
        organic_score=pl.lit(None, pl.Float64),
        scored_at=pl.lit(None, pl.Datetime("us", "UTC")),
        scoring_version=pl.lit(None, pl.String),
        unscored_reason=pl.lit(None, pl.String),
        created_at="known_at",
        bucket="bucket",
    )
