import math
from datetime import timedelta

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.data_builders import AS_OF, hours, member, members, ranked, scored, scores_by_post
from transforms.contracts.scoring import (
    CREATIVE_PART_COLUMNS,
    PART_COLUMNS,
    OrganicScores,
    UgcPoolPercentiles,
)
from transforms.scoring.organic_score import score_ugc
from transforms.scoring.rules import ACTIVE, RULES

OTHERS = (member("other1", views=100), member("other2", views=100))
"""Two posts that make any third one's pool large enough."""


def score_of(**changes):
    """Score row of one post beside two of 100 views, no engagement and no freshness."""
    return scores_by_post([member("p", **changes), *OTHERS])["p"]


def born(days):
    return AS_OF - timedelta(days=days)


@pytest.mark.parametrize(
    ("views", "reason"),
    [
        pytest.param(49, "below_min_views", id="49 views are too few"),
        pytest.param(0, "below_min_views", id="zero views are too few"),
        pytest.param(None, "views_unknown", id="unknown views are not zero views"),
    ],
)
def test_a_post_with_fewer_than_50_known_views_is_not_scored(views, reason):
    row = scores_by_post([member("p", views=views), *OTHERS, member("other3")])["p"]
    assert (row["organic_score"], row["unscored_reason"]) == (0.0, reason)


@pytest.mark.parametrize(
    "column", [*PART_COLUMNS, "score_before_clamp", "clamp_points", "outperformance"]
)
def test_a_post_that_is_not_scored_has_no_parts(column):
    row = scores_by_post([member("p", views=49), *OTHERS, member("other3")])["p"]
    assert row[column] is None


def test_a_post_with_50_views_is_scored():
    assert score_of(views=50)["unscored_reason"] is None


@pytest.mark.parametrize(
    ("scorable", "scores"),
    [pytest.param(2, 0, id="two are too few"), pytest.param(3, 3, id="three are enough")],
)
def test_a_pool_needs_at_least_3_scorable_posts(scorable, scores):
    pool = [member(f"p{number}") for number in range(scorable)]
    assert len(scores_by_post(pool)) == scores


@pytest.mark.parametrize(
    "changes",
    [{"views": 49}, {"views": None}, {"is_deleted": True}, {"project_id": "other"}],
    ids=str,
)
def test_only_live_posts_of_the_project_with_50_views_fill_a_pool(changes):
    assert scores_by_post([member("p", **changes), *OTHERS]) == {}


def test_a_deleted_post_has_no_score():
    pool = [member("p", is_deleted=True), *OTHERS, member("other3")]
    assert set(scores_by_post(pool)) == {"other1", "other2", "other3"}


def test_a_deleted_post_does_not_count_in_ranks():
    pool = [member("p", views=200), *OTHERS]
    with_deleted = [*pool, member("gone", views=500, is_deleted=True)]
    assert scores_by_post(with_deleted) == scores_by_post(pool)


@pytest.mark.parametrize(
    ("column", "weight", "share"),
    [
        pytest.param("quality_points", 8.5 * 0.45, "engagement_rate_rank_pct", id="45 quality"),
        pytest.param("reach_points", 8.5 * 0.25, "views_rank_pct", id="25 reach"),
        pytest.param("outperformance_points", 8.5 * 0.30, "outperformance", id="30 outperformance"),
    ],
)
def test_a_part_is_its_weight_of_eight_and_a_half_points(column, weight, share):
    row = score_of(views=250, likes=7)
    assert row[column] == pytest.approx(weight * row[share], abs=1e-12)
    assert row[column] > 0


@pytest.mark.parametrize(
    ("engagement", "rate"),
    [
        pytest.param({"likes": 10}, 0.10, id="a like counts once"),
        pytest.param({"comments": 10}, 0.30, id="a comment counts three times"),
        pytest.param({"shares": 10}, 0.50, id="a share counts five times"),
        pytest.param({"saves": 10}, 0.60, id="a save counts six times"),
        pytest.param(dict.fromkeys(("likes", "comments", "shares", "saves"), 1), 0.15, id="all"),
        pytest.param({}, 0.0, id="unknown counts contribute nothing"),
    ],
)
def test_the_engagement_rate_weighs_engagements_per_view(engagement, rate):
    assert score_of(**engagement)["engagement_rate"] == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize("name", ["likes", "comments", "shares", "saves", "published_at"])
def test_a_missing_input_is_named(name):
    whole = {"likes": 1, "comments": 1, "shares": 1, "saves": 1, "published_at": AS_OF}
    assert score_of(**(whole | {name: None}))["missing_metrics"] == [name]


def test_nothing_is_missing_where_zero_was_reported():
    assert score_of(likes=0, comments=0, shares=0, saves=0)["missing_metrics"] == []


