"""What can go wrong at TikTok, each kind as its table says."""

import json
import re
import time

import pytest

from sandbox.tiktok.codes import MESSAGES
from sandbox.tiktok.faults import TIKTOK_FAULTS
from tests.sandbox.tiktok.caller import TikTokCaller

VIDEOS = "business/video/list/"
OF_APIS_MD = (
    *(20001, 40000, 40001, 40002, 40006, 40007, 40016, 40050, 40051, 40053, 40100, 40102),
    *(40103, 40104, 40105, 40107, 40108, 40110, 40113, 40117, 40118, 40125, 40130, 40131),
    *(40132, 40201, 40400, 41001, 41002, 50000, 50002, 51010, 51065, 60001, 61000),
    *(40003, 40106, 40120, 40309, 41000),
)
"""Codes of the vendor's SDK, as our notes on the API list them."""
READ_CODES = {
    kind: fault.code
    for kind, fault in TIKTOK_FAULTS.items()
    if fault.code and fault.place != "oauth" and not fault.message
}
OAUTH_CODES = {
    kind: fault.code
    for kind, fault in TIKTOK_FAULTS.items()
    if fault.code and fault.place == "oauth"
}


@pytest.fixture
def tiktok():
    return TikTokCaller()


def test_every_code_can_be_made_to_happen():
    assert {f"code_{code}" for code in OF_APIS_MD} <= TIKTOK_FAULTS.keys()
    assert set(MESSAGES) == {0, *OF_APIS_MD}


@pytest.mark.parametrize(("kind", "code"), READ_CODES.items(), ids=str)
def test_a_code_is_answered_with_http_200_its_message_and_no_data(tiktok, kind, code):
    tiktok.put(kind, times=1)
    answer, after = tiktok.get(VIDEOS), tiktok.get(VIDEOS)
    assert answer.status_code == 200
    assert answer.json().items() >= {"code": code, "message": MESSAGES[code], "data": {}}.items()
    assert after.json()["code"] == 0


@pytest.mark.parametrize(("kind", "code"), OAUTH_CODES.items(), ids=str)
def test_a_code_of_consent_strikes_refreshing_only(tiktok, kind, code):
    tiktok.put(kind)
    assert tiktok.get(VIDEOS).json()["code"] == 0
    assert tiktok.refresh()["code"] == code
    assert tiktok.get(VIDEOS).json()["code"] == 0


def test_a_fault_strikes_its_own_account_only(tiktok):
    tiktok.put("code_50000")
    other = tiktok.world.dataset.holders[-1]
    token = tiktok.world.tokens.issue(other).access
    answer = tiktok.get(VIDEOS, token=token, business_id=other.account_key)
    assert answer.json()["code"] == 0


def test_a_fault_of_one_field_strikes_who_asks_for_it_and_names_it(tiktok):
    tiktok.put("code_41002", metric="reach")
    assert tiktok.videos(fields=("item_id", "likes"))["code"] == 0
    struck = tiktok.videos(fields=("item_id", "reach"))
    assert (struck["code"], "reach" in struck["message"]) == (41002, True)


def test_a_wrong_field_is_named_in_the_words_that_were_recorded(tiktok):
    answer = tiktok.videos(fields=("item_id", "advertiser_name", "likes"))
    assert answer["code"] == 40002
    assert re.fullmatch(
        r"fields\.1: one or more value of the param is not acceptable, "
        r"correct is \['address_clicks', .*'likes', .*\], error is advertiser_name",
        answer["message"],
    )
    tiktok.put("code_40002", metric="reach")
    struck = tiktok.videos(fields=("item_id", "reach", "likes"))["message"]
    assert struck.startswith("fields.1: ")
    assert struck.endswith("correct is ['item_id', 'likes'], error is reach")


@pytest.mark.parametrize(("whose", "word"), [("account", "QPM"), ("app", "App"), ("day", "QPD")])
def test_a_limit_says_in_its_words_whose_it_is(tiktok, whose, word):
    tiktok.put(f"limit_{whose}")
    answer = tiktok.get(VIDEOS).json()
    assert (answer["code"], word in answer["message"]) == (40100, True)


def test_calls_beyond_the_limits_of_one_minute_are_refused(tiktok):
    other = tiktok.world.dataset.holders[-1]
    token = tiktok.world.tokens.issue(other).access

    def codes(times, route=VIDEOS, **options):
        return [tiktok.get(route, **options).json()["code"] for _ in range(times)]

    tiktok.app.state.tiktok_minutes.set(account_per_min=3, app_per_min=7)
    assert codes(4) == [0, 0, 0, 40100]
    assert codes(2, "business/get/") == [0, 0]  # each endpoint has its own
    assert codes(3, token=token, business_id=other.account_key) == [0, 0, 40100]  # the app's
    tiktok.advance(seconds=59)
    assert codes(1) == [40100]
    tiktok.advance(seconds=1)
    assert codes(1) == [0]


