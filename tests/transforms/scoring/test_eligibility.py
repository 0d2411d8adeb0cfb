import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import creative_member, judged_creatives
from tests.worlds.data_builders import AS_OF, hours, judged, member, members
from transforms.contracts.scoring import AdEligibility
from transforms.scoring.eligibility import carried_forward, eligibility_reason
from transforms.scoring.rules import ACTIVE

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


@pytest.mark.parametrize(
    ("failed", "override", "score", "reason"),
    [
        pytest.param(True, "include", 9.0, "safety_failed", id="safety before include"),
        pytest.param(True, "exclude", 9.0, "safety_failed", id="safety before exclude"),
        pytest.param(True, None, None, "safety_failed", id="safety before no score"),
        pytest.param(False, "exclude", 9.0, "excluded", id="exclude before the score"),
        pytest.param(False, "exclude", None, "excluded", id="exclude before no score"),
        pytest.param(False, "include", 0.0, "included", id="include below the threshold"),
        pytest.param(False, "include", 9.0, "included", id="include above the threshold"),
        pytest.param(False, "include", None, "included", id="include before no score"),
        pytest.param(False, None, 9.0, "score", id="null: the score governs"),
    ],
)
def test_safety_beats_exclude_beats_include_beats_the_score(failed, override, score, reason):
    assert reason_for(score, failed=failed, override=override) == reason


@pytest.mark.parametrize("unscored", ["below_min_views", "views_unknown"])
def test_an_override_includes_what_has_no_score_of_its_own(unscored):
    assert reason_for(0.0, unscored=unscored, override="include") == "included"


@pytest.mark.parametrize(
    ("changes", "answer", "score"),
    [
        pytest.param({}, ("score", True), 7.0, id="new"),
        pytest.param({"age_days": 18}, ("score", True), 4.0, id="day 18"),
        pytest.param({"age_days": 30}, ("below_threshold", False), 2.0, id="day 30"),
        pytest.param({"age_days": 60, "spend_usd": 100}, ("score", True), 5.0, id="spend"),
        pytest.param({"age_days": 30, "override": "include"}, ("included", True), 2.0, id="in"),
        pytest.param({"override": "exclude"}, ("excluded", False), 7.0, id="out"),
        pytest.param(
            {"safety_failed": True, "override": "include", "spend_usd": 100},
            ("safety_failed", False),
            0.0,
            id="unsafe",
        ),
    ],
)
@pytest.mark.parametrize("pool", ["generated", "manual"])
def test_a_creative_is_judged_by_its_score_and_what_is_said_of_it(pool, changes, answer, score):
    row = judged_creatives([creative_member(scoring_pool=pool, **changes)]).row(0, named=True)
    assert (row["reason"], row["is_eligible"]) == answer
    assert row["organic_score"] == pytest.approx(score, abs=1e-12)
    assert (row["scoring_pool"], row["platform"], row["score_of"]) == (pool, None, AS_OF)


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        pytest.param({"override": "include"}, ("included", True), id="included"),
        pytest.param({"override": "exclude"}, ("excluded", False), id="excluded"),
        pytest.param({"safety_failed": True}, ("safety_failed", False), id="unsafe"),
        pytest.param(
            {"safety_failed": True, "override": "include"}, ("safety_failed", False), id="both"
        ),
        pytest.param({"override": "include", "views": 3}, ("included", True), id="few views"),
    ],
)
@pytest.mark.parametrize("others", [0, 3], ids=["small pool", "pool"])
def test_a_post_is_judged_by_what_is_said_of_it(changes, answer, others):
    row = verdict(member("p", **changes), *[member(f"q{number}") for number in range(others)])
    assert (row["reason"], row["is_eligible"], row["scoring_pool"]) == (*answer, "ugc")


def test_a_score_of_before_does_not_outlive_a_failed_review():
    row = verdict(member("p", safety_failed=True), before=[earlier(9.0)])
    assert (row["organic_score"], row["score_of"]) == (0.0, AS_OF)


def test_a_zero_that_safety_forced_does_not_outlive_it():
    row = verdict(member("p"), before=[earlier(0.0, reason="safety_failed")])
    assert (row["reason"], row["organic_score"]) == ("pool_too_small", None)


def test_scores_that_are_carried_forward_are_those_of_before_a_failed_review():
    before = pl.DataFrame([earlier(7.0), earlier(0.0, post="q", reason="safety_failed")])
    assert carried_forward(before.lazy()).collect()["organic_score"].to_list() == [7.0]


SCORES = st.none() | st.floats(0, 10)


@given(views=st.lists(st.none() | st.integers(0, 200), min_size=1, max_size=6), score=SCORES)
def test_eligibility_keeps_its_contract(views, score):
    pool = members(member(f"p{number}", views=shown) for number, shown in enumerate(views))
    before = [] if score is None else [earlier(score, post="p0")]
    rows = judged(pool, before=before).with_columns(tick=pl.lit("t"))
    assert AdEligibility.is_valid(rows.select(AdEligibility.column_names()))
    assert rows["ads_content_id"].n_unique() == len(views)


@given(views=st.lists(st.none() | st.integers(0, 200), min_size=1, max_size=6))
def test_eligible_means_a_score_of_at_least_4(views):
    pool = members(member(f"p{number}", views=shown) for number, shown in enumerate(views))
    rows = judged(pool)
    assert rows["is_eligible"].to_list() == (rows["organic_score"] >= 4).fill_null(False).to_list()


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "views": st.none() | st.integers(0, 200),
                "is_deleted": st.booleans(),
                "safety_failed": st.booleans(),
                "override": st.sampled_from([None, "include", "exclude"]),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    score=SCORES,
)
def test_unsafe_content_has_0_points_and_is_never_eligible(rows, score):
    pool = [member(f"p{number}", **row) for number, row in enumerate(rows)]
    before = [] if score is None else [earlier(score, post="p0")]
    judged_rows = judged(members(pool), before=before).with_columns(tick=pl.lit("t"))
    assert AdEligibility.is_valid(judged_rows.select(AdEligibility.column_names()))
    actual = judged_rows.select("organic_score", "is_eligible", "reason").rows()
    unsafe = [answer for answer, row in zip(actual, rows, strict=True) if row["safety_failed"]]
    assert unsafe == [(0.0, False, "safety_failed")] * len(unsafe)
