"""One content in full: what the panel beside the list shows (R62).

Belongs here: asking for everything that is known of one content of a project.
Does not belong here: lists of content (``content``), words of score and blockers (the macros).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.opening import Reader, Views
from transforms.contracts.columns import METRICS
from transforms.sql import sql_of

Row = Mapping[str, Any]

CONTENT: Final = (
    "from content_detail where project_id = $project_id and ads_content_id = $ads_content_id"
)
COUNTS: Final = (
    "from platform_post_metrics_latest "
    "where platform = $platform and platform_post_id = $platform_post_id"
)
MIX: Final = (
    "from post_engagement_mix where platform = $platform and platform_post_id = $platform_post_id"
)
HISTORY: Final = (
    "from score_history where ads_content_id = $ads_content_id order by scored_at, scoring_version"
)
SCORE: Final = "from score_explain($ads_content_id) order by place"
WHY: Final = "from why_not_running($ads_content_id) order by place"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a post: the value known last, and its times."""

    name: str
    value: int | float
    since: datetime | None
    """Capture that first showed this run of equal values."""
    checked_at: datetime
    """Newest capture of the post, of whatever metrics."""


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Everything known of one content, all of one publication."""

    as_of: datetime
    content: Row
    """Its row of ``content_detail``: eligibility, override, approval, generation audit, counts."""
    metrics: tuple[Metric, ...]
    """Metrics that were ever known; none of a creative."""
    by_day: tuple[Row, ...]
    """A row per day of the project's zone; a day without a look has ``checks`` 0 and nulls."""
    by_age: tuple[Row, ...]
    """A row per whole day of age; one without a look has nulls."""
    mix: Row | None
    """Its row of ``post_engagement_mix``; null for a creative, or before the first look."""
    score: tuple[Row, ...]
    """``score_explain``: sections ``score`` (points that add up), ``input`` and ``verdict``."""
    history: tuple[Row, ...]
    """``score_history``: a row per tick and version of the rules, oldest first."""
    decisions: tuple[Row, ...]
    """What people said of it, newest first: ``said_at``, ``what``, ``says``, ``note``,
    ``said_by``."""
    ads: tuple[Row, ...]
    """Ads that show it or did, a row per ad and currency."""
    why: tuple[Row, ...]
    """``why_not_running``: blockers in order with words and remedy; one without where it runs."""


def detail(views: Views | Reader, project_id: str, ads_content_id: str) -> Detail:
    """Everything known of one content of a project.

    Raises:
        NotFoundError: The project has no such content in the published file.
    """
    with views.reading() as reader:
        return _detail(reader, require_content(reader, project_id, ads_content_id))


def require_content(views: Views | Reader, project_id: str, ads_content_id: str) -> Row:
    """One content's row of ``content_detail``.

    Raises:
        NotFoundError: The project has no such content in the published file.
    """
    with views.reading() as reader:
        found = reader.rows(CONTENT, {"project_id": project_id, "ads_content_id": ads_content_id})
    if not found:
        raise NotFoundError(
            f"content {ads_content_id!r}: project {project_id!r} has none of that id in the "
            "published file. Check the id (layers-pipeline content find), or publish again."
        )
    return found[0]


def _detail(reader: Reader, content: Row) -> Detail:
    key = {"ads_content_id": content["ads_content_id"]}
    post = {name: content[name] for name in ("platform", "platform_post_id")}
    in_project = {"project_id": content["project_id"], **post}
    mix = reader.rows(MIX, post)

    def asked(name: str, of: Mapping[str, Any]) -> tuple[Row, ...]:
        return tuple(reader.rows(sql_of("views", f"detail_{name}"), of))

    return Detail(
        as_of=reader.as_of,
        content=content,
        metrics=_metrics(reader.rows(COUNTS, post)),
        by_day=asked("by_day", in_project),
        by_age=asked("by_age", in_project),
        mix=mix[0] if mix else None,
        score=tuple(reader.rows(SCORE, key)),
        history=tuple(reader.rows(HISTORY, key)),
        decisions=asked("decisions", key),
        ads=asked("ads", key),
        why=tuple(reader.rows(WHY, key)),
    )


def _metrics(counts: list[dict[str, Any]]) -> tuple[Metric, ...]:
    return tuple(
        Metric(
            name=name,
            value=row[name],
            since=row[f"{name}_at"],
            checked_at=row["last_checked_at"],
        )
        for row in counts
        for name in METRICS
        if row[name] is not None
    )
