"""A run that scores an older tick, as Dagster tells it: which later ticks it changed.

Belongs here: events and the check.
Does not belong here: what is changed (``tests/steps/score/test_any_order``).
"""

import dagster as dg
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from tests.assets.test_runs import Deployment, checks, deployed, failed_checks
from tests.steps.derive.history_world import killed_after
from tests.worlds.data_builders import hours, rows_of, score
from tests.worlds.small_pools import END, SHRINKS, lived_through
from transforms.scoring.ticks import tick_key

TICKS = [hours(4 * number) for number in (1, 2, 3)]
KEYS = [tick_key(tick) for tick in TICKS]
JUDGED = dg.AssetKey(catalog.AD_ELIGIBILITY.name)


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """The second and third tick were scored, and the first was not."""
    home = tmp_path_factory.mktemp("late")
    lived_through(home, SHRINKS)
    with deployed(home) as deployment:
        assert deployment.score(KEYS[1], KEYS[2], now=END).success
        yield deployment


def newest(deployment: Deployment, key: str) -> dg.AssetMaterialization:
    """The last materialisation of a tick's eligibility."""
    records = deployment.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=JUDGED, asset_partitions=[key]), limit=1
    ).records
    found = records[0].asset_materialization
    assert found is not None
    return found


def test_the_run_materialises_the_later_ticks_that_it_changed(late):
    run = late.score(KEYS[0], KEYS[0], now=END)
    assert failed_checks(run) == []
    for key in KEYS[1:]:
        told = newest(late, key)
        assert told.metadata["rows_updated"].value == 3
        assert told.description == "Judged again: ticks before it were scored after it."
    own = newest(late, KEYS[0])
    assert own.metadata["later_ticks_changed"].value == f"2 ({KEYS[1]} to {KEYS[2]})"
    assert checks(run)["ad_eligibility.follows_earlier_scores"].passed


def test_what_a_killed_run_left_is_named_until_something_is_published(late):
    with late.stores(END) as stores:
        killed_after(3, lambda: score(stores, TICKS[:1]), stores, tables=WRITTEN)
        before = rows_of(stores, catalog.AD_ELIGIBILITY)
    found = checks(late.run("check_freshness", now=END))["ad_eligibility.follows_earlier_scores"]
    assert not found.passed
    assert found.description == (
        f"3 ticks may follow from other scores by now: {', '.join(KEYS)}. Publish."
    )
    assert late.run("publication", now=END).success
    again = checks(late.run("check_freshness", now=END))["ad_eligibility.follows_earlier_scores"]
    assert again.passed
    with late.stores(END) as stores:
        assert rows_of(stores, catalog.AD_ELIGIBILITY).equals(before)
