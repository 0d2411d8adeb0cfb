"""What is derived at a scoring tick, per project.

Belongs here: pools, scores, eligibility and the thing that is scored.
Does not belong here: the numbers of the formula (``transforms.scoring.rules``).
"""

from typing import Final

import dataframely as dy
import polars as pl

from transforms.contracts.columns import (
    count,
    flag,
    instant,
    key,
    number,
    one_of,
    platform,
    ratio,
    whole,
    word,
    words,
)
from transforms.vocabulary import (
    CREATIVE_KINDS,
    ELIGIBILITY_REASONS,
    OVERRIDES,
    PLATFORMS,
    POOLS,
    UNSCORED_REASONS,
)

PART_COLUMNS: Final = (
    "quality_points",
    "reach_points",
    "outperformance_points",
    "freshness_points",
)
"""Parts of the score of a UGC post."""
CREATIVE_PART_COLUMNS: Final = ("start_points", "decay_points", "boost_points")
"""Parts of the score of generated and manual content."""


def post_platform() -> dy.String:
    """The platform of a row that may stand for a post or for something else."""
    return one_of(
        PLATFORMS,
        "Platform of the post; null for generated and manual content.",
        rule="unsupported_platform",
        nullable=True,
    )


def override(text: str) -> dy.String:
    """What a person decided of content; null: nothing."""
    return one_of(OVERRIDES, text, rule="unknown_override", nullable=True)


def unscored_reason(text: str) -> dy.String:
    """Why a score is 0 by rule; null: it was computed."""
    return one_of(UNSCORED_REASONS, text, rule="unknown_reason", nullable=True)


def _sum_of(parts: tuple[str, ...]) -> pl.Expr:
    """The sum of columns, null if any of them is."""
    return pl.sum_horizontal(*parts, ignore_nulls=False)


class PoolMembers(dy.Schema):
    """Grain: one row per project and post that the project's allowlist brings in, at one tick."""

    project_id = key("Project.")
    ads_content_id = key("The thing that is scored.")
    platform = platform()
    platform_post_id = key("Post.")
    published_at = instant("When it was published.", nullable=True)
    is_deleted = flag("Whether its deletion was confirmed by the tick.")
    views = count("Views known at the tick.")
    likes = count("Likes known at the tick.")
    comments = count("Comments known at the tick.")
    shares = count("Shares known at the tick.")
    saves = count("Saves known at the tick.")
    safety_failed = flag("Whether its newest safety review by the tick failed it.")
    override = override("What people say of it at the tick.")


class CreativeMembers(dy.Schema):
    """Grain: one row per project and generated or manual creative made by one tick."""

    project_id = key("Project.")
    ads_content_id = key("The thing that is scored.")
    container_id = word("Container that it stands for.")
    scoring_pool = one_of(CREATIVE_KINDS, "Pool.", rule="unknown_pool")
    created_at = instant("When it was made.")
    spend_30d_usd = number("Ad spend of the trailing 30 days known at the tick, USD.", min=0)
    safety_failed = flag("Whether its newest safety review by the tick failed it.")
    override = override("What people say of it at the tick.")


class AdsContent(dy.Schema):
    """Grain: one row per project and container: the thing that is scored, with its newest score."""

    ads_content_id = key("Project and container.")
    project_id = word("Project in whose pool it is ranked.")
    container_id = word("Container that it stands for.")
    scoring_pool = one_of(POOLS, "Pool that it is ranked in.", rule="unknown_pool")
    organic_score = number("Newest score, points 0-10; null before the first.", min=0.0)
    scored_at = instant("Tick of that score.", nullable=True)
    scoring_version = word("Version of the rules that made it.", nullable=True)
    unscored_reason = unscored_reason("Why the score is 0 by rule; null otherwise.")
    created_at = instant("When the row was made.")
    bucket = whole("Partition.")


class UgcPoolPercentiles(dy.Schema):
    """Grain: one row per scorable UGC post per tick, ranked within its project's pool."""

    scored_at = instant("The tick.", in_key=True)
    ads_content_id = key("The thing that is ranked.")
    project_id = word("Project whose pool it is.")
    views = count("Views known at the tick.")
    weighted_engagements = number(
        "Likes, comments, shares and saves, weighted by the rules.", nullable=False, min=0
    )
    engagement_rate = number("Weighted engagements per view.", nullable=False, min=0)
    engagement_rate_rank_pct = ratio("Share of the other pool members strictly below.")
    views_rank_pct = ratio("Share of the other pool members with strictly fewer views.")
    baseline_views = number("Median views of the pool.", nullable=False, min=0)
    pool_size = whole("Scorable posts in the pool.")
    tick = word("Partition: the tick as text.")


