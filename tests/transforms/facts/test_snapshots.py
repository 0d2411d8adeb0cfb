import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.worlds.data_builders import COUNTS, capture, captures, hours
from transforms.contracts.columns import METRICS
from transforms.contracts.posts import (
    LatestMetrics,
    PlatformAccountMetrics,
    PlatformPostMetrics,
)
from transforms.facts.snapshots import (
    POST,
    capture_order,
    distinct_captures,
    followers_of,
    last_known,
    latest_metrics,
    snapshots_of,
    still_known,
)


def history(*rows):
    """Captures as (hours, views) or as rows of their own, as snapshots."""
    given_rows = [
        row if isinstance(row, dict) else capture(at=row[0], views=row[1]) for row in rows
    ]
    return snapshots_of(captures(given_rows)).sort(*POST, "captured_at", "source").collect()


def views_in(*rows):
    return history(*rows)["views"].to_list()


def latest(*rows):
    """What captures say is known of one post, equal repeats included."""
    given_rows = [
        row if isinstance(row, dict) else capture(at=row[0], views=row[1]) for row in rows
    ]
    return latest_metrics(captures(given_rows)).collect().row(0, named=True)


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        pytest.param([(1, 5), (2, 5), (3, 5)], [5], id="equal repeats append nothing"),
        pytest.param([(1, 5), (2, 6)], [5, 6], id="a change appends"),
        pytest.param([(1, 6), (2, 5)], [6, 5], id="a fall appends"),
        pytest.param([(1, 5), (2, 6), (3, 5)], [5, 6, 5], id="a return is a change"),
        pytest.param([(3, 5), (1, 5), (2, 6)], [5, 6, 5], id="order of arrival does not matter"),
        pytest.param([(1, 5), (2, None)], [5], id="a vanished metric tells nothing"),
        pytest.param([(1, 5), (2, None), (3, 5)], [5], id="nor is its return unchanged a change"),
        pytest.param([(1, 5), (2, None), (3, 6)], [5, 6], id="its return changed is"),
        pytest.param([(1, None), (2, None)], [None], id="unknown equals unknown"),
        pytest.param([(1, None), (2, 0)], [None, 0], id="zero is not unknown"),
        pytest.param([(1, 5), (1, 5)], [5], id="replaying a response appends nothing"),
    ],
)
def test_a_capture_equal_to_the_one_before_appends_nothing(seen, kept):
    assert views_in(*seen) == kept


@pytest.mark.parametrize("name", METRICS)
def test_a_change_in_any_metric_appends(name):
    assert history(capture(at=1), capture(at=2, **{name: 1})).height == 2


def test_a_repeat_is_one_of_the_same_post():
    assert history(capture("p", 1, views=5), capture("q", 2, views=5)).height == 2


def test_a_repeat_by_another_source_appends_nothing():
    rows = (capture(at=1, views=5), capture(at=2, views=5, source="sift"))
    assert history(*rows).height == 1


@pytest.mark.parametrize("turned", [False, True], ids=["smaller first", "larger first"])
def test_two_values_of_one_moment_give_the_larger_in_any_order(turned):
    rows = [capture(at=1, views=5, likes=None), capture(at=1, views=4, likes=2)]
    kept = history(*(reversed(rows) if turned else rows))
    assert kept.select("views", "likes").rows() == [(5, 2)]


def test_of_two_values_of_one_moment_the_one_known_first_stands():
    first = capture(at=1, views=5, source="sift", known_at=hours(2))
    second = capture(at=1, views=9, source="sift", known_at=hours(3))
    kept = history(first, second)
    assert kept.select("views", "known_at").rows() == [(5, hours(2))]


def test_a_moment_that_was_reported_in_two_ways_is_kept_even_if_it_repeats():
    kept = history((1, 10), (2, 5), (2, 10))
    assert kept["views"].to_list() == [10, 10]


def test_a_capture_that_was_known_before_an_earlier_one_is_kept_even_if_it_repeats():
    kept = history(capture(at=1, views=5, known_at=hours(9)), capture(at=2, views=5))
    assert kept["known_at"].to_list() == [hours(9), hours(2)]


