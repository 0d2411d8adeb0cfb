"""Proof: clients that others wrote for TikTok read the sandbox as they read the platform.

``python-tiktok`` knows the accounts API. TikTok's own SDK has no class for it, so its transport is
used as its classes use it; its list of codes is held against ours.
"""

import json
import warnings
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest

with warnings.catch_warnings():
    # The SDK's sources have invalid escapes; they are not ours to mend.
    warnings.simplefilter("ignore")
    from business_api_client import ApiClient, Configuration
    from business_api_client.tiktok_business.tiktok_code import NumericErrorCodes
    from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError
from pytiktok import BusinessAccountApi
from pytiktok.error import PyTiktokError

from layers_pipeline.sources.tiktok.errors import MEANINGS
from layers_pipeline.sources.tiktok.fields import ACCOUNT_FIELDS, VIDEO_FIELDS
from sandbox import AccountRef, Fault, RunningSandbox, running_sandbox
from sandbox.simulation.items import Item
from sandbox.tiktok.codes import MESSAGES
from tests.sandbox.tiktok.caller import NOW, TikTokCaller

VIDEOS = "/open_api/v1.3/business/video/list/"


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with running_sandbox(TikTokCaller().world.dataset, now=NOW) as running:
        yield running


@pytest.fixture
def sandbox(served: RunningSandbox) -> RunningSandbox:
    served.world.faults.clear()
    return served


@pytest.fixture
def account(served: RunningSandbox) -> AccountRef:
    return next(ref for ref in served.world.dataset.holders if ref.platform == "tiktok")


@pytest.fixture
def theirs(sandbox: RunningSandbox, account: AccountRef) -> BusinessAccountApi:
    """python-tiktok as its documents set it up, but for the host."""
    grant = sandbox.issue(account, life=timedelta(days=1))
    client = BusinessAccountApi(
        app_id="sandbox-client",
        app_secret="sandbox-secret",
        access_token=grant.access,
        base_url=f"{sandbox.url}/open_api",
    )
    client.session.trust_env = False
    return client


def alive(sandbox: RunningSandbox, account: AccountRef) -> list[Item]:
    return sandbox.world.dataset.posts(account, at=NOW)


def test_every_video_is_listed_page_by_page(theirs, sandbox, account):
    found, cursor, has_more = [], None, True
    while has_more:
        answer = theirs.get_account_videos(
            account.account_key, fields=list(VIDEO_FIELDS), cursor=cursor, max_count=20
        ).data
        found += answer.videos
        cursor, has_more = answer.cursor, answer.has_more
    posts = alive(sandbox, account)
    assert [video.item_id for video in found] == [post.item_id for post in posts]
    assert {video.item_id: video.video_views for video in found} == {
        post.item_id: post.metrics(NOW).get("views") for post in posts
    }


def test_videos_are_found_by_their_ids(theirs, sandbox, account):
    wanted = [post.item_id for post in alive(sandbox, account)[3:5]]
    answer = theirs.get_account_videos(account.account_key, filters={"video_ids": wanted}).data
    assert [video.item_id for video in answer.videos] == wanted


def test_the_account_has_followers_and_ages(theirs, sandbox, account):
    data = theirs.get_account_data(account.account_key, fields=list(ACCOUNT_FIELDS)).data
    assert data.followers_count == sandbox.world.dataset.followers(account, at=NOW)
    assert sum(age.percentage for age in data.audience_ages) == pytest.approx(1, abs=0.001)


def test_the_days_followers_are_told_as_net_growth(theirs, account):
    fields = ["daily_total_followers", "followers_count"]
    days = theirs.get_account_data(account.account_key, fields=fields).data.metrics
    grown = [later.followers_count - day.followers_count for day, later in pairwise(days)]
    assert [day.daily_total_followers for day in days[1:]] == grown


def test_a_token_is_refreshed_and_told_about(theirs, sandbox, account):
    grant = sandbox.issue(account, life=timedelta(days=1))
    made = theirs.refresh_access_token(grant.refresh)
    assert made.open_id == account.account_key
    told = theirs.get_token_info(made.access_token, app_id="sandbox-client")
    assert "video.list" in told.scope


def test_a_wrong_field_is_refused_in_the_words_that_were_recorded(theirs, account):
    with pytest.raises(PyTiktokError, match=r"fields\.1: .*error is average_views"):
        theirs.get_account_videos(account.account_key, fields=["item_id", "average_views"])


def asked_by_sdk(sandbox, account, **params):
    """A page of videos by TikTok's own transport, as the SDK's classes use it."""
    settings = Configuration()
    settings.host = sandbox.url
    grant = sandbox.issue(account, life=timedelta(days=1))
    return ApiClient(settings).call_api(
        VIDEOS,
        "GET",
        query_params={"business_id": account.account_key, **params},
        header_params={"Access-Token": grant.access, "Content-Type": "application/json"},
        response_type="InlineResponse200",
        _return_http_data_only=True,
    )


def test_tiktoks_own_transport_reads_a_page(sandbox, account):
    fields = json.dumps(["item_id", "video_views"])
    videos = asked_by_sdk(sandbox, account, fields=fields, max_count=20)["data"]["videos"]
    newest = alive(sandbox, account)[: len(videos)]
    assert [video["item_id"] for video in videos] == [post.item_id for post in newest]


@pytest.mark.parametrize("kind", ["limit_account", "code_40120", "code_41000"])
def test_tiktoks_own_transport_raises_what_the_sandbox_refuses(sandbox, account, kind):
    sandbox.world.faults.put(account, Fault(kind=kind))
    with pytest.raises(TiktokSDKError):
        asked_by_sdk(sandbox, account)


def test_every_code_here_is_one_of_tiktoks():
    theirs = {value for name, value in vars(NumericErrorCodes).items() if name.startswith("ERROR")}
    assert set(MEANINGS) <= theirs
    assert set(MESSAGES) <= theirs