class OrganicScores(dy.Schema):
    """Grain: one row per ads content, tick and scoring version."""

    ads_content_id = key("The thing that is scored.")
    scored_at = instant("The tick.", in_key=True)
    scoring_version = key("Version of the rules.")
    project_id = word("Project in whose pool it was ranked.")
    scoring_pool = one_of(POOLS, "Pool.", rule="unknown_pool")
    platform = post_platform()
    platform_post_id = word("Post; null for generated and manual content.", nullable=True)
    organic_score = dy.Float64(
        nullable=False, min=0.0, max=10.0, metadata={"comment": "Score, points 0-10."}
    )
    unscored_reason = unscored_reason("Why the score is 0 by rule; null if it was computed.")
    quality_points = number("UGC: points from the engagement rate's rank.", min=0)
    reach_points = number("UGC: points from the views' rank.", min=0)
    outperformance_points = number("UGC: points from beating the pool's median views.", min=0)
    freshness_points = number("UGC: points from youth.", min=0)
    start_points = number("Generated, manual: points at creation.", min=0)
    decay_points = number("Generated, manual: points lost to age, 0 or less.", max=0)
    boost_points = number("Generated, manual: points from ad spend.", min=0)
    score_before_clamp = number("Sum of the pool's parts.")
    clamp_points = number("organic_score minus score_before_clamp.")
    engagement_rate = number("Weighted engagements per view.", min=0)
    engagement_rate_rank_pct = ratio("Its rank in the pool.")
    views_rank_pct = ratio("The views' rank in the pool.")
    outperformance = ratio("log2(views / baseline) / 3, clamped.")
    baseline_views = number("Median views of the pool.", min=0)
    pool_size = whole("Scorable posts in the pool; in the other pools, all creatives.")
    age_days = number(
        "Age at the tick, days since publication or creation; null if that is unknown."
    )
    spend_30d_usd = number(
        "Generated, manual: ad spend of the trailing 30 days known at the tick, USD.", min=0
    )
    views = count("Views known at the tick.")
    likes = count("Likes known at the tick.")
    comments = count("Comments known at the tick.")
    shares = count("Shares known at the tick.")
    saves = count("Saves known at the tick.")
    missing_metrics = words("Inputs that were unknown and contributed nothing.")
    tick = word("Partition: the tick as text.")

    @dy.rule()
    def parts_add_up(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """The parts of the pool and the clamp give the score, to a billionth of a point."""
        parts = (
            pl.when(pl.col("scoring_pool") == "ugc")
            .then(_sum_of(PART_COLUMNS))
            .otherwise(_sum_of(CREATIVE_PART_COLUMNS))
        )
        off = (parts + pl.col("clamp_points") - pl.col("organic_score")).abs()
        is_whole = (off <= 1e-9).fill_null(value=False)  # noqa: PLR2004 - the rule's own figure
        return pl.col("unscored_reason").is_not_null() | is_whole

    @dy.rule()
    def zero_by_rule(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """A score that was not computed is 0 and has no sum of parts."""
        is_zero = (pl.col("organic_score") == 0) & pl.col("score_before_clamp").is_null()
        return pl.col("unscored_reason").is_null() | is_zero

    @dy.rule()
    def posts_are_ugc(cls) -> pl.Expr:  # noqa: N805 - dataframely's form
        """A row has a post if, and only if, it is of the UGC pool."""
        is_ugc = pl.col("scoring_pool") == "ugc"
        return (pl.col("platform").is_not_null() == is_ugc) & (
            pl.col("platform_post_id").is_not_null() == is_ugc
        )


class Judgement(dy.Schema):
    """Grain: one row per ads content: may it run as an ad, and why."""

    ads_content_id = key("The thing that is judged.")
    project_id = word("Project.")
    scoring_pool = one_of(POOLS, "Pool.", rule="unknown_pool")
    platform = post_platform()
    platform_post_id = word("Post; null for generated and manual content.", nullable=True)
    is_eligible = flag("Whether it may be picked as an ad.")
    reason = one_of(ELIGIBILITY_REASONS, "Why.", rule="unknown_reason")
    organic_score = number("The score that stands, points 0-10; null if never scored.", min=0)
    score_of = instant("Tick at which that score was made.", nullable=True)
    scoring_version = word("Version of the rules that made it.", nullable=True)
    rules_version = word(
        "Version of the rules that judged the row; null in rows of before this was kept.",
        nullable=True,
    )


class JudgedTick(dy.Schema):
    """Grain: one row per tick at which content was judged."""

    scored_at = instant("The tick that the answer is for.", in_key=True)


class AdEligibility(JudgedTick, Judgement):
    """Grain: one row per ads content and tick: may it run as an ad, and why."""

    tick = word("Partition: the tick as text.")


class AdEligibilityCurrent(Judgement):
    """Grain: one row per ads content: may it run as an ad as of the newest tick."""

    scored_at = instant("The tick that the answer is for.")
