"""Which content a filter keeps and in which order, row by row in plain Python.

Belongs here: the slow answer that the query layer is held to.
Does not belong here: SQL, DuckDB, Polars.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from layers_pipeline.views.filters import ContentFilter

Row = Mapping[str, Any]


def kept_rows(rows: Iterable[Row], kept: ContentFilter) -> list[Row]:
    """The rows that the filter keeps, in its order, whole."""
    found = [row for row in rows if _is_kept(row, kept)]
    found.sort(key=lambda row: row["ads_content_id"])
    column, descending = kept.sort
    known = [row for row in found if row[column] is not None]
    # Sorting is stable, also downwards: equal values stay in the order of the key.
    known.sort(key=lambda row: _sortable(row[column]), reverse=descending)
    return known + [row for row in found if row[column] is None]


def _sortable(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _is_kept(row: Row, kept: ContentFilter) -> bool:
    account = None if row["account_key"] is None else f"{row['platform']}:{row['account_key']}"
    lists = (
        (kept.platforms, row["platform"]),
        (kept.media_types, row["media_type"]),
        (kept.pools, row["scoring_pool"]),
        (kept.accounts, account),
        (kept.creators, row["creator_id"]),
    )
    return (
        row["project_id"] == kept.project_id
        and all(not wanted or value in wanted for wanted, value in lists)
        and _is_between(row["published_on"], kept.published_from, kept.published_until)
        and _is_between(row["organic_score"], kept.score_min, kept.score_max)
        and kept.eligible in (None, row["is_eligible"])
        and kept.running in (None, row["is_running"])
        and kept.deleted in ("show", "only" if row["is_deleted"] else "hide")
        and _is_decided(row["override"], kept.override)
        and _has_text(row, kept.search)
    )


def _is_between(value: Any, least: Any, most: Any) -> bool:
    if value is None:
        return least is None and most is None
    return (least is None or value >= least) and (most is None or value <= most)


def _is_decided(override: str | None, wanted: str | None) -> bool:
    if wanted in (None, "any", "none"):
        return wanted is None or (override is not None) == (wanted == "any")
    return override == wanted


def _has_text(row: Row, text: str) -> bool:
    looked_at = ("caption", "prompt", "influencer", "account_key", "container_id")
    return any(text.lower() in (row[name] or "").lower() for name in looked_at)
