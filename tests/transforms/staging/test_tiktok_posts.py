import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.transforms.staging.landed_rows import (
    KNOWN_AT,
    RECEIVED_AT,
    good_and_refused,
    landed,
    row,
)
from transforms.contracts.captures import StgTiktokPosts
from transforms.contracts.columns import METRICS
from transforms.staging.tiktok_posts import NUMBERS, stage_tiktok_posts

VIDEO = {"item_id": "7109065174526479622"}
ACCOUNT = row("account", {"followers_count": 70}, subject="")


def video(**changes):
    return row("video", VIDEO | changes, subject=VIDEO["item_id"])


def staged(*rows):
    return good_and_refused(StgTiktokPosts, stage_tiktok_posts(landed(*rows)))


def capture(*rows):
    good, refused = staged(*rows)
    assert refused.is_empty()
    return good.row(0, named=True)


def test_a_video_becomes_a_capture():
    shown = video(create_time="1655118106", caption="", share_url="s", thumbnail_url="t")
    found = capture(shown, ACCOUNT)
    actual = {name: value for name, value in found.items() if value is not None}
    assert actual == {
        "platform": "tiktok",
        "account_key": "me",
        "platform_post_id": "7109065174526479622",
        "captured_at": RECEIVED_AT,
        "published_at": datetime(2022, 6, 13, 11, 1, 46, tzinfo=UTC),
        "media_type": "tiktok_video",
        "caption": "",
        "permalink": "s",
        "media_url": "t",
        "followers": 70,
        "source": "tiktok_business",
        "known_at": KNOWN_AT,
        "run_id": "r",
        "landing_id": "0",
        "landed_on": date(2025, 5, 14),
    }


def test_every_metric_has_its_word():
    measures = {"average_time_watched": 3.862, "total_time_watched": 587.024}
    counts = {key: number for number, key in enumerate(NUMBERS)}
    found = capture(video(**counts | measures | {"full_video_watched_rate": 0.25}))
    actual = {name: found[name] for name in METRICS if found[name] is not None}
    assert actual == {
        "views": 0,
        "likes": 1,
        "comments": 2,
        "shares": 3,
        "saves": 4,
        "reach": 5,
        "follows": 6,
        "profile_visits": 7,
        "average_watch_time_s": 3.862,
        "total_watch_time_s": 587.024,
        "full_watch_rate": 0.25,
    }


def test_absent_stays_null_and_zero_stays_zero():
    good, _ = staged(video(), video(likes=0), video(likes=None))
    assert good["likes"].to_list() == [None, 0, None]


@pytest.mark.parametrize(
    ("shown", "media_type"),
    [
        ({"media_type": "VIDEO"}, "tiktok_video"),
        ({"media_type": "PHOTO"}, "tiktok_photo"),
        ({"media_type": None}, "tiktok_video"),
        ({}, "tiktok_video"),
    ],
)
def test_a_type_that_is_not_named_is_a_video(shown, media_type):
    assert capture(video(**shown))["media_type"] == media_type


@pytest.mark.parametrize("shown", [1655118106, "1655118106"])
def test_seconds_may_stand_in_quotes(shown):
    assert capture(video(create_time=shown))["published_at"].year == 2022


def test_a_photo_and_a_reading_without_its_account_lack_what_they_lack():
    assert capture(video(media_type="PHOTO"))["followers"] is None


def test_followers_are_those_of_the_same_reading():
    other = row("account", {"followers_count": 5}, subject="", sync_id="s2")
    assert capture(video(), ACCOUNT, other)["followers"] == 70


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"likes": "12"}, "likes|dtype", id="digits in quotes"),
        pytest.param({"likes": ""}, "likes|dtype", id="empty text for a count"),
        pytest.param({"likes": 1.5}, "likes|dtype", id="fraction of a count"),
        pytest.param({"likes": True}, "likes|dtype", id="truth"),
        pytest.param({"likes": {"n": 1}}, "likes|dtype", id="object"),
        pytest.param({"likes": [1]}, "likes|dtype", id="list"),
        pytest.param({"likes": 10**30}, "likes|dtype", id="too large"),
        pytest.param({"likes": -1}, "likes|min", id="negative"),
        pytest.param({"likes": float("nan")}, "likes|dtype", id="no number"),
        pytest.param({"likes": -float("inf")}, "likes|dtype", id="without end"),
        pytest.param({"reach": "NaN"}, "reach|dtype", id="no number in quotes"),
        pytest.param(
            {"average_time_watched": "3.8"}, "average_watch_time_s|dtype", id="seconds in quotes"
        ),
        pytest.param(
            {"total_time_watched": True}, "total_watch_time_s|dtype", id="seconds a truth"
        ),
        pytest.param({"total_time_watched": -0.5}, "total_watch_time_s|min", id="seconds negative"),
        pytest.param({"full_video_watched_rate": 1.5}, "full_watch_rate|max", id="more than all"),
    ],
)
def test_an_odd_number_alone_is_set_aside(changes, rule):
    good, refused = staged(video(video_views=3, **changes), ACCOUNT)
    column = rule.split("|")[0]
    assert good.select("views", column).rows() == [(3, None)]
    assert refused.select("column_name", "broken_rules").rows() == [(column, rule)]


