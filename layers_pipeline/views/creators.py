"""Creators of a project: UGC as a whole, creators over two periods, one creator's report and pay.

Belongs here: what creators did and brought in a period beside the one before.
Does not belong here: sums (``transforms.sql``), statements (``steps.pay.statements``).

Figures are those of ``creator_report``: a change is from one look at a post to the next. Money of
different currencies is never added: each has figures of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.opening import Reader, Views
from layers_pipeline.views.periods import Figure, Number, Period, figure
from layers_pipeline.views.projects import ProjectDay, project_day
from transforms.facts.money import NO_CURRENCY
from transforms.sql import sql_of
from transforms.vocabulary import UNATTRIBUTED

OF_POSTS: Final = (
    "posts_synced",
    "posts_deleted",
    "posts_from_threshold",
    "views_change",
    "likes_change",
    "comments_change",
    "shares_change",
    "saves_change",
)
OF_ADS: Final = (
    "spend_cents",
    "impressions",
    "clicks",
    "conversions",
    "conversion_value_cents",
    "cpa_cents",
    "roas",
)
OF_PAY: Final = ("base_cents", "bonus_cents", "corrections_cents")
STANDING: Final = (
    "listed_accounts",
    "is_listed",
    "posts",
    "eligible_posts",
    "running_posts",
    "views",
    "best_score",
    "mean_score",
    "newest_published_at",
)
Row = Mapping[str, Any]
NOTHING: Final[Row] = {}


@dataclass(frozen=True, kw_only=True)
class UgcKind:
    """A project's UGC posts of one platform and media type, as they stand; lifetime so far."""

    platform: str
    media_type: str
    posts: int
    deleted_posts: int
    posts_without_date: int
    posts_with_views: int
    posts_below_min_views: int
    posts_views_unknown: int
    posts_never_scored: int
    eligible_posts: int
    running_posts: int
    views: int | None
    likes: int | None
    comments: int | None
    shares: int | None
    saves: int | None
    median_views: float | None
    mean_score: float | None
    newest_published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CreatorShown:
    """A creator, or spend that reaches none."""

    creator_id: str
    activity: Mapping[str, Figure]
    """``OF_POSTS`` by name: posts published in the periods, changes in them."""
    ads: Mapping[str, Mapping[str, Figure]]
    """By currency: ``OF_ADS``."""
    pay: Mapping[str, Mapping[str, Figure]]
    """By currency: ``OF_PAY``, earned in periods of payouts that begin in the periods."""
    standing: Mapping[str, Any]
    """``STANDING``: lifetime so far; empty for creators that no allowlist ever had."""

    @property
    def conversions(self) -> Figure:
        """Conversions of ads, whichever currency the ads were paid in."""
        told = [figures["conversions"] for figures in self.ads.values()]
        return Figure(
            now=_known_sum(one.now for one in told), before=_known_sum(one.before for one in told)
        )

    @property
    def is_nobody(self) -> bool:
        """Whether it is spend that reaches no creator."""
        return self.creator_id == UNATTRIBUTED


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What a creator earned in one period of payouts, in one currency."""

    creator_id: str
    currency: str
    starts_on: date
    ends_on: date
    settled_at: datetime | None
    settled_by: str | None
    accrued_as_of: datetime
    earned_cents: int


@dataclass(frozen=True, kw_only=True)
class Owed:
    """How a creator's account stands in one currency: owed = accrued + corrections - paid."""

    creator_id: str
    currency: str
    accrued_cents: int
    corrections_cents: int
    settled_cents: int
    paid_cents: int
    owed_cents: int


@dataclass(frozen=True, kw_only=True)
class CreatorReport:
    """One creator in one project and period."""

    project: ProjectDay
    period: Period
    as_of: datetime
    creator: CreatorShown
    days: Mapping[str, tuple[tuple[date, Number | None], ...]]
    """Values by day of the period, by name of ``OF_POSTS``; None is a gap."""
    earned: tuple[Earned, ...]
    """Newest period first."""
    owed: tuple[Owed, ...]


