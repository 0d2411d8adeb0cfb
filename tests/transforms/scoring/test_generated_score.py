from dataclasses import asdict, replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import creative_member, creative_score, scored_creatives
from tests.worlds.data_builders import AS_OF
from transforms.contracts.scoring import CREATIVE_PART_COLUMNS, OrganicScores
from transforms.scoring.rules import ACTIVE, RULES

LITERALLY, DESCRIBED = RULES["1"], RULES["2"]
VERSIONS = pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
POOLS = pytest.mark.parametrize("pool", ["generated", "manual"])
DAY = timedelta(days=1)


def points(**changes):
    return creative_score(**changes)["organic_score"]


@POOLS
@VERSIONS
@pytest.mark.parametrize(
    ("age_days", "spend_usd", "expected"),
    [
        pytest.param(0, 0, 7.0, id="default at creation: 7.0"),
        pytest.param(6, 0, 6.0, id="linear decay: 5.0 in 30 days is a point in 6 days"),
        pytest.param(15, 0, 4.5, id="linear decay: half way"),
        pytest.param(0.5, 0, 7.0 - 5.0 * 0.5 / 30, id="age is fractional"),
        pytest.param(18, 0, 4.0, id="without ad boost, content stays eligible for 18 days"),
        pytest.param(30, 0, 2.0, id="decay to a floor of 2.0 across 30 days"),
        pytest.param(400, 0, 2.0, id="never below the floor of 2.0"),
        pytest.param(0, 100, 10.0, id="never above 10.0"),
        pytest.param(0, 33.3, 8.0, id="a point for each 33.3 of spend"),
        pytest.param(12, 66.6, 7.0, id="boost of 2.0 makes up for 12 days"),
        pytest.param(0, 100, 10.0, id="ad boost of up to 3.0"),
        pytest.param(12, 1_000_000, 8.0, id="min(3.0, spend / 33.3)"),
        pytest.param(30, 100, 5.0, id="floor 2.0 + max boost 3.0 = 5.0"),
    ],
)
def test_both_versions_say_what_the_document_says(rules, pool, age_days, spend_usd, expected):
    changes = {"age_days": age_days, "spend_usd": spend_usd, "scoring_pool": pool}
    assert points(rules=rules, **changes) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("age_days", "spend_usd", "described", "literally"),
    [
        pytest.param(60, 100, 5.0, 2.0, id="day 60 and 100 dollars: eligible indefinitely"),
        pytest.param(3650, 100, 5.0, 2.0, id="ten years and 100 dollars"),
        pytest.param(36, 100, 5.0, 4.0, id="day 36 and 100 dollars"),
        pytest.param(36, 33.3, 3.0, 2.0, id="day 36 and 33.3 dollars"),
        pytest.param(60, 0, 2.0, 2.0, id="day 60 without spend"),
    ],
)
def test_versions_differ_after_day_30_with_spend(age_days, spend_usd, described, literally):
    changes = {"age_days": age_days, "spend_usd": spend_usd}
    assert points(rules=DESCRIBED, **changes) == pytest.approx(described, abs=1e-12)
    assert points(rules=LITERALLY, **changes) == pytest.approx(literally, abs=1e-12)


@VERSIONS
@pytest.mark.parametrize(
    ("age_days", "spend_usd"),
    [
        pytest.param(18, 0, id="18 days"),
        pytest.param(26, 44.4, id="26 days and 44.40 dollars"),
        pytest.param(19, 5.55, id="19 days and 5.55 dollars"),
    ],
)
def test_what_reaches_4_points_on_paper_reaches_the_threshold(rules, age_days, spend_usd):
    both = [creative_member(name, age_days=age_days, spend_usd=spend_usd) for name in "ab"]
    for rows in (both[:1], both):
        assert (scored_creatives(rows, rules=rules)["organic_score"] == 4.0).all()


@VERSIONS
def test_a_microsecond_after_day_18_is_below_the_threshold(rules):
    late = AS_OF - 18 * DAY - timedelta(microseconds=1)
    assert 3.99 < points(rules=rules, created_at=late) < rules.eligibility_threshold


@pytest.mark.parametrize(("spend_usd", "boost"), [(99.89, 2.9997), (99.9, 3.0), (100, 3.0)])
def test_100_dollars_of_spend_are_the_maximum_boost(spend_usd, boost):
    row = creative_score(spend_usd=spend_usd)
    assert row["boost_points"] == pytest.approx(boost, abs=1e-4)


@pytest.mark.parametrize(
    ("rules", "parts"),
    [
        pytest.param(DESCRIBED, (7.0, -5.0, 3.0, 5.0, 0.0), id="decay stops at the floor"),
        pytest.param(LITERALLY, (7.0, -10.0, 3.0, 0.0, 2.0), id="the clamp lifts to the floor"),
    ],
)
def test_a_score_is_taken_apart(rules, parts):
    row = creative_score(rules=rules, age_days=60, spend_usd=100)
    names = (*CREATIVE_PART_COLUMNS, "score_before_clamp", "clamp_points")
    assert tuple(row[name] for name in names) == pytest.approx(parts, abs=1e-12)


def test_a_score_keeps_its_inputs():
    row = creative_score(age_days=1.5, spend_usd=1.43)
    assert (row["age_days"], row["spend_30d_usd"], row["missing_metrics"]) == (1.5, 1.43, [])


def test_a_score_says_how_large_its_pool_is():
    pool = [creative_member("a"), creative_member("b"), creative_member("c", scoring_pool="manual")]
    sizes = scored_creatives(pool).select("ads_content_id", "pool_size").rows()
    expected = [("brand/generated:a", 2), ("brand/generated:b", 2), ("brand/manual:c", 1)]
    assert sizes == expected


