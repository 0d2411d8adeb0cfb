"""Ads classified tick by tick while they live, and again from history: the same rows."""

from datetime import date, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.ad_account_rows import NewAdAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.steps.score.ad_classes import classify_ticks
from tests.worlds.creative_builders import frame
from tests.worlds.data_builders import hours, later, make_stores, remove, rows_of
from transforms.contracts.ads import AdAccountHistory, AdDailyMetrics, AdStates

TABLE = catalog.AD_CLASSIFICATIONS
TICKS = [hours(4 * number) for number in range(36)]
FIRST = date(2025, 5, 1)
ADS = ("1", "2", "3")


@pytest.fixture
def stores(tmp_path):
    opened = make_stores(tmp_path / "home", now=hours(-1))
    opened.operations.projects.add("brand", name="Brand", time_zone="UTC", now=hours(-9999))
    cipher = TokenCipher(SecretStr(Fernet.generate_key().decode()))
    account = NewAdAccount(
        ad_platform="meta",
        ad_account_id="9",
        project_id="brand",
        access=SecretStr("tok-0123456789"),
    )
    opened.operations.ad_accounts.connect(account, cipher, now=hours(-9999))
    yield opened
    opened.operations.close()


def told(stores, *rows, schema=AdStates, table=catalog.AD_STATES):
    stores.lake.insert_absent(table, frame(schema, rows).collect())


def state(stores, ad_id, at, **changes):
    row = {"ad_platform": "meta", "ad_id": ad_id, "ad_account_id": "9", "known_at": at}
    row |= {"status": "ACTIVE", "is_running": True, "is_deleted": False, "run_id": "r"}
    told(stores, row | {"created_at": hours(-60)} | changes)


def days(stores, at, *rows):
    """Days of ads that became known at a moment: ad, day of May, cents, conversions."""
    told(
        stores,
        *(
            {"ad_platform": "meta", "ad_id": ad_id, "spent_on": date(2025, 5, on), "known_at": at}
            | {"spend_cents": cents, "impressions": cents, "conversions": conversions}
            | {"run_id": "r", "spent_in": "2025-05", "currency": "USD"}
            for ad_id, on, cents, conversions in rows
        ),
        schema=AdDailyMetrics,
        table=catalog.AD_DAILY_METRICS,
    )


def happen(stores, tick, number):
    """What becomes known shortly before a tick."""
    at = tick - timedelta(hours=1)
    if number == 0:
        for ad_id in ADS:
            state(stores, ad_id, at)
    if number % 6 == 1:
        on = 13 + number // 6
        days(stores, at, *((ad, on, 1500 * int(ad), int(ad) % 2) for ad in ADS))
    if number % 6 == 3:
        days(stores, at, ("2", 13 + number // 6, 7000, 0))
    if number == 20:
        state(stores, "1", at, status="PAUSED", is_running=False)
    if number == 25:
        state(stores, "3", at, status="DELETED", is_running=False, is_deleted=True)
    if number == 9:
        days(stores, at, ("known by reports", 12, 100, 1))


def live(stores):
    for number, tick in enumerate(TICKS):
        now = later(stores, tick)
        happen(now, tick, number)
        list(classify_ticks(now, [tick]))
    return rows_of(stores, TABLE)


def test_live_and_backfilled_are_the_same(stores):
    lived = live(stores)
    assert lived["classification"].drop_nulls().n_unique() >= 4
    assert set(lived["state"]) >= {"live", "disabled", "archived"}
    now = later(stores, TICKS[-1] + timedelta(days=365))
    remove(stores, TABLE)
    list(classify_ticks(now, TICKS))
    assert rows_of(stores, TABLE).equals(lived)
    remove(stores, TABLE)
    for part in (TICKS[20:], TICKS[:10], TICKS[5:25]):
        list(classify_ticks(now, part))
    assert rows_of(stores, TABLE).equals(lived)


def test_classifying_a_tick_again_replaces_its_rows_by_the_same(stores):
    now = later(stores, TICKS[0])
    happen(now, TICKS[0], 0)
    list(classify_ticks(now, TICKS[:1]))
    before = rows_of(stores, TABLE)
    (again,) = classify_ticks(now, TICKS[:1])
    assert (again.ads, before.height) == (3, 3)
    assert rows_of(stores, TABLE).equals(before)


def test_without_ads_nothing_is_written(stores):
    (done,) = classify_ticks(later(stores, TICKS[0]), TICKS[:1])
    assert (done.ads, done.classes) == (0, {})
    assert stores.lake.version(TABLE) <= 0


def test_a_tick_that_had_ads_and_has_none_any_more_is_empty(stores):
    now = later(stores, TICKS[0])
    happen(now, TICKS[0], 0)
    list(classify_ticks(now, TICKS[:1]))
    remove(stores, catalog.AD_STATES)
    list(classify_ticks(now, TICKS[:1]))
    assert rows_of(stores, TABLE).is_empty()


def test_a_tick_ahead_is_refused(stores):
    with pytest.raises(InputRefusedError, match="lies in the future"):
        list(classify_ticks(stores, [TICKS[0]]))


def test_days_are_cut_where_the_account_was_when_the_tick_was(stores):
    early = hours(-3) + timedelta(days=1)
    now = later(stores, early + timedelta(hours=4))
    for zone, at in (("Etc/GMT+12", hours(-2)), ("Pacific/Kiritimati", early)):
        said = {"ad_platform": "meta", "ad_account_id": "9", "known_at": at, "run_id": "r"}
        row = said | {"currency": "USD", "time_zone": zone}
        told(now, row, schema=AdAccountHistory, table=catalog.AD_ACCOUNT_HISTORY)
    state(now, "1", hours(-2))
    days(now, hours(-2), ("1", 14, 9000, 0), ("1", 13, 100, 0))
    # Moved from twelve hours behind UTC to fourteen ahead, known an hour after the first tick.
    ticks = [early - timedelta(hours=1), early + timedelta(hours=4)]
    list(classify_ticks(now, ticks))
    spent = dict(rows_of(stores, TABLE).select("judged_at", "spend_7d_minor").rows())
    assert [spent[tick] for tick in ticks] == [100, 9100]
