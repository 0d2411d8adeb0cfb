"""Small data of ads to test with: states, layers, ad sets, accounts, totals.

Belongs here: rows with every column that a test does not care about filled in.
Does not belong here: what ads spent (``tests.worlds.creative_builders``), the right answers.
"""

from collections.abc import Iterable

import polars as pl

from tests.worlds.creative_builders import LONG_AGO, frame
from transforms.contracts.ads import AdAccounts, AdStates
from transforms.contracts.ads_landed import StgAdsAccountDays
from transforms.contracts.scoring import AdsContent
from transforms.contracts.selection import AdSets, Layers

POST = "brand/instagram:9"


def state(ad_id: str = "ad", **changes) -> dict:
    """How one ad stood, known long ago: it runs and shows a post."""
    row = {"ad_platform": "meta", "ad_id": ad_id, "ad_account_id": "1", "ad_set_id": "set"}
    row |= {"status": "ACTIVE", "is_running": True, "is_deleted": False, "known_at": LONG_AGO}
    row |= {"shows_platform": "instagram", "shows_post_id": "9", "run_id": "r"}
    return row | changes


def layer(layer_id: str = "layer", **changes) -> dict:
    row = {"layer_id": layer_id, "project_id": "brand", "ad_platform": "meta", "mode": "agency"}
    row |= {"ad_account_id": "1", "is_ended": False, "known_at": LONG_AGO, "changed_by": "ann"}
    return row | changes


def ad_set(layer_id: str = "layer", ad_set_id: str = "set", **changes) -> dict:
    return {"layer_id": layer_id, "ad_set_id": ad_set_id, "known_at": LONG_AGO} | changes


def account(project: str = "brand", **changes) -> dict:
    row = {"ad_platform": "meta", "ad_account_id": "1", "project_id": project}
    return row | {"status": "active", "created_at": LONG_AGO} | changes


def content(ads_content_id: str = POST, **changes) -> dict:
    return {"ads_content_id": ads_content_id, "created_at": LONG_AGO} | changes


def total(on, cents: int, **changes) -> dict:
    """What the platform states of one account's day."""
    row = {"landing_id": "t", "ad_platform": "meta", "ad_account_id": "1", "spent_on": on}
    row |= {"currency": "USD", "spend_cents": cents, "impressions": 0, "conversions": 0}
    return row | {"known_at": LONG_AGO} | changes


def states(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdStates, rows)


def layers(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(Layers, rows)


def ad_sets(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdSets, rows)


def accounts(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdAccounts, rows)


def contents(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(AdsContent, rows)


def totals(rows: Iterable[dict]) -> pl.LazyFrame:
    return frame(StgAdsAccountDays, rows)
