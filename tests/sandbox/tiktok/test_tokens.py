"""TikTok's tokens: which open what, and how they are given, renewed, ended and explained."""

from datetime import timedelta

import pytest

from tests.sandbox.tiktok.caller import CLIENT, TikTokCaller

VIDEOS = "business/video/list/"


@pytest.fixture
def tiktok():
    caller = TikTokCaller()
    caller.grant = caller.world.tokens.issue(caller.account)
    return caller


def code_of(tiktok, access):
    return tiktok.get(VIDEOS, token=access).json()["code"]


@pytest.mark.parametrize("route", [VIDEOS, "business/get/"])
def test_a_token_opens_its_account_for_24_hours(tiktok, route):
    codes = []
    for hours in (0, 23.9, 0.2):
        tiktok.advance(hours=hours)
        codes.append(tiktok.get(route).json()["code"])
    assert codes == [0, 0, 40102]


def test_a_bearer_token_is_invalid(tiktok):
    answer = tiktok.get(VIDEOS, token=f"Bearer {tiktok.grant.access}")
    assert answer.status_code == 200
    assert answer.json()["code"] == 40105
    assert answer.json()["message"] == "Access token is incorrect or has been revoked."
    assert answer.json()["data"] == {}


@pytest.mark.parametrize(("token", "code"), [("", 40104), ("act.never-issued", 40105)])
def test_a_token_that_is_none(tiktok, token, code):
    assert code_of(tiktok, token) == code


def test_an_instagram_token_opens_nothing(tiktok):
    account = next(ref for ref in tiktok.world.dataset.holders if ref.platform == "instagram")
    assert code_of(tiktok, tiktok.world.tokens.issue(account).access) == 40105


def test_a_token_does_not_open_another_account(tiktok):
    other = tiktok.world.dataset.holders[-1].account_key
    assert tiktok.get(VIDEOS, business_id=other).json()["code"] == 40001


def test_a_revoked_token_opens_nothing(tiktok):
    tiktok.world.tokens.revoke(tiktok.account)
    assert code_of(tiktok, tiktok.grant.access) == 40105


def test_refreshing_gives_a_new_pair_and_ends_the_old_access_token(tiktok):
    tiktok.advance(hours=20)
    answer = tiktok.refresh()
    data = answer["data"]
    assert answer["code"] == 0
    assert data["open_id"] == tiktok.account.account_key
    assert (data["expires_in"], data["token_type"]) == (86_400, "Bearer")
    assert data["refresh_token_expires_in"] == 31_536_000
    assert {"video.list", "video.insights", "user.insights"} <= set(data["scope"].split(","))
    assert code_of(tiktok, data["access_token"]) == 0
    assert code_of(tiktok, tiktok.grant.access) == 40105


def test_an_expired_access_token_can_be_refreshed(tiktok):
    tiktok.advance(days=30)
    assert code_of(tiktok, tiktok.refresh()["data"]["access_token"]) == 0


def test_a_refresh_token_serves_once(tiktok):
    tiktok.refresh()
    assert tiktok.refresh()["code"] == 40107


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"refresh_token": "rft.never-issued"}, 40107),
        ({"grant_type": "authorization_code"}, 40108),
        ({"client_secret": "guessed"}, 40001),
        ({"client_id": "another-app"}, 40001),
        ({"client_id": None}, 40002),
    ],
    ids=str,
)
def test_a_refresh_that_is_refused_changes_nothing(tiktok, change, code):
    assert tiktok.refresh(**change)["code"] == code
    assert code_of(tiktok, tiktok.grant.access) == 0


def test_a_refresh_token_expires_after_a_year(tiktok):
    tiktok.advance(days=365)
    assert tiktok.refresh()["code"] == 40103


def test_refresh_tokens_can_be_made_to_expire(tiktok):
    tiktok.world.tokens.shorten(tiktok.account, to=timedelta(hours=1), refresh=True)
    tiktok.advance(hours=1)
    assert tiktok.refresh()["code"] == 40103
    assert code_of(tiktok, tiktok.grant.access) == 0


def test_a_consent_gives_the_first_pair(tiktok):
    body = CLIENT | {"grant_type": "authorization_code", "redirect_uri": "https://ours.example"}
    code = f"code-{tiktok.account.account_key}"
    data = tiktok.post("oauth2/token/", auth_code=code, **body)["data"]
    assert code_of(tiktok, data["access_token"]) == 0
    assert tiktok.post("oauth2/token/", auth_code="code-nobody", **body)["code"] == 40110


def test_revoking_ends_every_token_of_the_account(tiktok):
    answer = tiktok.post("oauth2/revoke/", access_token=tiktok.grant.access, **CLIENT)
    assert (answer["code"], answer["data"]) == (0, {})
    assert code_of(tiktok, tiktok.grant.access) == 40105
    assert tiktok.refresh()["code"] == 40107


def test_a_token_is_explained(tiktok):
    body = {"app_id": "sandbox-client", "access_token": tiktok.grant.access}
    data = tiktok.post("token_info/get/", **body)["data"]
    assert data["creator_id"] == tiktok.account.account_key
    assert data["app_id"] == "sandbox-client"
    assert tiktok.post("token_info/get/", **(body | {"access_token": "no"}))["code"] == 40105


def test_a_body_that_is_no_json_is_refused(tiktok):
    path = "/open_api/v1.3/tt_user/oauth2/refresh_token/"
    assert tiktok.request("POST", path, content=b"{").json()["code"] == 40000
    assert tiktok.request("POST", path, content=b"[]").json()["code"] == 40000


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/open_api/v1.3/business/videos/list/", 40400),
        ("POST", "/open_api/v1.3/business/video/list/", 40117),
        ("GET", "/open_api/v1.3/tt_user/oauth2/token/", 40117),
        ("GET", "/open_api/business/video/list/", 40051),
        ("GET", "/open_api/latest/business/get/", 40051),
    ],
)
def test_a_path_that_is_not_there_is_refused_with_http_200(tiktok, method, path, code):
    answer = tiktok.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (200, code)


def test_no_secret_reaches_the_request_log(tiktok):
    data = tiktok.refresh()["data"]
    tiktok.get(VIDEOS, token=data["access_token"], cursor="4242")
    logged = "".join(one.model_dump_json() for one in tiktok.world.log.requests())
    assert not [secret for secret in tiktok.world.tokens.every_secret() if secret in logged]
    assert "4242" not in logged
