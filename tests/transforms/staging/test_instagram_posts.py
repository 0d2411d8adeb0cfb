import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.shared_data import SHARED
from tests.transforms.staging.landed_rows import (
    KNOWN_AT,
    RECEIVED_AT,
    good_and_refused,
    landed,
    row,
)
from transforms.contracts.captures import StgInstagramPosts
from transforms.contracts.columns import METRICS
from transforms.staging.instagram_insights import NAMES
from transforms.staging.instagram_posts import stage_instagram_posts

MEDIA = {"id": "1", "media_type": "IMAGE", "media_product_type": "FEED"}
REEL = {"id": "1", "media_type": "VIDEO", "media_product_type": "REELS"}
ACCOUNT = row("account", {"id": "me", "followers_count": 70}, subject="")
FIXTURES = SHARED / "fixtures/instagram"
RECORDED = FIXTURES / "sns-sdks__python-facebook/instagram/apidata"

needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason=f"{RECORDED} is absent: set LAYERS_SHARED to the folder of shared data",
)


def media(**changes):
    return row("media", MEDIA | changes)


def metric(name, value=None, **more):
    return {"name": name, "period": "lifetime", "values": [{"value": value}], **more}


def insights(*metrics, **options):
    return row("insights", {"data": list(metrics)}, **options)


def broken_down(name, value, **parts):
    """A metric by its parts, as the platform has it."""
    results = [{"dimension_values": [part], "value": number} for part, number in parts.items()]
    breakdowns = [{"dimension_keys": ["some_type"], "results": results}]
    return metric(name, 99, total_value={"value": value, "breakdowns": breakdowns})


def breakdown(*metrics):
    return row("breakdown", {"data": list(metrics)})


def staged(*rows, unit="percent"):
    posts = stage_instagram_posts(landed(*rows), skip_rate_unit=unit)
    return good_and_refused(StgInstagramPosts, posts)


def capture(*rows, **options):
    good, refused = staged(*rows, **options)
    assert refused.is_empty()
    return good.row(0, named=True)


def actual(found):
    return {name: found[name] for name in METRICS if found[name] is not None}


def test_a_post_becomes_a_capture():
    shown = media(
        caption="cà phê 🎉",
        permalink="p",
        media_url="m?_nc_rid=1",
        timestamp="2023-06-12T19:20:02+0000",
    )
    found = capture(shown, ACCOUNT)
    assert {name: value for name, value in found.items() if value is not None} == {
        "platform": "instagram",
        "account_key": "me",
        "platform_post_id": "1",
        "captured_at": RECEIVED_AT,
        "published_at": datetime(2023, 6, 12, 19, 20, 2, tzinfo=UTC),
        "media_type": "feed_image",
        "caption": "cà phê 🎉",
        "permalink": "p",
        "media_url": "m?_nc_rid=1",
        "followers": 70,
        "source": "instagram_graph",
        "known_at": KNOWN_AT,
        "run_id": "r",
        "landing_id": "0",
        "landed_on": date(2025, 5, 14),
    }


def test_the_fields_of_a_post_count_where_there_are_no_insights():
    counters = {
        "like_count": 1,
        "comments_count": 2,
        "view_count": 3,
        "saved_count": 4,
        "shares_count": 0,
        "reposts_count": 5,
        "total_like_count": 6,
        "total_comments_count": 7,
    }
    assert actual(capture(media(**counters))) == {
        "likes": 1,
        "comments": 2,
        "total_views": 3,
        "saves": 4,
        "shares": 0,
        "reposts": 5,
        "total_likes": 6,
        "total_comments": 7,
    }


def test_insights_win_over_the_fields_of_the_post():
    found = capture(media(like_count=1, shares_count=3), insights(metric("likes", 9)))
    assert actual(found) == {"likes": 9, "shares": 3}


