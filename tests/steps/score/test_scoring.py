from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import Phase, example, given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import stage
from layers_pipeline.steps.platforms import SIFT
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from tests.hypothesis_profiles import examples
from tests.oracles import scores as oracle
from tests.worlds.data_builders import (
    AS_OF,
    NOW,
    allow,
    at,
    capture,
    derive,
    hours,
    import_rows,
    interval,
    known_at,
    land,
    make_stores,
    remove,
    rows_of,
    score,
    scored,
    some_captures,
    temporary_stores,
)
from tests.worlds.pools import pool_of
from transforms.scoring.pool_candidates import NUMBER
from transforms.scoring.ticks import tick_text

TICKS = [hours(number) for number in range(-24, 28, 12)]
SLOW_LAW = examples(0.1, phases=(Phase.explicit, Phase.generate))
"""For laws over real stores: failing examples are shown as found, not shrunk for minutes."""
ALLOWLIST = (interval(), interval("bob"), interval("bob", project_id="other"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home")


def written(stores):
    """The three tables of a tick, to the last digit."""
    return {table.name: as_text(rows_of(stores, table)) for table in WRITTEN}


def as_text(rows):
    """Every row as JSON: equal for equal floats only, however they lie in memory."""
    return rows.write_ndjson()


def scores_at(rows, as_of, *, allowlist=ALLOWLIST):
    """Scores of a tick, without the numbers that posts have within one history alone."""
    return scored(pool_of(rows, allowlist, as_of=as_of), as_of=as_of).drop(NUMBER)


def differences(stores, captures, allowlist, ticks):
    """Where the tables say otherwise than the oracle, over all ticks and of what is known now."""
    ranks, scores, eligibility = (rows_of(stores, table) for table in WRITTEN)
    frames = {"scores": scores, "eligibility": eligibility, "ranks": ranks}
    unlike = []
    for tick, answer in oracle.score_in_order(captures, allowlist, ticks):
        rows = {
            name: frame.filter(pl.col("scored_at") == tick).to_dicts()
            for name, frame in frames.items()
        }
        unlike += oracle.differences(answer, known=known_at(stores, tick), **rows)
    now = oracle.known_posts(oracle.one_per_moment(captures), NOW)
    latest = rows_of(stores, catalog.PLATFORM_POST_METRICS_LATEST).to_dicts()
    return unlike + oracle.unlike_known(now, latest)


# Laws of the score, over the transforms.


@given(rows=some_captures(), tick=st.sampled_from(TICKS))
def test_a_score_lies_between_0_and_10(rows, tick):
    assert scores_at(rows, tick)["organic_score"].is_between(0, 10).all()


@given(rows=some_captures(), tick=st.sampled_from(TICKS), order=st.randoms(use_true_random=False))
def test_the_order_of_captures_does_not_matter(rows, tick, order):
    shuffled = order.sample(rows, len(rows))
    assert scores_at(shuffled, tick).equals(scores_at(rows, tick))


@given(rows=some_captures(), later=some_captures(), tick=st.sampled_from(TICKS))
def test_a_later_snapshot_is_not_seen(rows, later, tick):
    beyond = [row for row in later if row["known_at"] > tick]
    assert scores_at([*rows, *beyond], tick).equals(scores_at(rows, tick))


@given(rows=some_captures(), tick=st.sampled_from(TICKS), days=st.integers(-400, 400))
def test_shifting_all_times_shifts_nothing_but_times(rows, tick, days):
    shift = timedelta(days=days)
    names = ("captured_at", "known_at", "published_at")
    moved = [row | {name: row[name] and row[name] + shift for name in names} for row in rows]
    allowed = [row | {"allowed_from": row["allowed_from"] + shift} for row in ALLOWLIST]
    shifted = scores_at(moved, tick + shift, allowlist=allowed)
    same = shifted.with_columns(pl.col("scored_at", "published_at") - shift)
    assert same.equals(scores_at(rows, tick))


@given(rows=some_captures(), tick=st.sampled_from(TICKS))
def test_another_project_does_not_move_a_score(rows, tick):
    alone = scores_at(rows, tick, allowlist=ALLOWLIST[:2])
    assert scores_at(rows, tick).filter(pl.col("project_id") == "brand").equals(alone)


@given(rows=some_captures(), more=st.integers(1, 10_000), which=st.integers(0, 99))
def test_more_views_never_lower_reach(rows, more, which):
    seen = [row for row in rows if row["views"] is not None]
    grown = {id(seen[which % len(seen)])} if seen else set()
    raised = [row | {"views": row["views"] + more} if id(row) in grown else row for row in rows]
    posts = {row["platform_post_id"] for row in rows if id(row) in grown}
    both = scores_at(rows, NOW).join(scores_at(raised, NOW), on="ads_content_id", suffix="_raised")
    kept = both.filter(
        pl.col("platform_post_id").is_in(posts), pl.col("reach_points").is_not_null()
    )
    assert (kept["reach_points_raised"] >= kept["reach_points"]).all()


# The steps against the oracle.


@SLOW_LAW
@given(rows=some_captures(most=24))
def test_the_oracle_gives_the_same_rows(rows):
    with temporary_stores() as stores:
        import_rows(stores, stores.settings.home, rows)
        score(stores, TICKS)
        allowlist = rows_of(stores, catalog.PROJECT_ALLOWLIST).to_dicts()
        assert differences(stores, rows, allowlist, TICKS) == []


POOL = [capture(f"p{number}", -40, views=100 * number + 100, likes=9) for number in range(3)]


def test_ticks_of_an_empty_lake_have_no_rows(stores):
    assert [(tick.posts, tick.scored) for tick in score(stores, TICKS[:2])] == [(0, 0)] * 2


def test_rows_that_cannot_be_written_stop_the_scoring_and_leave_nothing(stores):
    import_rows(stores, stores.settings.home, POOL)
    in_the_way = Path(stores.lake.uri(catalog.AD_ELIGIBILITY), f"tick={tick_text(AS_OF)}")
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("a file where a folder belongs", encoding="utf-8")
    with pytest.raises(OSError, match="tick="):
        score(stores, [AS_OF])
    assert [stores.lake.row_count(table) for table in WRITTEN] == [0, 0, 0]


def test_a_tick_in_the_future_is_refused(stores):
    with pytest.raises(InputRefusedError, match="lies in the future"):
        score(stores, [NOW + MINUTE])


def test_a_tick_says_what_it_came_to(stores):
    import_rows(
        stores, stores.settings.home, [*POOL, capture("x", -30), capture("y", -30, views=3)]
    )
    summary = score(stores, [AS_OF])[0]
    assert (summary.posts, summary.pools, summary.scored, summary.eligible) == (5, 1, 3, 2)
    assert summary.unscored == {"below_threshold": 1, "views_unknown": 1, "below_min_views": 1}


def shrinking(stores):
    """A pool of three whose account ``bob``, with two of them, leaves the allowlist."""
    rows = [row | {"account_key": "bob"} if number else row for number, row in enumerate(POOL)]
    import_rows(stores, stores.settings.home, [*rows, capture("new", -7, views=70)])
    score(stores, [hours(-8)])
    stores.operations.allowlist.disallow("brand", ["tiktok:bob"], now=hours(-6))
    copy_operations(stores)
    score(stores, [AS_OF])
    return rows_of(stores, catalog.AD_ELIGIBILITY).filter(pl.col("scored_at") == AS_OF)


def test_a_pool_that_became_too_small_has_no_rows_for_the_tick(stores):
    shrinking(stores)
    assert rows_of(stores, catalog.ORGANIC_SCORES)["scored_at"].unique().to_list() == [hours(-8)]


@pytest.mark.parametrize(
    ("post", "reason", "score_of"),
    [
        pytest.param("p0", "score", hours(-8), id="the previous score stands"),
        pytest.param("new", "pool_too_small", None, id="never scored"),
    ],
)
def test_a_pool_that_became_too_small_says_what_stands(stores, post, reason, score_of):
    row = shrinking(stores).filter(ads_content_id=f"brand/tiktok:{post}").row(0, named=True)
    assert (row["reason"], row["score_of"]) == (reason, score_of)


# Repeats, ranges, crashes.


@SLOW_LAW
@given(rows=some_captures(most=24), order=st.permutations(TICKS))
def test_a_range_equals_its_ticks_one_by_one(rows, order):
    with temporary_stores() as stores:
        import_rows(stores, stores.settings.home, rows)
        score(stores, order)
        in_one = written(stores)
        remove(stores, *WRITTEN)
        for tick in TICKS:
            score(stores, [tick])
        assert written(stores) == in_one


def test_scoring_again_changes_nothing(stores):
    import_rows(stores, stores.settings.home, POOL)
    score(stores, TICKS)
    before = written(stores)
    score(stores, TICKS[1:3])
    assert written(stores) == before


def test_history_that_comes_in_behind_a_tick_is_seen_by_the_next(stores):
    import_rows(stores, stores.settings.home, POOL)
    score(stores, [hours(-4)])
    import_rows(stores, stores.settings.home, [capture("p0", -6, views=9999)], name="late")
    score(stores, [AS_OF])
    seen = rows_of(stores, catalog.ORGANIC_SCORES).filter(platform_post_id="p0")
    assert seen.sort("scored_at")["views"].to_list() == [100, 9999]


def test_backfilling_an_old_tick_leaves_the_newer_score(stores):
    import_rows(stores, stores.settings.home, POOL)
    score(stores, [AS_OF])
    bring_up_to_date(stores)
    before = rows_of(stores, catalog.ADS_CONTENT)
    score(stores, [hours(-12)])
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.ADS_CONTENT).equals(before)


def test_ads_content_takes_the_newest_score(stores):
    import_rows(stores, stores.settings.home, POOL)
    score(stores, [hours(-12)])
    bring_up_to_date(stores)
    score(stores, [AS_OF])
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.ADS_CONTENT)["scored_at"].to_list() == [AS_OF] * 3


