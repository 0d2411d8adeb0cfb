import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tests.transforms.staging.landed_rows import good_and_refused, landed, row
from transforms.contracts.captures import (
    StgImportCaptures,
    StgInstagramPosts,
    StgSiftPosts,
    StgTiktokPosts,
)
from transforms.contracts.columns import COUNTS
from transforms.facts.snapshots import latest_metrics, snapshots_of
from transforms.staging.captures import read_captures
from transforms.staging.instagram_insights import NAMES
from transforms.staging.instagram_posts import stage_instagram_posts
from transforms.staging.parsing import LINE
from transforms.staging.sift_posts import stage_sift_posts
from transforms.staging.tiktok_posts import NUMBERS, stage_tiktok_posts

AT = datetime(2025, 6, 1, tzinfo=UTC)
COUNTED = [(-1, "min"), (1.5, "dtype"), ("12", "dtype"), (10**30, "dtype"), (True, "dtype")]
COUNTED += [(float("nan"), "dtype"), ([7], "dtype"), ({"n": 7}, "dtype")]
MEASURED = [(-0.5, "min"), ("3.8", "dtype"), (True, "dtype"), (float("inf"), "dtype")]
ODD_BY_COLUMN = {
    "average_watch_time_s": MEASURED,
    "total_watch_time_s": MEASURED,
    "full_watch_rate": [*MEASURED, (1.5, "max")],
    "skip_rate_raw": MEASURED,
}
IN_A_FILE = [("12abc", "unreadable_count"), ("-3", "unreadable_count"), ("1.5", "unreadable_count")]


def tiktok(shown):
    rows = landed(row("video", {"item_id": "1"} | shown))
    return good_and_refused(StgTiktokPosts, stage_tiktok_posts(rows))


def instagram(shown):
    data = [{"name": name, "values": [{"value": value}]} for name, value in shown.items()]
    post = {"id": "1", "media_type": "VIDEO", "media_product_type": "REELS"}
    rows = landed(row("media", post), row("insights", {"data": data}))
    posts = stage_instagram_posts(rows, skip_rate_unit="percent")
    return good_and_refused(StgInstagramPosts, posts)


def sift(shown):
    body = {"post_id": "1", "platform": "tiktok", "account_key": "a", "captured_at": f"{AT}"}
    rows = pl.DataFrame({"landing_id": "0", "body": json.dumps(body | shown), "run_id": "r"})
    rows = rows.with_columns(known_at=AT, scraped_on=date(2025, 6, 1))
    return good_and_refused(StgSiftPosts, stage_sift_posts(rows))


def imported(shown):
    line = {"platform": "tiktok", "account_key": "a", "post_key": "1", "captured_at": f"{AT}"}
    schema = dict.fromkeys([*line, *COUNTS, "followers"], pl.String)
    texts = {name: str(value) for name, value in shown.items()}
    raw = pl.DataFrame([line | texts], schema=schema).with_columns(pl.lit(1).alias(LINE))
    captures = read_captures(raw, time_zone=None, now=AT, file_id="f", run_id="r")
    return good_and_refused(StgImportCaptures, captures, origin=pl.col("file_id"))


SOURCES = {
    "tiktok": (tiktok, NUMBERS),
    "instagram": (instagram, NAMES),
    "sift": (sift, {name: name for name in (*COUNTS, "followers")}),
    "import": (imported, {name: name for name in (*COUNTS, "followers")}),
}


def odd_values(source, column):
    return IN_A_FILE if source == "import" else ODD_BY_COLUMN.get(column, COUNTED)


@st.composite
def captures(draw, source):
    """Sound metrics of a capture, and odd ones beside them with the rule that each breaks."""
    words = SOURCES[source][1]
    # In a file, views of zero beside likes are odd themselves.
    least = [1] if source == "import" else [0, 1]
    shown = draw(st.dictionaries(st.sampled_from(sorted(words)), st.sampled_from(least)))
    odd = {
        name: draw(st.sampled_from(odd_values(source, words[name])))
        for name in shown
        if draw(st.booleans())
    }
    return shown, odd


@pytest.mark.parametrize("source", SOURCES)
@given(data=st.data())
def test_a_capture_with_odd_metrics_is_the_one_without_them(source, data):
    stage, words = SOURCES[source]
    shown, odd = data.draw(captures(source))
    good, refused = stage(shown | {name: value for name, (value, _) in odd.items()})
    without, none_refused = stage({name: shown[name] for name in shown.keys() - odd.keys()})
    assert_frame_equal(good, without)
    assert none_refused.is_empty()
    set_aside = refused.select("column_name", "broken_rules").rows()
    assert sorted(set_aside) == sorted(
        (words[name], f"{words[name]}|{rule}") for name, (_, rule) in odd.items()
    )
    kept = (json.loads(text) for text in refused["row"])
    assert {name for one in kept for name in one} == {words[name] for name in odd}


def test_a_sound_value_after_an_odd_one_is_the_last_known():
    views = [5, -1, 7, "x"]
    rows = landed(
        *(
            row("video", {"item_id": "1", "video_views": value, "likes": second}, after_s=second)
            for second, value in enumerate(views)
        )
    )
    good, refused = good_and_refused(StgTiktokPosts, stage_tiktok_posts(rows))
    latest = latest_metrics(snapshots_of(good.lazy())).collect()
    assert latest.select("views", "likes").rows() == [(7, 3)]
    assert refused.select("origin", "row").rows() == [
        ("1", '{"views":"-1"}'),
        ("3", r'{"views":"\"x\""}'),
    ]
