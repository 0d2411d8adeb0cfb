import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from transforms.contracts.captures import StgSiftPosts
from transforms.staging.quarantine import split
from transforms.staging.sift_posts import stage_sift_posts

KNOWN_AT = datetime(2025, 5, 14, 12, tzinfo=UTC)
POST = {
    "post_id": "75",
    "platform": "tiktok",
    "account_key": "a",
    "captured_at": "2025-05-14T08:55:00Z",
}


def body(**changes):
    return json.dumps(POST | changes)


def staged(*bodies):
    ids = [str(number) for number in range(len(bodies))]
    landed = pl.DataFrame({"landing_id": ids, "body": bodies}, schema_overrides={"body": pl.String})
    landed = landed.with_columns(
        scraped_on=date(2025, 5, 13), known_at=pl.lit(KNOWN_AT), run_id=pl.lit("r")
    )
    return split(
        StgSiftPosts,
        stage_sift_posts(landed),
        table_name="stg_sift__posts",
        origin=pl.col("landing_id"),
        quarantined_at=KNOWN_AT,
        run_id="r",
    )


def test_a_row_becomes_a_capture():
    shown = {"views": 12, "followers": 3, "published_at": "2025-05-01T00:00:00Z", "caption": "x"}
    row = staged(body(**shown))[0].row(0, named=True)
    assert (row["platform_post_id"], row["views"], row["followers"]) == ("75", 12, 3)
    assert row["published_at"] == datetime(2025, 5, 1, tzinfo=UTC)
    assert (row["source"], row["known_at"], row["scraped_on"]) == (
        "sift",
        KNOWN_AT,
        date(2025, 5, 13),
    )


def test_absent_stays_null_and_zero_stays_zero():
    good, _ = staged(body(), body(views=0), body(views=None))
    assert good["views"].to_list() == [None, 0, None]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"views": "abc"}, "views|dtype", id="text for a count"),
        pytest.param({"views": "12"}, "views|dtype", id="digits in quotes"),
        pytest.param({"views": ""}, "views|dtype", id="empty text for a count"),
        pytest.param({"views": 1.5}, "views|dtype", id="fraction"),
        pytest.param({"views": True}, "views|dtype", id="truth"),
        pytest.param({"views": {"n": 1}}, "views|dtype", id="object"),
        pytest.param({"views": 10**30}, "views|dtype", id="too large"),
        pytest.param({"views": -1}, "views|min", id="negative"),
        pytest.param({"followers": -1}, "followers|min", id="followers negative"),
    ],
)
def test_an_odd_number_alone_is_set_aside(changes, rule):
    good, refused = staged(body(likes=3, **changes))
    column = rule.split("|")[0]
    assert good.select("likes", column).rows() == [(3, None)]
    assert refused.select("column_name", "broken_rules").rows() == [(column, rule)]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"caption": 12}, "caption|dtype", id="number for a text"),
        pytest.param({"published_at": "x"}, "published_at|unreadable_time", id="no time"),
        pytest.param({"published_at": ""}, "published_at|unreadable_time", id="empty time"),
        pytest.param({"published_at": 1747212900}, "published_at|epoch_number", id="epoch"),
        pytest.param({"captured_at": None}, "captured_at|nullability", id="no capture time"),
        pytest.param({"platform": "youtube"}, "platform|unsupported_platform", id="platform"),
        pytest.param({"media_type": "x"}, "media_type|unknown_media_type", id="media type"),
    ],
)
def test_a_wrong_value_sets_its_row_aside_and_no_other(changes, rule):
    good, refused = staged(body(), body(**changes))
    assert good["landing_id"].to_list() == ["0"]
    assert refused["broken_rules"].to_list() == [rule]
    assert refused["row"].to_list() == [body(**changes)]


@pytest.mark.parametrize("text", ["nope", "", "[1]", "7", f"{body()} more", body()[:-1]])
def test_a_body_that_is_no_object_sets_its_row_aside_and_no_other(text):
    good, refused = staged(text, body())
    assert good["landing_id"].to_list() == ["1"]
    assert "body|not_a_json_object" in refused["broken_rules"][0].split(",")


def test_a_caption_that_quotes_json_is_only_a_caption():
    caption = '{"views":"abc"} \\"likes\\":\\"'
    good, _ = staged(body(caption=caption, views=5))
    assert good.select("caption", "views").row(0) == (caption, 5)
