"""Landed rows of ads become states, days, totals and layers' ads; again changes nothing.

Belongs here: small readings in a real lake, derived as every run does.
Does not belong here: reading a platform (``tests.steps.ingest``), single transforms.
"""

import json
from collections.abc import Iterator
from datetime import timedelta

import polars as pl
import pytest

from assets.ads_checks import (
    account_spend_is_explained,
    ad_tokens_last,
    ads_have_a_layer,
    ads_show_what_we_know,
    boosts_count_dollars,
)
from layers_pipeline.lake import catalog
from layers_pipeline.operations.ad_account_rows import NewAdAccount
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.layers import NewAdSet, NewLayer
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.stores import Stores
from tests.operations.world import CIPHER, META_TOKEN
from tests.worlds.data_builders import NOW, allow, at, everything, make_stores, remove, rows_of

AD_ID = "120203029307580037"
AFTER_LANDING = (
    catalog.STG_ADS__STATES,
    catalog.STG_ADS__DAYS,
    catalog.STG_ADS__ACCOUNT_DAYS,
    catalog.AD_STATES,
    catalog.AD_DAILY_METRICS,
    catalog.AD_ACCOUNT_DAYS,
)
DAY = (NOW - timedelta(days=3)).date()


@pytest.fixture
def stores(tmp_path) -> Iterator[Stores]:
    made = make_stores(tmp_path / "home")
    allow(made, "ada")
    account = NewAdAccount(
        ad_platform="meta", ad_account_id="1", project_id="brand", access=META_TOKEN
    )
    made.operations.ad_accounts.connect(account, CIPHER, now=NOW)
    yield made
    made.operations.close()


def landed(stores, reading, *bodies, currency="USD", zone="UTC"):
    """Land one reading: pairs of what a row speaks of and its body."""
    now, table = stores.clock.now(), catalog.RAW_META__ADS
    rows = [
        {
            "landing_id": f"{reading}#{number}",
            "reading_id": reading,
            "ad_account_id": "1",
            "entity": entity,
            "subject": "",
            "currency": currency,
            "time_zone": zone,
            "received_at": now,
            "known_at": now,
            "run_id": reading,
            "body": json.dumps(body),
            "landed_on": now.date(),
        }
        for number, (entity, body) in enumerate(bodies)
    ]
    frame = pl.DataFrame(rows, schema=dict(table.empty().schema))
    stores.lake.append(table, frame, restamp=lambda some: some)


def ad(**changes):
    body = {"id": AD_ID, "effective_status": "ACTIVE", "adset_id": "5", "name": "Hook A"}
    return "ad", body | changes


def day(spend, on=DAY, ad_id=AD_ID, **changes):
    return "ad_day", {"ad_id": ad_id, "date_start": str(on), "spend": spend} | changes


def total(spend, on=DAY):
    return "account_day", {"date_start": str(on), "spend": spend}


def test_a_reading_becomes_state_day_and_total_and_again_changes_nothing(stores):
    landed(stores, "one", ad(), day("1.50"), total("2.00"))
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.AD_STATES)["status"].to_list() == ["ACTIVE"]
    assert rows_of(stores, catalog.AD_DAILY_METRICS)["spend_cents"].to_list() == [150]
    (totals,) = rows_of(stores, catalog.AD_ACCOUNT_DAYS).to_dicts()
    assert (totals["spend_cents"], totals["ads_spend_cents"], totals["spend_gap_cents"]) == (
        *(200, 150),
        50,
    )
    versions = {table.name: stores.lake.version(table) for table in catalog.TABLES}
    written = bring_up_to_date(stores)
    assert not any(done.inserted or done.updated for done in written.values())
    assert versions == {table.name: stores.lake.version(table) for table in catalog.TABLES}


def test_only_what_changed_is_told_again(stores):
    landed(stores, "one", ad(), day("1.50"), total("1.50"))
    bring_up_to_date(stores)
    stores = at(stores, NOW + timedelta(hours=6))
    landed(stores, "two", ad(), day("1.50"), total("1.50"))
    bring_up_to_date(stores)
    stores = at(stores, NOW + timedelta(hours=12))
    landed(stores, "three", ad(effective_status="DELETED"), day("1.40"), total("1.40"))
    bring_up_to_date(stores)
    told = rows_of(stores, catalog.AD_STATES).sort("known_at")
    assert told["status"].to_list() == ["ACTIVE", "DELETED"]
    assert told["known_at"].to_list() == [NOW, NOW + timedelta(hours=12)]
    history = rows_of(stores, catalog.AD_DAILY_METRICS).sort("known_at")
    assert history["spend_cents"].to_list() == [150, 140]
    assert rows_of(stores, catalog.AD_ACCOUNT_DAYS)["spend_gap_cents"].to_list() == [0]
    stores.operations.close()


def test_a_day_that_is_told_no_more_stays_as_it_was_known(stores):
    landed(stores, "one", ad(), day("1.50"))
    bring_up_to_date(stores)
    stores = at(stores, NOW + timedelta(hours=6))
    landed(stores, "two", ad())
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.AD_DAILY_METRICS)["spend_cents"].to_list() == [150]
    stores.operations.close()


def test_a_row_whose_money_cannot_be_read_is_set_aside_and_no_zero(stores):
    landed(stores, "one", ad(), day("-"), day("2", ad_id="8"))
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.AD_DAILY_METRICS)["spend_cents"].to_list() == [200]
    aside = rows_of(stores, catalog.QUARANTINE)
    assert aside["broken_rules"].to_list() == ["spend_cents|nullability"]


