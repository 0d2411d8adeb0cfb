"""Can it be trusted: how syncs of accounts stand, which metrics exist, how fresh everything is.

Belongs here: rows of accounts, metrics and freshness as people look at them.
Does not belong here: what makes a sync healthy (``transforms``), how old the file is (``opening``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from layers_pipeline.views.opening import Reader, Views
from transforms.sql import sql_of
from transforms.vocabulary import Depth

Standing = Literal["well", "waiting", "paused", "needs somebody"]
"""In words; waiting: it is tried again by itself."""


@dataclass(frozen=True, kw_only=True)
class AccountShown:
    """An account: its last sync and result, what is wrong, what is known of its posts."""

    account_id: str
    platform: str
    account_key: str
    name: str | None
    connection: str
    status: str
    project_id: str | None
    creator_id: str | None
    is_healthy: bool
    problem: str | None
    remedy: str | None
    retry_at: datetime | None
    last_outcome: str | None
    last_message: str | None
    last_success_at: datetime | None
    success_age_hours: float | None
    last_checked_at: datetime | None
    checked_age_hours: float | None
    posts: int
    deleted_posts: int
    newest_published_at: datetime | None
    followers: int | None
    quick_succeeded_at: datetime | None
    posts_succeeded_at: datetime | None
    full_succeeded_at: datetime | None
    failing_depth: Depth | None

    @property
    def standing(self) -> Standing:
        """How it stands, in a word."""
        if self.status == "paused":
            return "paused"
        if self.is_healthy:
            return "well"
        return "waiting" if self.retry_at is not None else "needs somebody"


@dataclass(frozen=True, kw_only=True)
class MetricCovered:
    """Which metric any capture of one kind of post ever showed, and since when."""

    platform: str
    media_type: str
    metric: str
    first_shown_on: date
    last_shown_on: date
    days_shown: int
    captures_with_it: int
    share_ratio: float
    is_current: bool


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """How old something is, at the publication."""

    subject: str
    part: str
    newest_at: datetime
    age_hours: float


def accounts_shown(views: Views | Reader, project_id: str | None = None) -> list[AccountShown]:
    """How syncs stand of the accounts that a project shows, or of all; what is wrong first."""
    with views.reading() as reader:
        rows = reader.rows(sql_of("views", "accounts_shown"), {"project_id": project_id})
    return [AccountShown(**row) for row in rows]


def metrics_covered(views: Views | Reader) -> list[MetricCovered]:
    """Every metric of every kind of post that was ever shown, by platform, kind and metric."""
    with views.reading() as reader:
        return [MetricCovered(**row) for row in reader.rows(sql_of("views", "coverage_shown"))]


def freshness(views: Views | Reader) -> list[Fresh]:
    """How old counts, followers, syncs, scores and figures of ads are."""
    with views.reading() as reader:
        return [Fresh(**row) for row in reader.rows(sql_of("views", "freshness_shown"))]
