"""Where a lake's ticks begin.

Belongs here: the first tick that has data, of lakes with and without any.
Does not belong here: scoring, what ``dev`` does with it.
"""

import pytest

from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.steps.score.first_tick import first_tick
from tests.worlds.data_builders import capture, hours, import_rows, make_stores, score
from transforms.scoring.ticks import tick_key


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home")


def test_an_empty_lake_has_no_first_tick(stores):
    assert first_tick(stores.lake) is None


def test_ticks_begin_on_the_day_of_the_oldest_snapshot(stores, tmp_path):
    import_rows(stores, tmp_path, [capture("p"), capture("q", -60)])
    assert first_tick(stores.lake) == f"{hours(-60):%Y-%m-%d}-00:00"


def test_ticks_begin_with_a_score_that_is_older(stores):
    """Generated content is scored without a snapshot."""
    stores.operations.projects.add("brand", name="brand", time_zone="UTC", now=hours(-999))
    made = NewCreative(
        project_id="brand", container_id="generated:one", kind="generated", created_at=hours(-99)
    )
    stores.operations.creatives.add([made], now=hours(-98))
    score(stores, [hours(-96)])
    assert first_tick(stores.lake) == tick_key(hours(-96))
