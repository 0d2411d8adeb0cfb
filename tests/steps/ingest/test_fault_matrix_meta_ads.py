"""Meta's ads by what goes wrong, met by whole readings over real HTTP.

Belongs here: each error body of the Marketing API: the outcome, what landed, no spend that is not
the platform's, a neighbour that does not notice, the next reading that loses nothing.
Does not belong here: single answers and requests (``tests.sources.meta_ads``).

Every fault has an ad account of its own, and all of a round are read at once.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.sources.meta_ads.reports import POLLS_AT_ZERO_MAX
from layers_pipeline.steps.stores import Stores
from sandbox import AccountRef, RunningSandbox, generated_captures
from sandbox.simulation.ads.invented import AdPlan
from tests.steps.ingest.ads_world import (
    account_row,
    accounts_of,
    ads_sandbox,
    ads_stores,
    connect_ads,
    known,
    put_fault,
    read_ads,
    truth,
)

POSTS = generated_captures(3, accounts=24, days=12)
"""Enough for seven ads of each ad account."""
AT = POSTS.span[1].astimezone(UTC)
SIX_H, FIVE_MIN = timedelta(hours=6), timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What goes wrong, and what a reading that meets it leaves behind for its ad account."""

    kind: str
    outcome: str = "ok"
    how: dict[str, Any] = field(default_factory=dict)
    of_an_ad: bool = False
    """Whether it strikes one ad alone."""
    status: str = "active"
    wait: timedelta | None = None
    pauses: bool = False
    """Whether everybody who uses our app waits."""
    issue: str = ""
    """Named in the account's message."""
    lands: bool = True
    """Whether any day of its ads landed."""
    has_gap: bool = False
    """Whether the account's totals hold spend that no ad shows."""
    by_report: bool = False
    """Whether so many days are read that a report is ordered."""

    def __str__(self) -> str:
        return self.kind