def test_a_capture_that_asked_for_less_is_compared_in_what_it_shows():
    shown = [{"views": 5, "reach": 9}, {"views": 5}, {"reach": 9}, {"views": 6}]
    assert history(*(capture(at=n, **row) for n, row in enumerate(shown)))["views"].to_list() == [
        5,
        6,
    ]


def test_a_vanishing_metric_does_not_erase_what_was_known():
    row = latest((1, 5), (2, None))
    assert (row["views"], row["views_at"], row["last_checked_at"]) == (5, hours(1), hours(2))


def test_a_metric_that_was_never_shown_is_unknown():
    row = latest((1, None))
    assert (row["views"], row["views_at"]) == (None, None)


def test_each_metric_has_its_own_time():
    row = latest(capture(at=1, views=5, likes=1), capture(at=2, views=6, likes=1))
    assert (row["views_at"], row["likes_at"]) == (hours(2), hours(1))


def test_a_late_capture_is_older_than_what_is_known():
    row = latest((3, 7), (1, 5))
    assert (row["views"], row["views_at"]) == (7, hours(3))


def test_a_value_stands_since_the_first_capture_of_its_run():
    row = latest(capture(at=1, views=5), capture(at=2, views=None), capture(at=3, views=5))
    assert row["views_at"] == hours(1)


def followers_in(*shown):
    rows = [capture(at=number, followers=count) for number, count in enumerate(shown)]
    return followers_of(captures(rows)).collect()


@pytest.mark.parametrize(
    ("shown", "kept"),
    [([1, 1, 2], [1, 2]), ([1, None, 1], [1]), ([None, None], []), ([2, 1, 2], [2, 1, 2])],
)
def test_followers_append_where_they_change(shown, kept):
    assert followers_in(*shown)["followers"].to_list() == kept


def test_followers_keep_their_contract():
    rows = followers_in(1, None, 2).select(PlatformAccountMetrics.column_names())
    assert PlatformAccountMetrics.is_valid(rows)


SHOWN = st.lists(
    st.tuples(
        st.sampled_from(["p", "q"]),
        st.integers(0, 6),
        st.sampled_from(["import", "sift"]),
        st.sampled_from([None, 0, 5, 6]),
        st.sampled_from([None, 1]),
    ),
    max_size=14,
).map(
    lambda rows: [
        capture(post, at, source=source, views=views, likes=likes)
        for post, at, source, views, likes in rows
    ]
)


def known(snapshots):
    return latest_metrics(snapshots).sort(*POST).collect()


def values_known(snapshots):
    """What ``last_known`` gives, without their order, by post."""
    found = last_known(
        snapshots.with_columns(capture_order(), post=pl.concat_str(POST)),
        key="post",
        metrics=COUNTS,
    )
    return found.select("post", *COUNTS).sort("post").collect()


@given(rows=SHOWN, order=st.randoms(use_true_random=False))
def test_last_known_values_are_those_of_the_latest_metrics(rows, order):
    snapshots = snapshots_of(captures(rows)).collect()
    shuffled = snapshots.sample(fraction=1, shuffle=True, seed=order.randrange(99)).lazy()
    latest = known(snapshots.lazy()).lazy().with_columns(post=pl.concat_str(POST))
    assert values_known(shuffled).equals(latest.select("post", *COUNTS).sort("post").collect())


@given(first=SHOWN, later=SHOWN)
@example(
    first=[capture(at=1, source="sift", views=5)], later=[capture(at=1, source="import", views=6)]
)
def test_what_is_still_known_equals_starting_over(first, later):
    everything = snapshots_of(captures([*first, *later])).collect()
    numbered = everything.with_columns(capture_order(), post=pl.concat_str(POST))
    cut = numbered.height // 2
    parts = [
        last_known(rows.lazy(), key="post", metrics=COUNTS).collect()
        for rows in (numbered[:cut], numbered[cut:])
    ]
    things = numbered.select("post").unique().sort("post")
    before = things.lazy().join(parts[0].lazy(), on="post", how="left", maintain_order="left")
    both = still_known(before, parts[1].lazy(), key="post", metrics=COUNTS).collect()
    assert both["post"].equals(things["post"])
    assert both.select("post", *COUNTS).equals(values_known(everything.lazy()))