def test_limits_by_the_minute_are_tiktoks_own_while_the_clock_goes(tiktok):
    limits = tiktok.app.state.tiktok_minutes
    assert not any(limits.reached("a", "video") for _ in range(700))
    tiktok.world.clock.set(tiktok.world.clock.now(), rate=1e-9)
    assert [limits.reached("a", "video") for _ in range(41)] == [None] * 40 + ["account"]
    spent = [limits.reached(str(number // 40), "video") for number in range(561)]
    assert spent == [None] * 560 + ["app"]


def test_a_fault_of_one_video_strikes_who_asks_for_it_by_name(tiktok):
    one, other = tiktok.alive()[:2]
    tiktok.put("code_40053", subject=one.item_id)
    assert tiktok.videos(filters=json.dumps({"video_ids": [other.item_id]}))["code"] == 0
    both = json.dumps({"video_ids": [other.item_id, one.item_id]})
    assert tiktok.videos(filters=both)["code"] == 40053


def test_a_refused_token_uses_up_no_fault(tiktok):
    tiktok.put("code_50000", times=1)
    tiktok.get(VIDEOS, token="")
    assert tiktok.get(VIDEOS).json()["code"] == 50000


@pytest.mark.parametrize("kind", ["http_500", "oauth_http_500"])
def test_http_500_is_no_json(tiktok, kind):
    tiktok.put(kind)
    body = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    body |= {"grant_type": "refresh_token", "refresh_token": tiktok.grant.refresh}
    path = "/open_api/v1.3/tt_user/oauth2/refresh_token/"
    answers = {
        "http_500": tiktok.get(VIDEOS),
        "oauth_http_500": tiktok.request("POST", path, json=body),
    }
    assert [name for name, answer in answers.items() if answer.status_code == 500] == [kind]
    with pytest.raises(ValueError, match="Expecting value"):
        answers[kind].json()


@pytest.mark.parametrize(("wait_min", "header"), [(2, "120"), (0, None)])
def test_http_429_says_how_long_to_wait_if_at_all(tiktok, wait_min, header):
    tiktok.put("http_429", wait_min=wait_min)
    answer = tiktok.get(VIDEOS)
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)


def test_a_truncated_answer_is_half_of_the_right_one(tiktok):
    tiktok.put("truncated_json", times=1)
    half = tiktok.get(VIDEOS)
    assert (half.status_code, half.headers["content-type"]) == (200, "application/json")
    assert half.text.startswith('{"code":0,')
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        half.json()


def test_html_comes_with_http_200(tiktok):
    tiktok.put("html_body")
    answer = tiktok.get(VIDEOS)
    assert (answer.status_code, answer.text[:15]) == (200, "<!DOCTYPE html>")


def test_a_slow_answer_is_right_and_late(tiktok):
    tiktok.put("slow", times=1)
    begun_s = time.monotonic()
    assert tiktok.get(VIDEOS).json()["code"] == 0
    assert time.monotonic() - begun_s >= 1


def test_a_short_page_loses_nothing(tiktok):
    tiktok.put("short_page", times=2)
    pages = tiktok.pages(max_count=20)
    shown = [video["item_id"] for page in pages for video in page["videos"]]
    assert [len(page["videos"]) for page in pages][:3] == [10, 10, 20]
    assert pages[0]["has_more"]
    assert shown == [item.item_id for item in tiktok.alive()]


def test_an_empty_page_can_have_more(tiktok):
    tiktok.put("empty_page_with_more", times=1, skip=1)
    pages = tiktok.pages(max_count=20)
    shown = [video["item_id"] for page in pages for video in page["videos"]]
    assert pages[1] == {"has_more": True, "cursor": pages[0]["cursor"], "videos": []}
    assert shown == [item.item_id for item in tiktok.alive()]


def test_an_empty_first_page_can_have_more(tiktok):
    tiktok.put("empty_page_with_more", times=1)
    shown = [video for page in tiktok.pages(max_count=20) for video in page["videos"]]
    assert len(shown) == len(tiktok.alive())


def test_a_partial_answer_leaves_every_second_video_out(tiktok):
    tiktok.put("code_20001", times=1)
    partial, whole = tiktok.videos(), tiktok.videos()
    assert partial["code"] == 20001
    assert partial["data"]["videos"] == whole["data"]["videos"][::2]
    assert partial["data"]["cursor"] == whole["data"]["cursor"]


def test_a_lost_answer_of_refreshing_leaves_no_token(tiktok):
    tiktok.put("oauth_truncated_json", times=1)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        tiktok.refresh()
    assert tiktok.refresh()["code"] == 40107
    assert tiktok.get(VIDEOS).json()["code"] == 40105


def test_calls_beyond_the_limit_of_one_second_are_refused(tiktok):
    tiktok.app.state.tiktok_calls.limit = 3
    codes = [tiktok.get(VIDEOS).json()["code"] for _ in range(5)]
    time.sleep(1.05)
    assert codes == [0, 0, 0, 40100, 40100]
    assert tiktok.get(VIDEOS).json()["code"] == 0


def test_without_a_limit_every_call_is_admitted(tiktok):
    assert {tiktok.get(VIDEOS).json()["code"] for _ in range(30)} == {0}
