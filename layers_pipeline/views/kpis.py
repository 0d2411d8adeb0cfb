"""The figures of a project's dashboard (R60): organic and of ads, each against the period before.

Belongs here: which figures there are, what each says, their values and days.
Does not belong here: sums and rates (``transforms.sql.views``), drawing.

Each figure says whether it is activity in the period, or the lifetime so far of posts published
in it. Reach is never summed, so there is none. Money of different currencies is never added: each
currency has figures of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from layers_pipeline.views.dictionary import meanings
from layers_pipeline.views.opening import Reader, Views
from layers_pipeline.views.periods import Figure, Number, Period, figure
from layers_pipeline.views.projects import ProjectDay, project_day
from transforms.scoring.rules import ACTIVE
from transforms.sql import sql_of

Says = Literal["activity", "lifetime", "standing"]
"""Activity in the period; lifetime so far of posts published in it; how it stood at its end."""
Unit = Literal["count", "rate", "money", "ratio"]
_WEIGHTS: Final = ACTIVE.ugc
INTERACTIONS: Final = "(likes + comments + shares + saves) / views"
ENGAGEMENT: Final = (
    f"({_WEIGHTS.like_weight} x likes + {_WEIGHTS.comment_weight} x comments"
    f" + {_WEIGHTS.share_weight} x shares + {_WEIGHTS.save_weight} x saves) / views"
)
"""The engagement rate of scores (R23)."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A figure as such: what it is called, what it says, what it is made of."""

    name: str
    label: str
    says: Says
    unit: Unit
    formula: str = ""
    """How it follows from others; shown beside it."""
    meaning: str = ""
    """What it means, unless a column of the file says so."""


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """A figure of one project and period."""

    measure: Measure
    figure: Figure
    meaning: str
    days: tuple[tuple[date, Number | None], ...]
    """Its values by day of the period; None is a gap, which is not 0."""
    days_before: tuple[tuple[date, Number | None], ...]
    """The same of the period before, as many."""
    currency: str | None = None
    """Of money: ISO 4217 code."""


@dataclass(frozen=True, kw_only=True)
class ProjectKpis:
    """A project's dashboard."""

    project: ProjectDay
    period: Period
    as_of: datetime
    days_looked_at: Figure
    """Days of the period on which any post was looked at: more looks, more known changes."""
    accounts_with_followers: Figure
    organic: tuple[Kpi, ...]
    published: tuple[Kpi, ...]
    followers: Kpi
    ads: Mapping[str, tuple[Kpi, ...]]
    """By currency."""
    all_ads: tuple[Kpi, ...]
    """Of all currencies together, so without money."""
    spend_today: Mapping[str, Figure]
    """By currency: minor units of today, which is not over, beside yesterday's."""


def _of_period(name: str, label: str) -> Measure:
    return Measure(name=f"{name}_change", label=label, says="activity", unit="count")


def _of_posts(name: str, label: str) -> Measure:
    return Measure(name=f"published_{name}", label=label, says="lifetime", unit="count")


def _of_ads(name: str, label: str, unit: Unit = "count", formula: str = "") -> Measure:
    return Measure(name=name, label=label, says="activity", unit=unit, formula=formula)


COUNTED: Final = (
    ("views", "Views"),
    ("likes", "Likes"),
    ("comments", "Comments"),
    ("shares", "Shares"),
    ("saves", "Saves"),
)
ORGANIC: Final = (
    Measure(name="published_posts", label="Posts", says="activity", unit="count"),
    *(_of_period(*counted) for counted in COUNTED),
    Measure(
        name="interaction_rate",
        label="Interaction rate",
        says="activity",
        unit="rate",
        formula=INTERACTIONS,
        meaning="Each interaction counts once: those gained in the period per view gained in it.",
    ),
    Measure(
        name="engagement_rate",
        label="Engagement rate",
        says="activity",
        unit="rate",
        formula=ENGAGEMENT,
        meaning="As in scores, by weight: what was gained in the period per view gained in it."
        " What is unknown adds nothing.",
    ),
)
PUBLISHED: Final = (
    *(_of_posts(*counted) for counted in COUNTED),
    Measure(
        name="published_interaction_rate",
        label="Interaction rate",
        says="lifetime",
        unit="rate",
        formula=INTERACTIONS,
        meaning="Each interaction counts once: of the posts published in the period, so far.",
    ),
    Measure(
        name="published_engagement_rate",
        label="Engagement rate",
        says="lifetime",
        unit="rate",
        formula=ENGAGEMENT,
        meaning="As in scores, by weight: of the posts published in the period, so far. What is"
        " unknown adds nothing.",
    ),
)
FOLLOWERS: Final = Measure(name="followers", label="Followers", says="standing", unit="count")
ALL_ADS: Final = (
    _of_ads("impressions", "Impressions"),
    _of_ads("clicks", "Clicks"),
    _of_ads("click_rate", "CTR", "rate", "clicks / impressions"),
    _of_ads("conversions", "Conversions"),
)
ADS: Final = (
    _of_ads("spend_cents", "Spend", "money"),
    *ALL_ADS,
    _of_ads("cpa_cents", "CPA", "money", "spend / conversions"),
    _of_ads("conversion_value_cents", "Conversion value", "money"),
    _of_ads("roas_ratio", "ROAS", "ratio", "conversion value / spend"),
)
Row = Mapping[str, Any]
NOTHING: Final[Row] = {}


