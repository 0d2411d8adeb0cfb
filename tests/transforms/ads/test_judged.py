from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import frame
from tests.worlds.data_builders import AS_OF, hours
from transforms.ads.judged import AdHistory, ads_judged, first_days
from transforms.contracts.ads import AdAccountHistory, AdDailyMetrics, AdStates
from transforms.contracts.selection import ContentApprovals
from transforms.facts.ads_shown import SHOWN

DAY = date(2025, 5, 1)


def state(at=-10.0, **changes):
    row = {"ad_platform": "meta", "ad_id": "1", "ad_account_id": "9", "known_at": hours(at)}
    row |= {"status": "ACTIVE", "is_running": True, "is_deleted": False, "created_at": hours(-500)}
    return row | changes


def told(at=-10.0, *, on=DAY, ad_id="1", **changes):
    row = {"ad_platform": "meta", "ad_id": ad_id, "spent_on": on, "known_at": hours(at)}
    return row | {"spend_cents": 0, "impressions": 5} | changes


def judged(states=(), days=(), approvals=(), shown=(), *, zones=(), as_of=AS_OF):
    """With the zones that the account was known to have, and since when."""
    names = [{"ad_platform": "meta", "ad_id": "1", "ad_account_id": "9"} | one for one in shown]
    of_account = {"ad_platform": "meta", "ad_account_id": "9", "currency": "USD"}
    accounts = [of_account | {"time_zone": zone, "known_at": hours(at)} for zone, at in zones]
    history = AdHistory(
        states=frame(AdStates, states),
        approvals=frame(ContentApprovals, approvals),
        accounts=frame(AdAccountHistory, accounts),
        zones=pl.DataFrame(
            {"time_zone": [*{zone for zone, _ in zones}, None]}, schema={"time_zone": pl.String}
        ),
    )
    given = pl.DataFrame(names, schema=dict.fromkeys(SHOWN, pl.String)).lazy()
    first = first_days(frame(AdDailyMetrics, days))
    return ads_judged(given, history, first_days=first, as_of=as_of).collect()


def one(*args, **options):
    return judged(*args, **options).row(0, named=True)


def test_an_ad_stands_as_it_was_known_to():
    states = [state(), state(-2, status="PAUSED", is_running=False), state(1, is_deleted=True)]
    row = one(states, shown=[{}])
    assert (row["status"], row["is_running"], row["is_deleted"]) == ("PAUSED", False, False)
    assert (row["has_run"], row["began_at"]) == (True, hours(-500))


def test_an_ad_that_only_reports_name_is_judged_by_them():
    row = one(days=[told(), told(-5, on=DAY - timedelta(days=3)), told(1, on=date(2024, 1, 1))])
    assert (row["ad_id"], row["is_running"], row["has_run"]) == ("1", None, True)
    assert row["began_at"].date() == DAY - timedelta(days=3)
    assert row["project_id"] is None


def test_days_on_which_nobody_saw_it_do_not_begin_an_ad():
    assert one(days=[told(impressions=0)], shown=[{}])["has_run"] is False


@pytest.mark.parametrize(
    ("content", "pool"),
    [
        ("brand/tiktok:1", "ugc"),
        ("brand/instagram:generated:1", "ugc"),
        ("brand/generated:tiktok:1", "generated"),
        ("brand/manual:a/b", "manual"),
        (None, None),
    ],
)
def test_the_content_tells_the_pool(content, pool):
    row = one([state()], shown=[{"ads_content_id": content, "project_id": "brand"}])
    assert row["scoring_pool"] == pool


def test_the_newest_approval_known_counts():
    approvals = [
        {"ads_content_id": "b/manual:a", "known_at": hours(at), "approval": word, "changed_by": "x"}
        for at, word in ((-2, "pending"), (-1, "approved"), (1, "rejected"))
    ]
    assert (
        one([state()], (), approvals, [{"ads_content_id": "b/manual:a"}])["approval"] == "approved"
    )


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (None, date(2025, 5, 13)),
        ("Etc/GMT+12", date(2025, 5, 13)),
        ("Etc/GMT-14", date(2025, 5, 14)),
    ],
)
def test_the_last_day_is_the_account_s(zone, day):
    row = one([state()], shown=[{}], zones=[(zone, -9)] if zone else [], as_of=AS_OF)
    assert row["last_day_on"] == day


DAYS = st.lists(
    st.builds(
        lambda at, back, seen: told(at, on=DAY - timedelta(days=back), impressions=seen),
        st.integers(-9, 9),
        st.integers(0, 9),
        st.sampled_from([0, 1]),
    ),
    max_size=9,
)


@given(days=DAYS, at=st.integers(-9, 9))
def test_the_first_day_is_the_earliest_known_by_then(days, at):
    first = first_days(frame(AdDailyMetrics, days)).filter(pl.col("known_at") <= hours(at))
    known = [row for row in days if row["known_at"] <= hours(at) and row["impressions"]]
    expected = min((row["spent_on"] for row in known), default=None)
    assert first.collect()["first_on"].min() == expected
