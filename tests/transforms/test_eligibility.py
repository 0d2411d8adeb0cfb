import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data_builders import AS_OF, STANDING, hours, judged, member, members
from transforms.contracts.scoring import AdEligibility
from transforms.eligibility import eligibility_reason, standing_scores
from transforms.scoring_rules import ACTIVE

BEFORE = hours(-4)


def earlier(score, *, post="p", reason=None):
    row = {"ads_content_id": f"brand/tiktok:{post}", "organic_score": score}
    return row | {"unscored_reason": reason, "scoring_version": "2", "score_of": BEFORE}


def verdict(*pool, before=()):
    rows = judged(members(pool), before=before).filter(pl.col("ads_content_id") == "brand/tiktok:p")
    return rows.row(0, named=True)


def reason_for(score, *, unscored=None, scorable=3, failed=False, override=None):
    row = {"organic_score": score, "unscored_reason": unscored, "scorable": scorable}
    row |= {"safety_failed": failed, "override": override}
    schema = {"organic_score": pl.Float64, "unscored_reason": pl.String, "scorable": pl.Int64}
    schema |= {"safety_failed": pl.Boolean, "override": pl.String}
    return pl.DataFrame([row], schema=schema).select(eligibility_reason(ACTIVE)).item()


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        pytest.param(10.0, "score", id="best"),
        pytest.param(4.0, "score", id="4.0 is enough"),
        pytest.param(3.999999, "below_threshold", id="a little less is not"),
        pytest.param(0.0, "below_threshold", id="zero points of its own"),
    ],
)
def test_a_score_of_4_makes_eligible(score, reason):
    assert reason_for(score) == reason


@pytest.mark.parametrize("reason", ["below_min_views", "views_unknown"])
def test_an_unscored_post_says_why(reason):
    assert reason_for(0.0, unscored=reason) == reason


@pytest.mark.parametrize(
    ("scorable", "reason"),
    [(2, "pool_too_small"), (0, "pool_too_small"), (3, "never_scored")],
)
def test_a_post_that_never_had_a_score_says_whether_its_pool_is_the_cause(scorable, reason):
    assert reason_for(None, scorable=scorable) == reason


@pytest.mark.parametrize(("score", "reason"), [(7.0, "score"), (2.0, "below_threshold")])
def test_a_pool_that_became_too_small_keeps_the_score_that_stands(score, reason):
    row = verdict(member("p"), member("q"), before=[earlier(score)])
    assert (row["reason"], row["organic_score"], row["score_of"]) == (reason, score, BEFORE)


def test_a_pool_that_became_too_small_keeps_the_reason_that_stands():
    row = verdict(member("p"), before=[earlier(0.0, reason="below_min_views")])
    assert row["reason"] == "below_min_views"


def test_a_new_post_of_a_pool_too_small_says_so():
    assert verdict(member("p"), member("q"), before=[earlier(7.0, post="q")])["reason"] == (
        "pool_too_small"
    )


def test_a_new_score_replaces_the_one_before():
    row = verdict(member("p"), member("q"), member("r"), before=[earlier(9.9)])
    assert (row["score_of"], row["organic_score"]) == (AS_OF, 0.0)


def test_a_post_that_is_not_in_a_pool_is_not_judged():
    assert judged(members([]), before=[earlier(7.0)]).is_empty()


def test_standing_scores_hold_each_content_once():
    frame = pl.DataFrame([earlier(7.0)], schema=STANDING)
    now = frame.rename({"score_of": "scored_at"}).with_columns(organic_score=pl.lit(1.0))
    standing = standing_scores(frame.lazy(), now.lazy()).collect()
    assert standing["organic_score"].to_list() == [1.0]


SCORES = st.none() | st.floats(0, 10)


@settings(max_examples=50, deadline=None)
@given(views=st.lists(st.none() | st.integers(0, 200), min_size=1, max_size=6), score=SCORES)
def test_eligibility_keeps_its_contract(views, score):
    pool = members(member(f"p{number}", views=shown) for number, shown in enumerate(views))
    before = [] if score is None else [earlier(score, post="p0")]
    rows = judged(pool, before=before).with_columns(tick=pl.lit("t"))
    assert AdEligibility.is_valid(rows.select(AdEligibility.column_names()))
    assert rows["ads_content_id"].n_unique() == len(views)


@settings(max_examples=50, deadline=None)
@given(views=st.lists(st.none() | st.integers(0, 200), min_size=1, max_size=6))
def test_eligible_means_a_score_of_at_least_4(views):
    pool = members(member(f"p{number}", views=shown) for number, shown in enumerate(views))
    rows = judged(pool)
    assert rows["is_eligible"].to_list() == (rows["organic_score"] >= 4).fill_null(False).to_list()