def test_views_are_the_insights_alone_and_paid_ones_have_their_own_column():
    shown = media(view_count=9_001)
    assert actual(capture(shown)) == {"total_views": 9_001}
    assert actual(capture(shown, insights(metric("views", 2_001)))) == {
        "views": 2_001,
        "total_views": 9_001,
    }


def test_the_newer_field_of_all_views_wins_over_the_older_one():
    assert actual(capture(media(view_count=8, total_views_count=9))) == {"total_views": 9}


@pytest.mark.parametrize("is_ai", [True, False, None])
def test_a_post_says_what_it_sounds_like_and_whether_ai_made_it(is_ai):
    found = capture(media(media_audio_type="MUSIC", is_ai_generated=is_ai))
    assert (found["audio_type"], found["is_ai_generated"]) == ("MUSIC", is_ai)


def test_every_metric_has_its_word():
    shown = [metric(name, number) for number, name in enumerate(NAMES)]
    found = actual(capture(row("media", REEL), insights(*shown)))
    assert found == {
        "views": 0,
        "likes": 1,
        "comments": 2,
        "shares": 3,
        "saves": 4,
        "reach": 5,
        "total_interactions": 6,
        "follows": 7,
        "profile_visits": 8,
        "profile_activity": 9,
        "replies": 10,
        "navigation": 11,
        "average_watch_time_ms": 12,
        "total_watch_time_ms": 13,
        "skip_rate_raw": 14.0,
        "skip_rate": 0.14,
        "total_views": 15,
        "total_likes": 16,
        "total_comments": 17,
        "reposts": 18,
        "link_clicks": 19,
        "facebook_views": 20,
    }


@pytest.mark.parametrize(
    ("raw", "unit", "rate"), [(56.3, "percent", 0.563), (0.62, "fraction", 0.62), (0, "percent", 0)]
)
def test_a_skip_rate_is_a_share_and_kept_as_shown_too(raw, unit, rate):
    shown = insights(metric("reels_skip_rate", raw))
    found = actual(capture(row("media", REEL), shown, unit=unit))
    assert found == {"skip_rate": pytest.approx(rate), "skip_rate_raw": raw}


def test_percents_that_are_taken_for_fractions_cost_the_rate_and_no_reel():
    shown = insights(metric("reels_skip_rate", 56.3), metric("views", 9))
    good, refused = staged(row("media", REEL), shown, unit="fraction")
    assert good.select("views", "skip_rate", "skip_rate_raw").rows() == [(9, None, 56.3)]
    assert refused["broken_rules"].to_list() == ["skip_rate|max"]


def test_parts_of_a_metric_have_columns_whatever_their_case():
    activity = broken_down("profile_activity", 11, bio_link_clicked=8, EMAIL=3)
    moves = broken_down("navigation", 25, TAP_FORWARD=19, tap_back=4, swipe_forward=0)
    found = actual(capture(media(), breakdown(activity, moves)))
    assert found == {
        "profile_activity": 11,
        "profile_activity_bio_link_clicked": 8,
        "profile_activity_email": 3,
        "navigation": 25,
        "navigation_tap_forward": 19,
        "navigation_tap_back": 4,
        "navigation_swipe_forward": 0,
    }


