from datetime import timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.worlds.data_builders import (
    AS_OF,
    capture,
    captures,
    hours,
    interval,
    intervals,
    some_captures,
)
from tests.worlds.pools import World, history_of_world, pool_of
from transforms.contracts.posts import ContentContainers
from transforms.contracts.scoring import AdsContent, PoolMembers
from transforms.facts.posts import ads_content_of, containers_of, posts_of
from transforms.facts.snapshots import POST

SECOND = timedelta(seconds=1)


def post(*rows):
    return posts_of(captures(rows)).collect().row(0, named=True)


def members_in(*rows, allowed=(), as_of=AS_OF):
    return pool_of(rows, allowed or [interval()], as_of=as_of).collect()


@pytest.mark.parametrize("name", ["caption", "permalink", "media_type"])
def test_content_comes_from_the_newest_capture_that_shows_it(name):
    rows = [capture(at=n, **{name: text}) for n, text in enumerate(["a", "b", None])]
    assert post(*reversed(rows))[name] == "b"


def test_the_account_comes_from_the_earliest_capture():
    rows = (capture(at=2, account_key="new"), capture(at=1, account_key="old"))
    assert post(*rows)["account_key"] == "old"


def test_the_publication_comes_from_the_earliest_capture_that_names_it():
    rows = [capture(at=n, published_at=at) for n, at in enumerate([None, hours(-5), hours(-6)])]
    assert post(*rows)["published_at"] == hours(-5)


def test_a_post_is_first_seen_when_its_first_capture_was_known():
    rows = (capture(at=1, known_at=hours(9)), capture(at=2, known_at=hours(3)))
    assert post(*rows)["first_seen_at"] == hours(3)


@pytest.mark.parametrize("cut", range(3))
@pytest.mark.parametrize(
    ("changes", "is_consistent"),
    [
        ([{}, {}, {}], True),
        ([{"published_at": None}] * 3, True),
        ([{}, {"account_key": "renamed"}, {}], False),
        ([{}, {}, {"published_at": None}], False),
        ([{"published_at": None}, {}, {}], False),
        ([{"published_at": None}, {"published_at": None}, {}], False),
        ([{}, {"published_at": hours(-7)}, {}], False),
    ],
)
def test_an_identity_is_consistent_while_every_capture_names_the_same(changes, is_consistent, cut):
    rows = [capture(at=at, published_at=hours(-5)) | change for at, change in enumerate(changes)]
    before = posts_of(captures(rows[:cut])) if cut else None
    made = posts_of(captures(rows[cut:]), before=before).collect()
    assert made["is_identity_settled"].to_list() == [is_consistent]


def sift(at, url):
    return capture(at=at, media_url=url, source="sift")


def graph(at, url):
    return capture(at=at, media_url=url, source="instagram_graph")


PERMANENT, UNSIGNED, SIGNED, SIGNED_AGAIN, OTHER = (
    "https://sift/7.mp4",
    "https://cdn/7.mp4",
    "https://cdn/7.mp4?sig=a&exp=1",
    "https://cdn/7.mp4?sig=b&exp=2",
    "https://cdn/8.mp4?sig=c",
)


@pytest.mark.parametrize(
    ("rows", "url", "is_permanent"),
    [
        pytest.param([sift(1, PERMANENT), graph(2, SIGNED)], PERMANENT, True, id="a newer one"),
        pytest.param([graph(1, SIGNED), sift(2, PERMANENT)], PERMANENT, True, id="an older one"),
        pytest.param([graph(1, SIGNED), sift(2, None)], SIGNED, False, id="unless it is missing"),
        pytest.param([sift(1, None)], None, False, id="no address is not a permanent one"),
    ],
)
def test_the_permanent_media_address_of_sift_wins_over(rows, url, is_permanent):
    row = post(*rows)
    assert (row["media_url"], row["is_media_url_permanent"]) == (url, is_permanent)


