"""TikTok's account: its profile, and what its days brought."""

import json
from datetime import timedelta

import pytest

from sandbox import Dataset
from tests.sandbox.tiktok.caller import NOW, TikTokCaller, video_at


@pytest.fixture
def tiktok():
    return TikTokCaller()


def asked(caller, *fields, **params):
    answer = caller.get("business/get/", fields=json.dumps(fields), **params).json()
    assert answer["code"] == 0
    return answer["data"]


def test_without_fields_there_are_name_and_picture(tiktok):
    assert list(tiktok.get("business/get/").json()["data"]) == ["display_name", "profile_image"]


def test_the_profile_is_of_now(tiktok):
    data = asked(tiktok, "username", "followers_count", "videos_count", "total_likes")
    assert data["username"] == tiktok.account.account_key
    assert data["followers_count"] == tiktok.world.dataset.followers(tiktok.account, at=NOW)
    assert data["videos_count"] == len(tiktok.alive())
    assert data["total_likes"] == sum(i.metrics(NOW).get("likes", 0) for i in tiktok.alive())
    assert "metrics" not in data


def test_days_are_the_last_week_without_those_whose_numbers_are_not_out(tiktok):
    days = asked(tiktok, "video_views", "followers_count")["metrics"]
    assert [day["date"] for day in days] == [f"2025-05-{n:02d}" for n in range(7, 13)]
    assert days[-1].keys() == {"date", "video_views", "followers_count"}


def test_days_add_up_to_what_the_videos_have(tiktok):
    days = asked(tiktok, "video_views", start_date="2025-03-15", end_date="2025-05-14")["metrics"]
    shown = sum(item.metrics(NOW).get("views", 0) for item in tiktok.alive())
    assert sum(day["video_views"] for day in days) == shown


def test_likes_of_a_day_are_gross():
    liked = video_at(NOW - timedelta(days=6), 1, rates={"likes": 0.5}, final_views=1e6)
    days = asked(TikTokCaller(Dataset([liked])), "likes")["metrics"]
    assert min(day["likes"] for day in days) >= 0


def test_the_total_of_a_days_followers_is_what_the_day_brought(tiktok):
    fields = ("daily_total_followers", "daily_new_followers", "daily_lost_followers")
    for day in asked(tiktok, *fields)["metrics"]:
        net = day["daily_new_followers"] - day["daily_lost_followers"]
        assert day["daily_total_followers"] == net


def test_ages_are_shares_of_one_whole_and_need_a_hundred_followers(tiktok):
    ages = asked(tiktok, "audience_ages")["audience_ages"]
    assert ages[0].keys() == {"age", "percentage"}
    assert sum(age["percentage"] for age in ages) == pytest.approx(1, abs=0.001)
    video = video_at(NOW - timedelta(days=6), 1)
    few = Dataset([video], followers={video.account: 50 - 222})  # 222 more by now
    assert asked(TikTokCaller(few), "audience_ages") == {}


def test_activity_is_by_hour(tiktok):
    days = asked(tiktok, "audience_activity")["metrics"]
    assert [hour["hour"] for hour in days[0]["audience_activity"]] == [str(n) for n in range(24)]


@pytest.mark.parametrize(
    "params",
    [
        {"start_date": "2025-03-14"},
        {"end_date": "2025-05-15"},
        {"start_date": "2025-05-12", "end_date": "2025-05-11"},
        {"start_date": "May"},
        {"fields": '["item_id"]'},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused(tiktok, params):
    assert tiktok.get("business/get/", **params).json()["code"] == 40002