@POOLS
@VERSIONS
def test_a_failed_safety_review_forces_0_whatever_the_boost(rules, pool):
    row = creative_score(rules=rules, safety_failed=True, spend_usd=100, scoring_pool=pool)
    assert (row["organic_score"], row["unscored_reason"]) == (0.0, "safety_failed")
    names = (*CREATIVE_PART_COLUMNS, "score_before_clamp", "clamp_points")
    assert [row[name] for name in names] == [None] * 5


def test_a_safe_creative_has_a_score_of_its_own():
    assert creative_score()["unscored_reason"] is None


@VERSIONS
def test_a_score_says_which_rules_made_it(rules):
    assert creative_score(rules=rules)["scoring_version"] == rules.version


def test_versions_differ_in_nothing_but_the_floor():
    changed = replace(DESCRIBED.generated, is_floored_before_boost=False)
    named = {"version": "1", "summary": LITERALLY.summary}
    assert asdict(LITERALLY) == asdict(replace(DESCRIBED, generated=changed, **named))


def test_every_version_is_registered_under_its_name():
    assert {name: rules.version for name, rules in RULES.items()} == {"1": "1", "2": "2"}
    assert ACTIVE is DESCRIBED


def test_the_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        RULES["2"] = LITERALLY


CREATIVE = st.fixed_dictionaries(
    {
        "age_days": st.integers(0, 90 * 24 * 60).map(lambda minutes: minutes / 1440)
        | st.floats(0, 9999),
        "spend_usd": st.integers(0, 15_000).map(lambda cents: cents / 100) | st.floats(0, 1e7),
        "scoring_pool": st.sampled_from(["generated", "manual"]),
        "project_id": st.sampled_from(["brand", "other"]),
        "safety_failed": st.sampled_from([False, False, True]),
        "override": st.sampled_from([None, "include", "exclude"]),
    }
)
POOL = st.lists(CREATIVE, min_size=1, max_size=8).map(
    lambda rows: [creative_member(f"c{number}", **row) for number, row in enumerate(rows)]
)
RULE = st.sampled_from(list(RULES.values()))


@given(pool=POOL, rules=RULE)
def test_a_score_lies_between_2_and_10_or_is_unsafe(pool, rules):
    scores = scored_creatives(pool, rules=rules)
    safe = scores.filter(pl.col("unscored_reason").is_null())
    assert safe["organic_score"].is_between(2, 10).all()
    unsafe = scores.filter(pl.col("unscored_reason").is_not_null())
    assert (unsafe["organic_score"] == 0).all()
    assert unsafe.height == sum(row["safety_failed"] for row in pool)


@given(pool=POOL, rules=RULE)
def test_the_parts_add_up(pool, rules):
    scores = scored_creatives(pool, rules=rules).filter(pl.col("unscored_reason").is_null())
    total = scores.select(pl.sum_horizontal(CREATIVE_PART_COLUMNS)).to_series()
    assert ((total - scores["score_before_clamp"]).abs() <= 1e-9).all()
    clamped = scores["score_before_clamp"] + scores["clamp_points"]
    assert ((clamped - scores["organic_score"]).abs() <= 1e-9).all()


@given(pool=POOL, rules=RULE)
def test_scores_keep_their_contract(pool, rules):
    scores = scored_creatives(pool, rules=rules).with_columns(tick=pl.lit("t"))
    assert OrganicScores.is_valid(scores.select(OrganicScores.column_names()))


@given(pool=POOL, rules=RULE, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(pool, rules, order):
    shuffled = order.sample(pool, len(pool))
    assert scored_creatives(shuffled, rules=rules).equals(scored_creatives(pool, rules=rules))


@given(pool=POOL, rules=RULE)
def test_each_creative_is_scored_as_if_alone(pool, rules):
    together = scored_creatives(pool, rules=rules).drop("pool_size")
    alone = pl.concat([scored_creatives([row], rules=rules) for row in pool]).drop("pool_size")
    assert together.equals(alone.sort("ads_content_id"))


@given(creative=CREATIVE, rules=RULE, more=st.floats(0, 1000))
def test_more_spend_never_lowers_a_score(creative, rules, more):
    richer = creative | {"spend_usd": creative["spend_usd"] + more}
    assert points(rules=rules, **richer) >= points(rules=rules, **creative)


@given(creative=CREATIVE, rules=RULE, days=st.floats(0, 100))
def test_age_never_raises_a_score(creative, rules, days):
    older = creative | {"age_days": creative["age_days"] + days}
    assert points(rules=rules, **older) <= points(rules=rules, **creative)


@given(creative=CREATIVE)
def test_versions_agree_up_to_day_30(creative):
    young = creative | {"age_days": min(creative["age_days"], 30.0)}
    assert points(rules=DESCRIBED, **young) == points(rules=LITERALLY, **young)


@given(creative=CREATIVE)
def test_the_described_version_is_never_below_the_literal_one(creative):
    assert points(rules=DESCRIBED, **creative) >= points(rules=LITERALLY, **creative)


@given(pool=POOL, rules=RULE, days=st.integers(-400, 400))
def test_shifting_all_times_shifts_nothing_but_times(pool, rules, days):
    moved = [row | {"created_at": row["created_at"] + days * DAY} for row in pool]
    shifted = scored_creatives(moved, rules=rules, as_of=AS_OF + days * DAY)
    same = shifted.with_columns(pl.col("scored_at", "created_at") - days * DAY)
    assert same.equals(scored_creatives(pool, rules=rules))


@given(pool=POOL, rules=RULE)
def test_other_projects_do_not_move_a_score(pool, rules):
    both = scored_creatives(pool, rules=rules).filter(pl.col("project_id") == "brand")
    own = [row for row in pool if row["project_id"] == "brand"]
    assert both.equals(scored_creatives(own, rules=rules))
