"""What the simulated TikTok Business API tells of ads, and what it leaves out."""

from datetime import timedelta
from decimal import Decimal

import pytest

from sandbox.tiktok.ads.spark import lent
from tests.sandbox.tiktok.ads.caller import (
    EVERY_STATUS,
    METRICS,
    REPORT,
    SINCE,
    UNTIL,
    caller_of,
)

DELETED = ("deleted", "archived")


@pytest.fixture
def tiktok():
    return caller_of()


def test_the_agencys_token_opens_both_advertisers_and_the_others_only_its_own():
    app = {"app_id": "sandbox-client", "secret": "sandbox-secret"}
    both, own = (
        caller_of(number).read("oauth2/advertiser/get", **app)["list"] for number in (0, 1)
    )
    assert len(both) == 2
    assert [one["advertiser_id"] for one in own] == [caller_of(1).account.account_id]
    assert caller_of(1).refusal("ad/get", advertiser_id=both[0]["advertiser_id"]) == (
        40001,
        f"No permission to operate advertiser {both[0]['advertiser_id']}.",
    )


def test_an_advertiser_tells_its_currency_and_a_zone_whose_plus_lies_behind_utc(tiktok):
    ids = [one.account_id for one in tiktok.world.ads.accounts if one.platform == "tiktok_ads"]
    rows = tiktok.read("advertiser/info", advertiser_ids=ids)["list"]
    assert [(row["currency"], row["timezone"]) for row in rows] == [
        ("USD", "Etc/GMT+8"),
        ("JPY", "Asia/Tokyo"),
    ]


def test_deleted_ads_are_told_only_where_they_are_asked_for(tiktok):
    now = tiktok.world.clock.now()
    usual = tiktok.read("ad/get", page_size=100)["list"]
    filters = {"primary_status": "STATUS_ALL"}
    every = tiktok.read("ad/get", page_size=100, filtering=filters)["list"]
    kept = {ad.ad_id for ad in tiktok.ads() if ad.state(now) not in DELETED}
    assert {row["ad_id"] for row in usual} == kept
    assert {row["ad_id"] for row in every} == {ad.ad_id for ad in tiktok.ads()}
    assert len(kept) < len(every)


def test_an_ad_tells_the_post_that_it_shows_or_its_own_video(tiktok):
    rows = tiktok.read("ad/get", page_size=100, filtering={"primary_status": "STATUS_ALL"})["list"]
    shown = {ad.ad_id: ad.shows_id for ad in tiktok.ads()}
    assert {row["ad_id"]: row["tiktok_item_id"] for row in rows} == shown
    assert all((row["video_id"] is None) == (row["tiktok_item_id"] is not None) for row in rows)
    assert any("modify_time" not in row for row in rows)


def test_ads_are_paged_and_past_the_end_there_are_none(tiktok):
    pages = [tiktok.read("ad/get", page=page, page_size=7) for page in (1, 2, 3, 4)]
    total = pages[0]["page_info"]["total_number"]
    assert sum(len(page["list"]) for page in pages) == total
    assert len({row["ad_id"] for page in pages for row in page["list"]}) == total
    assert pages[3]["list"] == []


def truth(tiktok):
    return {
        (row.ad.ad_id, f"{row.day} 00:00:00"): (
            row.numbers.spend,
            row.numbers.impressions,
            row.numbers.clicks,
            len(row.numbers.purchases_of_day),
            sum(one.value for one in row.numbers.purchases_of_day if not one.on_platform),
        )
        for row in tiktok.days()
    }


def told(rows):
    return {
        (row["dimensions"]["ad_id"], row["dimensions"]["stat_time_day"]): (
            int(Decimal(row["metrics"]["spend"]) * 100),
            int(row["metrics"]["impressions"]),
            int(row["metrics"]["clicks"]),
            int(row["metrics"]["conversion"]),
            int(Decimal(row["metrics"]["total_complete_payment_rate"]) * 100),
        )
        for row in rows
    }


def test_a_report_tells_what_is_true_and_all_of_it_is_text(tiktok):
    rows = tiktok.report(filtering=EVERY_STATUS)
    assert told(rows) == truth(tiktok)
    assert all(isinstance(value, str) for row in rows for value in row["metrics"].values())


def test_without_a_filter_the_spend_of_deleted_ads_is_missing(tiktok):
    now = tiktok.world.clock.now()
    usual, every = told(tiktok.report()), truth(tiktok)
    gone = {ad.ad_id for ad in tiktok.ads() if ad.state(now) in DELETED}
    assert {key: value for key, value in every.items() if key[0] not in gone} == usual
    hidden = sum(value[0] for key, value in every.items() if key[0] in gone)
    whole = tiktok.report(data_level="AUCTION_ADVERTISER", dimensions=["advertiser_id"])
    assert hidden > 0
    spend = int(Decimal(whole[0]["metrics"]["spend"]) * 100)
    assert spend == sum(value[0] for value in usual.values()) + hidden


def test_totals_are_those_of_all_pages_and_stand_on_the_first(tiktok):
    asked = REPORT | {"page_size": 10, "enable_total_metrics": True}
    first = tiktok.read("report/integrated/get", **asked)
    second = tiktok.read("report/integrated/get", **(asked | {"page": 2}))
    rows = tiktok.report()
    spend = sum(Decimal(row["metrics"]["spend"]) for row in rows)
    assert Decimal(first["total_metrics"]["spend"]) == spend
    assert first["total_metrics"]["reach"] == "-"
    assert "total_metrics" not in second


def test_yen_have_no_decimals():
    rows = caller_of(1).report()
    assert rows
    assert all("." not in row["metrics"]["spend"] for row in rows)


