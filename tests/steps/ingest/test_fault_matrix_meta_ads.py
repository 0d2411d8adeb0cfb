"""Meta's ads by what goes wrong, met by whole readings over real HTTP.

Belongs here: each error body of the Marketing API: the outcome, what landed, no spend that is not
the platform's, a neighbour that does not notice, the next reading that loses nothing.
Does not belong here: single answers and requests (``tests.sources.meta_ads``).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from sandbox import AccountRef, RunningSandbox
from tests.steps.ingest.ads_world import (
    AT,
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

DAYS = timedelta(days=10)
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
    settings: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.kind


REPORT = {"ads_first_days": 40}
"""So many days are read by a report."""
TOKEN = Case(kind="", outcome="reauth_required", status="reauth_required", lands=False)
CURED = [
    Case(kind="reduce_data", issue="page_made_smaller"),
    Case(kind="reduce_data_user_msg", issue="page_made_smaller"),
    Case(kind="reduce_days", issue="page_made_smaller"),
    Case(kind="too_many_rows", issue="page_made_smaller"),
    Case(kind="sync_timeout", issue="page_made_smaller"),
    Case(kind="sync_timeout_2", issue="page_made_smaller"),
    Case(kind="metric_retry", how={"times": 1}),
    Case(kind="http_500", how={"times": 1, "skip": 3}),
    Case(kind="truncated_json", how={"times": 1, "skip": 3}),
    Case(kind="empty_page_with_next", how={"times": 1}),
    Case(kind="short_page", how={"times": 2}),
    Case(kind="plain_numbers"),
]
REPORTS = [
    Case(kind="run_running_100", how={"times": 2}, issue="read_by_report", settings=REPORT),
    Case(kind="run_failed", how={"times": 1}, issue="page_made_smaller", settings=REPORT),
    Case(kind="run_too_large", how={"times": 1}, issue="page_made_smaller", settings=REPORT),
    Case(kind="run_skipped", how={"times": 1}, issue="read_by_report", settings=REPORT),
    Case(kind="run_unreadable", how={"times": 2}, issue="read_by_report", settings=REPORT),
    Case(kind="run_unreadable_2637", how={"times": 2}, issue="read_by_report", settings=REPORT),
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
    Case(kind="deleted_unlisted", has_gap=True, settings={"ads_first_days": 20}),
]
ALL = [*CURED, *REPORTS, *FAILED, *THROTTLED, *ODD]
OF_THEIR_KIND = frozenset(
    {
        *("reduce_data_user_msg", "reduce_days", "run_failed", "permission_270"),
        *("app_load", "ads_80004", "forbidden_ad", "deleted_unlisted", "insights:empty_data"),
    }
)
"""One of each kind; all of them take a minute."""
IS_LONG = "LAYERS_LONG_TESTS" in os.environ
CASES = [case for case in ALL if IS_LONG or case.kind in OF_THEIR_KIND]


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with ads_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def empty(served: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose tables of the operational database are there."""
    home = tmp_path_factory.mktemp("ads") / "home"
    stores = ads_stores(served, home)
    stores.operations.close()
    return home


def days_known(stores, ref: AccountRef) -> dict:
    """By ad and day, as ``truth`` has it, of the ads of an account."""
    states = known(stores, catalog.STG_ADS__DAYS, ref)["ad_id"].unique()
    rows = known(stores, catalog.AD_DAILY_METRICS).filter(pl.col("ad_id").is_in(states.to_list()))
    newest = rows.sort("known_at").unique(("ad_id", "spent_on"), keep="last")
    return {
        (row["ad_id"], row["spent_on"]): (
            row["spend_cents"],
            row["impressions"],
            row["clicks"],
            row["conversions"],
            row["conversion_value_cents"],
        )
        for row in newest.iter_rows(named=True)
    }


def told(served, stores, ref: AccountRef, days: timedelta) -> dict:
    today = served.world.ads.account(ref).day_of(served.world.clock.now())
    return truth(served, ref, today - days, today)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_ends_in_its_outcome_and_loses_nothing(case, served, empty, tmp_path):
    served.world.faults.clear()
    served.world.clock.set(AT, rate=0)
    home = Path(shutil.copytree(empty, tmp_path / "home"))
    ref, neighbour = accounts_of(served, "meta")
    days = timedelta(days=case.settings.get("ads_first_days", DAYS.days))
    stores = ads_stores(served, home, **case.settings)
    with closing(stores.operations):
        connect_ads(stores, served, ref, neighbour)
        subject = sorted(key[0] for key in told(served, stores, ref, days))[0]
        put_fault(
            served, ref, case.kind, **case.how, **({"subject": subject} if case.of_an_ad else {})
        )
        read_ads(stores)

        row = account_row(stores, ref)
        assert (row.last_outcome, row.status) == (case.outcome, case.status), row.last_message
        assert case.issue in (row.last_message or "")
        waits = row.retry_at - served.world.clock.now() if row.retry_at else None
        assert (waits is not None and case.wait is not None and waits >= case.wait) or (
            waits == case.wait
        )
        pause = stores.operations.refusals.pause_of("meta_ads:app", now=stores.clock.now())
        assert (pause is not None) == case.pauses
        expected = told(served, stores, ref, days)
        landed = days_known(stores, ref)
        assert landed.items() <= expected.items()
        assert bool(landed) == case.lands
        missing = sum(expected[key][0] for key in expected.keys() - landed.keys())
        gaps = known(stores, catalog.AD_ACCOUNT_DAYS, ref)["spend_gap_cents"]
        if case.outcome == "ok":
            assert (missing > 0, gaps.sum()) == (case.has_gap, missing)
        beside = account_row(stores, neighbour)
        assert beside.last_outcome in ("ok", "rate_limited" if case.pauses else "ok")

        served.world.faults.clear()
        served.world.clock.advance(12 * 3600)
        if case.status == "reauth_required":
            connect_ads(stores, served, ref)
        read_ads(stores)
        assert account_row(stores, ref).last_outcome == "ok"
        for one in (ref, neighbour):
            found, wanted = (
                days_known(stores, one),
                told(served, stores, one, days - timedelta(days=1)),
            )
            assert {key: found.get(key) for key in wanted} == wanted
