"""The scores of one tick as bare queries over the lake's Parquet files: Polars, and DuckDB.

Belongs here: the formula twice more, in as few words as each engine needs, written plainly.
Does not belong here: anything of ``transforms``, which these are compared with.

Both write the three tables of a tick as Parquet files, without contracts, commits or a fixed
order of rows. They know nothing of earlier ticks, of safety reviews and of overrides.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

POST: Final = ("platform", "platform_post_id")
COUNTS: Final = ("views", "likes", "comments", "shares", "saves")
SOURCES: Final = ("import", "instagram_graph", "sift", "tiktok_business")
INPUTS: Final = (*COUNTS[1:], "published_at")
MISSING: Final = pl.LazyFrame(
    {
        "missing_code": range(32),
        "missing_metrics": [
            [name for bit, name in enumerate(INPUTS) if code >> bit & 1] for code in range(32)
        ],
    },
    schema={"missing_code": pl.UInt32, "missing_metrics": pl.List(pl.String)},
)
"""The names of unknown inputs, by a number with one bit for each."""
NO_NUMBER: Final = ("start_points", "decay_points", "boost_points", "spend_30d_usd")
"""Columns of ``organic_scores`` that only creatives fill."""
TEXT_OF_TICK: Final = "%Y%m%dT%H%M"
PERCENTILES: Final = (
    "scored_at",
    "ads_content_id",
    "project_id",
    "views",
    "weighted_engagements",
    "engagement_rate",
    "engagement_rate_rank_pct",
    "views_rank_pct",
    "baseline_views",
    "pool_size",
    "tick",
)
SCORES: Final = (
    "ads_content_id",
    "scored_at",
    "scoring_version",
    "project_id",
    "scoring_pool",
    *POST,
    "organic_score",
    "unscored_reason",
    "quality_points",
    "reach_points",
    "outperformance_points",
    "freshness_points",
    "start_points",
    "decay_points",
    "boost_points",
    "score_before_clamp",
    "clamp_points",
    "engagement_rate",
    "engagement_rate_rank_pct",
    "views_rank_pct",
    "outperformance",
    "baseline_views",
    "pool_size",
    "age_days",
    "spend_30d_usd",
    *COUNTS,
    "missing_metrics",
    "tick",
)
ELIGIBILITY: Final = (
    "scored_at",
    "ads_content_id",
    "project_id",
    "scoring_pool",
    *POST,
    "is_eligible",
    "reason",
    "organic_score",
    "score_of",
    "scoring_version",
    "rules_version",
    "tick",
)
OUTPUTS: Final = {
    "ugc_pool_percentiles": (PERCENTILES, "is_ranked"),
    "organic_scores": (SCORES, "has_row"),
    "ad_eligibility": (ELIGIBILITY, "true"),
}
"""Per table its columns, and the truth that picks its rows."""
Files = Mapping[str, Sequence[str]]


def polars_tick(files: Files, tick: datetime, folder: Path) -> None:
    """Score a tick in one lazy Polars expression that ends in three Parquet files."""
    judged = _judged(_scored(_members(files, tick), tick))
    sinks = [
        judged.filter(pl.lit(value=True) if truth == "true" else pl.col(truth))
        .select(columns)
        .sink_parquet(folder / f"{name}.parquet", compression="snappy", lazy=True)
        for name, (columns, truth) in OUTPUTS.items()
    ]
    pl.collect_all(sinks)


def _members(files: Files, tick: datetime) -> pl.LazyFrame:
    """Every post of every pool, with what was known of it at the tick."""
    metrics, captures, absences, allowlist = (
        pl.scan_parquet(list(files[name]), hive_partitioning=False)
        for name in (
            "platform_post_metrics",
            "stg_import__captures",
            "post_absences",
            "project_allowlist",
        )
    )
    known = metrics.filter(pl.col("known_at") <= tick)
    latest = known.group_by(POST).agg(pl.col(name).max_by(_capture_order(name)) for name in COUNTS)
    seen = captures.filter(pl.col("known_at") <= tick)
    identity = seen.group_by(POST).agg(
        pl.col(name).min_by(_capture_order(name)) for name in ("account_key", "published_at")
    )
    gone = absences.filter(
        pl.col("confirmed_at") <= tick,
        pl.col("returned_at").is_null() | (pl.col("returned_at") > tick),
    )
    listed = allowlist.filter(
        pl.col("allowed_from") <= tick,
        pl.col("allowed_to").is_null() | (pl.col("allowed_to") > tick),
    )
    gone = gone.select(*POST, is_deleted=pl.lit(value=True)).unique()
    # One key of both columns: with the platform in two different joins, Polars may join by the
    # platform alone first, which is every post with every account.
    account = pl.concat_str("platform", pl.lit(":"), "account_key").alias("account")
    return (
        identity.filter(pl.col("published_at").is_null() | (pl.col("published_at") <= tick))
        .with_columns(account)
        .join(listed.select("project_id", account).unique(), on="account")
        .join(latest, on=POST)
        .join(gone, on=POST, how="left")
    )


def _capture_order(name: str) -> pl.Expr:
    """The order of captures by moment and source as one number; null where nothing is shown."""
    source = pl.col("source").cast(pl.Enum(SOURCES)).to_physical().cast(pl.Int64)
    order = pl.col("captured_at").to_physical() * len(SOURCES) + source
    return pl.when(pl.col(name).is_not_null()).then(order)


def _scored(members: pl.LazyFrame, tick: datetime) -> pl.LazyFrame:
    """The members with every number of the score, null where there is none."""
    weights = dict(zip(COUNTS[1:], (1, 3, 5, 6), strict=True))
    weighted = pl.sum_horizontal(pl.col(name).fill_null(0) * weights[name] for name in weights)
    age = (pl.lit(tick) - pl.col("published_at")).dt.total_microseconds() / 86_400_000_000
    alive = pl.col("is_deleted").is_null()
    pool = members.with_columns(
        is_alive=alive,
        seen=pl.when(alive & (pl.col("views") >= 50)).then("views"),
        age_days=age,
        missing_code=pl.sum_horizontal(
            pl.col(name).is_null().cast(pl.UInt32) * 2**bit for bit, name in enumerate(INPUTS)
        ),
    ).with_columns(
        scorable=pl.col("seen").count().over("project_id").cast(pl.Int64),
        weighted_engagements=weighted.cast(pl.Float64),
        engagement_rate=pl.when(pl.col("seen").is_not_null()).then(weighted / pl.col("views")),
    )
    is_pool = pl.col("scorable") >= 3
    rank = {
        name: pl.when(is_pool).then(
            (pl.col(name).rank("min").over("project_id") - 1) / (pl.col("scorable") - 1)
        )
        for name in ("engagement_rate", "seen")
    }
    pool = pool.with_columns(
        engagement_rate_rank_pct=rank["engagement_rate"],
        views_rank_pct=rank["seen"],
        baseline_views=pl.when(is_pool).then(pl.col("seen").median().over("project_id")),
        pool_size=pl.when(is_pool).then("scorable"),
        is_ranked=is_pool & pl.col("seen").is_not_null(),
        has_row=is_pool & pl.col("is_alive"),
    )
    # A list per row is slow to build, and there are only 32 of them.
    pool = pool.join(MISSING, on="missing_code", how="left")
    return _with_parts(pool).with_columns(
        scored_at=pl.lit(tick, pl.Datetime("us", "UTC")),
        tick=pl.lit(tick.strftime(TEXT_OF_TICK)),
        scoring_pool=pl.lit("ugc"),
        ads_content_id=pl.format("{}/{}:{}", "project_id", *POST),
        **dict.fromkeys(NO_NUMBER, pl.lit(None, pl.Float64)),
    )


def _with_parts(pool: pl.LazyFrame) -> pl.LazyFrame:
    doublings = (pl.col("views") / pl.col("baseline_views")).log(2)
    fresh = (1.5 * (1 - pl.col("age_days") / 90).clip(lower_bound=0)).fill_null(0.0)
    parts = ("quality_points", "reach_points", "outperformance_points", "freshness_points")
    return (
        pool.with_columns(outperformance=pl.when("is_ranked").then((doublings / 3).clip(0, 1)))
        .with_columns(
            quality_points=8.5 * 0.45 * pl.col("engagement_rate_rank_pct"),
            reach_points=8.5 * 0.25 * pl.col("views_rank_pct"),
            outperformance_points=8.5 * 0.30 * pl.col("outperformance"),
            freshness_points=pl.when("is_ranked").then(fresh),
        )
        .with_columns(score_before_clamp=pl.when("is_ranked").then(pl.sum_horizontal(parts)))
        .with_columns(
            organic_score=pl.when("has_row").then(
                pl.col("score_before_clamp").clip(0, 10).fill_null(0.0)
            )
        )
        .with_columns(clamp_points=pl.col("organic_score") - pl.col("score_before_clamp"))
    )


def _judged(scored: pl.LazyFrame) -> pl.LazyFrame:
    """The members with what follows from the score, and why."""
    unscored = (
        pl.when(pl.col("views").is_null())
        .then(pl.lit("views_unknown"))
        .when(pl.col("views") < 50)
        .then(pl.lit("below_min_views"))
    )
    reason = (
        pl.when(~pl.col("has_row") & (pl.col("scorable") < 3))
        .then(pl.lit("pool_too_small"))
        .when(~pl.col("has_row"))
        .then(pl.lit("never_scored"))
        .when(unscored.is_not_null())
        .then(unscored)
        .when(pl.col("organic_score") >= 4)
        .then(pl.lit("score"))
        .otherwise(pl.lit("below_threshold"))
    )
    return scored.with_columns(
        unscored_reason=pl.when("has_row").then(unscored),
        reason=reason,
        is_eligible=reason == "score",
        score_of=pl.when("has_row").then("scored_at"),
        scoring_version=pl.when("has_row").then(pl.lit("2")),
        rules_version=pl.lit("2"),
    )


def duckdb_tick(
    files: Files, tick: datetime, folder: Path, *, memory_limit: str = "12GB", threads: int = 2
) -> None:
    """Score a tick in one DuckDB query, kept in a table, and copy its rows to three files."""
    with duckdb.connect(str(folder / "scratch.duckdb")) as connection:
        connection.execute(f"SET memory_limit = '{memory_limit}'")
        connection.execute(f"SET threads = {threads}")
        connection.execute(f"SET temp_directory = '{folder / 'spilled'}'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET timezone = 'UTC'")
        for name, found in files.items():
            connection.read_parquet(list(found), hive_partitioning=False).create_view(name)
        query = (Path(__file__).parent / "scoring_bare.sql").read_text(encoding="utf-8")
        connection.execute(f"CREATE TEMP TABLE judged AS {query}", {"tick": tick})
        for name, (columns, truth) in OUTPUTS.items():
            connection.execute(
                f"COPY (SELECT {', '.join(columns)} FROM judged WHERE {truth}) "
                f"TO '{folder / name}.parquet' (FORMAT parquet, COMPRESSION snappy)"
            )
