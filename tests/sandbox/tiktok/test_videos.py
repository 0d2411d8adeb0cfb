"""TikTok's list of videos: paging, filters, and every field against the truth."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import Dataset, Deletion
from sandbox.simulation.metrics import VANISHING
from sandbox.tiktok.fields import FROM_TRUTH, VIDEO_FIELDS, create_s
from sandbox.tiktok.videos import VideoQuery, page_of
from tests.sandbox.tiktok.caller import NOW, TikTokCaller, video_at

EVERY_FIELD = tuple(sorted(VIDEO_FIELDS))
INVENTED = {"video_view_retention", "engagement_likes", "impression_sources", "audience_countries"}


@pytest.fixture
def tiktok():
    return TikTokCaller()


def ids(data):
    return [video["item_id"] for video in data["videos"]]


def test_the_envelope_is_tiktoks(tiktok):
    answer = tiktok.get("business/video/list/")
    assert answer.status_code == 200
    assert list(answer.json()) == ["code", "message", "request_id", "data"]
    assert list(answer.json()["data"]) == ["has_more", "cursor", "videos"]
    assert answer.json()["message"] == "OK"
    assert answer.headers["x-tt-logid"] == answer.json()["request_id"]


def test_without_parameters_there_are_ten_videos_with_their_ids_only(tiktok):
    data = tiktok.get("business/video/list/").json()["data"]
    assert [list(video) for video in data["videos"]] == [["item_id"]] * 10
    assert ids(data) == [item.item_id for item in tiktok.alive()[:10]]


@pytest.mark.parametrize("fields", ['["item_id","likes"]', '["item_id", "likes"]'])
def test_json_may_have_spaces(tiktok, fields):
    tiktok.advance(days=3)
    data = tiktok.get("business/video/list", fields=fields).json()["data"]
    assert list(data["videos"][-1]) == ["item_id", "likes"]


@pytest.mark.parametrize("path", ["business/video/list", "business/video/list/"])
def test_the_slash_at_the_end_is_free(tiktok, path):
    assert tiktok.get(path).json()["code"] == 0


def test_any_version_is_served(tiktok):
    headers = {"Access-Token": tiktok.grant.access}
    params = {"business_id": tiktok.account.account_key}
    path = "/open_api/v2.0/business/video/list/"
    assert tiktok.request("GET", path, params=params, headers=headers).json()["code"] == 0


def test_pages_bring_every_living_video_once_newest_first(tiktok):
    pages = tiktok.pages(max_count=20)
    alive = tiktok.alive()
    assert [item_id for page in pages for item_id in ids(page)] == [i.item_id for i in alive]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert pages[0]["cursor"] == create_s(alive[19]) * 1000
    assert pages[-1]["cursor"] == create_s(alive[-1]) * 1000


def test_a_cursor_of_ones_own_shows_older_videos(tiktok):
    alive = tiktok.alive()
    data = tiktok.videos(cursor=create_s(alive[4]) * 1000)["data"]
    assert ids(data)[0] == alive[5].item_id


def test_cursor_zero_begins_with_the_newest(tiktok):
    assert ids(tiktok.videos(cursor=0)["data"]) == ids(tiktok.videos()["data"])


def test_an_account_without_videos_has_one_empty_page():
    caller = TikTokCaller(posts=0)
    assert caller.videos()["data"] == {"has_more": False, "cursor": 0, "videos": []}


@given(
    seconds=st.lists(st.integers(0, 6), max_size=30),
    count=st.integers(1, 5),
)
def test_no_second_is_parted_so_nothing_is_lost_or_shown_twice(seconds, count):
    videos = [video_at(NOW - timedelta(seconds=s), n) for n, s in enumerate(seconds)]
    items = Dataset(videos).every_item(videos[0].account) if videos else ()
    shown, cursor_ms, has_more = [], 0, True
    while has_more:
        query = VideoQuery(
            fields=(), video_ids=None, ads_only=False, cursor_ms=cursor_ms, count=count
        )
        page = page_of(items, query, NOW)
        shown += page.items
        cursor_ms, has_more = page.cursor_ms, page.has_more
    assert shown == list(items)


def test_deleted_and_coming_videos_are_not_shown():
    absence = Deletion(begins=NOW - timedelta(hours=1), ends=NOW + timedelta(hours=1))
    caller = TikTokCaller(
        Dataset(
            [
                video_at(NOW - timedelta(days=1), 1, deleted=(absence,)),
                video_at(NOW - timedelta(days=2), 2),
                video_at(NOW + timedelta(minutes=1), 3),
            ]
        )
    )
    now, later = ids(caller.videos()["data"]), timedelta(hours=1)
    caller.world.clock.set(NOW + later)
    assert len(now) == 1
    assert len(ids(caller.videos()["data"])) == 3


def test_videos_asked_for_by_id_come_without_cursor_and_unknown_ones_are_left_out(tiktok):
    wanted = [tiktok.alive()[3].item_id, "7000000000000000000", tiktok.alive()[1].item_id]
    data = tiktok.videos(filters=json.dumps({"video_ids": wanted}))["data"]
    assert (data["has_more"], data["cursor"]) == (False, 0)
    assert ids(data) == [wanted[0], wanted[2]]


def test_another_accounts_video_is_left_out(tiktok):
    other = tiktok.world.dataset.holders[-1]
    foreign = tiktok.world.dataset.every_item(other)[-1]
    assert other != tiktok.account
    data = tiktok.videos(filters=json.dumps({"video_ids": [foreign.item_id]}))["data"]
    assert data["videos"] == []


def test_there_are_no_ads(tiktok):
    assert tiktok.videos(filters='{"ad_post_only": true}')["data"]["videos"] == []


@pytest.mark.parametrize(
    "params",
    [
        {"fields": '["item_id","average_views"]'},
        {"fields": "item_id,likes"},
        {"fields": '{"item_id": 1}'},
        {"fields": '["likes"]'},
        {"max_count": "21"},
        {"max_count": "0"},
        {"max_count": "ten"},
        {"cursor": "-1"},
        {"cursor": "9" * 30},
        {"filters": "[]"},
        {"filters": '{"video_ids": "7"}'},
        {"filters": '{"video_id": ["7"]}'},
        {"filters": json.dumps({"video_ids": [str(n) for n in range(21)]})},
        {"business_id": ""},
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused(tiktok, params):
    answer = tiktok.get("business/video/list/", **params)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 40002, {})


def test_every_metric_is_the_truths_and_what_it_does_not_show_is_absent(tiktok):
    tiktok.advance(days=2)
    items = {item.item_id: item for item in tiktok.alive()}
    for page in tiktok.pages(fields=EVERY_FIELD, max_count=20):
        for video in page["videos"]:
            truth = items[video["item_id"]].metrics(tiktok.world.clock.now())
            assert {name: video[name] for name in FROM_TRUTH if name in video} == {
                name: truth[ours] for name, ours in FROM_TRUTH.items() if ours in truth
            }


def test_types_are_those_of_the_vendor(tiktok):
    tiktok.advance(days=4)
    videos = [v for page in tiktok.pages(fields=EVERY_FIELD) for v in page["videos"]]
    video = next(v for v in videos if v["media_type"] == "VIDEO" and "reach" in v)
    assert len(video["item_id"]) == 19
    assert video["create_time"].isdecimal()
    assert int(video["item_id"]) >> 32 == int(video["create_time"]) - 8
    assert {type(video[name]) for name in ("likes", "reach", "new_followers")} == {int}
    assert type(video["average_time_watched"]) is float
    assert 0 < video["full_video_watched_rate"] < 1
    assert video["is_ad"] is False
    assert video["video_view_retention"][0].keys() == {"second", "percentage"}
    assert sum(part["percentage"] for part in video["impression_sources"]) == pytest.approx(1, 0.01)


def test_a_photo_has_neither_length_nor_watch_time(tiktok):
    tiktok.advance(days=3)
    videos = [v for page in tiktok.pages(fields=EVERY_FIELD) for v in page["videos"]]
    photo = next(v for v in videos if v["media_type"] == "PHOTO")
    assert not photo.keys() & {"video_duration", "total_time_watched", "video_view_retention"}


def test_a_video_of_today_has_no_metrics_yet():
    caller = TikTokCaller(Dataset([video_at(NOW - timedelta(hours=3), 1, final_views=9e5)]))
    (video,) = caller.videos(fields=EVERY_FIELD)["data"]["videos"]
    assert not video.keys() & (FROM_TRUTH.keys() | INVENTED)


def test_a_video_that_has_settled_loses_what_vanishes():
    caller = TikTokCaller(Dataset([video_at(NOW - timedelta(days=9), 1, rates={"likes": 0.1})]))
    (video,) = caller.videos(fields=EVERY_FIELD)["data"]["videos"]
    gone = {name for name, ours in FROM_TRUTH.items() if ours in VANISHING}
    assert not video.keys() & (gone | INVENTED)
    assert video.keys() >= {"video_views", "likes"}


def test_audiences_need_a_hundred_followers():
    videos = [video_at(NOW - timedelta(days=3), 1)]
    day_one_of_a_thousand = -(int(NOW.timestamp()) // 86_400 % 1_000)
    small = Dataset(videos, followers={videos[0].account: day_one_of_a_thousand + 99})
    (video,) = TikTokCaller(small).videos(fields=EVERY_FIELD)["data"]["videos"]
    assert not video.keys() & {"audience_countries", "audience_types"}
    assert "impression_sources" in video


def test_a_thumbnails_signature_changes_with_every_read(tiktok):
    fields = ("item_id", "thumbnail_url", "share_url")
    one, other = (tiktok.videos(fields=fields)["data"]["videos"][0] for _ in range(2))
    assert one["thumbnail_url"] != other["thumbnail_url"]
    assert one["thumbnail_url"].split("?")[0] == other["thumbnail_url"].split("?")[0]
    assert f"x-expires={int(NOW.timestamp()) + 6 * 3600}" in one["thumbnail_url"]
    assert one["share_url"] == other["share_url"]
