"""Proof: Meta's own SDK reads the sandbox's ads as it reads the platform's."""

import warnings
from decimal import Decimal

import pytest

with warnings.catch_warnings():
    # The SDK's sources have invalid escapes; they are not ours to mend.
    warnings.simplefilter("ignore")
    from facebook_business.adobjects.ad import Ad
    from facebook_business.adobjects.adaccount import AdAccount
    from facebook_business.adobjects.adcreative import AdCreative
    from facebook_business.adobjects.adreportrun import AdReportRun
    from facebook_business.adobjects.user import User
    from facebook_business.api import FacebookAdsApi
    from facebook_business.exceptions import FacebookRequestError
    from facebook_business.session import FacebookSession

from sandbox import Fault, running_sandbox
from tests.sandbox.graph.ads.caller import (
    DATASET,
    EVERY_STATUS,
    NOW,
    SINCE,
    UNTIL,
    of_type,
)

RANGE = {"since": SINCE, "until": UNTIL}
FIELDS = ["ad_id", "spend", "impressions", "reach", "frequency", "actions", "action_values"]


@pytest.fixture(scope="module")
def served():
    with running_sandbox(DATASET, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def account(served):
    """The sandbox's own record of the first ad account."""
    served.world.faults.clear()
    return served.world.ads.accounts[0]


@pytest.fixture
def sdk(served, account):
    """The SDK as its documents set it up, but for the host."""
    token = served.issue(account.ref).access
    session = FacebookSession(app_id="1", app_secret="s", access_token=token)
    session.GRAPH = served.url
    session.requests.trust_env = False
    return FacebookAdsApi(session)


@pytest.fixture
def theirs(sdk, account):
    return AdAccount(f"act_{account.account_id}", api=sdk)


def truth(served, account):
    """Spend, impressions and purchases of each ad and day."""
    days = (account.day_of(NOW).replace(day=1), account.day_of(NOW).replace(day=24))
    return {
        (row.ad.ad_id, f"{row.day}"): (
            row.numbers.spend,
            row.numbers.impressions,
            len(row.numbers.purchases_meta),
        )
        for row in served.world.ads.days(account.ref, *days, at=NOW)
    }


def told(rows):
    return {
        (row["ad_id"], row["date_start"]): (
            int(Decimal(row["spend"]) * 100),
            int(row["impressions"]),
            int(of_type(row.get("actions"), key="28d_click") or 0)
            + int(of_type(row.get("actions"), key="1d_view") or 0),
        )
        for row in rows
    }


def test_accounts_are_listed_with_zone_and_currency(sdk, served):
    fields = ["account_id", "currency", "timezone_name", "timezone_offset_hours_utc"]
    accounts = list(User("me", api=sdk).get_ad_accounts(fields=fields))
    assert [one["account_id"] for one in accounts] == [
        one.account_id for one in served.world.ads.accounts if one.platform == "meta_ads"
    ]
    assert accounts[0]["timezone_offset_hours_utc"] == -8
    assert [one["currency"] for one in accounts] == ["USD", "JPY"]


def test_ads_are_listed_page_by_page_with_what_they_show(theirs, sdk, served, account):
    fields = [Ad.Field.id, Ad.Field.effective_status, Ad.Field.creative]
    params = {"limit": 4, "effective_status": EVERY_STATUS[0]["value"]}
    found = {ad["id"]: ad for ad in theirs.get_ads(fields=fields, params=params)}
    known = [ad for ad in served.world.ads.ads(account.ref, at=NOW) if ad.state(NOW) != "deleted"]
    assert set(found) == {ad.ad_id for ad in known}
    for ad in known:
        creative = AdCreative(found[ad.ad_id]["creative"]["id"], api=sdk)
        shown = creative.api_get(fields=["effective_instagram_media_id", "object_type"])
        assert shown.get("effective_instagram_media_id") == ad.shows_id


def test_a_deleted_ad_is_read_by_its_id(sdk, served, account):
    deleted = next(
        ad for ad in served.world.ads.ads(account.ref, at=NOW) if ad.state(NOW) == "deleted"
    )
    ad = Ad(deleted.ad_id, api=sdk).api_get(fields=["name", "effective_status"])
    assert (ad["name"], ad["effective_status"]) == (deleted.name, "DELETED")
    rows = list(
        Ad(deleted.ad_id, api=sdk).get_insights(fields=FIELDS, params={"time_range": RANGE})
    )
    days = served.world.ads.days
    spend = sum(
        row.numbers.spend
        for row in days(
            account.ref,
            account.day_of(NOW).replace(day=1),
            account.day_of(NOW).replace(day=24),
            at=NOW,
        )
        if row.ad is deleted
    )
    assert sum(int(Decimal(row["spend"]) * 100) for row in rows) == spend


PARAMS = {
    "level": "ad",
    "time_increment": 1,
    "time_range": RANGE,
    "filtering": EVERY_STATUS,
    "limit": 50,
    "action_attribution_windows": ["28d_click", "1d_view"],
}


def test_insights_are_read_page_by_page(theirs, served, account):
    rows = list(theirs.get_insights(fields=FIELDS, params=PARAMS))
    wanted = truth(served, account)
    assert {key: one[:2] for key, one in told(rows).items()} == {
        key: one[:2] for key, one in wanted.items()
    }


def test_a_report_is_ordered_awaited_and_read(theirs, served, account):
    run = theirs.get_insights(fields=FIELDS, params=PARAMS, is_async=True)
    assert isinstance(run, AdReportRun)
    states = []
    while not states or states[-1] != ("Job Completed", 100):
        run = run.api_get()
        states.append((run["async_status"], run["async_percent_completion"]))
    assert states == [("Job Running", 50), ("Job Completed", 100)]
    rows = list(run.get_insights(params={"limit": 40}))
    assert told(rows) == told(theirs.get_insights(fields=FIELDS, params=PARAMS))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("reduce_data", (500, 1, None)),
        ("reduce_data_user_msg", (400, 1, 99)),
        ("app_load", (400, 4, 1_504_022)),
        ("ads_80004", (400, 80_004, 2_446_079)),
        ("permission_270", (400, 270, None)),
        ("token_expired", (400, 190, 463)),
    ],
)
def test_what_is_refused_is_an_error_of_the_sdk(theirs, served, account, kind, expected):
    served.world.faults.put(account.ref, Fault(kind=kind, times=1))
    with pytest.raises(FacebookRequestError) as caught:
        theirs.get_insights(fields=FIELDS, params=PARAMS)
    error = caught.value
    found = (error.http_status(), error.api_error_code(), error.api_error_subcode())
    assert found == expected
