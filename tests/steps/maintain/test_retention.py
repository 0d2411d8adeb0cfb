"""Thinning out old scores: what goes, what stays, and what it changes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.maintain.retention import thin_out_scores
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    allow,
    capture,
    derive,
    hours,
    later,
    make_stores,
    remove,
    rows_of,
    score,
)
from tests.worlds.homes import copied

START = hours(-12)
"""Midnight."""
TICKS = [START + timedelta(hours=4 * number) for number in range(1, 31)]
NOW = START + timedelta(days=5, hours=2)
KEPT_DAYS = 2
OLDEST_WHOLE = NOW - timedelta(days=KEPT_DAYS)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Three posts, scored at every tick of five days."""
    opened = make_stores(tmp_path_factory.mktemp("scored"), now=START)
    allow(opened, "ada")
    derive(opened, [capture(f"p{number}", -13, views=60 + number) for number in range(3)])
    score(later(opened, NOW), TICKS)
    yield thinning(later(opened, NOW), KEPT_DAYS)
    opened.operations.close()


@pytest.fixture
def stores(scored, tmp_path):
    with copied(scored, tmp_path / "home") as opened:
        yield opened


def thinning(stores: Stores, days: int) -> Stores:
    """The stores with another setting."""
    return replace(stores, settings=stores.settings.model_copy(update={"score_history_days": days}))


def ticks_of(stores, table):
    return sorted(set(rows_of(stores, table)["scored_at"]))


def kept():
    """All of the last days, and of those before them the last tick of each."""
    recent = [tick for tick in TICKS if tick.date() >= OLDEST_WHOLE.date()]
    old = {tick.date(): tick for tick in TICKS if tick.date() < OLDEST_WHOLE.date()}
    return sorted([*old.values(), *recent])


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_an_old_day_keeps_its_last_tick(stores, table):
    assert thin_out_scores(stores) == len(TICKS) - len(kept())
    assert ticks_of(stores, table) == kept()


def test_nothing_goes_unless_it_is_asked_for(stores):
    assert thin_out_scores(thinning(stores, 0)) == 0
    assert ticks_of(stores, catalog.ORGANIC_SCORES) == TICKS


def test_thinning_out_again_changes_nothing(stores):
    thin_out_scores(stores)
    versions = [stores.lake.version(table) for table in WRITTEN]
    assert thin_out_scores(stores) == 0
    assert [stores.lake.version(table) for table in WRITTEN] == versions


def test_maintenance_thins_out(stores):
    maintain(stores)
    assert ticks_of(stores, catalog.AD_ELIGIBILITY) == kept()


def test_a_crash_half_way_is_finished_by_the_next_round(stores):
    of_first_day = [tick for tick in TICKS if tick.date() == TICKS[0].date()]
    gone = [f"{tick:%Y%m%dT%H%M}" for tick in of_first_day[:-1]]
    table = catalog.ORGANIC_SCORES
    stores.lake.replace(table, table.empty(), where={"tick": gone})
    thin_out_scores(stores)
    for table in WRITTEN:
        assert ticks_of(stores, table) == kept()


def test_a_score_that_stands_is_not_lost(tmp_path):
    """A pool becomes too small during an old day: the scores it had then go on counting."""
    opened = make_stores(tmp_path / "home", now=START)
    allow(opened, "ada", "bob")
    posts = {"p0": "ada", "p1": "ada", "p2": "bob"}
    derive(opened, [capture(post, -13, views=60, account_key=key) for post, key in posts.items()])
    stores = thinning(later(opened, NOW), KEPT_DAYS)
    opened.operations.allowlist.disallow("brand", ["tiktok:bob"], now=TICKS[2])
    copy_operations(opened)
    score(stores, TICKS)
    whole = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert set(whole.filter(scored_at=TICKS[-1])["score_of"]) == {TICKS[1]}
    thin_out_scores(stores)
    assert TICKS[1] in ticks_of(stores, catalog.ORGANIC_SCORES)
    remove(stores, catalog.ADS_CONTENT)
    score(stores, TICKS[-3:])
    again = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert again.filter(scored_at=TICKS[-1]).equals(whole.filter(scored_at=TICKS[-1]))
    opened.operations.close()