@given(rows=SHOWN, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(rows, order):
    shuffled = order.sample(rows, len(rows))
    key = [*POST, "captured_at", "source"]
    one, other = (snapshots_of(captures(given)).sort(key).collect() for given in (rows, shuffled))
    assert one.equals(other)


@given(rows=SHOWN)
def test_leaving_out_repeats_changes_nothing_that_is_known(rows):
    distinct = pl.concat(
        [
            snapshots_of(captures(row for row in rows if row["captured_at"] == at))
            for at in sorted({row["captured_at"] for row in rows})
        ]
        or [snapshots_of(captures([]))]
    )
    distinct = distinct.collect().lazy()
    columns = [*POST, *COUNTS, *(f"{name}_at" for name in COUNTS)]
    assert (
        known(snapshots_of(captures(rows))).select(columns).equals(known(distinct).select(columns))
    )


LANDED = st.lists(
    st.builds(
        lambda post, at, late, source, views, likes: capture(
            post, at, known_at=hours(at + late), source=source, views=views, likes=likes
        ),
        st.sampled_from(["p", "q"]),
        st.integers(0, 6),
        st.sampled_from([0, 0, 1, 3, 6]),
        st.sampled_from(["instagram_graph", "sift"]),
        st.sampled_from([None, 0, 5]),
        st.sampled_from([None, 1]),
    ),
    max_size=10,
)
"""Captures that land at once or late, so that they become known in any order."""
VALUES = [*POST, *COUNTS, *(f"{name}_at" for name in COUNTS)]


def known_from(rows, moment):
    return known(rows.filter(pl.col("known_at") <= moment)).select(VALUES)


@given(rows=LANDED, moment=st.integers(0, 12).map(hours))
def test_as_of_any_moment_snapshots_say_what_all_captures_known_by_then_say(rows, moment):
    every_one = distinct_captures(captures(row for row in rows if row["known_at"] <= moment))
    snapshots = snapshots_of(captures(rows)).collect().lazy()
    assert known_from(snapshots, moment).equals(known(every_one).select(VALUES))


@given(rows=SHOWN, cut=st.integers(-1, 6))
def test_captures_compared_with_what_was_known_are_kept_as_if_compared_with_all(rows, cut):
    earlier = captures(row for row in rows if row["captured_at"] <= hours(cut))
    later = captures(row for row in rows if row["captured_at"] > hours(cut))
    before = latest_metrics(distinct_captures(earlier)).collect().lazy()
    kept = pl.concat([snapshots_of(earlier), snapshots_of(later, before=before)])
    key = [*POST, "captured_at", "source"]
    assert kept.sort(key).collect().equals(snapshots_of(captures(rows)).sort(key).collect())


@given(rows=SHOWN)
def test_snapshots_and_what_is_known_keep_their_contracts(rows):
    snapshots = snapshots_of(captures(rows)).collect().lazy()
    kept = snapshots.select(PlatformPostMetrics.column_names()).collect()
    assert PlatformPostMetrics.is_valid(kept)
    assert LatestMetrics.is_valid(known(snapshots))


@pytest.mark.parametrize(
    ("shown", "stands"),
    [
        pytest.param((1_800_000, 1_776_621), 1_776_621, id="1.8M"),
        pytest.param((22_600, 22_609), 22_609, id="22.6K, which is smaller"),
        pytest.param((16_000, 15_955), 15_955, id="16K"),
        pytest.param((16_000, 15_400), 16_000, id="16K is no rounding of less"),
        pytest.param((100, 60), 100, id="what is small is shown as it is"),
        pytest.param((2_000, 1_700), 2_000, id="2K shows hundreds"),
        pytest.param((1_800_000, 1_700_000), 1_800_000, id="both rounded"),
    ],
)
def test_an_exact_count_stands_before_its_own_rounding(shown, stands):
    for pair in (shown, shown[::-1]):
        rows = [capture("p", -1, views=value) for value in pair]
        found = distinct_captures(captures(rows)).collect()
        assert found["views"].to_list() == [stands]