def test_a_breakdown_without_any_part_is_the_whole_alone():
    total = {"value": 0, "breakdowns": [{"dimension_keys": ["action_type"]}]}
    shown = {"name": "profile_activity", "total_value": total}
    assert actual(capture(media(), breakdown(shown))) == {"profile_activity": 0}


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        pytest.param({"values": [{"value": 5}]}, 5, id="values"),
        pytest.param({"values": [{"value": 0}]}, 0, id="zero"),
        pytest.param({"total_value": {"value": 5}}, 5, id="total"),
        pytest.param({"values": [{"value": 1}], "total_value": {"value": 5}}, 5, id="both"),
        pytest.param({"values": [{"value": 1}], "total_value": {}}, 1, id="empty total"),
        pytest.param({"values": []}, None, id="not ready"),
        pytest.param({"values": None}, None, id="values null"),
        pytest.param({"values": [{"value": None}]}, None, id="value null"),
        pytest.param({"values": [{}]}, None, id="no value"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_the_total_counts_or_else_the_first_value(shown, value):
    assert capture(media(), insights({"name": "reach", **shown}))["reach"] == value


@pytest.mark.parametrize("body", [{"data": []}, {"data": None}, {}])
def test_insights_that_say_nothing_leave_every_metric_null(body):
    assert actual(capture(media(), row("insights", body))) == {}


def test_a_metric_that_nobody_asked_for_is_left_out():
    assert actual(capture(media(), insights(metric("plays", 3), metric("views", 2)))) == {
        "views": 2
    }


def test_a_metric_that_is_reported_twice_counts_as_reported_last():
    rows = [
        insights(metric("reach", 1), metric("views", 5), after_s=10),
        insights(metric("reach", 2), metric("views"), after_s=20),
        insights(metric("reach", 3), after_s=5),
    ]
    assert actual(capture(media(), *rows)) == {"reach": 2, "views": 5}


def test_a_capture_is_of_the_moment_of_its_latest_row():
    later = insights(metric("reach", 1), after_s=30)
    earlier = insights(metric("views", 1), after_s=-30)
    found = capture(media(), later, earlier)
    assert found["captured_at"] == RECEIVED_AT + timedelta(seconds=30)
    assert capture(media(), earlier)["captured_at"] == RECEIVED_AT


def test_insights_are_those_of_the_same_item_and_reading():
    rows = [
        media(),
        row("media", MEDIA | {"id": "2"}, subject="2"),
        row("media", MEDIA, sync_id="s2"),
        insights(metric("reach", 1)),
        insights(metric("reach", 2), subject="2"),
        insights(metric("reach", 3), sync_id="s2"),
    ]
    assert staged(*rows)[0].sort("landing_id")["reach"].to_list() == [1, 2, 3]


def test_followers_are_those_of_the_same_reading():
    other = row("account", {"followers_count": 5}, subject="", sync_id="s2")
    assert capture(media(), ACCOUNT, other)["followers"] == 70


def test_insights_without_their_post_are_left_for_themselves():
    good, refused = staged(media(), insights(metric("reach", "x"), subject="9"))
    assert good["landing_id"].to_list() == ["0"]
    assert refused.is_empty()


@pytest.mark.parametrize(
    ("entity", "shown", "media_type"),
    [
        ("media", ("VIDEO", "REELS"), "reel"),
        ("media", ("VIDEO", None), "reel"),
        ("media", ("IMAGE", "FEED"), "feed_image"),
        ("media", ("IMAGE", None), "feed_image"),
        ("media", ("CAROUSEL_ALBUM", "FEED"), "feed_carousel"),
        ("media", ("VIDEO", "FEED"), "feed_video"),
        ("media", ("IMAGE", "STORY"), "story"),
        ("story", ("VIDEO", "STORY"), "story"),
        ("story", ("IMAGE", None), "story"),
        ("media", (None, None), None),
    ],
)
def test_a_type_is_that_of_medium_and_product(entity, shown, media_type):
    kind, product = shown
    body = {"id": "1", "media_type": kind, "media_product_type": product}
    assert capture(row(entity, body))["media_type"] == media_type


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        pytest.param("12", "likes|dtype", id="digits in quotes"),
        pytest.param(1.5, "likes|dtype", id="fraction"),
        pytest.param(True, "likes|dtype", id="truth"),
        pytest.param([1], "likes|dtype", id="list"),
        pytest.param(-1, "likes|min", id="negative"),
    ],
)
def test_an_odd_field_of_a_post_alone_is_set_aside(shown, rule):
    good, refused = staged(media(like_count=shown, comments_count=3))
    assert good.select("comments", "likes").rows() == [(3, None)]
    assert refused.select("column_name", "broken_rules").rows() == [("likes", rule)]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"caption": 12}, "caption|dtype", id="number for a text"),
        pytest.param({"is_ai_generated": "true"}, "is_ai_generated|dtype", id="text for a truth"),
        pytest.param({"is_ai_generated": 1}, "is_ai_generated|dtype", id="number for a truth"),
        pytest.param({"id": 1}, "platform_post_id|dtype", id="number for an id"),
        pytest.param({"id": None}, "platform_post_id|nullability", id="no id"),
        pytest.param({"timestamp": "x"}, "published_at|unreadable_time", id="no time"),
        pytest.param({"timestamp": " "}, "published_at|unreadable_time", id="blank time"),
        pytest.param({"timestamp": 1655118106}, "published_at|dtype", id="a number for a time"),
        pytest.param(
            {"timestamp": "2023-06-12T19:20:02"}, "published_at|no_time_zone", id="no zone"
        ),
        pytest.param({"media_type": "AUDIO"}, "media_type|unknown_media_type", id="medium"),
        pytest.param({"media_product_type": "AD"}, "media_type|unknown_media_type", id="ad"),
        pytest.param({"media_type": None}, "media_type|unknown_media_type", id="no medium"),
    ],
)
def test_a_wrong_value_sets_its_row_aside_and_no_other(changes, rule):
    wrong = row("media", MEDIA | changes, subject="2")
    good, refused = staged(media(like_count=3), wrong, ACCOUNT)
    assert good["landing_id"].to_list() == ["0"]
    assert refused["broken_rules"].to_list() == [rule]
    assert json.loads(refused["row"][0])["body"] == wrong["body"]


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        pytest.param(metric("reach", "12"), "reach|dtype", id="digits in quotes"),
        pytest.param(metric("reach", ""), "reach|dtype", id="empty text"),
        pytest.param(metric("reach", True), "reach|dtype", id="truth"),
        pytest.param(metric("reach", {"n": 1}), "reach|dtype", id="object"),
        pytest.param(metric("reach", [1]), "reach|dtype", id="list"),
        pytest.param(metric("reach", 1.5), "reach|dtype", id="fraction"),
        pytest.param(metric("reach", -1), "reach|min", id="negative"),
        pytest.param(metric("reach", 10**30), "reach|dtype", id="too large"),
        pytest.param(metric("reach", float("nan")), "reach|dtype", id="no number"),
        pytest.param(
            metric("total_interactions", -2), "total_interactions|min", id="more undone than done"
        ),
        pytest.param(
            metric("ig_reels_avg_watch_time", 4.2), "average_watch_time_ms|dtype", id="part of a ms"
        ),
        pytest.param(metric("reels_skip_rate", "31"), "skip_rate_raw|dtype", id="rate in quotes"),
        pytest.param(metric("reels_skip_rate", -31), "skip_rate_raw|min", id="rate negative"),
        pytest.param(metric("reels_skip_rate", 131), "skip_rate|max", id="rate above all"),
        pytest.param(
            broken_down("navigation", 3, tap_back="3"), "navigation_tap_back|dtype", id="part"
        ),
        pytest.param(
            broken_down("navigation", 3, tap_back=1.5), "navigation_tap_back|dtype", id="half a tap"
        ),
    ],
)
def test_an_odd_insight_alone_is_set_aside(shown, rule):
    good, refused = staged(media(), insights(shown, metric("shares", 7)))
    column = rule.split("|")[0]
    assert good.select("shares", column).rows() == [(7, None)]
    assert refused.select("column_name", "broken_rules").rows() == [(column, rule)]


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({"name": 5, "values": []}, id="name"),
        pytest.param({"name": "reach", "values": 5}, id="values"),
        pytest.param({"name": "reach", "values": [5]}, id="value"),
        pytest.param({"name": "reach", "values": {"value": 5}}, id="no list"),
        pytest.param({"name": "reach", "total_value": 5}, id="total"),
        pytest.param(
            {"name": "reach", "values": [], "total_value": {"breakdowns": {}}}, id="parts"
        ),
        pytest.param("reach", id="no object"),
        pytest.param(float("nan"), id="no number"),
    ],
)
def test_an_insight_of_another_shape_alone_is_set_aside(shown):
    answer = insights(shown, metric("shares", 7))
    good, refused = staged(media(like_count=3), answer)
    assert actual(good.row(0, named=True)) == {"likes": 3, "shares": 7}
    assert refused["broken_rules"].to_list() == ["insights|unexpected_shape"]
    assert json.loads(refused["row"][0]) == {"insights": [answer["body"]]}


