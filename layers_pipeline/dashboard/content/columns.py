"""Columns of the content grid: names that people read, how values are written, what they mean.

Belongs here: one record per column.
Does not belong here: the grid (``grid``), which columns a filter asks for (``views.filters``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from layers_pipeline.views.filters import COLUMNS, ContentFilter
from transforms.sql.models import models

Form = Literal["text", "words", "count", "score", "share", "instant", "day", "truth", "money"]
RIGHT: Final = ("count", "score", "share", "money")


@dataclass(frozen=True, kw_only=True)
class GridColumn:
    """How a column of ``content_detail`` is shown."""

    head: str
    form: Form = "text"
    width: int = 110


SHOWN_AS: Final[Mapping[str, GridColumn]] = {
    "caption": GridColumn(head="Caption", width=260),
    "account_key": GridColumn(head="Account", width=150),
    "platform": GridColumn(head="Platform", form="words", width=105),
    "media_type": GridColumn(head="Kind", form="words", width=120),
    "published_on": GridColumn(head="Published", form="day", width=115),
    "published_at": GridColumn(head="Published at", form="instant", width=160),
    "views": GridColumn(head="Views", form="count"),
    "likes": GridColumn(head="Likes", form="count"),
    "comments": GridColumn(head="Comments", form="count", width=115),
    "shares": GridColumn(head="Shares", form="count"),
    "saves": GridColumn(head="Saves", form="count"),
    "reach": GridColumn(head="Reach", form="count"),
    "interaction_rate": GridColumn(head="Interaction rate", form="share", width=130),
    "scoring_pool": GridColumn(head="Pool", form="words", width=105),
    "organic_score": GridColumn(head="Score", form="score", width=90),
    "is_eligible": GridColumn(head="Eligible", form="truth", width=95),
    "reason": GridColumn(head="Reason", form="words", width=150),
    "override": GridColumn(head="Override", form="words", width=105),
    "override_note": GridColumn(head="Override note", width=180),
    "approval": GridColumn(head="Approval", form="words", width=120),
    "is_running": GridColumn(head="Running", form="truth", width=100),
    "ads": GridColumn(head="Ads", form="count", width=80),
    "running_ads": GridColumn(head="Running ads", form="count", width=120),
    "spend_cents": GridColumn(head="Spend", form="money", width=120),
    "currency": GridColumn(head="Currency", width=100),
    "impressions": GridColumn(head="Impressions", form="count", width=120),
    "clicks": GridColumn(head="Clicks", form="count"),
    "conversions": GridColumn(head="Conversions", form="count", width=120),
    "creator_id": GridColumn(head="Creator", width=150),
    "is_deleted": GridColumn(head="Deleted", form="truth", width=95),
    "deleted_at": GridColumn(head="Deleted at", form="instant", width=160),
    "last_checked_at": GridColumn(head="Looked at", form="instant", width=160),
    "first_seen_at": GridColumn(head="First seen", form="instant", width=160),
    "score_of": GridColumn(head="Score of", form="instant", width=160),
    "scored_at": GridColumn(head="Tick", form="instant", width=160),
    "scoring_version": GridColumn(head="Rules", width=80),
    "prompt": GridColumn(head="Prompt", width=220),
    "influencer": GridColumn(head="Influencer", width=130),
    "media_source": GridColumn(head="Media source", width=130),
    "permalink": GridColumn(head="Link", width=200),
    "media_url": GridColumn(head="Media", width=200),
    "platform_post_id": GridColumn(head="Post", width=170),
    "container_id": GridColumn(head="Container", width=190),
    "ads_content_id": GridColumn(head="Content", width=200),
    "project_id": GridColumn(head="Project", width=120),
}
MEANINGS: Final[Mapping[str, str]] = {
    column.name: column.comment
    for model in models()
    if model.name == "content_detail"
    for column in model.columns
}
"""What each column means, in the words of its comment."""


def heads() -> list[dict[str, str]]:
    """Every column as a choice."""
    return [{"value": name, "label": SHOWN_AS[name].head} for name in COLUMNS]


def definitions(kept: ContentFilter) -> list[dict[str, Any]]:
    """The grid's columns for a filter: those that it shows in its order, then the hidden ones."""
    hidden = [name for name in COLUMNS if name not in kept.columns]
    return [_definition(name, kept) for name in (*kept.columns, *hidden)]


def columns_of(state: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The columns that a grid shows, in its order."""
    return tuple(column["colId"] for column in state if not column.get("hide"))


def sort_of(state: Sequence[Mapping[str, Any]]) -> tuple[str, bool] | None:
    """The column that a grid is sorted by, and whether downwards."""
    for column in state:
        if column.get("sort"):
            return column["colId"], column["sort"] == "desc"
    return None


def _definition(name: str, kept: ContentFilter) -> dict[str, Any]:
    column = SHOWN_AS[name]
    by, descending = kept.sort
    return {
        "field": name,
        "colId": name,
        "headerName": column.head,
        "headerTooltip": MEANINGS[name],
        "width": column.width,
        "hide": name not in kept.columns,
        "sort": ("desc" if descending else "asc") if name == by else None,
        "type": "rightAligned" if column.form in RIGHT else None,
        "valueFormatter": {"function": f"shown_{column.form}(params)"},
    }
