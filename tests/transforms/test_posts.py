from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data_builders import (
    AS_OF,
    capture,
    captures,
    hours,
    pool_of,
    some_captures,
    spell,
    spells,
)
from transforms.contracts.posts import ContentContainers, PlatformPosts
from transforms.contracts.scoring import AdsContent, PoolMembers
from transforms.posts import ads_content_of, containers_of, pool_members, posts_of
from transforms.snapshots import POST, latest_metrics, snapshots_of

SECOND = timedelta(seconds=1)


def post(*rows):
    return posts_of(captures(rows)).collect().row(0, named=True)


def members_in(*rows, allowed=(), as_of=AS_OF):
    return pool_of(rows, allowed or [spell()], as_of=as_of).collect()


@pytest.mark.parametrize("name", ["caption", "permalink", "media_type"])
def test_content_comes_from_the_newest_capture_that_shows_it(name):
    rows = [capture(at=n, **{name: text}) for n, text in enumerate(["a", "b", None])]
    assert post(*reversed(rows))[name] == "b"


def test_counts_are_those_of_the_newest_capture():
    assert post(capture(at=1, views=5), capture(at=2, views=None))["views"] is None


def test_the_account_comes_from_the_earliest_capture():
    rows = (capture(at=2, account_key="new"), capture(at=1, account_key="old"))
    assert post(*rows)["account_key"] == "old"


def test_the_publication_comes_from_the_earliest_capture_that_names_it():
    rows = [capture(at=n, published_at=at) for n, at in enumerate([None, hours(-5), hours(-6)])]
    assert post(*rows)["published_at"] == hours(-5)


def test_a_post_is_first_seen_when_its_first_capture_was_known():
    rows = (capture(at=1, known_at=hours(9)), capture(at=2, known_at=hours(3)))
    assert post(*rows)["first_seen_at"] == hours(3)


def test_the_permanent_media_address_of_sift_wins():
    rows = (
        capture(at=1, media_url="permanent", source="sift"),
        capture(at=2, media_url="expiring", source="instagram_graph"),
    )
    assert post(*rows)["media_url"] == "permanent"


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.builds(
            capture,
            st.just("p"),
            st.integers(0, 2),
            views=st.sampled_from([None, 1, 2]),
            likes=st.sampled_from([None, 1, 2]),
            caption=st.sampled_from([None, "a", "b"]),
            permalink=st.sampled_from([None, "a", "b"]),
            media_type=st.sampled_from([None, "reel", "story"]),
            account_key=st.sampled_from(["ada", "bob"]),
            published_at=st.sampled_from([None, hours(-9), hours(-8)]),
            run_id=st.sampled_from(["r1", "r2"]),
        ),
        min_size=1,
        max_size=6,
    ),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_does_not_matter(rows, order):
    runs = [row["run_id"] for row in rows]
    shuffled = order.sample(rows, len(rows))
    # Another order of arrival is another run for each capture.
    renamed = [row | {"run_id": run} for row, run in zip(shuffled, runs, strict=True)]
    assert post(*rows) == post(*renamed)


@settings(max_examples=25, deadline=None)
@given(rows=some_captures())
def test_posts_containers_and_ads_content_keep_their_contracts(rows):
    posts = posts_of(captures(rows)).with_columns(bucket=pl.lit(0, pl.Int64))
    ads = ads_content_of(posts, spells([spell()]), created_at=AS_OF).collect()
    containers = containers_of(posts, created_at=AS_OF).collect()
    assert PlatformPosts.is_valid(posts.select(PlatformPosts.column_names()).collect())
    assert ContentContainers.is_valid(containers)
    assert AdsContent.is_valid(ads.select(AdsContent.column_names()))


@settings(max_examples=25, deadline=None)
@given(rows=some_captures(), as_of=st.integers(-48, 48))
def test_pool_members_keep_their_contract(rows, as_of):
    pool = members_in(*rows, allowed=[spell(), spell("bob")], as_of=hours(as_of))
    assert PoolMembers.is_valid(pool.select(PoolMembers.column_names()))


@pytest.mark.parametrize(
    ("changes", "is_member"),
    [
        pytest.param({"allowed_from": AS_OF}, True, id="a spell holds from its start"),
        pytest.param({"allowed_from": AS_OF + SECOND}, False, id="not before"),
        pytest.param({"allowed_to": AS_OF}, False, id="nor at its end"),
        pytest.param({"allowed_to": AS_OF + SECOND}, True, id="until its end"),
        pytest.param({"platform": "instagram"}, False, id="on its platform only"),
        pytest.param({"account_key": "bob"}, False, id="for its account only"),
    ],
)
def test_a_post_joins_the_pool_while_its_account_is_allowed(changes, is_member):
    assert members_in(capture(), allowed=[spell(**changes)]).height == is_member


def test_two_spells_make_one_member():
    assert members_in(capture(), allowed=[spell(), spell(allowed_from=hours(-99))]).height == 1


def test_a_post_is_in_the_pool_of_every_project_that_allows_it():
    pool = members_in(capture(), allowed=[spell(), spell(project_id="other")])
    assert sorted(pool["ads_content_id"]) == ["brand/tiktok:p", "other/tiktok:p"]


@pytest.mark.parametrize(
    ("published_at", "is_member"),
    [
        pytest.param(AS_OF, True, id="at the tick"),
        pytest.param(AS_OF + SECOND, False, id="after the tick"),
        pytest.param(None, True, id="unknown"),
    ],
)
def test_a_post_joins_the_pool_once_it_is_published(published_at, is_member):
    assert members_in(capture(published_at=published_at)).height == is_member


@pytest.mark.parametrize(
    ("known_at", "views"),
    [
        pytest.param(AS_OF, 9, id="known at the tick"),
        pytest.param(AS_OF + SECOND, 5, id="captured before the tick but known after it"),
    ],
)
def test_a_count_is_seen_once_it_is_known(known_at, views):
    rows = (capture(at=-2, views=5), capture(at=-1, views=9, known_at=known_at))
    assert members_in(*rows)["views"].to_list() == [views]


@pytest.mark.parametrize(
    ("deleted_at", "is_deleted"), [(None, False), (AS_OF, True), (AS_OF + SECOND, False)]
)
def test_a_post_is_deleted_from_its_confirmation_on(deleted_at, is_deleted):
    given_row = captures([capture(views=5)])
    posts = posts_of(given_row).with_columns(
        deleted_at=pl.lit(deleted_at, pl.Datetime("us", "UTC"))
    )
    latest = latest_metrics(snapshots_of(given_row))
    pool = pool_members(latest, posts, spells([spell()]), as_of=AS_OF).collect()
    assert pool["is_deleted"].to_list() == [is_deleted]


def test_ads_content_is_made_once_per_project_whatever_the_spells():
    posts = posts_of(captures([capture()])).with_columns(bucket=pl.lit(0, pl.Int64))
    listed = spells([spell(), spell(allowed_from=hours(1)), spell(project_id="other")])
    made = ads_content_of(posts, listed, created_at=AS_OF).collect()
    assert sorted(made["ads_content_id"]) == ["brand/tiktok:p", "other/tiktok:p"]


def test_a_container_is_named_after_its_post():
    posts = posts_of(captures([capture()])).with_columns(bucket=pl.lit(0, pl.Int64))
    made = containers_of(posts, created_at=AS_OF).collect()
    assert made.select("container_id", *POST).row(0) == ("tiktok:p", "tiktok", "p")