def project_kpis(views: Views | Reader, project_id: str, period: Period) -> ProjectKpis:
    """The figures of one project and period, and of as many days before it.

    Raises:
        NotFoundError: The generation has no such project.
    """
    with views.reading() as reader:
        project = project_day(reader, project_id)
        asked = {"project_id": project_id}
        rows = reader.rows(sql_of("views", "kpis"), asked | period.bound())
        spend = reader.rows(sql_of("views", "kpis_of_spend"), asked | period.bound())
        today = Period(first=project.today, last=project.today)
        of_today = reader.rows(sql_of("views", "kpis_of_spend"), asked | today.bound())
        said = meanings(reader, "project_kpis_daily")
        said_of_spend = meanings(reader, "project_spend_daily")
        as_of = reader.as_of
    whole = _Told(rows, period, said)
    return ProjectKpis(
        project=project,
        period=period,
        as_of=as_of,
        days_looked_at=whole.number("days_looked_at"),
        accounts_with_followers=whole.figure("accounts_with_followers"),
        organic=whole.kpis(ORGANIC),
        published=whole.kpis(PUBLISHED),
        followers=whole.kpis([FOLLOWERS])[0],
        ads=_by_currency(spend, period, said_of_spend),
        all_ads=whole.kpis(ALL_ADS),
        spend_today={
            currency: _Told(own, today, {}).figure("spend_cents")
            for currency, own in _grouped(of_today).items()
        },
    )


def _by_currency(
    rows: Iterable[Row], period: Period, said: Mapping[str, str]
) -> dict[str, tuple[Kpi, ...]]:
    return {
        currency: _Told(own, period, said, currency).kpis(ADS)
        for currency, own in _grouped(rows).items()
    }


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["currency"], []).append(row)
    return found


class _Told:
    """Rows of both periods: one for each as a whole, and one per day."""

    def __init__(
        self,
        rows: Iterable[Row],
        period: Period,
        said: Mapping[str, str],
        currency: str | None = None,
    ) -> None:
        of_periods: dict[str, Row] = {}
        self._days: dict[date, Row] = {}
        for row in rows:
            if row["day_on"] is None:
                of_periods[row["period"]] = row
            else:
                self._days[row["day_on"]] = row
        self._now = of_periods.get("now", NOTHING)
        self._before = of_periods.get("before", NOTHING)
        self._period, self._said, self._currency = period, said, currency

    def figure(self, name: str) -> Figure:
        return figure(self._now, self._before, name)

    def number(self, name: str) -> Figure:
        """A figure that is 0 where nothing is told."""
        return Figure(now=self._now.get(name, 0), before=self._before.get(name, 0))

    def kpis(self, measures: Sequence[Measure]) -> tuple[Kpi, ...]:
        return tuple(self._kpi(measure) for measure in measures)

    def _kpi(self, measure: Measure) -> Kpi:
        return Kpi(
            measure=measure,
            figure=self.figure(measure.name),
            meaning=measure.meaning or self._said[measure.name],
            days=self._values(measure.name, self._period),
            days_before=self._values(measure.name, self._period.before),
            currency=self._currency if measure.unit == "money" else None,
        )

    def _values(self, name: str, period: Period) -> tuple[tuple[date, Number | None], ...]:
        return tuple((day, self._days.get(day, NOTHING).get(name)) for day in period)
