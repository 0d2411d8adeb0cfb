"""Proof: a client of others, ``python-facebook-api``, reads the sandbox as it does the platform."""

import pytest
from pyfacebook import FacebookError, IGBusinessApi

from sandbox import AccountRef
from tests.sandbox.graph.caller import (
    CAROUSEL,
    LARGE,
    MANY,
    MINE,
    NOW,
    POSTS,
    REEL,
    GraphCaller,
    as_at_first,
    graph_sandbox,
)


@pytest.fixture(scope="module")
def served():
    with graph_sandbox() as caller:
        yield caller


@pytest.fixture
def graph(served):
    return as_at_first(served)


def client_of(
    caller: GraphCaller, account: AccountRef = MINE, version: str = "v26.0"
) -> IGBusinessApi:
    """The client as its documents set it up, but for the host."""
    client = IGBusinessApi(
        access_token=caller.of(account).token,
        instagram_business_id=account.account_key,
        base_url=f"{caller.sandbox.url}/",
        version=version,
    )
    client.session.trust_env = False
    return client


@pytest.fixture
def client(graph):
    return client_of(graph)


def test_an_account_is_read(client, graph):
    found = client.user.get_info()
    assert (found.id, found.username) == (MINE.account_key, "creator.00000001")
    assert found.followers_count == graph.sandbox.world.dataset.followers(MINE, at=NOW)


def test_a_list_is_read_page_by_page(graph):
    found = client_of(graph, LARGE).user.get_media(count=None, limit=50, return_json=True)
    assert [media["id"] for media in found["data"]] == [post.item_id for post in MANY]


def test_a_medium_and_its_pictures_are_read(client):
    found = client.media.get_info(media_id=CAROUSEL.item_id)
    assert found.like_count == CAROUSEL.metrics(NOW)["likes"]
    children = client.media.get_children(media_id=CAROUSEL.item_id, return_json=True)
    assert len(children["data"]) == len(found.children.data)


def test_insights_of_a_medium_are_read(client):
    found = client.media.get_insights(media_id=REEL.item_id, metric="reach,views")
    truth = REEL.metrics(NOW)
    assert {row.name: row.values[0].value for row in found.data} == {
        name: truth[name] for name in ("reach", "views")
    }


def test_insights_of_the_account_are_read_by_day_and_as_a_total(client):
    by_day = client.user.get_insights(
        metric="reach", period="day", since="2026-05-08", until="2026-05-10"
    )
    assert [value.end_time[:10] for value in by_day.data[0].values] == ["2026-05-09", "2026-05-10"]
    total = client.user.get_insights(
        metric=["views", "likes"],
        period="day",
        metric_type="total_value",
        since="2026-05-08",
        until="2026-05-10",
    )
    assert [row.name for row in total.data] == ["views", "likes"]
    assert total.data[0].total_value.value > total.data[1].total_value.value > 0


def test_another_account_and_its_posts_are_looked_up_by_name(client):
    found = client.user.discovery_user(username="creator.00000003")
    assert (found.business_discovery.id, found.business_discovery.media_count) == (
        LARGE.account_key,
        len(MANY),
    )
    media = client.user.discovery_user_medias(username="creator.00000003", limit=5)
    shown = media.business_discovery.media.data
    assert [one.id for one in shown] == [post.item_id for post in MANY[:5]]


def test_a_name_that_nobody_has_is_the_clients_error(client):
    with pytest.raises(FacebookError) as caught:
        client.user.discovery_user(username="nobody")
    assert (caught.value.code, caught.value.error_subcode) == (110, 2_207_013)


def test_several_media_at_once_are_refused_as_the_platform_does_now(client):
    with pytest.raises(FacebookError, match="ids query parameter is deprecated"):
        client.media.get_batch(ids=[post.item_id for post in POSTS])


def test_a_version_that_does_not_exist_is_the_clients_error(graph):
    with pytest.raises(FacebookError, match="Unknown path components"):
        client_of(graph, version="v99.0").user.get_info()
