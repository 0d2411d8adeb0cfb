"""What the TikTok client gives over real HTTP: rows as received, how far, in how many calls."""

import json

import httpx
import polars as pl
import pytest

from layers_pipeline.errors import SettingsError
from layers_pipeline.sources.http import open_http
from layers_pipeline.sources.tiktok.api import Answer
from layers_pipeline.sources.tiktok.fields import VIDEO_FIELDS, refused_fields
from sandbox.tiktok.fields import FROM_TRUTH
from tests.shared_data import SHARED
from tests.sources.tiktok.world import (
    ACCOUNT,
    BUSY,
    EMPTY,
    ITEMS,
    NOW,
    POSTS,
    TRUTH,
    VIDEOS,
    envelope,
    page,
    paths,
    put_back,
    read,
    request_of,
    scripted,
    strike,
    tiktok_sandbox,
    token_of,
    with_client,
)
from tests.transforms.staging.landed_rows import good_and_refused, landed
from transforms.contracts.captures import StgTiktokPosts
from transforms.contracts.columns import METRICS
from transforms.staging.tiktok_posts import stage_tiktok_posts

ROW = ("entity", "subject", "received_at", "body")
RECORDED = SHARED / "fixtures/tiktok/sns-sdks__python-tiktok/responses_pasted_in_docs.json"


@pytest.fixture(scope="module")
def served():
    with tiktok_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served):
    return put_back(served)


def subjects(reading):
    return [row.subject for row in reading.rows if row.entity == "video"]


def newest(count):
    return [item.item_id for item in ITEMS[:count]]


def test_a_quick_reading_is_the_twenty_newest_posts_in_one_call(sandbox):
    reading = read(sandbox, "quick")
    assert subjects(reading) == newest(20)
    assert paths(sandbox) == [VIDEOS]
    assert (reading.items, reading.pages, reading.calls) == (20, 1, 1)
    assert not reading.is_complete


def test_a_recent_reading_is_the_fifty_newest_posts(sandbox):
    reading = read(sandbox, "posts")
    assert subjects(reading) == newest(50)
    assert (reading.items, reading.pages, reading.calls) == (50, 3, 3)
    assert not reading.is_complete


def test_a_full_reading_is_every_post_once_and_the_followers(sandbox):
    reading = read(sandbox)
    assert subjects(reading) == newest(POSTS)
    assert paths(sandbox) == [VIDEOS] * 4 + [ACCOUNT]
    assert (reading.items, reading.pages, reading.calls) == (POSTS, 4, 5)
    assert reading.is_complete
    assert (reading.issues, reading.refused, reading.error) == ((), {}, None)
    account = reading.rows[-1]
    assert (account.entity, account.subject, account.received_at) == ("account", "", NOW)
    said = json.loads(account.body)
    assert said["followers_count"] == TRUTH.followers(BUSY, at=NOW)
    assert {age["age"] for age in said["audience_ages"]} >= {"18-24", "25-34"}


def test_a_full_reading_without_the_account_is_every_post_once(sandbox):
    secret = token_of(sandbox)
    wanted = request_of(BUSY.account_key, secret, with_account=False)
    reading = with_client(sandbox, lambda tiktok: tiktok.read(wanted))
    assert subjects(reading) == newest(POSTS)
    assert paths(sandbox) == [VIDEOS] * 4
    assert reading.is_complete


def test_a_field_of_the_account_that_is_refused_is_given_up_and_the_followers_stay():
    def answer(request):
        asked = json.loads(request.url.params["fields"])
        if "audience_ages" in asked:
            said = gateway("audience_ages", ["followers_count"], ("fault", "correct", "error"))
            return envelope(code=40002, message=said)
        return page() if "item_id" in asked else envelope({"followers_count": 7})

    reading = scripted(answer)
    assert json.loads(reading.rows[-1].body) == {"followers_count": 7}
    assert set(reading.refused) == {("account", "audience_ages")}
    assert (reading.error, reading.is_complete) == (None, True)
    again = scripted(answer, refused=set(reading.refused))
    assert again.calls == 2


@pytest.mark.parametrize("depth", ["quick", "posts", "full"])
def test_an_account_without_posts_is_listed_to_its_end(sandbox, depth):
    reading = read(sandbox, depth, EMPTY)
    assert (reading.items, reading.is_complete, reading.error) == (0, True, None)


