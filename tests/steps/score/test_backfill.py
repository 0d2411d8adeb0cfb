"""A month scored live, tick by tick, and scored again from history: the same rows.

Belongs here: the law that a tick sees only what was known at it, over all that a tick reads.
Does not belong here: what the right score is (``tests.oracles.scores``), Dagster's side of a
backfill.
"""

import os
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.selecting import FOLLOWING, select_ticks, unselected_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores
from tests.oracles.selection import select
from tests.stress.killing import Point, killed_at, tried
from tests.worlds.ad_month import AdMonth, stood_at
from tests.worlds.data_builders import (
    later,
    make_stores,
    remove,
    rows_of,
    score,
)
from tests.worlds.month import END, TICKS
from transforms.scoring.rules import RULES
from transforms.scoring.ticks import tick_from_text, tick_text

OF_TICKS = (*WRITTEN, *FOLLOWING)
LAST = TICKS[-3:]


def written(stores: Stores) -> dict[str, bytes]:
    """The tables of a tick, byte for byte."""
    return {table.name: as_bytes(stores, table) for table in OF_TICKS}


def as_bytes(stores: Stores, table: Table) -> bytes:
    return in_bytes(rows_of(stores, table))


def in_bytes(rows: pl.DataFrame) -> bytes:
    """Every row as JSON, floats to the last digit: equal for equal rows, however they lie."""
    return rows.write_ndjson().encode()


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    month = AdMonth(tmp_path_factory.mktemp("month"))
    assert list(month.live()) == TICKS
    stores = later(month.stores, END)
    yield stores, written(stores)
    stores.operations.close()


def test_the_month_was_eventful(lived):
    stores, _ = lived
    judged = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert set(judged["scoring_pool"]) == {"ugc", "generated", "manual"}
    assert {"safety_failed", "excluded", "included", "score", "below_threshold"} <= set(
        judged["reason"]
    )
    absences = rows_of(stores, catalog.POST_ABSENCES)
    assert absences["confirmed_at"].count() > 0
    assert absences["returned_at"].count() > 0
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert scores["boost_points"].max() > 0
    late = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    assert ((late["known_at"] - late["captured_at"]) > timedelta(hours=8)).any()
    assert (
        rows_of(stores, catalog.AD_DAILY_METRICS).group_by("ad_id", "spent_on").len()["len"].max()
        > 1
    )


def test_history_erased_and_backfilled_in_one_run_gives_the_same_rows(lived):
    stores, live = lived
    remove(stores, *OF_TICKS)
    score(stores, TICKS)
    assert written(stores) == live


@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_ticks_scored_in_any_order_give_the_same_rows(lived):
    stores, live = lived
    remove(stores, *OF_TICKS)
    shuffled = Random(1).sample(TICKS, len(TICKS))
    for start in range(0, len(TICKS), 7):
        score(stores, shuffled[start : start + 7])
    again = Random(2).sample(TICKS, 5)
    for tick in again:
        score(stores, [tick])
    assert written(stores) == live


@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_ticks_missed_in_an_outage_and_scored_late_give_the_same_rows(lived):
    """Live scoring goes on with the newest tick; the missed ones follow when it has."""
    stores, live = lived
    remove(stores, *OF_TICKS)
    middle = len(TICKS) // 2
    missed = TICKS[middle : middle + min(12, middle // 2)]  # two days of a month
    on_time = [tick for tick in TICKS if tick not in missed]
    back = on_time.index(TICKS[middle - 1]) + 2
    for tick in on_time[:back]:
        score(later(stores, tick), [tick])
    score(later(stores, on_time[back - 1]), missed)
    for tick in on_time[back:]:
        score(later(stores, tick), [tick])
    assert written(stores) == live


def test_a_backfill_leaves_newer_scores_of_content_alone(lived):
    stores, live = lived
    bring_up_to_date(stores)
    before = rows_of(stores, catalog.ADS_CONTENT).to_dicts()
    score(stores, TICKS[:3])
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.ADS_CONTENT).to_dicts() == before
    assert written(stores) == live


def test_a_shadow_changes_nothing_that_is_in_force(lived):
    stores, live = lived
    shadowed = InForce(active=RULES["2"], shadows=(RULES["1"],))
    list(score_ticks(stores, TICKS[-2:], in_force=shadowed))
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert set(scores.filter(scoring_version="1")["scored_at"]) == set(TICKS[-2:])
    own = scores.filter(scoring_version="2")
    assert in_bytes(own) == live[catalog.ORGANIC_SCORES.name]
    others = [table for table in OF_TICKS if table is not catalog.ORGANIC_SCORES]
    assert {table.name: as_bytes(stores, table) for table in others} == {
        table.name: live[table.name] for table in others
    }


def test_the_month_was_eventful_for_ads(lived):
    stores, _ = lived
    picks, status = (rows_of(stores, table) for table in FOLLOWING)
    assert picks["is_picked"].any()
    assert {
        "below_threshold",
        "approval_pending",
        "right_missing",
        "right_expired",
        "right_revoked",
        "already_running",
        "slots_full",
        "deleted",
    } <= set(picks["blocked_by"])
    assert set(status["status"]) == {"running", "picked", "blocked"}
    assert set(status["project_id"]) == {"brand", "other"}
    assert "not_launched" in set(status["blocked_by"])


def test_every_selection_is_that_of_a_slow_and_plain_answer(lived):
    stores, _ = lived
    picks = rows_of(stores, catalog.AD_SELECTIONS)
    rights = [vars(row) for row in stores.operations.rights.all()]
    for text in picks["tick"].unique():
        of_tick = picks.filter(tick=text)
        contents, ad_sets, ads = stood_at(stores, tick_from_text(text))
        told = select(contents, ad_sets, rights, ads, tick_from_text(text))
        found = {
            (row["layer_id"], row["ad_set_id"], row["ads_content_id"]): {
                name: row[name]
                for name in ("is_picked", "rank", "slot", "blocked_by", "also_blocked_by")
            }
            for row in of_tick.iter_rows(named=True)
        }
        assert found == told


def test_selections_alone_made_again_are_the_same(lived):
    stores, live = lived
    followed = {table.name: live[table.name] for table in FOLLOWING}
    remove(stores, *FOLLOWING)
    assert set(select_ticks(stores).ticks) == set(TICKS)
    assert {table.name: as_bytes(stores, table) for table in FOLLOWING} == followed
    assert select_ticks(stores).ticks == {}
    assert unselected_ticks(stores.lake) == []


BETWEEN = [
    Point(function="steps.score.selecting:select_ticks", event="call"),
    Point(function="lake.store:Lake.replace"),
    Point(function="steps.score.selecting:_counted", event="call", is_long=True),
]
"""Judged and not selected; selections without statuses; both, and not noted."""


@pytest.mark.process
@pytest.mark.parametrize("point", tried(BETWEEN), ids=str)
def test_a_kill_between_eligibility_and_selection_heals_with_the_next_selection(
    lived, point, tmp_path
):
    """No tick is missing or half made, and no other one is touched."""
    stores, live = lived
    home = Path(shutil.copytree(stores.settings.home, tmp_path / "home"))
    struck = make_stores(home, now=END)
    with closing(struck.operations):
        for table in OF_TICKS:
            gone = [tick_text(tick) for tick in LAST]
            struck.lake.replace(table, table.empty(), where={"tick": gone})
        killed_at(point, struck, score_the_last)
        assert set(select_ticks(struck).ticks) == set(LAST)
        assert written(struck) == live


def score_the_last(stores: Stores) -> None:
    score(stores, LAST)