TOKEN = Case(kind="", outcome="reauth_required", status="reauth_required", lands=False)
CURED = [
    Case(kind="reduce_data", issue="page_made_smaller"),
    Case(kind="reduce_data_user_msg", issue="page_made_smaller"),
    Case(kind="reduce_days", issue="page_made_smaller"),
    Case(kind="too_many_rows", issue="page_made_smaller"),
    Case(kind="sync_timeout", issue="page_made_smaller"),
    Case(kind="sync_timeout_2", issue="page_made_smaller"),
    Case(kind="ads_timeout", issue="read_by_report"),
    Case(kind="metric_retry", how={"times": 1}),
    Case(kind="http_500", how={"times": 1, "skip": 3}),
    Case(kind="truncated_json", how={"times": 1, "skip": 3}),
    Case(kind="empty_page_with_next", how={"times": 1}),
    Case(kind="short_page", how={"times": 2}),
    Case(kind="plain_numbers"),
]
REPORTS = [
    Case(kind="run_running_100", how={"times": 2}, issue="read_by_report", by_report=True),
    Case(kind="run_failed", how={"times": 1}, issue="page_made_smaller", by_report=True),
    Case(kind="run_too_large", how={"times": 1}, issue="page_made_smaller", by_report=True),
    Case(
        kind="run_stuck", how={"times": POLLS_AT_ZERO_MAX}, issue="read_by_report", by_report=True
    ),
    Case(kind="run_skipped", how={"times": 1}, issue="read_by_report", by_report=True),
    Case(kind="run_unreadable", how={"times": 2}, issue="read_by_report", by_report=True),
    Case(kind="run_unreadable_2637", how={"times": 2}, issue="read_by_report", by_report=True),
]
FAILED = [
    *(
        Case(kind=kind, outcome=TOKEN.outcome, status=TOKEN.status, lands=False)
        for kind in ("token_190", "token_expired", "token_458", "token_460")
    ),
    *(
        Case(kind=kind, outcome="forbidden", wait=SIX_H, lands=False)
        for kind in ("permission_10", "permission_200", "permission_270", "permission_294")
    ),
    Case(kind="permission_3191001", outcome="forbidden", wait=SIX_H, lands=False),
    Case(kind="range_3018", outcome="unavailable", wait=SIX_H, lands=False),
    Case(kind="http_503", outcome="unavailable", lands=False),
    Case(kind="insights:http_503", outcome="partial", lands=False),
    Case(kind="account:truncated_json", outcome="malformed", lands=False),
]
THROTTLED = [
    Case(kind="app_load", outcome="rate_limited", wait=FIVE_MIN, pauses=True, lands=False),
    Case(kind="global_load", outcome="rate_limited", wait=FIVE_MIN, pauses=True, lands=False),
    Case(kind="app_limit", outcome="rate_limited", wait=FIVE_MIN, pauses=True, lands=False),
    Case(kind="user_17", outcome="rate_limited", wait=FIVE_MIN, lands=False),
    Case(kind="account_613", outcome="rate_limited", wait=FIVE_MIN, lands=False),
    Case(kind="insights_80000", outcome="rate_limited", wait=FIVE_MIN, lands=False),
    Case(kind="ads_80004", outcome="rate_limited", wait=FIVE_MIN, lands=False),
    Case(kind="throttle_full", outcome="rate_limited", wait=FIVE_MIN, lands=False),
]
ODD = [
    Case(kind="forbidden_ad", outcome="partial", of_an_ad=True, issue="not_permitted"),
    Case(kind="insights:empty_data", how={"skip": 1}, outcome="partial", lands=False),
    Case(kind="reach_absent"),
    Case(kind="creative_absent"),
    Case(kind="deleted_unlisted", has_gap=True),
]
USUAL = [*CURED, *FAILED, *THROTTLED[3:], *ODD[:-1]]
IS_LONG = "LAYERS_LONG_TESTS" in os.environ
ALONE = THROTTLED[: 3 if IS_LONG else 1]
"""They hold everybody up, so each has a deployment of its own."""
ROUNDS = {
    "at once": (8, USUAL),
    "by report": (40, [*REPORTS, ODD[-1]]),
    **{case.kind: (8, [case]) for case in ALONE},
}
"""By name: how many days are read, and the faults."""
IN_ROUNDS = [
    pytest.param(name, case, id=case.kind) for name, (_, cases) in ROUNDS.items() for case in cases
]


@dataclass(kw_only=True)
class Left:
    """What a reading amid faults left behind for one ad account, and what the next one did."""

    outcome: str
    status: str
    message: str
    wait: timedelta | None
    landed: dict
    expected: dict
    gap: int
    healed: str = ""
    """How the next reading ended."""
    found: dict = field(default_factory=dict)
    wanted: dict = field(default_factory=dict)


