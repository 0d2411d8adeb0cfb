"""Ads that no reading ever saw: asked for by their ids where an account spent more than is shown.

Belongs here: the gap that a hidden ad leaves, a report that names it, and the reading after that.
Does not belong here: faults (``test_fault_matrix_meta_ads``), files of reports (``tests.files``).
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.ads_asked_for import unseen_ads
from sandbox import RunningSandbox
from tests.steps.ingest.ads_world import (
    account_row,
    accounts_of,
    ads_sandbox,
    ads_stores,
    connect_ads,
    known,
    put_fault,
    read_ads,
    truth,
)
from tests.worlds.ad_reports import bring


@pytest.fixture(scope="module")
def served() -> Iterator[RunningSandbox]:
    with ads_sandbox() as sandbox:
        yield sandbox


def test_a_hidden_ad_that_a_report_names_is_asked_for_and_closes_the_gap(served, tmp_path):
    ref, neighbour = accounts_of(served, "meta")
    stores = ads_stores(served, tmp_path / "home", ads_first_days=20)
    with closing(stores.operations):
        connect_ads(stores, served, ref, neighbour)
        put_fault(served, ref, "deleted_unlisted")
        read_ads(stores)
        gap = known(stores, catalog.AD_ACCOUNT_DAYS, ref).filter(pl.col("spend_gap_cents") > 0)
        now = served.world.clock.now()
        hidden = {
            ad.ad_id for ad in served.world.ads.ads(ref, at=now) if ad.state(now) == "deleted"
        }
        assert gap.height > 0
        assert unseen_ads(stores) == {}

        day = gap["spent_on"].max()
        told = truth(served, ref, day - timedelta(days=20), day)
        named = [
            {"ad_id": ad_id, "date": str(on), "spend": f"{figures[0] / 100:.2f}"}
            for (ad_id, on), figures in told.items()
            if ad_id in hidden
        ]
        unknown = {"ad_id": "404", "date": str(day), "spend": "9.00"}
        bring(stores, *named, unknown, name="report")
        account_id = f"meta:{ref.account_key}"
        assert {name: set(ads) for name, ads in unseen_ads(stores).items()} == {
            account_id: hidden | {"404"}
        }
        served.world.clock.advance(12 * 3600)
        read_ads(stores)
        states = known(stores, catalog.AD_STATES, ref).filter("is_deleted")
        assert set(states["ad_id"]) == hidden
        closed = known(stores, catalog.AD_ACCOUNT_DAYS, ref)
        assert closed["spend_gap_cents"].sum() == 0
        # What no account knows is asked for as long as a gap stands, and is no fault.
        assert unseen_ads(stores) == {}
        assert account_row(stores, ref).last_outcome == "ok"
        served.world.faults.clear()
