"""Upkeep beside rows that land: nothing is lost, doubled or read again for nothing.

Belongs here: compacting tables that others read on from, and whom it keeps out.
Does not belong here: what is thinned out (``maintain``), commits themselves (``lake``).
"""

from multiprocessing import get_context
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.publish.upkeep import SMALL_FILES, maintain
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import capture, hours, land, make_stores

RAW, STAGED = catalog.RAW_SIFT__POSTS, catalog.STG_SIFT__POSTS
BESIDE = 20
"""Answers that land while upkeep is done."""
PROCESSES = get_context("forkserver")


def land_many(stores: Stores, jobs: range) -> None:
    """Answers that show one post each, in commits of their own."""
    for job in jobs:
        land(stores, [capture(f"p{job % 7}", -job, views=job)], job=f"job{job}")


def land_beside(home: Path, jobs: range) -> None:
    land_many(make_stores(home, now=hours(0)), jobs)


@pytest.fixture(scope="module")
def kept_up(tmp_path_factory) -> Stores:
    """Many small commits, then upkeep while others land some more."""
    home = tmp_path_factory.mktemp("home")
    stores = make_stores(home, now=hours(0))
    land_many(stores, range(SMALL_FILES + 1))
    beside = PROCESSES.Process(
        target=land_beside, args=(home, range(SMALL_FILES + 1, SMALL_FILES + 1 + BESIDE))
    )
    beside.start()
    maintain(stores)
    beside.join()
    assert beside.exitcode == 0
    return stores


def test_every_row_that_landed_is_there_once(kept_up: Stores):
    found = kept_up.lake.read(RAW).collect()["scrape_job_id"].to_list()
    assert sorted(found) == sorted(f"job{job}" for job in range(SMALL_FILES + 1 + BESIDE))


def test_files_were_joined(kept_up: Stores):
    assert len(kept_up.lake.files(RAW)) <= 1 + BESIDE


def test_who_had_read_all_reads_nothing_again(kept_up: Stores):
    lake = kept_up.lake
    bring_up_to_date(kept_up)
    maintain(kept_up)
    assert lake.watermark(STAGED, RAW.name) == lake.version(RAW)
    before = {table.name: lake.version(table) for table in catalog.TABLES}
    assert not any(done.inserted + done.updated for done in bring_up_to_date(kept_up).values())
    assert {table.name: lake.version(table) for table in catalog.TABLES} == before
    assert sorted(lake.read(STAGED).collect()["landing_id"]) == sorted(
        lake.read(RAW).collect()["landing_id"]
    )
