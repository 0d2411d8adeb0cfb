from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from tests.oracles import scores as oracle
from tests.oracles.creatives import ContentRecords
from tests.worlds.data_builders import AS_OF, captures, hours
from tests.worlds.pools import World, large_world, last, score_in_order, shifted, some_worlds
from transforms.contracts.scoring import PART_COLUMNS
from transforms.facts.snapshots import latest_metrics, snapshots_of
from transforms.scoring.rules import RULES

TICKS = [hours(number) for number in (-24, 0, 24)]
RULE = st.sampled_from(list(RULES.values()))
LAW = examples(0.5)


def known(world, tick):
    """What is known of each post at a tick."""
    snapshots = snapshots_of(captures(world.captures)).filter(pl.col("known_at") <= tick)
    return latest_metrics(snapshots.collect().lazy()).collect().to_dicts()


def differences(world, ticks, rules):
    """Where the transforms say otherwise than the oracle, over all ticks, pools and columns."""
    how = {"deleted": world.deleted, "records": world.records, "version": rules.version}
    answers = dict(score_in_order(world, ticks, rules=rules))
    found = []
    for tick, truth in oracle.score_in_order(world.captures, world.allowlist, ticks, **how):
        answer = answers[tick]
        rows = {
            "ranks": answer.ranks.to_dicts(),
            "scores": answer.scores.to_dicts(),
            "eligibility": answer.eligibility.to_dicts(),
        }
        found += oracle.differences(truth, known=known(world, tick), **rows)
    return found


@LAW
@given(world=some_worlds(), rules=RULE)
def test_the_oracle_gives_every_row_of_small_projects(world, rules):
    assert differences(world, TICKS, rules) == []


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_the_oracle_gives_every_row_of_a_large_project(rules):
    world = large_world(seed=4, posts=150, creatives=120, ads=60, days=12)
    ticks = [hours(-40 * number) for number in range(7)]
    assert differences(world, ticks, rules)[:5] == []
    answer = last(world, ticks, rules=rules)
    assert set(answer.scores["scoring_pool"]) == {"generated", "ugc", "manual"}
    reasons = {"safety_failed", "excluded", "included", "score", "below_threshold"}
    assert reasons <= set(answer.eligibility["reason"])
    assert answer.scores["boost_points"].max() == 3.0
    assert answer.scores.filter(pl.col("boost_points").is_between(0.1, 2.9)).height > 10


def test_a_wrong_score_is_found():
    world = large_world(seed=4, posts=9, creatives=9, ads=9, days=4)
    answers = dict(score_in_order(world, [AS_OF]))
    scores = answers[AS_OF].scores.with_columns(pl.col("organic_score") + 1e-8).to_dicts()
    ((_, truth),) = oracle.score_in_order(
        world.captures, world.allowlist, [AS_OF], deleted=world.deleted, records=world.records
    )
    rest = {"eligibility": answers[AS_OF].eligibility.to_dicts(), "known": known(world, AS_OF)}
    found = oracle.differences(truth, scores=scores, ranks=answers[AS_OF].ranks.to_dicts(), **rest)
    assert len(found) == len(scores)


def same(one, other):
    """Whether two answers are the same to the last digit."""
    frames = ((one.ranks, other.ranks), (one.scores, other.scores))
    return all(a.equals(b) for a, b in (*frames, (one.eligibility, other.eligibility)))


@LAW
@given(world=some_worlds(), rules=RULE)
def test_every_score_lies_between_0_and_10(world, rules):
    for _, answer in score_in_order(world, TICKS, rules=rules):
        assert answer.scores["organic_score"].is_between(0, 10).all()


@LAW
@given(world=some_worlds(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, order):
    shuffled = world.rearranged(lambda rows: order.sample(list(rows), len(rows)))
    assert same(last(shuffled, TICKS), last(world, TICKS))


@LAW
@given(world=some_worlds(), tick=st.sampled_from(TICKS))
def test_what_becomes_known_later_changes_no_earlier_tick(world, tick):
    then = world.rearranged(lambda rows: [row for row in rows if row.get("known_at", tick) <= tick])
    assert same(last(then, [tick]), last(world, [tick]))


@LAW
@given(world=some_worlds(), days=st.integers(-400, 400), rules=RULE)
def test_shifting_all_times_by_days_shifts_nothing_but_times(world, days, rules):
    shift = timedelta(days=days)
    moved = world.rearranged(lambda rows: shifted(rows, shift))
    ticks = [tick + shift for tick in TICKS]
    one, other = last(moved, ticks, rules=rules), last(world, TICKS, rules=rules)
    back = [rows.with_columns(pl.col("scored_at") - shift) for rows in (one.ranks, one.scores)]
    assert back[0].equals(other.ranks)
    assert back[1].equals(other.scores)
    judged = one.eligibility.with_columns(pl.col("scored_at", "score_of") - shift)
    assert judged.equals(other.eligibility)


@LAW
@given(world=some_worlds(), rules=RULE)
def test_another_project_moves_nothing(world, rules):
    alone = World(
        captures=world.captures,
        allowlist=[row for row in world.allowlist if row["project_id"] == "brand"],
        records=ContentRecords(
            creatives=[row for row in world.records.creatives if row["project_id"] == "brand"],
            reviews=world.records.reviews,
            overrides=[
                row for row in world.records.overrides if row["ads_content_id"].startswith("brand/")
            ],
            ads=world.records.ads,
            daily=world.records.daily,
        ),
    )
    both, one = last(world, TICKS, rules=rules), last(alone, TICKS, rules=rules)
    pairs = zip(both.of("brand"), one.of("brand"), strict=True)
    assert all(a.equals(b) for a, b in pairs)


@LAW
@given(world=some_worlds(), rules=RULE)
def test_unsafe_content_has_0_points_at_every_tick_whatever_else(world, rules):
    containers = {row["container_id"] for row in world.records.creatives}
    containers |= {f"tiktok:{row['platform_post_id']}" for row in world.captures}
    failed = [
        {"container_id": name, "known_at": hours(-999), "safety_failed": True}
        for name in sorted(containers)
    ]
    records = ContentRecords(**(vars(world.records) | {"reviews": failed}))
    unsafe = World(captures=world.captures, records=records)
    for _, answer in score_in_order(unsafe, TICKS, rules=rules):
        assert set(answer.scores["organic_score"]) <= {0.0}
        assert set(answer.eligibility["reason"]) <= {"safety_failed"}
        assert answer.scores.height == answer.eligibility.height
        parts = answer.scores.select(PART_COLUMNS)
        assert parts.null_count().row(0) == (parts.height,) * 4


@LAW
@given(world=some_worlds(), rules=RULE, more=st.integers(1, 10**6))
def test_more_spend_never_lowers_a_score(world, rules, more):
    daily = [row | {"spend_cents": row["spend_cents"] + more} for row in world.records.daily]
    richer = World(
        captures=world.captures, records=ContentRecords(**(vars(world.records) | {"daily": daily}))
    )
    pairs = last(world, TICKS, rules=rules).scores.join(
        last(richer, TICKS, rules=rules).scores, on="ads_content_id", suffix="_richer"
    )
    assert (pairs["organic_score_richer"] >= pairs["organic_score"]).all()