@pytest.mark.parametrize(
    "changes", [{}, {"views": 3}, {"views": None}, {"is_deleted": True}], ids=str
)
@pytest.mark.parametrize("others", [0, 3], ids=["pool too small", "pool large enough"])
def test_a_failed_safety_review_forces_0(changes, others):
    pool = [member("p", safety_failed=True, likes=9, override="include", **changes)]
    pool += [member(f"q{number}") for number in range(others)]
    rows = scores_by_post(pool)
    assert (rows["p"]["organic_score"], rows["p"]["unscored_reason"]) == (0.0, "safety_failed")
    assert [rows["p"][name] for name in (*PART_COLUMNS, "score_before_clamp")] == [None] * 5
    assert len(rows) == 1 + others


@pytest.mark.parametrize("column", ["organic_score", "pool_size", "baseline_views"])
def test_an_unsafe_post_still_counts_in_its_pool(column):
    pool = [member("p", views=500), *OTHERS]
    unsafe = [member("p", views=500, safety_failed=True), *OTHERS]
    others = [
        {name: rows[name][column] for name in ("other1", "other2")}
        for rows in map(scores_by_post, (pool, unsafe))
    ]
    assert others[0] == others[1]


def test_a_pool_too_small_says_how_many_posts_it_has():
    rows = scores_by_post([member("p", safety_failed=True), member("q"), member("r", views=3)])
    assert (rows["p"]["pool_size"], rows["p"]["baseline_views"]) == (2, None)


def test_an_override_does_not_move_a_score():
    assert score_of(override="exclude")["organic_score"] == score_of()["organic_score"]


@pytest.mark.parametrize("column", [*CREATIVE_PART_COLUMNS, "spend_30d_usd"])
def test_a_post_has_no_parts_of_creatives(column):
    assert score_of()[column] is None


def test_both_versions_score_posts_alike():
    pool = members([member("p", views=250, likes=7), *OTHERS])
    one, other = (
        score_ugc(pool, as_of=AS_OF, rules=rules)
        .drop("scoring_version")
        .sort("ads_content_id")
        .collect()
        for rules in RULES.values()
    )
    assert one.equals(other)


def test_a_post_without_likes_scores_like_one_with_no_likes():
    unknown, zero = score_of(likes=None, shares=3), score_of(likes=0, shares=3)
    assert unknown["organic_score"] == zero["organic_score"]


@pytest.mark.parametrize(
    ("days", "points"),
    [
        pytest.param(0, 1.5, id="new"),
        pytest.param(45, 0.75, id="half way"),
        pytest.param(0.5, 1.5 * (1 - 0.5 / 90), id="age is fractional"),
        pytest.param(89, 1.5 / 90, id="last day"),
        pytest.param(90, 0.0, id="falls to 0 at 90 days"),
        pytest.param(400, 0.0, id="never below 0"),
    ],
)
def test_freshness_falls_from_one_and_a_half_to_0_at_90_days(days, points):
    assert score_of(published_at=born(days))["freshness_points"] == pytest.approx(points, abs=1e-9)


def test_a_post_of_unknown_publication_is_not_fresh():
    row = score_of(published_at=None)
    assert (row["freshness_points"], row["age_days"]) == (0.0, None)


@pytest.mark.parametrize(
    ("views", "share"),
    [
        pytest.param(100, 0.0, id="at the median"),
        pytest.param(60, 0.0, id="below the median"),
        pytest.param(200, 1 / 3, id="twice"),
        pytest.param(400, 2 / 3, id="four times"),
        pytest.param(800, 1.0, id="eight times"),
        pytest.param(80_000, 1.0, id="capped at eight times"),
    ],
)
def test_outperformance_counts_doublings_over_the_median(views, share):
    assert score_of(views=views)["outperformance"] == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("views", "median"),
    [
        pytest.param([50, 70, 1000], 70.0, id="odd"),
        pytest.param([50, 70, 90, 1000], 80.0, id="even"),
        pytest.param([50, 70, 1000, 3, None], 70.0, id="of scorable posts only"),
    ],
)
def test_the_baseline_is_the_pools_median_of_views(views, median):
    pool = [member(f"p{number}", views=shown) for number, shown in enumerate(views)]
    assert scores_by_post(pool)["p0"]["baseline_views"] == median


def test_ties_share_the_lowest_rank():
    rows = scores_by_post([member(f"p{n}", views=v) for n, v in enumerate([60, 70, 70, 80])])
    shares = [rows[f"p{number}"]["views_rank_pct"] for number in range(4)]
    assert shares == pytest.approx([0, 1 / 3, 1 / 3, 1])