@pytest.mark.parametrize("text", ["nope", "", "[1]", "7", "{} more", "{"])
def test_insights_that_are_no_object_cost_no_post(text):
    good, refused = staged(media(like_count=3), row("insights", text))
    assert actual(good.row(0, named=True)) == {"likes": 3}
    assert refused["broken_rules"].to_list() == ["insights|not_a_json_object"]


@pytest.mark.parametrize("text", ["nope", "", "[1]", "7", "{} more", "{"])
def test_a_body_that_is_no_object_sets_its_post_aside_and_no_other(text):
    good, refused = staged(row("media", text, subject="2"), media())
    assert good["landing_id"].to_list() == ["1"]
    assert "body|not_a_json_object" in refused["broken_rules"][0].split(",")


def test_a_description_that_quotes_json_is_only_a_description():
    text = '"values":5,"value":"7","name":3'
    shown = metric("reach", 4, description=text, title=text)
    assert capture(media(caption=text), insights(shown))["reach"] == 4


def test_nothing_landed_is_nothing_staged():
    for rows in ((), (ACCOUNT,), (insights(metric("reach", 1)),)):
        assert stage_instagram_posts(landed(*rows), skip_rate_unit="percent").is_empty()


def test_the_order_of_rows_does_not_matter():
    rows = landed(
        insights(metric("reach", 1), after_s=1),
        media(like_count=1),
        ACCOUNT,
        insights(metric("reach", 2), after_s=1),
        breakdown(broken_down("profile_activity", 11, CALL=11)),
        row("media", "[]", subject="2"),
    )
    forth, back = (
        stage_instagram_posts(some, skip_rate_unit="percent").sort("landing_id")
        for some in (rows, rows[::-1])
    )
    assert_frame_equal(forth, back)
    assert forth["reach"].to_list() == ["2", None]