def test_a_row_is_what_the_platform_said_of_a_post_with_every_metric(sandbox):
    row = read(sandbox, "quick").rows[0]
    said = json.loads(row.body)
    metrics = ITEMS[0].metrics(NOW)
    assert (row.entity, row.received_at) == ("video", NOW)
    assert {FROM_TRUTH[name]: said[name] for name in FROM_TRUTH} == metrics
    assert said["caption"] == ITEMS[0].caption
    assert set(said) == set(VIDEO_FIELDS)


def test_staged_rows_show_what_is_true(sandbox):
    rows = landed(*({name: getattr(row, name) for name in ROW} for row in read(sandbox).rows))
    posts, refused = good_and_refused(
        StgTiktokPosts, stage_tiktok_posts(rows.with_columns(sync_id=pl.lit("s")))
    )
    assert refused.is_empty()
    actual = {post["platform_post_id"]: post for post in posts.iter_rows(named=True)}
    assert {key: _shown(post) for key, post in actual.items()} == {
        item.item_id: item.metrics(NOW) | {"published_at": item.published_at} for item in ITEMS
    }


def _shown(post):
    names = [*METRICS, "published_at"]
    return {name: post[name] for name in names if post[name] is not None}


def test_a_metric_that_is_not_shown_is_absent(sandbox):
    oldest = {row.subject: row for row in read(sandbox).rows}[ITEMS[9].item_id]
    assert "total_time_watched" not in json.loads(oldest.body)


@pytest.mark.parametrize("times", [1, 3])
def test_pages_with_fewer_posts_than_asked_for_are_not_the_end(sandbox, times):
    strike(sandbox, "short_page", times=times)
    reading = read(sandbox)
    assert subjects(reading) == newest(POSTS)
    assert reading.is_complete


def test_a_page_that_is_only_a_part_is_kept_and_makes_the_listing_incomplete(sandbox):
    strike(sandbox, "code_20001", times=1)
    reading = read(sandbox)
    assert subjects(reading)[:10] == newest(20)[::2]
    assert len(subjects(reading)) < POSTS
    assert not reading.is_complete
    assert [(issue.kind, issue.message) for issue in reading.issues] == [
        ("not_answered", "Partial success.")
    ]
    assert reading.error is None


def test_an_empty_page_that_leads_on_once_is_not_the_end(sandbox):
    strike(sandbox, "empty_page_with_more", times=1)
    reading = read(sandbox)
    assert subjects(reading) == newest(POSTS)
    assert reading.is_complete


def refusing(*names, code=40002):
    """A service that refuses these fields, the first asked one by name."""

    def answer(request):
        asked = json.loads(request.url.params.get("fields"))
        refused = [name for name in asked if name in names]
        if refused:
            return envelope(code=code, message=f"fields: Unsupported field {refused[0]!r}.")
        return page({"item_id": "1", "fields": asked})

    return answer


@pytest.mark.parametrize("code", [40002, 41002])
def test_a_refused_field_is_given_up_remembered_and_the_rest_read(code):
    reading = scripted(refusing("reach", code=code), "quick")
    asked = json.loads(reading.rows[0].body)["fields"]
    assert asked == [name for name in VIDEO_FIELDS if name != "reach"]
    assert reading.refused == {("tiktok_video", "reach"): "fields: Unsupported field 'reach'."}
    assert [(issue.kind, issue.subject) for issue in reading.issues] == [
        ("metric_refused", "reach")
    ]
    assert (reading.calls, reading.error, reading.is_complete) == (2, None, True)


def test_each_refused_field_costs_one_call_more():
    reading = scripted(refusing("reach", "new_followers"), "quick")
    assert (reading.calls, len(reading.refused), reading.error) == (3, 2, None)


def test_a_field_that_was_refused_before_is_not_asked_for():
    reading = scripted(refusing("reach"), "quick", refused={("tiktok_video", "reach")})
    assert (reading.calls, reading.refused, reading.issues) == (1, {}, ())


def gateway(bad, allowed, order):
    """What TikTok's gateway was recorded to say of a field, its parts in an order."""
    parts = {
        "fault": "fields.3: one or more value of the param is not acceptable",
        "correct": f"correct is {list(allowed)}",
        "error": f"error is {bad}",
    }
    return ", ".join(parts[name] for name in order)


SOUND = [name for name in VIDEO_FIELDS if name != "reach"]
IN_ORDERS = {
    "of the documents": SOUND,
    "alphabetical": sorted(SOUND),
    "mixed": SOUND[::2] + SOUND[1::2],
    "the bad one too": list(VIDEO_FIELDS),
    "of a few": SOUND[:3],
}


