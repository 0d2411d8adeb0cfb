"""One content in full: what the panel beside the list shows (R62).

Belongs here: asking for everything that is known of one content of a project.
Does not belong here: lists of content (``content``), words of score and blockers (the macros).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.detail_questions import explained, of_post
from layers_pipeline.views.opening import Reader, Views
from transforms.contracts.columns import METRICS
from transforms.sql import sql_of

Row = Mapping[str, Any]

CONTENT: Final = (
    "from content_detail where project_id = $project_id and ads_content_id = $ads_content_id"
)
NEWEST_TICK: Final = (
    "select max(scored_at) as scored_at from ad_eligibility_current where project_id = $project_id"
)
BOUND: Final = re.compile(r"\$(\w+)")
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
    with_container = {**key, "container_id": content["container_id"]}
    looks = _lists(reader, of_post(), content)
    told = _explained(reader, content)
    return Detail(
        as_of=reader.as_of,
        content=content,
        metrics=_metrics(looks["counts"]),
        by_day=looks["by_day"],
        by_age=looks["by_age"],
        mix=looks["mix"][0] if looks["mix"] else None,
        score=told["score"],
        history=told["history"],
        decisions=tuple(reader.rows(sql_of("views", "detail_decisions"), with_container)),
        ads=tuple(reader.rows(sql_of("views", "detail_ads"), key)),
        why=told["why"],
    )


def _explained(reader: Reader, content: Row) -> Mapping[str, tuple[Row, ...]]:
    """Score, blockers and history of a content."""
    tick = _newest_tick(reader, content["project_id"])
    if tick is not None and content["reason"] != "pool_too_small":
        return _lists(reader, explained(), {**content, "scored_at": tick})
    # Nothing tells which rows suffice: the whole pool is looked at, or ticks of long ago.
    key = {"ads_content_id": content["ads_content_id"]}
    asked = {"score": SCORE, "why": WHY, "history": HISTORY}
    return {name: tuple(reader.rows(question, key)) for name, question in asked.items()}


def _newest_tick(reader: Reader, project_id: str) -> datetime | None:
    """The project's newest scored tick, if it is the newest of all."""
    return reader.once(("newest tick", project_id), NEWEST_TICK, {"project_id": project_id})


def _lists(reader: Reader, question: str, content: Row) -> Mapping[str, tuple[Row, ...]]:
    """The lists of a question that has one row of them, about a content."""
    asked = {name: content[name] for name in BOUND.findall(question)}
    (found,) = reader.rows(question, asked)
    return {name: tuple(rows or ()) for name, rows in found.items()}


def _metrics(counts: Iterable[Row]) -> tuple[Metric, ...]:
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
