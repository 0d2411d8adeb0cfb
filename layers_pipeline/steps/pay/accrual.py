"""Accruing and settling: the ledger of a project's open periods, from what is known now.

Belongs here: facts of a project's periods, and the lines that follow, put into the ledger.
Does not belong here: amounts (``transforms.facts.payout_lines``), transactions (``operations``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import polars as pl

from layers_pipeline.errors import LakeConflictError
from layers_pipeline.operations.payout_ledger import Line, PayoutLine, Period, Rewritten
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.pay.known import Known, read_known, spend_of_posts
from layers_pipeline.steps.stores import Stores
from transforms.facts.payout_facts import (
    SPANS,
    ads_by_period,
    counting_posts,
    members_by_period,
    views_by_period,
)
from transforms.facts.payout_lines import LINES, PERIOD, TERMS, accrued_lines, open_lines

FACTS: Final = ("members", "views", "ads")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What one project's pay follows from, by period."""

    periods: tuple[Period, ...]
    members: pl.LazyFrame
    views: pl.LazyFrame
    ads: pl.LazyFrame

    @property
    def starts(self) -> list[date]:
        """First day of every period."""
        return [period.starts_on for period in self.periods]

    def lines(self, periods: Sequence[Period], settled: Sequence[PayoutLine]) -> Iterable[Line]:
        """The lines of the open periods.

        Raises:
            LakeConflictError: There are other periods than those that were read.
        """
        if [period.starts_on for period in periods] != self.starts:
            raise LakeConflictError(
                "payout: configs changed while an accrual read what they are for. Repeat it."
            )
        terms = pl.DataFrame([_terms(period) for period in periods], schema=PERIOD).lazy()
        stored = pl.DataFrame([_as_row(line) for line in settled], schema=LINES).lazy()
        accrued = accrued_lines(terms, members=self.members, views=self.views, ads=self.ads)
        return open_lines(terms, accrued, stored).collect().to_dicts()


def accrue_all(stores: Stores, known: Known) -> dict[str, Rewritten]:
    """Accrue for every project that ever had a payout config; what changed, by project."""
    projects = sorted({row.project_id for row in stores.operations.payout_configs.all()})
    spent = spend_of_posts(known, projects)
    done: dict[str, Rewritten] = {}
    for project_id in projects:
        today = _today(known, project_id)
        facts = _facts(stores, known, spent, project_id)
        done[project_id] = stores.operations.payout_ledger.rewrite(
            project_id, facts.lines, today=today, as_of=known.as_of
        )
    return done


def settle(stores: Stores, project_id: str, starts_on: date, *, by: str) -> bool:
    """Accrue with what is known now, and settle a period for good; False if it was settled.

    Raises:
        InputRefusedError: It is not over, an earlier one is open, or it is no period.
        NotFoundError: The project does not exist.
    """
    stores.operations.projects.get(project_id)
    with stores.lake.write_lock():
        bring_up_to_date(stores)
        known = read_known(stores)
    facts = _facts(stores, known, spend_of_posts(known, [project_id]), project_id)
    return stores.operations.payout_ledger.settle(
        project_id,
        starts_on,
        facts.lines,
        today=_today(known, project_id),
        as_of=known.as_of,
        by=by,
    )


def recomputed(stores: Stores, known: Known) -> pl.DataFrame:
    """Every line of open periods as it comes to now, computed apart from what is stored."""
    return _lines(stores, known, with_settled=False)


def ledger_at(stores: Stores, known: Known) -> pl.DataFrame:
    """Every line as the ledger has it once what is known at a moment is accrued.

    Periods that were settled by then have the lines that they were settled with; all others what
    they come to by configs stored by then.

    Returns:
        project_id and columns of ``LINES``.
    """
    return _lines(stores, known, with_settled=True)


def _lines(stores: Stores, known: Known, *, with_settled: bool) -> pl.DataFrame:
    ledger, as_of = stores.operations.payout_ledger, known.as_of
    configs = stores.operations.payout_configs.all()
    projects = sorted({row.project_id for row in configs if row.known_at <= as_of})
    spent = spend_of_posts(known, projects)
    settled = {
        (row.project_id, row.starts_on)
        for row in ledger.states()
        if row.settled_at is not None and row.settled_at <= as_of
    }
    stored = [
        line for line in ledger.lines() if (line.project_id, line.period_starts_on) in settled
    ]
    parts = [pl.DataFrame(schema={"project_id": pl.String, **LINES})]
    for project_id in projects:
        own = [line for line in stored if line.project_id == project_id]
        facts = _facts(stores, known, spent, project_id)
        kept = [_as_row(line) for line in own] if with_settled else []
        rows = pl.DataFrame([*kept, *facts.lines(facts.periods, own)], schema=LINES)
        parts.append(rows.select(pl.lit(project_id).alias("project_id"), pl.all()))
    return pl.concat(parts)


def _facts(stores: Stores, known: Known, spent: pl.DataFrame, project_id: str) -> Facts:
    periods = stores.operations.payout_ledger.periods(
        project_id, today=_today(known, project_id), as_of=known.as_of
    )
    zone = ZoneInfo(known.zones[project_id])
    spans = pl.DataFrame(
        [
            {
                "starts_on": period.starts_on,
                "starts_at": _begins(period.starts_on, zone),
                "ends_at": _begins(period.ends_before, zone),
            }
            for period in periods
        ],
        schema=SPANS,
    ).lazy()
    listed = known.allowlist.filter(pl.col("project_id") == project_id)
    counting = counting_posts(known.posts, listed).collect().lazy()
    of_project = spent.lazy().filter(pl.col("project_id") == project_id)
    return Facts(
        periods=tuple(periods),
        members=members_by_period(spans, listed, counting).collect().lazy(),
        views=views_by_period(spans, counting, known.snapshots).collect().lazy(),
        ads=ads_by_period(of_project, [period.starts_on for period in periods]).collect().lazy(),
    )


def _today(known: Known, project_id: str) -> date:
    return known.as_of.astimezone(ZoneInfo(known.zones[project_id])).date()


def _begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day; of a midnight that is skipped, the one after it."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _terms(period: Period) -> dict[str, Any]:
    terms = {name: getattr(period.config, name) for name in TERMS}
    return {
        "starts_on": period.starts_on,
        "ends_before": period.ends_before,
        "is_settled": period.is_settled,
        **terms,
    }


def _as_row(line: PayoutLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LINES}
