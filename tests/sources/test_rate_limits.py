"""What usage headers say, who waits for whom, and how evenly calls are spaced."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import SettingsError, SourceThrottledError
from layers_pipeline.sources.rate_limits import RateLimiter, Usage, UsageBudgets, usage_of
from tests.sources.instagram.readings import (
    CLOCK,
)

APP = "x-app-usage"
BUSINESS = "x-business-use-case-usage"
RECORD = {"type": "instagram", "call_count": 95, "total_cputime": 20, "total_time": 30}


def usage(account_key="", **headers):
    named = {name.replace("_", "-"): json.dumps(value) for name, value in headers.items()}
    return usage_of(named, account_key=account_key)


def test_no_headers_say_nothing():
    assert usage_of({}) == Usage()


def test_the_largest_share_of_the_app_counts():
    assert usage(x_app_usage={"call_count": 28, "total_time": 25, "total_cputime": 31}) == Usage(
        app_pct=31
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"1784": [RECORD]}, id="as documented"),
        pytest.param({"1784": [{"call_count": 1}, RECORD]}, id="second record"),
        pytest.param({"1784": RECORD}, id="record without list"),
        pytest.param(RECORD, id="flat"),
        pytest.param([RECORD], id="list"),
        pytest.param({"1784": [RECORD | {"call_count": "95"}]}, id="number as text"),
        pytest.param({"1784": [RECORD | {"type": None}]}, id="no type"),
        pytest.param({"1784": [RECORD | {"total_time": "soon"}]}, id="one share unreadable"),
    ],
)
def test_the_account_s_usage_is_found_in_any_shape(header):
    assert usage(x_business_use_case_usage=header).account_pct == 95


def test_minutes_until_the_account_may_be_read_again_become_seconds():
    record = RECORD | {"estimated_time_to_regain_access": 19}
    assert usage(x_business_use_case_usage={"1784": [record]}).regain_s == 19 * 60


def test_records_of_other_accounts_do_not_count_where_ours_is_there():
    header = {"1": [RECORD], "2": [RECORD | {"call_count": 40}]}
    assert usage("2", x_business_use_case_usage=header).account_pct == 40
    assert usage("3", x_business_use_case_usage=header).account_pct == 95


def test_allowances_for_advertisements_do_not_count():
    header = {"1784": [RECORD | {"type": "ads_management"}]}
    assert usage(x_business_use_case_usage=header) == Usage()


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(["call_count", "total_time", "estimated_time_to_regain_access"])
            | st.text(max_size=5),
            parts,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(any_json.map(json.dumps) | st.text(), any_json.map(json.dumps) | st.text(), st.text())
def test_no_header_whatsoever_does_harm(app, business, account_key):
    found = usage_of({APP: app, BUSINESS: business}, account_key=account_key)
    for number in (found.app_pct, found.account_pct, found.regain_s):
        assert 0 <= number < float("inf")


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=["Nd"]), min_size=1),
        st.lists(st.integers(0, 100), min_size=1, max_size=4),
        min_size=1,
    )
)
def test_the_worst_record_of_a_documented_header_counts(shares):
    header = {key: [{"call_count": share} for share in some] for key, some in shares.items()}
    worst = max(share for some in shares.values() for share in some)
    assert usage(x_business_use_case_usage=header).account_pct == worst


class MovingClock:
    """A clock that the test moves."""

    def __init__(self):
        self.at = datetime(2025, 1, 1, tzinfo=UTC)

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return MovingClock()


def throttle(scope="account", retry_after_s=60.0):
    return SourceThrottledError("instagram", "said", retry_after_s=retry_after_s, scope=scope)


def test_nobody_waits_at_first(clock):
    assert not UsageBudgets(clock).is_spent("instagram", "a")


def test_a_throttled_account_waits_and_the_others_do_not(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle())
    assert budgets.is_spent("instagram", "a")
    assert not budgets.is_spent("instagram", "b")


def test_a_throttled_app_lets_everybody_wait(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle("app"))
    with pytest.raises(SourceThrottledError) as raised:
        budgets.check("instagram", "b")
    assert (raised.value.scope, raised.value.retry_after_s) == ("app", 60)


def test_another_platform_does_not_wait(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle("app"))
    assert not budgets.is_spent("tiktok", "a")


def test_a_wait_ends(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle())
    clock.at += timedelta(seconds=59)
    assert budgets.is_spent("instagram", "a")
    clock.at += timedelta(seconds=1)
    assert not budgets.is_spent("instagram", "a")


def test_the_time_left_shrinks_as_it_passes(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle())
    clock.at += timedelta(seconds=20)
    with pytest.raises(SourceThrottledError, match="retry after 40 s"):
        budgets.check("instagram", "a")


def test_a_shorter_wait_does_not_cut_a_longer_one(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle(retry_after_s=600))
    budgets.hold("a", throttle(retry_after_s=1))
    clock.at += timedelta(seconds=599)
    assert budgets.is_spent("instagram", "a")


def test_no_wait_is_longer_than_a_day(clock):
    budgets = UsageBudgets(clock)
    budgets.hold("a", throttle(retry_after_s=1e18))
    clock.at += timedelta(days=1)
    assert not budgets.is_spent("instagram", "a")


@pytest.mark.parametrize(("pct", "is_spent"), [(89.9, False), (90, True), (100, True)])
@pytest.mark.parametrize("kind", ["app_pct", "account_pct"])
def test_the_limit_itself_is_too_much(clock, kind, pct, is_spent):
    budgets = UsageBudgets(clock, limit_pct=90)
    budgets.note("instagram", "a", Usage(**{kind: pct}))
    assert budgets.is_spent("instagram", "a") is is_spent
    assert budgets.is_spent("instagram", "b") is (is_spent and kind == "app_pct")


def test_a_stated_time_counts_at_any_usage(clock):
    budgets = UsageBudgets(clock)
    budgets.note("instagram", "a", Usage(account_pct=10, regain_s=120))
    clock.at += timedelta(seconds=119)
    assert budgets.is_spent("instagram", "a")


def test_usage_without_a_stated_time_waits_five_minutes(clock):
    budgets = UsageBudgets(clock)
    budgets.note("instagram", "a", Usage(account_pct=95))
    with pytest.raises(SourceThrottledError, match="account usage 95 %, retry after 300 s"):
        budgets.check("instagram", "a")


def test_a_clock_that_stands_still_keeps_waiting():
    budgets = UsageBudgets(FixedClock(CLOCK.now()))
    budgets.hold("a", throttle())
    assert budgets.is_spent("instagram", "a")


def test_calls_are_evenly_spaced():
    async def run():
        limiter = RateLimiter(50)
        begun_s = time.monotonic()
        await asyncio.gather(*(limiter.acquire() for _ in range(6)))
        return time.monotonic() - begun_s

    # The first goes at once, each other one a fiftieth of a second later.
    assert asyncio.run(run()) >= 5 / 50 * 0.9


def test_one_pace_serves_one_event_loop_after_another():
    limiter = RateLimiter(1000)

    async def run():
        await limiter.acquire()

    for _ in range(3):
        asyncio.run(run())


@pytest.mark.parametrize("calls_per_s", [0, -1, float("nan"), float("inf")])
def test_a_pace_needs_a_number_above_zero(calls_per_s):
    with pytest.raises(SettingsError, match="above 0"):
        RateLimiter(calls_per_s)