@pytest.mark.parametrize("allowed", IN_ORDERS.values(), ids=IN_ORDERS)
@pytest.mark.parametrize(
    "order", [("fault", "correct", "error"), ("error", "fault", "correct"), ("fault", "error")]
)
def test_the_gateways_words_refuse_the_field_that_they_find_wrong_and_no_other(allowed, order):
    def answer(request):
        asked = json.loads(request.url.params["fields"])
        if "reach" in asked:
            return envelope(code=40002, message=gateway("reach", allowed, order))
        return page({"item_id": "1", "fields": asked})

    reading = scripted(answer, "quick")
    assert json.loads(reading.rows[0].body)["fields"] == SOUND
    assert set(reading.refused) == {("tiktok_video", "reach")}
    assert "error is reach" in reading.refused["tiktok_video", "reach"]
    assert (reading.calls, reading.error, reading.is_complete) == (2, None, True)


def test_several_fields_that_the_gateway_finds_wrong_one_after_the_other_are_given_up():
    bad = {"reach", "new_followers", "likes"}

    def answer(request):
        asked = json.loads(request.url.params["fields"])
        if wrong := [name for name in asked if name in bad]:
            sound = [name for name in VIDEO_FIELDS if name not in bad]
            return envelope(
                code=40002, message=gateway(wrong[0], sound, ("fault", "correct", "error"))
            )
        return page({"item_id": "1"})

    reading = scripted(answer, "quick")
    assert {field for _, field in reading.refused} == bad
    assert (reading.calls, reading.error) == (4, None)


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ("fields: error is ['reach', 'shares'], correct is ['likes']", {"reach", "shares"}),
        ("error is reach,shares: bad fields", {"reach", "shares"}),
        ("Unsupported fields: ['reach', 'shares']", {"reach", "shares"}),
        ("fields: 'reach' is not acceptable, correct is ['likes', 'sha", {"reach"}),
    ],
)
def test_other_words_refuse_what_they_name_and_not_what_they_list_as_right(message, refused):
    answer = Answer(code=40002, said=message, data={}, at=NOW)
    assert set(refused_fields(answer, VIDEO_FIELDS)) == refused


@pytest.mark.parametrize(
    "message",
    [
        f"fields must be one of {', '.join(SOUND)}",
        f"fields: correct is {SOUND}",
        f"fields: correct is {SOUND[:4]}, error is advertiser_name",
        "fields: valid values are ['likes', 'sha",
    ],
)
def test_a_list_that_does_not_mention_a_field_does_not_refuse_it(message):
    reading = scripted(lambda _: envelope(code=40002, message=message), "quick")
    assert (reading.calls, reading.refused) == (1, {})
    assert str(reading.error).startswith("tiktok: code 40002: ")


@pytest.mark.parametrize(
    "message",
    [
        "fields: item_id is required.",
        "fields: Unsupported field 'create_time'.",
        "business_id: Missing data for required field.",
        "Reach the support for likes of this",
    ],
)
def test_a_bad_parameter_that_is_no_metric_costs_none(message):
    reading = scripted(lambda _: envelope(code=40002, message=message), "quick")
    assert (reading.calls, reading.refused) == (1, {})
    assert str(reading.error).startswith("tiktok: code 40002: ")


def test_half_a_surrogate_pair_stays_as_it_was_written():
    video = '{"item_id":"1","caption":"\\ud83d"}'
    body = f'{{"code": 0, "data": {{"has_more": false, "videos": [{video}]}}}}'
    reading = scripted(lambda _: httpx.Response(200, text=body), "quick")
    assert reading.rows[0].body == video


@pytest.mark.skipif(
    not RECORDED.is_file(),
    reason=f"{RECORDED} is absent: set LAYERS_SHARED to the folder of shared data",
)
def test_a_recorded_page_is_a_listing():
    body = json.loads(RECORDED.read_text())["docs/docs/usage/business_account/video.md#0"]
    reading = scripted(lambda _: httpx.Response(200, json=body), "posts")
    assert subjects(reading) == [video["item_id"] for video in body["data"]["videos"]]
    assert (reading.is_complete, reading.error) == (True, None)


def test_the_url_names_its_scheme():
    with pytest.raises(SettingsError, match="http://"):
        open_http("127.0.0.1:8890")