def ugc_kinds(views: Views | Reader, project_id: str) -> list[UgcKind]:
    """How a project's UGC stands, the kind with most posts first."""
    with views.reading() as reader:
        rows = reader.rows(sql_of("views", "ugc_shown"), {"project_id": project_id})
    return [UgcKind(**row) for row in rows]


def creators_of(views: Views | Reader, project_id: str, period: Period) -> list[CreatorShown]:
    """A project's creators over two periods, most views gained first; spend on nobody last."""
    found = _creators(views, project_id, period, creator_id=None)
    return sorted(found, key=_order)


def creator_report(
    views: Views | Reader, project_id: str, creator_id: str, period: Period
) -> CreatorReport:
    """Everything of one creator in one project.

    Raises:
        NotFoundError: The project has no such creator.
    """
    with views.reading() as reader:
        project = project_day(reader, project_id)
        found = _creators(reader, project_id, period, creator_id=creator_id)
        if not found:
            raise NotFoundError(
                f"creator {creator_id!r} is not known in project {project_id!r}. Check the"
                " spelling, or allow the creator: layers-pipeline creator allow."
            )
        asked = {"project_id": project_id, "creator_id": creator_id}
        days = reader.rows(sql_of("views", "creator_days"), asked | period.bound())
        earned = reader.rows(sql_of("views", "creator_pay"), asked)
        owed = reader.rows(sql_of("views", "creator_balances"), asked)
        as_of = reader.as_of
    return CreatorReport(
        project=project,
        period=period,
        as_of=as_of,
        creator=found[0],
        days=_days(days, period),
        earned=tuple(Earned(**row) for row in earned),
        owed=tuple(Owed(**row) for row in owed),
    )


def _creators(
    views: Views | Reader, project_id: str, period: Period, *, creator_id: str | None
) -> list[CreatorShown]:
    asked = {"project_id": project_id, "creator_id": creator_id, **period.bound()}
    with views.reading() as reader:
        rows = reader.rows(sql_of("views", "creators_of_period"), asked)
    own: dict[str, list[Row]] = {}
    for row in rows:
        own.setdefault(row["creator_id"], []).append(row)
    return [_creator(name, told) for name, told in own.items()]


def _creator(creator_id: str, rows: list[Row]) -> CreatorShown:
    by_currency: dict[str, dict[str, Row]] = {}
    for row in rows:
        if row["period"] is not None:
            by_currency.setdefault(row["currency"], {})[row["period"]] = row
    money = {currency: told for currency, told in by_currency.items() if currency != NO_CURRENCY}
    standing = {name: rows[0][name] for name in STANDING if rows[0]["posts"] is not None}
    return CreatorShown(
        creator_id=creator_id,
        activity={name: _of_posts(by_currency.values(), name) for name in OF_POSTS},
        ads={currency: _figures(told, OF_ADS) for currency, told in money.items()},
        pay={currency: _figures(told, OF_PAY) for currency, told in money.items()},
        standing=standing,
    )


def _known_sum(values: Iterable[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _figures(told: Mapping[str, Row], names: Iterable[str]) -> dict[str, Figure]:
    now, before = told.get("now", NOTHING), told.get("before", NOTHING)
    return {name: figure(now, before, name) for name in names}


def _of_posts(told: Iterable[Mapping[str, Row]], name: str) -> Figure:
    """Figures of posts stand in one row per period, whichever its currency is."""
    held: dict[str, Number | None] = {"now": None, "before": None}
    for periods in told:
        for period, row in periods.items():
            held[period] = row[name] if held[period] is None else held[period]
    return Figure(now=held["now"], before=held["before"])


def _order(creator: CreatorShown) -> tuple[bool, bool, Number, str]:
    gained = creator.activity["views_change"].now
    return creator.is_nobody, gained is None, -(gained or 0), creator.creator_id


def _days(rows: Iterable[Row], period: Period) -> dict[str, tuple[tuple[date, Number | None], ...]]:
    of_day = {row["day_on"]: row for row in rows}
    return {
        name: tuple((day, of_day.get(day, NOTHING).get(name)) for day in period)
        for name in OF_POSTS
        if name not in ("posts_deleted", "posts_from_threshold")
    }