def test_one_capture_per_landed_post_or_story():
    rows = landed(media(), media(), row("story", {"id": "9"}, subject="9"), ACCOUNT)
    posts = stage_instagram_posts(rows, skip_rate_unit="percent")
    assert posts.select(pl.col("landing_id")).to_series().to_list() == ["0", "1", "2"]


@needs_recorded
def test_recorded_breakdowns_are_read():
    body = (RECORDED / "medias/insights_new.json").read_text()
    assert actual(capture(media(), row("breakdown", body))) == {
        "profile_activity": 11,
        "profile_activity_bio_link_clicked": 11,
    }
    samples = json.loads((FIXTURES / "official_doc_samples.json").read_text())
    moves = samples["insights_story_navigation_breakdown"]["body"]
    assert actual(capture(row("story", {"id": "1"}), row("breakdown", moves))) == {
        "navigation": 25,
        "navigation_tap_forward": 19,
        "navigation_tap_back": 4,
        "navigation_tap_exit": 1,
        "navigation_swipe_forward": 1,
    }


@needs_recorded
def test_recorded_posts_are_read():
    recorded = json.loads((RECORDED / "medias/medias_fields.json").read_text())
    rows = [row("media", body, subject=key) for key, body in recorded.items()]
    good, refused = staged(*rows)
    assert refused.is_empty()
    assert good["platform_post_id"].to_list() == list(recorded)
    assert good["media_type"].to_list() == ["feed_image", "feed_carousel"]
    assert good["likes"].to_list() == [1, 1]