def test_reach_is_unknown_for_sixteen_hours_after_the_day(tiktok):
    day = tiktok.account.day_of(tiktok.world.clock.now())
    tiktok.world.clock.set(tiktok.account.day_starts(day + timedelta(days=1)))
    asked = {"start_date": f"{day}", "end_date": f"{day}"}
    assert {row["metrics"]["reach"] for row in tiktok.report(**asked)} == {"-"}
    tiktok.advance(hours=16)
    assert "-" not in {row["metrics"]["reach"] for row in tiktok.report(**asked)}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"end_date": f"{SINCE + timedelta(days=30)}"}, "30 days"),
        ({"data_level": "AUCTION_ALL"}, "data_level"),
        ({"dimensions": ["stat_time_day"]}, "ad_id is required"),
        ({"metrics": ["purchases"]}, "error is purchases"),
        ({"page_size": 1001}, "page_size"),
        ({"filtering": [{"field_name": "ad_status", "filter_value": ["STATUS_ALL"]}]}, "string"),
    ],
)
def test_what_cannot_be_asked_is_refused(tiktok, more, said):
    code, message = tiktok.refusal("report/integrated/get", **(REPORT | more))
    assert code == 40002
    assert said in message


def test_a_task_gives_what_the_report_gives_with_deleted_ads(tiktok):
    task = tiktok.create(enable_report_title_translation=False)
    assert tiktok.states(task) == ["PROCESSING", "SUCCESS", "SUCCESS"]
    rows = [
        {
            "dimensions": {name: row[name] for name in REPORT["dimensions"]},
            "metrics": {name: row[name] for name in METRICS},
        }
        for row in tiktok.downloaded(task)
    ]
    assert rows == tiktok.report(filtering=EVERY_STATUS)


def test_titles_are_for_people_unless_they_are_not_wanted(tiktok):
    [row, *_] = tiktok.downloaded(tiktok.create())
    assert {"Ad ID", "By Day", "Cost", "Impression", "Click"} <= set(row)


def test_a_link_to_a_file_lives_for_an_hour(tiktok):
    task = tiktok.create(output_format="CSV_DOWNLOAD")
    tiktok.states(task)
    link = tiktok.read("report/task/download", task_id=task)["download_url"]
    assert tiktok.request("GET", link).text.startswith("Ad ID,By Day")
    tiktok.advance(hours=2)
    assert tiktok.request("GET", link).status_code == 403


def test_a_task_that_is_not_ready_cannot_be_read(tiktok):
    assert tiktok.refusal("report/task/download", task_id=tiktok.create())[0] == 40201
    assert tiktok.refusal("report/task/check", task_id="1")[0] == 40007


def test_a_spark_code_tells_its_post_and_its_times(tiktok):
    codes = tiktok.world.ads.spark_codes(at=tiktok.world.clock.now())
    ended = next(one for one in codes if one.is_over(tiktok.world.clock.now()))
    lives = next(one for one in codes if not one.is_over(tiktok.world.clock.now()))
    for code, states in ((ended, {"EXPIRED"}), (lives, {"IN_USE", "NOT_USED"})):
        found = tiktok.read("tt_video/info", auth_code=code.code)
        assert found["item_info"]["item_id"] == code.item.item_id
        assert found["auth_info"]["ad_auth_status"] in states
        assert found["auth_info"]["auth_end_time"] == f"{code.ends_at:%Y-%m-%d %H:%M:%S}"
    assert tiktok.refusal("tt_video/info", auth_code="#no=")[0] == 40002


def test_an_ad_stops_when_the_leave_of_its_post_ends(tiktok):
    rows = tiktok.read("tt_video/list", page_size=50)["list"]
    ended = {
        row["item_info"]["item_id"]
        for row in rows
        if row["auth_info"]["ad_auth_status"] == "EXPIRED"
    }
    now = tiktok.world.clock.now()
    assert ended
    assert not any(
        ad.post and ad.post.item_id in ended for ad in tiktok.ads() if ad.state(now) == "active"
    )


def test_a_business_center_tells_whose_accounts_it_was_lent(tiktok):
    asked = {"bc_id": tiktok.account.business_id, "asset_type": "TT_ACCOUNT", "page_size": 50}
    rows = tiktok.read("bc/asset/get", **asked)["list"]
    accounts = [one for one in tiktok.world.dataset.accounts if one.platform == "tiktok"]
    assert [row["relation_status"] for row in rows] == [lent(one) for one in accounts]
    assert tiktok.refusal("bc/asset/get", **(asked | {"bc_id": "1"}))[0] == 40002


def test_identities_are_those_whose_posts_are_shown(tiktok):
    rows = tiktok.read("identity/get", page_size=50)["identity_list"]
    assert {row["display_name"] for row in rows} == {
        ad.post.account.account_key for ad in tiktok.ads() if ad.post
    }


def test_an_organic_token_opens_no_advertiser(tiktok):
    holder = next(one for one in tiktok.world.dataset.holders if one.platform == "tiktok")
    tiktok.token = tiktok.world.tokens.issue(holder).access
    assert tiktok.refusal("ad/get")[0] == 40105


def test_groups_and_campaigns_are_listed(tiktok):
    groups = tiktok.read("adgroup/get", page_size=100)["list"]
    assert {row["adgroup_id"] for row in groups} == {ad.ad_set.ad_set_id for ad in tiktok.ads()}
    assert "DISABLE" in {row["operation_status"] for row in groups}
    rows = tiktok.read("campaign/get", page_size=100)["list"]
    assert {row["campaign_id"] for row in rows} == {row["campaign_id"] for row in groups}


def test_days_outside_of_everything_are_an_empty_list(tiktok):
    assert tiktok.report(start_date="2024-01-01", end_date="2024-01-10") == []
    assert tiktok.report(start_date=f"{UNTIL + timedelta(days=30)}", end_date="2025-06-24") == []
