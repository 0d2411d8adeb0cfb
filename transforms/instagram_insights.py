"""Instagram insights: what a post's insights and breakdowns say, as one row of metrics.

Belongs here: the shape of insights, and the platform's words for metrics and their parts.
Does not belong here: the posts themselves (``instagram_posts``), what makes a metric sound.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from transforms.contracts.columns import ACTIVITIES, MOVES
from transforms.documents import DOCUMENT, decoded, document_reading
from transforms.readings import Reading, breaches

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
    }
)
PARTS: Final = (
    *(f"profile_activity_{name}" for name in ACTIVITIES),
    *(f"navigation_{name}" for name in MOVES),
)
METRICS: Final = (*NAMES.values(), *PARTS)
"""What insights can say of a post, in our words."""

UNEXPECTED: Final = (
    r'"(?:data|values|breakdowns|results)":(?:[^\[n]|\[[^{\]])'
    r'|"dimension_values":(?:[^\[n]|\[[^"\]])|"total_value":[^{n]|"name":[^"]'
)
"""Where a list, an object or a text is due and something else stands: it would be read as null."""


def _schema(number: pl.DataType) -> dict[str, pl.DataType]:
    part = pl.Struct({"dimension_values": pl.List(pl.String), "value": number})
    total = pl.Struct(
        {"value": number, "breakdowns": pl.List(pl.Struct({"results": pl.List(part)}))}
    )
    values = pl.List(pl.Struct({"value": number}))
    metric = pl.Struct({"name": pl.String, "values": values, "total_value": total})
    return {"data": pl.List(metric)}


def insights_of_items(rows: pl.DataFrame) -> pl.DataFrame:
    """Metrics of each item that a reading had insights of.

    Of a metric that is told twice the later value counts; one without a value is null.

    Args:
        rows: Landed rows with ``document``. Reads sync_id, landing_id, entity, subject,
            received_at, body, document.

    Returns:
        Grain: one row per sync_id and subject. Gives insights_received_at (the latest row's),
        insights_breaches, insights_bodies, and ``METRICS`` as text for a contract's cast; what is
        no JSON number is text that the cast turns down.
    """
    told = rows.filter(pl.col("entity").is_in(INSIGHTS)).sort("received_at", "landing_id")
    items = told.group_by(OF_ITEM).agg(
        insights_received_at=pl.col("received_at").max(),
        insights_breaches=_breaches().explode(empty_as_null=False),
        insights_bodies=pl.col("body"),
    )
    wide = _metrics(told).pivot(
        on="metric",
        on_columns=METRICS,
        index=OF_ITEM,
        values="shown",
        aggregate_function="first",
    )
    return items.join(wide, on=OF_ITEM, how="left")


def _breaches() -> pl.Expr:
    is_unexpected = pl.col(DOCUMENT).str.contains(UNEXPECTED)
    shape = Reading(
        value=pl.col(DOCUMENT),
        breach=pl.when(is_unexpected).then(pl.lit("insights|unexpected_shape")),
    )
    return breaches([document_reading("insights"), shape])


def _metrics(told: pl.DataFrame) -> pl.DataFrame:
    """One row per item and metric or part of one, each with its latest value."""
    # The same bodies twice: as they are shown, and what of that is a number.
    shown = decoded(told, _schema(pl.String())).get_column("data")
    numbers = decoded(told, _schema(pl.Float64())).get_column("data")
    metrics = (
        told.select(*OF_ITEM, shown=shown, number=numbers)
        .explode("shown", "number", empty_as_null=False)
        .with_columns(name=pl.col("shown").struct.field("name"))
    )
    wholes = metrics.select(
        *OF_ITEM,
        metric=pl.col("name").replace_strict(NAMES, default=None),
        shown=_value("shown"),
        number=_value("number"),
    )
    return (
        pl.concat([wholes, _parts(metrics)])
        .filter(pl.col("metric").is_in(METRICS), pl.col("shown").is_not_null())
        .unique([*OF_ITEM, "metric"], keep="last", maintain_order=True)
        .select(*OF_ITEM, "metric", shown=_strict())
    )


def _value(column: str) -> pl.Expr:
    metric = pl.col(column).struct
    total = metric.field("total_value").struct.field("value")
    first = metric.field("values").list.first().struct.field("value")
    return pl.coalesce(total, first)


def _strict() -> pl.Expr:
    """What is shown, in quotes unless it is a number."""
    return pl.when(pl.col("number").is_null()).then('"' + pl.col("shown") + '"').otherwise("shown")


def _parts(metrics: pl.DataFrame) -> pl.DataFrame:
    """One row per part of a metric, such as ``navigation_tap_back``."""
    both = ("shown", "number")
    breakdowns = metrics.select(
        *OF_ITEM, "name", **{column: _breakdowns(column) for column in both}
    )
    results = breakdowns.explode(both, empty_as_null=False).with_columns(
        **{column: pl.col(column).struct.field("results") for column in both}
    )
    parts = results.explode(both, empty_as_null=False)
    dimension = pl.col("shown").struct.field("dimension_values").list.first()
    return parts.select(
        *OF_ITEM,
        metric=pl.concat_str("name", dimension.str.to_lowercase(), separator="_"),
        shown=pl.col("shown").struct.field("value"),
        number=pl.col("number").struct.field("value"),
    )


def _breakdowns(column: str) -> pl.Expr:
    return pl.col(column).struct.field("total_value").struct.field("breakdowns")
