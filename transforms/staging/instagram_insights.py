"""Instagram insights: what a post's insights and breakdowns say, as one row of metrics.

Belongs here: the shape of insights, and the platform's words for metrics and their parts.
Does not belong here: the posts themselves (``instagram_posts``), what makes a metric sound.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.contracts.columns import ACTIVITIES, MOVES
from transforms.staging.documents import DOCUMENT, decoded, parsed_document
from transforms.staging.parsing import ParsedColumn, rule_violations

INSIGHTS: Final = ("insights", "breakdown")
OF_ITEM: Final = ("sync_id", "subject")
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "views": "views",
        "likes": "likes",
        "comments": "comments",
        "shares": "shares",
        "saved": "saves",
        "reach": "reach",
        "total_interactions": "total_interactions",
        "follows": "follows",
        "profile_visits": "profile_visits",
        "profile_activity": "profile_activity",
        "replies": "replies",
        "navigation": "navigation",
        "ig_reels_avg_watch_time": "average_watch_time_ms",
        "ig_reels_video_view_total_time": "total_watch_time_ms",
        "reels_skip_rate": "skip_rate_raw",
        "total_views": "total_views",
    }
)
PARTS: Final = (
    *(f"profile_activity_{name}" for name in ACTIVITIES),
    *(f"navigation_{name}" for name in MOVES),
)
INSIGHT_METRICS: Final = (*NAMES.values(), *PARTS)
"""What insights can say of a post, in our words."""

BREACHED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "insights|unexpected_shape": (
            r'"(?:data|values|breakdowns|results)":(?:[^\[n]|\[[^{\]])'
            r'|"dimension_values":(?:[^\[n]|\[[^"\]])|"total_value":[^{n]|"name":[^"]'
        ),
        "insights|no_number": r'"value":[^-0-9n]',
    }
)
"""Rules, and where a document breaks them: what stands there would be read as null."""

PART: Final = pl.Struct({"dimension_values": pl.List(pl.String), "value": pl.Float64})
TOTAL: Final = pl.Struct(
    {"value": pl.Float64, "breakdowns": pl.List(pl.Struct({"results": pl.List(PART)}))}
)
VALUES: Final = pl.List(pl.Struct({"value": pl.Float64}))
METRIC: Final = pl.Struct({"name": pl.String, "values": VALUES, "total_value": TOTAL})


def insights_of_items(rows: pl.DataFrame) -> pl.DataFrame:
    """Metrics of each item that a reading had insights of.

    Of a metric that is reported twice the later value counts; one without a value is null.

    Args:
        rows: Landed rows with ``document``. Reads sync_id, landing_id, entity, subject,
            received_at, body, document.

    Returns:
        Grain: one row per sync_id and subject. Gives insights_received_at (the latest row's),
        insights_breaches, insights_bodies, and ``INSIGHT_METRICS`` as text for a contract's cast,
        which turns down fractions of a count.
    """
    rows = rows.filter(pl.col("entity").is_in(INSIGHTS)).sort("received_at", "landing_id")
    items = rows.group_by(OF_ITEM).agg(
        insights_received_at=pl.col("received_at").max(),
        insights_breaches=_breaches().explode(empty_as_null=False),
        insights_bodies=pl.col("body"),
    )
    wide = _metrics(rows).pivot(
        on="metric",
        on_columns=INSIGHT_METRICS,
        index=OF_ITEM,
        values="value",
        aggregate_function="first",
    )
    return items.join(
        wide.with_columns(**{name: _text(name) for name in INSIGHT_METRICS}), on=OF_ITEM, how="left"
    )


def _breaches() -> pl.Expr:
    shapes = [
        ParsedColumn(
            value=pl.col(DOCUMENT),
            breach=pl.when(pl.col(DOCUMENT).str.contains(pattern)).then(pl.lit(rule)),
        )
        for rule, pattern in BREACHED.items()
    ]
    return rule_violations([parsed_document("insights"), *shapes])


def _text(name: str) -> pl.Expr:
    """A number without a fraction as a whole one."""
    value = pl.col(name)
    whole = value.cast(pl.Int64, strict=False)
    is_whole = whole.cast(pl.Float64) == value
    return pl.when(is_whole).then(whole.cast(pl.String)).otherwise(value.cast(pl.String))


def _metrics(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per item and metric or part of one, each with its latest value."""
    metrics = (
        rows.select(*OF_ITEM, metric=decoded(rows, {"data": pl.List(METRIC)}).get_column("data"))
        .explode("metric", empty_as_null=False)
        .unnest("metric")
        .unnest("total_value")
    )
    first = pl.col("values").list.first().struct.field("value")
    wholes = metrics.select(
        *OF_ITEM,
        metric=pl.col("name").replace_strict(NAMES, default=None),
        value=pl.coalesce("value", first),
    )
    return (
        pl.concat([wholes, _parts(metrics)])
        .filter(pl.col("metric").is_in(INSIGHT_METRICS), pl.col("value").is_not_null())
        .unique([*OF_ITEM, "metric"], keep="last", maintain_order=True)
    )


def _parts(metrics: pl.DataFrame) -> pl.DataFrame:
    """One row per part of a metric, such as ``navigation_tap_back``."""
    results = (
        metrics.select(*OF_ITEM, "name", "breakdowns")
        .explode("breakdowns", empty_as_null=False)
        .select(*OF_ITEM, "name", part=pl.col("breakdowns").struct.field("results"))
        .explode("part", empty_as_null=False)
    )
    part = pl.col("part").struct
    dimension = part.field("dimension_values").list.first().str.to_lowercase()
    return results.select(
        *OF_ITEM,
        metric=pl.concat_str("name", dimension, separator="_"),
        value=part.field("value"),
    )