def test_the_best_new_post_reaches_ten_points():
    row = score_of(views=100_000, likes=50_000, published_at=AS_OF)
    assert row["organic_score"] == pytest.approx(10.0, abs=1e-9)


def test_the_worst_old_post_scores_zero_without_a_reason():
    row = scores_by_post([member("p", views=60), member("a", likes=1), member("b", likes=1)])["p"]
    assert (row["organic_score"], row["unscored_reason"]) == (0.0, None)


def test_a_worked_example_by_hand():
    pool = [
        member("p", views=1000, likes=50, shares=10, published_at=born(30)),
        member("a", views=500, likes=100),
        member("b", views=250),
        member("c", views=100),
    ]
    row = scores_by_post(pool)["p"]
    # Rate 0.1 beats b and c; views beat all; the median is 375; 30 of 90 days are gone.
    expected = 8.5 * (0.45 * 2 / 3 + 0.25 * 1 + 0.30 * math.log2(1000 / 375) / 3) + 1.0
    assert row["organic_score"] == pytest.approx(expected, abs=1e-9)


def test_a_score_says_which_rules_made_it():
    assert score_of()["scoring_version"] == ACTIVE.version == "2"


POOL = st.lists(
    st.builds(
        dict,
        views=st.none() | st.integers(0, 300) | st.integers(0, 10**9),
        likes=st.none() | st.integers(0, 5),
        saves=st.none() | st.integers(0, 10**8),
        published_at=st.none() | st.floats(-1, 9999).map(lambda age: hours(-age)),
        project_id=st.sampled_from(["brand", "other"]),
        is_deleted=st.sampled_from([False, False, True]),
        safety_failed=st.sampled_from([False, False, True]),
    ),
    min_size=1,
    max_size=14,
).map(lambda rows: [member(f"p{number}", **row) for number, row in enumerate(rows)])


@given(pool=POOL)
def test_the_parts_add_up_to_the_score_before_the_clamp(pool):
    scores = scored(members(pool)).filter(pl.col("unscored_reason").is_null())
    total = scores.select(pl.sum_horizontal(PART_COLUMNS)).to_series()
    assert ((total - scores["score_before_clamp"]).abs() <= 1e-9).all()
    clamped = scores["score_before_clamp"] + scores["clamp_points"]
    assert ((clamped - scores["organic_score"]).abs() <= 1e-9).all()


@given(pool=POOL)
def test_scores_keep_their_contract(pool):
    scores = scored(members(pool)).with_columns(tick=pl.lit("t"))
    assert OrganicScores.is_valid(scores.select(OrganicScores.column_names()))


@given(pool=POOL)
def test_percentiles_keep_their_contract(pool):
    percentiles = ranked(members(pool)).with_columns(tick=pl.lit("t"))
    assert UgcPoolPercentiles.is_valid(percentiles.select(UgcPoolPercentiles.column_names()))


@given(pool=POOL)
def test_ranks_equal_percent_rank_of_sql(pool):
    percentiles = ranked(members(pool))
    with duckdb.connect() as connection:
        connection.register("percentiles", percentiles)
        actual = connection.execute(
            "select percent_rank() over (partition by project_id order by engagement_rate),"
            " percent_rank() over (partition by project_id order by views),"
            " median(views) over (partition by project_id)"
            " from percentiles order by ads_content_id"
        ).fetchall()
    columns = ("engagement_rate_rank_pct", "views_rank_pct", "baseline_views")
    assert percentiles.select(columns).rows() == actual


@given(pool=POOL, order=st.randoms(use_true_random=False))
def test_the_order_of_posts_does_not_matter(pool, order):
    shuffled = order.sample(pool, len(pool))
    assert scored(members(shuffled)).equals(scored(members(pool)))


@given(pool=POOL)
def test_how_rows_are_batched_does_not_matter_to_the_last_digit(pool):
    one_by_one = pl.concat([members([row]).collect() for row in pool], rechunk=False)
    assert scored(one_by_one.lazy()).equals(scored(members(pool)))


@given(pool=POOL, more=st.integers(1, 10**6))
def test_more_views_never_lower_reach(pool, more):
    seen = [*pool, member("p", views=100)]
    grown = [*pool, member("p", views=100 + more)]
    before, after = scores_by_post(seen).get("p"), scores_by_post(grown).get("p")
    assert (before is None) == (after is None)
    assert before is None or after["reach_points"] >= before["reach_points"]


@given(pool=POOL)
def test_other_projects_do_not_move_a_score(pool):
    both = scored(members(pool)).filter(pl.col("project_id") == "brand")
    alone = scored(members(row for row in pool if row["project_id"] == "brand"))
    assert both.equals(alone)