@pytest.mark.parametrize(
    ("rows", "url", "content_at"),
    [
        pytest.param(
            [graph(1, SIGNED), graph(2, SIGNED_AGAIN)], SIGNED, 1, id="only the signature"
        ),
        pytest.param([graph(1, SIGNED), graph(2, OTHER)], OTHER, 2, id="another file"),
        pytest.param([sift(1, SIGNED), sift(2, SIGNED_AGAIN)], SIGNED, 1, id="of permanent ones"),
        pytest.param([graph(1, SIGNED), graph(2, None)], SIGNED, 1, id="an address not shown"),
        pytest.param([graph(1, SIGNED), graph(2, UNSIGNED)], SIGNED, 1, id="unsigned"),
        pytest.param(
            [graph(1, SIGNED), sift(2, PERMANENT), graph(3, OTHER)],
            PERMANENT,
            2,
            id="a passing one where a permanent one is known",
        ),
    ],
)
def test_media_addresses_that_differ_only_in_their_signature_are_one(rows, url, content_at):
    row = post(*rows)
    assert (row["media_url"], row["content_at"]) == (url, hours(content_at))


def test_a_change_of_counts_is_no_change_of_content():
    rows = (capture(at=1, caption="a", views=1), capture(at=2, caption="a", views=2))
    assert post(*rows)["content_at"] == hours(1)


def shown_captures(*, apart=False):
    """A few captures of one post by every source, with words, addresses and names that change.

    Args:
        apart: No two at the same moment.
    """
    row = st.builds(
        capture,
        st.just("p"),
        st.integers(0, 4),
        source=st.sampled_from(["import", "instagram_graph", "sift", "tiktok_business"]),
        views=st.sampled_from([None, 1, 2]),
        likes=st.sampled_from([None, 1, 2]),
        caption=st.sampled_from([None, "a", "b"]),
        permalink=st.sampled_from([None, "a", "b"]),
        media_type=st.sampled_from([None, "reel", "story"]),
        media_url=st.sampled_from([None, PERMANENT, SIGNED, SIGNED_AGAIN, OTHER]),
        account_key=st.sampled_from(["ada", "bob"]),
        published_at=st.sampled_from([None, hours(-9), hours(-8)]),
        run_id=st.sampled_from(["r1", "r2"]),
    )
    unique_by = (lambda row: row["captured_at"]) if apart else None
    return st.lists(row, min_size=1, max_size=6, unique_by=unique_by)