class Round:
    """One deployment: a reading amid faults, and one half a day later without any."""

    def __init__(
        self, served: RunningSandbox, home: Path, cases: Sequence[Case], days: int
    ) -> None:
        self._served, self._days = served, timedelta(days=days)
        self.neighbour, *others = accounts_of(served, "meta")
        self.refs = {case.kind: ref for case, ref in zip(cases, others, strict=False)}
        served.world.faults.clear()
        served.world.clock.set(AT, rate=0)
        self._stores = ads_stores(served, home, ads_first_days=days)
        with closing(self._stores.operations):
            everybody = [self.neighbour, *self.refs.values()]
            connect_ads(self._stores, served, *everybody)
            for case in cases:
                self._strike(case)
            read_ads(self._stores)
            self.left = {ref: self._left(ref) for ref in everybody}
            refusals = self._stores.operations.refusals
            self.is_paused = refusals.pause_of("meta_ads:app", now=AT) is not None
            self._heal(everybody)

    def _strike(self, case: Case) -> None:
        ref = self.refs[case.kind]
        subject = {"subject": min(self._told(ref))[0]} if case.of_an_ad else {}
        put_fault(self._served, ref, case.kind, **case.how, **subject)

    def _left(self, ref: AccountRef) -> Left:
        row = account_row(self._stores, ref)
        return Left(
            outcome=str(row.last_outcome),
            status=row.status,
            message=row.last_message or "",
            wait=row.retry_at - AT if row.retry_at else None,
            landed=days_known(self._stores, ref),
            expected=self._told(ref),
            gap=known(self._stores, catalog.AD_ACCOUNT_DAYS, ref)["spend_gap_cents"].sum(),
        )

    def _heal(self, everybody: Sequence[AccountRef]) -> None:
        """Half a day later: people gave new tokens where they were asked to, and all are read."""
        self._served.world.faults.clear()
        self._served.world.clock.advance(12 * 3600)
        for ref in everybody:
            if self.left[ref].status == "reauth_required":
                connect_ads(self._stores, self._served, ref)
        read_ads(self._stores)
        for ref in everybody:
            left = self.left[ref]
            left.healed = str(account_row(self._stores, ref).last_outcome)
            left.found = days_known(self._stores, ref)
            left.wanted = self._told(ref, self._days - timedelta(days=1))

    def _told(self, ref: AccountRef, days: timedelta | None = None) -> dict:
        account = self._served.world.ads.account(ref)
        assert account is not None
        today = account.day_of(self._served.world.clock.now())
        return truth(self._served, ref, today - (days or self._days), today)


def days_known(stores: Stores, ref: AccountRef) -> dict:
    """By ad and day, as ``truth`` has it, of the ads of an account."""
    ads = known(stores, catalog.STG_ADS__DAYS, ref)["ad_id"].unique()
    rows = known(stores, catalog.AD_DAILY_METRICS).filter(pl.col("ad_id").is_in(ads.to_list()))
    newest = rows.sort("known_at").unique(("ad_id", "spent_on"), keep="last")
    figures = ("spend_cents", "impressions", "clicks", "conversions", "conversion_value_cents")
    return {row[:2]: row[2:] for row in newest.select("ad_id", "spent_on", *figures).rows()}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with ads_sandbox(POSTS, AdPlan(accounts=1 + len(USUAL), ads=7)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def round_of(served: RunningSandbox, tmp_path_factory: pytest.TempPathFactory):
    """The round of a name, played when it is first asked for."""

    @cache
    def played(name: str) -> Round:
        days, cases = ROUNDS[name]
        return Round(served, tmp_path_factory.mktemp("ads"), cases, days)

    return played


@pytest.mark.parametrize(("name", "case"), IN_ROUNDS)
def test_a_fault_ends_in_its_outcome_and_loses_nothing(round_of, name: str, case: Case):
    played: Round = round_of(name)
    left = played.left[played.refs[case.kind]]
    assert (left.outcome, left.status) == (case.outcome, case.status), left.message
    assert case.issue in left.message
    assert (left.wait is None) == (case.wait is None)
    assert left.wait is None or left.wait >= case.wait
    assert played.is_paused == case.pauses
    assert left.landed.items() <= left.expected.items()
    assert bool(left.landed) == case.lands
    missing = sum(left.expected[key][0] for key in left.expected.keys() - left.landed.keys())
    is_told = case.outcome != "ok" or (missing > 0, left.gap) == (case.has_gap, missing)
    assert is_told, (missing, left.gap)
    assert left.healed == "ok"
    assert {key: left.found.get(key) for key in left.wanted} == left.wanted


@pytest.mark.parametrize("name", ROUNDS)
def test_a_healthy_neighbour_does_not_notice(round_of, name: str):
    played: Round = round_of(name)
    left = played.left[played.neighbour]
    assert left.outcome in ("ok", "rate_limited" if played.is_paused else "ok")
    assert left.landed.items() <= left.expected.items()
    assert played.is_paused or left.landed == left.expected
    assert left.healed == "ok"
    assert {key: left.found.get(key) for key in left.wanted} == left.wanted