def test_a_number_beyond_all_numbers_is_odd_by_itself():
    body = '{"item_id":"1","caption":"1e400 \\"NaN","likes":1e400,"shares":4}'
    good, refused = staged(row("video", body))
    assert good.select("caption", "likes", "shares").rows() == [('1e400 "NaN', None, 4)]
    assert refused.select("broken_rules", "row").rows() == [
        ("likes|dtype", json.dumps({"likes": '"1e400"'}, separators=(",", ":")))
    ]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"caption": 12}, "caption|dtype", id="number for a text"),
        pytest.param({"caption": {"x": 1}}, "caption|dtype", id="object for a text"),
        pytest.param({"item_id": 7}, "platform_post_id|dtype", id="number for an id"),
        pytest.param({"item_id": None}, "platform_post_id|nullability", id="no id"),
        pytest.param({"item_id": ""}, "platform_post_id|min_length", id="empty id"),
        pytest.param({"media_type": "STORY"}, "media_type|unknown_media_type", id="type"),
        pytest.param({"media_type": 1}, "media_type|unknown_media_type", id="type a number"),
        pytest.param({"create_time": "x"}, "published_at|unreadable_time", id="no time"),
        pytest.param({"create_time": ""}, "published_at|unreadable_time", id="empty time"),
        pytest.param({"create_time": 1.5}, "published_at|unreadable_time", id="half a second"),
        pytest.param({"create_time": 1655118106000}, "published_at|unreadable_time", id="ms"),
    ],
)
def test_a_wrong_value_sets_its_row_aside_and_no_other(changes, rule):
    wrong = video(**changes)
    good, refused = staged(video(likes=3), wrong, ACCOUNT)
    assert good["landing_id"].to_list() == ["0"]
    assert good["likes"].to_list() == [3]
    assert refused["broken_rules"].to_list() == [rule]
    assert refused["row"].to_list() == [wrong["body"]]


def test_a_row_set_aside_names_its_odd_numbers_too():
    _, refused = staged(video(caption=12, likes=-1))
    assert refused.select("column_name", "broken_rules").rows() == [
        (None, "caption|dtype,likes|min")
    ]


@pytest.mark.parametrize("text", ["nope", "", "[1]", "7", "null", "{} more", "{", '{"a":1"}'])
def test_a_body_that_is_no_object_sets_its_row_aside_and_no_other(text):
    good, refused = staged(row("video", text), video())
    assert good["landing_id"].to_list() == ["1"]
    assert "body|not_a_json_object" in refused["broken_rules"][0].split(",")


@pytest.mark.parametrize("body", ['{"followers_count":"70"}', '{"followers_count":-1}', "nope"])
def test_unreadable_followers_are_set_aside_once_and_no_post_with_them(body):
    good, refused = staged(video(likes=1), video(likes=2), row("account", body, subject=""))
    assert good.select("likes", "followers").rows() == [(1, None), (2, None)]
    assert refused["column_name"].to_list() == ["followers"]


@pytest.mark.parametrize(
    ("written", "caption"),
    [
        pytest.param("\\ud83c\\udf89", "🎉", id="a whole pair"),
        pytest.param("end \\ud83c", "end ", id="half a pair"),
        pytest.param("\\udf89 begin", " begin", id="the other half"),
        pytest.param("\\ud83c\\udf89\\ud83c", "🎉", id="a pair and a half"),
        pytest.param("\\\\ud83c \\udf89", "\\ud83c ", id="a backslash before"),
    ],
)
def test_half_a_surrogate_pair_is_left_out_of_a_caption(written, caption):
    body = f'{{"item_id":"1","caption":"{written}"}}'
    assert capture(row("video", body))["caption"] == caption


def test_a_caption_that_quotes_json_is_only_a_caption():
    text = '{"likes":"abc"} \\"video_views\\":\\"'
    found = capture(video(caption=text, likes=5))
    assert (found["caption"], found["likes"]) == (text, 5)


def test_nothing_landed_is_nothing_staged():
    assert stage_tiktok_posts(landed()).is_empty()
    assert stage_tiktok_posts(landed(ACCOUNT)).is_empty()


def test_the_order_of_rows_does_not_matter():
    rows = landed(ACCOUNT, video(likes=1), video(likes="2"), row("video", "[]"))
    forth, back = (stage_tiktok_posts(some).sort("landing_id") for some in (rows, rows[::-1]))
    assert_frame_equal(forth, back)


def test_a_body_with_unusual_white_space_and_order_reads_the_same():
    text = json.dumps({"likes": 5, **VIDEO}, indent=2)
    assert capture(row("video", f"\n {text} \n"))["likes"] == 5


def test_one_capture_per_landed_video():
    rows = landed(video(), video(), row("video", "x"), row("insights", "{}"), ACCOUNT)
    assert stage_tiktok_posts(rows).select(pl.col("landing_id")).to_series().to_list() == [
        "0",
        "1",
        "2",
    ]
