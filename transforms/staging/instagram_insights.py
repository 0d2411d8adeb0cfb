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
        "total_likes": "total_likes",
        "total_comments": "total_comments",
        "reposts": "reposts",
        "link_clicks": "link_clicks",
        "facebook_views": "facebook_views",
    }
)
PARTS: Final = (
    *(f"profile_activity_{name}" for name in ACTIVITIES),
    *(f"navigation_{name}" for name in MOVES),
)
INSIGHT_METRICS: Final = (*NAMES.values(), *PARTS)
"""What insights can say of a post, in our words."""

UNEXPECTED_SHAPE: Final = (
    r'"(?:data|values|breakdowns|results)":(?:[^\[n]|\[[^{\]])'
    r'|"dimension_values":(?:[^\[n]|\[[^"\]])|"total_value":[^{n]|"name":[^"]'
)
"""Where a document has not the shape of insights: what stands there is read as null."""
QUOTED: Final = ('"value":"', r'"value":"\"')
"""A value in quotes as it is written, and with the quote as part of its text."""

PART: Final = pl.Struct({"dimension_values": pl.List(pl.String), "value": pl.String})
TOTAL: Final = pl.Struct(
    {"value": pl.String, "breakdowns": pl.List(pl.Struct({"results": pl.List(PART)}))}
)
VALUES: Final = pl.List(pl.Struct({"value": pl.String}))
METRIC: Final = pl.Struct({"name": pl.String, "values": VALUES, "total_value": TOTAL})


def insights_of_items(rows: pl.DataFrame) -> pl.DataFrame:
    """Metrics of each item that a reading had insights of.

    Of a metric that is reported twice the later value counts; one without a value is null.

    Args:
        rows: Landed rows with ``document``. Reads sync_id, landing_id, entity, subject,
            received_at, body, document.

    Returns:
        Grain: one row per sync_id and subject. Gives insights_received_at (the latest row's),
        insights_breaches, insights (the bodies), and ``INSIGHT_METRICS`` as text for a contract's
        cast, which turns down what is no number and fractions of a count.
    """
    rows = rows.filter(pl.col("entity").is_in(INSIGHTS)).sort("received_at", "landing_id")
    items = rows.group_by(OF_ITEM).agg(
        insights_received_at=pl.col("received_at").max(),
        insights_breaches=_breaches().explode(empty_as_null=False),
        insights=pl.col("body"),
    )
    wide = _metrics(rows).pivot(
        on="metric",
        on_columns=INSIGHT_METRICS,
        index=OF_ITEM,
        values="value",
        aggregate_function="first",
    )
    return items.join(wide, on=OF_ITEM, how="left")


def _breaches() -> pl.Expr:
    is_odd = pl.col(DOCUMENT).str.contains(UNEXPECTED_SHAPE)
    shape = ParsedColumn(
        value=pl.col(DOCUMENT), breach=pl.when(is_odd).then(pl.lit("insights|unexpected_shape"))
    )
    return rule_violations([parsed_document("insights"), shape])


def _with_quotes_kept(rows: pl.DataFrame) -> pl.DataFrame:
    """Documents in which a value in quotes is text that begins with one."""
    return rows.with_columns(pl.col(DOCUMENT).str.replace_all(*QUOTED, literal=True))


def _metrics(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per item and metric or part of one, each with its latest value."""
    shown = decoded(_with_quotes_kept(rows), {"data": pl.List(METRIC)}).get_column("data")
    metrics = (
        rows.select(*OF_ITEM, metric=shown)
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
    is_quoted = pl.col("value").str.starts_with('"')
    return (
        pl.concat([wholes, _parts(metrics)])
        .filter(pl.col("metric").is_in(INSIGHT_METRICS), pl.col("value").is_not_null())
        .with_columns(value=pl.when(is_quoted).then(pl.col("value") + '"').otherwise("value"))
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