def test_a_layer_has_the_ads_of_its_ad_sets_and_what_they_show(stores):
    operations = stores.operations
    creative = NewCreative(
        project_id="brand", container_id="generated:c", kind="generated", created_at=NOW
    )
    operations.creatives.add([creative], now=NOW)
    link = NewAd(ad_platform="meta", ad_id=AD_ID, ads_content_id="brand/generated:c")
    operations.ads.connect([link], now=NOW)
    layer = NewLayer(
        layer_id="prospecting",
        project_id="brand",
        ad_platform="meta",
        mode="agency",
        ad_account_id="1",
    )
    ad_set = NewAdSet(layer_id="prospecting", ad_set_id="5", name="Broad")
    operations.layers.state([layer], [ad_set], changed_by="ann", now=NOW)
    landed(stores, "one", ad(), day("1.50"), total("1.50"))
    bring_up_to_date(stores)
    (row,) = rows_of(stores, catalog.LAYER_META_ADS).to_dicts()
    assert (row["layer_id"], row["ad_id"], row["ad_name"]) == ("prospecting", AD_ID, "Hook A")
    assert (row["ads_content_id"], row["content_known_by"]) == ("brand/generated:c", "link")
    assert (row["is_running"], row["state_known_at"]) == (True, NOW)
    assert rows_of(stores, catalog.LAYER_TIKTOK_ADS).is_empty()
    checks = (ads_show_what_we_know, account_spend_is_explained, ads_have_a_layer)
    assert all(check(stores).passed for check in (*checks, boosts_count_dollars))


def test_what_an_account_says_of_itself_is_kept_with_when_it_was_known(stores):
    said = "account", {"id": "act_1"}
    landed(stores, "one", said, total("1.50"), zone="Etc/GMT+8")
    bring_up_to_date(stores)
    later = NOW
    for name, zone in (("two", "Etc/GMT+8"), ("three", "Asia/Tokyo")):
        later += timedelta(hours=6)
        stores = at(stores, later)
        landed(stores, name, said, zone=zone, currency="JPY" if name == "three" else "USD")
        bring_up_to_date(stores)
    history = rows_of(stores, catalog.AD_ACCOUNT_HISTORY).sort("known_at")
    assert history.select("known_at", "currency", "time_zone").rows() == [
        (NOW, "USD", "Etc/GMT+8"),
        (later, "JPY", "Asia/Tokyo"),
    ]
    remove(stores, catalog.AD_ACCOUNT_HISTORY)
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.AD_ACCOUNT_HISTORY).sort("known_at").equals(history)
    stores.operations.close()


def test_checks_name_what_is_amiss(stores):
    link = NewAd(ad_platform="meta", ad_id="8", ads_content_id="brand/generated:c")
    creative = NewCreative(
        project_id="brand", container_id="generated:c", kind="generated", created_at=NOW
    )
    stores.operations.creatives.add([creative], now=NOW)
    stores.operations.ads.connect([link], now=NOW)
    landed(stores, "one", ad(), day("150"), day("9", ad_id="8"), total("200"), currency="JPY")
    bring_up_to_date(stores)
    unknown = ads_show_what_we_know(stores)
    assert (unknown.passed, unknown.metadata["unknown_share"].value) == (False, 1.0)
    assert AD_ID in unknown.metadata["ads"].value
    gap = account_spend_is_explained(stores)
    assert not gap.passed
    assert "41" in gap.metadata["first"].value
    assert not ads_have_a_layer(stores).passed
    boosts = boosts_count_dollars(stores)
    assert not boosts.passed
    assert "JPY" in boosts.metadata["first"].value


def test_a_replay_of_what_was_read_rightly_changes_nothing_and_makes_what_is_lost(stores):
    landed(stores, "one", ad(), day("1.50"), total("2.00"))
    bring_up_to_date(stores)
    stores = at(stores, NOW + timedelta(hours=6))
    landed(stores, "two", ad(effective_status="PAUSED"), day("1.60"), total("2.00"))
    bring_up_to_date(stores)
    before = everything(stores, AFTER_LANDING)
    stores.lake.replace(catalog.AD_DAILY_METRICS, catalog.AD_DAILY_METRICS.empty(), where={})
    stores.lake.replace(catalog.AD_STATES, catalog.AD_STATES.empty(), where={})
    found = replay(stores, start=NOW, end=NOW + timedelta(days=1))
    assert (found.read, found.changed) == (6, 0)
    assert everything(stores, AFTER_LANDING) == before
    stores.operations.close()


@pytest.mark.parametrize(("days", "passed"), [(-1, False), (6, False), (8, True), (None, True)])
def test_a_token_of_an_ad_account_that_ends_is_found_with_its_renewal(stores, days, passed):
    renew(stores, ends_at=None if days is None else NOW + timedelta(days=days))
    result = ad_tokens_last(stores)
    assert result.passed is passed
    named = "layers-pipeline ads connect meta:1 --project brand" in result.metadata["first"].value
    assert named is not passed


def test_a_token_that_was_refused_is_found_and_a_paused_account_is_left_alone(stores):
    accounts = stores.operations.ad_accounts
    accounts.set_status("meta:1", "reauth_required")
    assert not ad_tokens_last(stores).passed
    accounts.set_status("meta:1", "paused")
    renew(stores, ends_at=NOW)
    assert ad_tokens_last(stores).passed


def renew(stores, *, ends_at):
    account = NewAdAccount(
        ad_platform="meta",
        ad_account_id="1",
        project_id="brand",
        access=META_TOKEN,
        expires_at=ends_at,
    )
    stores.operations.ad_accounts.connect(account, CIPHER, now=NOW)