@given(rows=shown_captures(), order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(rows, order):
    runs = [row["run_id"] for row in rows]
    shuffled = order.sample(rows, len(rows))
    # Another order of arrival is another run for each capture.
    renamed = [row | {"run_id": run} for row, run in zip(shuffled, runs, strict=True)]
    assert post(*rows) == post(*renamed)


def renamed(row):
    return row | {"account_key": "bob", "caption": "b"}


@given(rows=shown_captures(apart=True), cut=st.integers(0, 4))
@example(rows=[graph(1, SIGNED), sift(2, PERMANENT), graph(3, SIGNED)], cut=2)
def test_captures_put_upon_what_was_known_make_the_post_that_all_of_them_make(rows, cut):
    earlier = captures(row for row in rows if row["captured_at"] <= hours(cut))
    later = captures(row for row in rows if row["captured_at"] > hours(cut))
    before = posts_of(earlier).collect().lazy()
    made = posts_of(later, before=before).collect().row(0, named=True)
    assert made == post(*rows)


@given(rows=shown_captures(apart=True))
@example(rows=[sift(1, PERMANENT), renamed(graph(2, SIGNED))])
def test_captures_put_once_more_upon_the_post_that_they_made_change_nothing(rows):
    made = posts_of(captures(rows)).collect()
    newest = max(rows, key=lambda row: row["captured_at"])
    again = posts_of(captures([newest]), before=made.lazy()).collect()
    assert again.to_dicts() == made.select(again.columns).to_dicts()


@given(rows=some_captures())
def test_containers_and_ads_content_keep_their_contracts(rows):
    posts = posts_of(captures(rows)).with_columns(bucket=pl.lit(0, pl.Int64))
    ads = ads_content_of(posts, intervals([interval()])).collect()
    containers = containers_of(posts).collect()
    assert ContentContainers.is_valid(containers)
    assert AdsContent.is_valid(ads.select(AdsContent.column_names()))


@given(rows=some_captures(), as_of=st.integers(-48, 48))
def test_pool_members_keep_their_contract(rows, as_of):
    pool = members_in(*rows, allowed=[interval(), interval("bob")], as_of=hours(as_of))
    assert PoolMembers.is_valid(pool.select(PoolMembers.column_names()))


@pytest.mark.parametrize(
    ("changes", "is_member"),
    [
        pytest.param({"allowed_from": AS_OF}, True, id="an interval holds from its start"),
        pytest.param({"allowed_from": AS_OF + SECOND}, False, id="not before"),
        pytest.param({"allowed_to": AS_OF}, False, id="nor at its end"),
        pytest.param({"allowed_to": AS_OF + SECOND}, True, id="until its end"),
        pytest.param({"platform": "instagram"}, False, id="on its platform only"),
        pytest.param({"account_key": "bob"}, False, id="for its account only"),
    ],
)
def test_a_post_joins_the_pool_while_its_account_is_allowed(changes, is_member):
    assert members_in(capture(), allowed=[interval(**changes)]).height == is_member


def test_two_intervals_make_one_member():
    assert (
        members_in(capture(), allowed=[interval(), interval(allowed_from=hours(-99))]).height == 1
    )


def test_a_post_is_in_the_pool_of_every_project_that_allows_it():
    pool = members_in(capture(), allowed=[interval(), interval(project_id="other")])
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
    ("returned_at", "is_deleted"), [(None, True), (AS_OF + SECOND, True), (AS_OF, False)]
)
def test_a_deleted_post_stays_in_the_pool_as_a_deleted_one(returned_at, is_deleted):
    gone = {("tiktok", "p"): [(AS_OF, returned_at)]}
    history = history_of_world(World(captures=[capture(views=5)], deleted=gone), since=AS_OF)
    posts, listed = history.posts_at(AS_OF, history.counts), history.listed_at(AS_OF)
    pool = history.members_of(history.candidates.rows, posts, listed, AS_OF)
    assert pool["is_deleted"].to_list() == [is_deleted]


def test_ads_content_is_made_once_per_project_whatever_the_intervals():
    posts = posts_of(captures([capture()])).with_columns(bucket=pl.lit(0, pl.Int64))
    listed = intervals([interval(), interval(allowed_from=hours(1)), interval(project_id="other")])
    made = ads_content_of(posts, listed).collect()
    assert sorted(made["ads_content_id"]) == ["brand/tiktok:p", "other/tiktok:p"]


def test_a_container_is_named_after_its_post():
    posts = posts_of(captures([capture()])).with_columns(bucket=pl.lit(0, pl.Int64))
    made = containers_of(posts).collect()
    assert made.select("container_id", *POST).row(0) == ("tiktok:p", "tiktok", "p")


def test_a_container_is_made_when_its_post_was_first_known():
    rows = (capture(at=1, known_at=hours(9)), capture(at=2, known_at=hours(3)))
    posts = posts_of(captures(rows)).with_columns(bucket=pl.lit(0, pl.Int64))
    assert containers_of(posts).collect()["created_at"].to_list() == [hours(3)]


@pytest.mark.parametrize(
    ("allowed_from", "created_at"),
    [
        pytest.param([hours(-99)], hours(3), id="when the post was first known"),
        pytest.param([hours(5)], hours(5), id="or its account was allowed, if that was later"),
        pytest.param([hours(7), hours(5)], hours(5), id="for the first time"),
    ],
)
def test_ads_content_is_made(allowed_from, created_at):
    posts = posts_of(captures([capture(known_at=hours(3))]))
    posts = posts.with_columns(bucket=pl.lit(0, pl.Int64))
    listed = intervals(interval(allowed_from=start) for start in allowed_from)
    assert ads_content_of(posts, listed).collect()["created_at"].to_list() == [created_at]