LIVE_TICKS = [hours(-12), hours(0), hours(24)]

# Point in time: live ticks, with late data, equal backfilled ones (R29).


def live(stores, arrivals, *, ticks=LIVE_TICKS):
    """Land each batch at its hour and score each tick a minute after it, as time goes by."""
    moments = [(hours(hour), rows) for hour, rows in arrivals.items()]
    for number, (moment, rows) in enumerate(sorted([*moments, *((tick, None) for tick in ticks)])):
        if rows is None:
            score(at(stores, moment + MINUTE), [moment])
        else:
            derive(at(stores, moment), rows, job=f"job{number}")
    return at(stores, NOW)


def live_and_backfilled(arrivals):
    with temporary_stores(now=hours(-9999)) as stores:
        allow(stores, "ada", "bob")
        lived = live(stores, arrivals)
        seen_live = written(lived)
        captures = [
            row | {"known_at": hours(hour), "source": "sift"}
            for hour, rows in arrivals.items()
            for row in rows
        ]
        allowlist = rows_of(lived, catalog.PROJECT_ALLOWLIST).to_dicts()
        unlike = differences(lived, captures, allowlist, LIVE_TICKS)
        remove(lived, *WRITTEN)
        score(lived, LIVE_TICKS)
        backfilled = written(lived)
        lived.operations.close()
        return seen_live, backfilled, unlike


