"""Old landings go, nothing that was made of them does, and no replay reads what is not whole.

Belongs here: dropping landed rows of real stores, and replays afterwards.
Does not belong here: replays of whole histories (``test_replay``).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.maintain.raw_retention import RAW, drop_old_landings
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    allow,
    capture,
    everything,
    hours,
    land,
    land_reading,
    later,
    lost,
    make_stores,
)
from tests.worlds.homes import copied

OWN = NewAccount(platform="instagram", account_key="own", connection="oauth", project_id="brand")
DAYS = (0, 10, 20)
INSTAGRAM, SIFT = catalog.RAW_INSTAGRAM__RESPONSES, catalog.RAW_SIFT__POSTS
MADE = [table for table in catalog.TABLES if table not in RAW]


def own_posts(day: int) -> list[dict]:
    """Three posts, of which the last is not listed any more from the second day on."""
    own = {"platform": "instagram", "account_key": "own", "source": "instagram_graph"}
    shown = 3 if day == 0 else 2
    return [capture(str(18 + n), at=24 * day, **own, views=10 + day) for n in range(shown)]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Stores:
    """Readings and scrapes of three days, derived each day; the present is that of the last."""
    stores = make_stores(tmp_path_factory.mktemp("written") / "home", now=hours(0))
    allow(stores, "ada")
    stores.operations.accounts.add([OWN], now=hours(-9))
    for day in DAYS:
        stores = later(stores, hours(24 * day))
        land_reading(stores, f"reading-{day}", own_posts(day), account="own")
        land(stores, [capture("p1", at=24 * day, views=100 + day)], job=f"job-{day}")
        bring_up_to_date(stores)
    stores.operations.close()
    return stores


@pytest.fixture
def stores(written, tmp_path) -> Iterator[Stores]:
    with copied(written, tmp_path / "home") as stores:
        settings = stores.settings.model_copy(update={"raw_history_days": 15})
        yield replace(stores, settings=settings)


def test_text_goes_and_everything_made_of_it_stays(stores):
    before = everything(stores, MADE)
    gone = stores.lake.read(INSTAGRAM).filter(pl.col("known_at") < hours(24 * 5)).collect()
    # Three listed posts with their insights, and one scraped post.
    assert drop_old_landings(stores) == gone.height + 1 == 7
    bring_up_to_date(stores)
    assert everything(stores, MADE) == before
    assert stores.lake.read(SIFT).collect().height == 2
    old = stores.lake.read(INSTAGRAM).filter(pl.col("known_at") < hours(24 * 5)).collect()
    assert old.select("entity", "subject", "body").sort("subject").rows() == [
        ("media", str(18 + n), "") for n in range(3)
    ]


def test_dropping_again_changes_nothing(stores):
    drop_old_landings(stores)
    before = {raw.name: stores.lake.version(raw) for raw in RAW}
    bring_up_to_date(stores)
    assert drop_old_landings(stores) == 0
    assert {raw.name: stores.lake.version(raw) for raw in RAW} == before


def test_a_replay_begins_no_earlier_and_makes_the_same_of_what_is_there(stores):
    drop_old_landings(stores)
    bring_up_to_date(stores)
    before = everything(stores, MADE)
    assert [row for row in before["post_absences"] if row["platform_post_id"] == "20"]
    with pytest.raises(InputRefusedError, match=r"keeps what landed since 2025-05-19.*--from 2025"):
        replay(stores, start=hours(0), end=hours(24 * 30))
    replay(stores, start=hours(24 * 5), end=hours(24 * 30))
    assert everything(stores, MADE) == before


def test_what_no_table_has_read_yet_is_kept(stores):
    old = later(stores, hours(24))
    land_reading(old, "late", own_posts(1), account="own")
    assert drop_old_landings(stores) == 1  # the scraped post: its table was read
    assert stores.lake.read(INSTAGRAM).filter(pl.col("body") == "").collect().is_empty()


def test_a_crash_before_readers_noted_it_leaves_nothing_behind(stores):
    """Rewritten files are read again: rows without text are none that a platform sent."""
    before = everything(stores, MADE)
    readers = [table for table in catalog.TABLES if INSTAGRAM.name in table.remembers]
    with lost(stores, *readers):
        drop_old_landings(stores)
        bring_up_to_date(stores)
    bring_up_to_date(stores)
    assert everything(stores, MADE) == before


def test_for_ever_is_the_default(stores):
    kept = replace(stores, settings=stores.settings.model_copy(update={"raw_history_days": 0}))
    assert drop_old_landings(kept) == 0


def test_upkeep_drops_them(stores):
    maintain(stores)
    assert stores.lake.read(SIFT).collect().height == 2
    with pytest.raises(InputRefusedError):
        replay(stores, start=hours(0), end=hours(1) + timedelta(days=30))
