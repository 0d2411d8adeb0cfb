"""Proof: TikTok's own business SDK reads the sandbox's ads as it reads the platform's."""

import warnings

import pytest

with warnings.catch_warnings():
    # The SDK's sources have invalid escapes; they are not ours to mend.
    warnings.simplefilter("ignore")
    from business_api_client import (
        AccountManagementApi,
        AdApi,
        ApiClient,
        AuthenticationApi,
        BCApi,
        Configuration,
        IdentityApi,
        ReportingApi,
    )
    from business_api_client.models.filtering_ad_get import FilteringAdGet
    from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError

from sandbox import Fault, running_sandbox
from tests.sandbox.graph.ads.caller import DATASET, NOW
from tests.sandbox.tiktok.ads.caller import EVERY_STATUS, REPORT, caller_of
from tests.sandbox.tiktok.ads.test_ads import told, truth


@pytest.fixture(scope="module")
def served():
    with running_sandbox(DATASET, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def account(served):
    served.world.faults.clear()
    return next(one for one in served.world.ads.accounts if one.platform == "tiktok_ads")


@pytest.fixture
def token(served, account):
    return served.issue(account.ref).access


@pytest.fixture
def client(served):
    settings = Configuration()
    settings.host = served.url
    return ApiClient(settings)


def test_advertisers_are_listed_and_told_about(client, served, token):
    found = AuthenticationApi(client).oauth2_advertiser_get(
        "sandbox-client", "sandbox-secret", token
    )
    ids = [one["advertiser_id"] for one in found["data"]["list"]]
    assert ids == [
        one.account_id for one in served.world.ads.accounts if one.platform == "tiktok_ads"
    ]
    rows = AccountManagementApi(client).advertiser_info(ids, token)["data"]["list"]
    assert [row["currency"] for row in rows] == ["USD", "JPY"]


def test_ads_are_listed_with_deleted_ones_and_what_they_show(client, served, account, token):
    found = AdApi(client).ad_get(
        account.account_id,
        token,
        filtering=FilteringAdGet(primary_status="STATUS_ALL"),
        fields=["ad_id", "tiktok_item_id", "secondary_status"],
        page_size=100,
    )["data"]
    ads = served.world.ads.ads(account.ref, at=NOW)
    assert {row["ad_id"]: row["tiktok_item_id"] for row in found["list"]} == {
        ad.ad_id: ad.shows_id for ad in ads
    }


def report(client, account, token, **more):
    given = {name: value for name, value in REPORT.items() if name != "report_type"}
    asked = given | {"advertiser_id": account.account_id, "filtering": EVERY_STATUS} | more
    return ReportingApi(client).report_integrated_get("BASIC", token, **asked)["data"]


def test_a_report_is_read_with_its_totals(client, account, token):
    found = report(client, account, token, enable_total_metrics=True)
    assert told(found["list"]) == truth(caller_of())
    assert "." in found["total_metrics"]["spend"]


def test_a_task_is_ordered_and_checked(client, account, token):
    body = REPORT | {"advertiser_id": account.account_id}
    reporting = ReportingApi(client)
    task_id = reporting.report_task_create(token, body=body)["data"]["task_id"]
    states = [
        reporting.report_task_check(task_id, account.account_id, token)["data"]["status"]
        for _ in range(2)
    ]
    assert states == ["PROCESSING", "SUCCESS"]


def test_identities_and_assets_are_listed(client, account, token):
    found = IdentityApi(client).identity_get(account.account_id, token)["data"]
    assert found["identity_list"]
    assets = BCApi(client).bc_asset_get(account.business_id, "ADVERTISER", token)["data"]["list"]
    assert len(assets) == 2


@pytest.mark.parametrize("kind", ["code_40100", "code_50000", "too_large_7"])
def test_what_is_refused_is_an_error_of_the_sdk(client, served, account, token, kind):
    served.world.faults.put(account.ref, Fault(kind=kind, times=1))
    with pytest.raises(TiktokSDKError):
        report(client, account, token)