@st.composite
def some_arrivals(draw):
    """Captures that land between ticks, at once or up to two days late, some of them twice."""
    arrivals = {}
    for row in draw(some_captures(most=24, distinct=False)):
        captured = int((row["captured_at"] - AS_OF) / timedelta(hours=1))
        for delay in draw(st.lists(st.sampled_from([0, 6, 30, 48]), min_size=1, max_size=2)):
            hour = (captured + delay) // 36 * 36 + 37
            known = draw(st.booleans())
            shown = row if known else row | {"published_at": None}
            arrivals.setdefault(hour, []).append(shown)
    return arrivals


def story(*captured, **late):
    """Three posts that are known early, and what lands after the tick at -12 hours."""
    early = [capture(f"p{number}", -40, views=100 * number + 100, **late) for number in range(3)]
    return {-39: early, -7: list(captured)}


@SLOW_LAW
@given(arrivals=some_arrivals())
@example(arrivals=story(capture("p0", -20, views=5000)))
@example(arrivals=story(capture("p0", -40, views=5000), capture("p0", -8, views=5000)))
@example(arrivals=story(capture("p0", -13, views=700), published_at=None))
@example(arrivals=story(capture("p0", -41, views=700, account_key="stranger")))
def test_live_ticks_equal_backfilled_ones_and_the_oracle(arrivals):
    seen_live, backfilled, unlike = live_and_backfilled(arrivals)
    assert unlike == []
    assert seen_live == backfilled


def test_a_capture_that_lands_after_a_tick_was_not_known_at_it(stores):
    allow(stores, "ada")
    lived = live(stores, story(capture("p0", -20, views=5000)))
    seen = rows_of(lived, catalog.ORGANIC_SCORES).filter(platform_post_id="p0")
    assert seen.sort("scored_at")["views"].to_list() == [100, 5000, 5000]


def crashed_between_tables(stores):
    """Captures that landed at -30 hours, staged but derived no further before a tick at -24."""
    allow(stores, "ada")
    derive(at(stores, hours(-39)), POOL, job="job1")
    crashed = at(stores, hours(-30))
    land(crashed, [capture("p0", -31, views=777), capture("new", -31, views=777)], job="job2")
    stage(crashed, SIFT)
    score(at(stores, hours(-24) + MINUTE), [hours(-24)])
    return at(stores, hours(-20))


def test_a_crash_between_two_tables_heals_with_the_next_run(stores):
    healed = crashed_between_tables(stores)
    derive(healed)
    views = rows_of(healed, catalog.PLATFORM_POST_METRICS).filter(platform_post_id="p0")
    assert views.select("views", "known_at").rows() == [(100, hours(-39)), (777, hours(-30))]


def test_a_tick_sees_what_had_landed_before_it_however_late_that_is_derived(stores):
    healed = crashed_between_tables(stores)
    seen = rows_of(healed, catalog.ORGANIC_SCORES).filter(platform_post_id="p0")
    assert seen["views"].to_list() == [777]


def test_a_tick_during_a_crash_equals_the_one_backfilled_after_it(stores):
    healed = crashed_between_tables(stores)
    seen_live = written(healed)
    derive(healed)
    remove(healed, *WRITTEN)
    score(healed, [hours(-24)])
    assert written(healed) == seen_live


def test_scoring_derives_what_has_landed_first(stores):
    allow(stores, "ada")
    land(at(stores, hours(-39)), POOL, job="job1")
    assert [tick.scored for tick in score(at(stores, NOW), [AS_OF])] == [3]


def test_deriving_again_changes_nothing(stores):
    allow(stores, "ada")
    derive(at(stores, hours(-39)), POOL)
    before = {table.name: rows_of(stores, table) for table in catalog.TABLES}
    derive(at(stores, hours(-20)))
    assert all(rows_of(stores, table).equals(before[table.name]) for table in catalog.TABLES)


def test_an_equal_capture_only_moves_the_time_of_the_last_check(stores):
    allow(stores, "ada")
    lived = live(stores, {-39: POOL, -7: [row | {"captured_at": hours(-8)} for row in POOL]})
    latest = rows_of(lived, catalog.PLATFORM_POST_METRICS_LATEST).filter(platform_post_id="p0")
    assert rows_of(lived, catalog.PLATFORM_POST_METRICS).height == len(POOL)
    assert latest.select("views", "views_at", "last_checked_at").rows() == [
        (100, hours(-40), hours(-8))
    ]
