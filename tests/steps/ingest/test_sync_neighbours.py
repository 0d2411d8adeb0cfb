"""What one account's trouble means for others, and how TikTok's tokens are renewed meanwhile.

Belongs here: whole syncs of several accounts, or by several processes, over real HTTP.
Does not belong here: what one fault leaves behind (``test_fault_matrix``).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.steps.ingest import oauth
from layers_pipeline.steps.ingest.oauth import AT_ONCE
from layers_pipeline.steps.ingest.tokens import REFRESH_LEASE
from layers_pipeline.steps.stores import Stores
from sandbox import AccountRef, RunningSandbox
from sandbox.tokens import Grant
from tests.steps.ingest import sync_worker
from tests.steps.ingest.fault_world import (
    AT,
    account,
    account_id,
    cipher,
    connect,
    new_token,
    put,
    requests_of,
    row_of,
    rows_of,
    sandbox_of,
    settings_of,
    state_of,
    stores_of,
    sync,
)

MANY = AT_ONCE + 6
INSTAGRAM = [account("instagram", number) for number in range(MANY + 1)]
TIKTOK = [account("tiktok", number) for number in range(MANY + 1, 2 * MANY + 2)]
OF = {"instagram": INSTAGRAM, "tiktok": TIKTOK}
OTHER = {"instagram": "tiktok", "tiktok": "instagram"}
ONE = TIKTOK[0]
SOON = timedelta(hours=1)
SECOND = timedelta(seconds=1)
DEPTHS = ("quick", "posts", "full")
REFRESH = "/open_api/v1.3/tt_user/oauth2/refresh_token/"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with sandbox_of([*INSTAGRAM, *TIKTOK]) as served:
        yield served


@pytest.fixture
def served(sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox without faults at its first moment, its log empty."""
    sandbox.world.faults.clear()
    sandbox.world.clock.set(AT)
    sandbox.world.log.clear()
    return sandbox


@pytest.fixture
def stores(served: RunningSandbox, tmp_path: Path) -> Iterator[Stores]:
    made = stores_of(served, tmp_path / "home")
    yield made
    made.operations.close()


def outcomes(stores: Stores, *accounts: AccountRef) -> set[str | None]:
    return {state_of(stores, ref).last_outcome for ref in accounts}


def calls(stores: Stores, ref: AccountRef) -> list[int]:
    """HTTP requests of each of an account's syncs."""
    return rows_of(stores, catalog.ACCOUNT_LISTINGS, ref)["calls"].to_list()


@pytest.mark.parametrize(
    ("platform", "kind", "minutes"),
    [("instagram", "app_limit", 5), ("tiktok", "code_40132", 5)],
)
def test_a_throttle_of_the_app_stops_its_platform_and_no_other(
    served: RunningSandbox, stores: Stores, platform: str, kind: str, minutes: int
):
    struck, spared = OF[platform][:MANY], OF[OTHER[platform]][:3]
    connect(stores, served, *struck, *spared)
    for ref in struck[:AT_ONCE]:
        put(served, ref, kind)
    sync(stores)
    assert outcomes(stores, *struck) == {"rate_limited"}
    assert outcomes(stores, *spared) == {"ok"}
    assert [calls(stores, ref) for ref in struck[AT_ONCE:]] == [[0]] * (MANY - AT_ONCE)

    served.world.faults.clear()
    served.world.log.clear()
    served.world.clock.set(AT + timedelta(minutes=minutes) - SECOND)
    newcomer = OF[platform][MANY]
    connect(stores, served, newcomer)
    sync(stores)
    assert outcomes(stores, newcomer) == {"rate_limited"}
    assert requests_of(served) == []

    served.world.clock.set(AT + timedelta(minutes=minutes))
    sync(stores)
    assert outcomes(stores, *struck, newcomer) == {"ok"}


@pytest.mark.parametrize("kind", ["permission_10", "insights:permission_10", "gone_100_33"])
def test_a_day_on_which_most_accounts_are_turned_down_is_the_platforms_outage(
    served: RunningSandbox, stores: Stores, kind: str
):
    struck, spared = INSTAGRAM[:4], INSTAGRAM[4:6]
    connect(stores, served, *struck, *spared)
    for ref in struck:
        put(served, ref, kind)
    said = sync(stores)
    assert said.outcomes == {"unavailable": 4, "ok": 2}
    state = state_of(stores, struck[0])
    assert (state.last_outcome, state.retry_at) == ("unavailable", None)
    assert "outage of instagram's: 4 of 6 accounts" in (state.last_message or "")
    assert {row_of(stores, ref).status for ref in struck} == {"active"}
    assert stores.operations.refusals.all() == []

    served.world.faults.clear()
    served.world.clock.set(AT + timedelta(minutes=20))
    sync(stores)
    assert outcomes(stores, *struck, *spared) == {"ok"}


def test_few_accounts_that_are_turned_down_are_at_fault_themselves(
    served: RunningSandbox, stores: Stores
):
    connect(stores, served, *INSTAGRAM[:7])
    for ref in INSTAGRAM[:3]:
        put(served, ref, "permission_10")
    assert sync(stores).outcomes == {"forbidden": 3, "ok": 4}


def test_accounts_that_cannot_be_read_harm_nobody(served: RunningSandbox, stores: Stores):
    paused, bare, sealed, well = TIKTOK[:4]
    connect(stores, served, paused, well, INSTAGRAM[0])
    stores.operations.accounts.set_status(account_id(paused), "paused")
    stores.operations.accounts.add([_new(bare)], now=AT)
    lost_key = TokenCipher(SecretStr(Fernet.generate_key().decode()))
    stores.operations.tokens.connect(_new(sealed), new_token(served, sealed), lost_key, now=AT)
    sync(stores)
    assert outcomes(stores, paused) == {None}
    assert outcomes(stores, bare) == {"reauth_required"}
    assert outcomes(stores, sealed) == {"unavailable"}
    assert outcomes(stores, well, INSTAGRAM[0]) == {"ok"}
    assert Counter(requests_of(served)).total() == 4


def test_readings_land_some_at_a_time_each_whole_and_before_it_is_called_a_success(
    served: RunningSandbox, stores: Stores, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(oauth, "ROWS_PER_COMMIT", 1)
    connect(stores, served, *INSTAGRAM[:5])
    sync(stores)
    assert outcomes(stores, *INSTAGRAM[:5]) == {"ok"}
    commits = (
        stores.lake.read(catalog.RAW_INSTAGRAM__RESPONSES)
        .group_by("sync_id")
        .agg(pl.col("known_at").n_unique())
    )
    assert commits.collect()["known_at"].to_list() == [1] * 5
    listings = len(stores.lake.files(catalog.ACCOUNT_LISTINGS))
    assert 1 < len(stores.lake.files(catalog.RAW_INSTAGRAM__RESPONSES)) == listings


def test_a_token_is_readable_again_once_its_key_is_back(served: RunningSandbox, stores: Stores):
    connect(stores, served, ONE)
    other_key = SecretStr(Fernet.generate_key().decode())
    wrong = stores_of(served, stores.settings.home, token_keys=other_key)
    sync(wrong)
    assert row_of(stores, ONE).status == "active"
    served.world.clock.advance(1200)
    sync(stores)
    assert outcomes(stores, ONE) == {"ok"}
    wrong.operations.close()


def _new(ref: AccountRef) -> NewAccount:
    return NewAccount(
        platform=ref.platform,
        account_key=ref.account_key,
        connection="oauth",
        project_id="brand",
    )


def test_two_processes_refresh_a_token_once(served: RunningSandbox, stores: Stores):
    connect(stores, served, *TIKTOK[:8], life=SOON)
    results = _synced_at_once(served, stores, "posts", "full")
    assert sorted(results) == [("full", {"ok": 8}, ()), ("posts", {"ok": 8}, ())]
    assert requests_of(served).count(REFRESH) == 8


def _synced_at_once(
    served: RunningSandbox, stores: Stores, *depths: str
) -> list[tuple[str, dict[str, int], tuple[str, ...]]]:
    processes = get_context("spawn")
    start, results = processes.Barrier(len(depths)), processes.Queue()
    settings = settings_of(served, stores.settings.home).model_dump()
    running = [
        processes.Process(target=sync_worker.sync_once, args=(settings, AT, depth, start, results))
        for depth in depths
    ]
    for process in running:
        process.start()
    found = [results.get(timeout=60) for _ in running]
    for process in running:
        process.join(60)
    return found


def test_a_token_that_another_run_is_refreshing_is_waited_for(
    served: RunningSandbox, stores: Stores
):
    connect(stores, served, ONE)
    old = stores.operations.tokens.get(account_id(ONE), cipher())
    _claim_refresh(stores, worker="other")
    made = served.world.tokens.refresh(old.refresh.get_secret_value(), life=timedelta(days=31))
    with ThreadPoolExecutor(1) as aside:
        syncing = aside.submit(sync, stores)
        _wait_until(lambda: len(requests_of(served)) > 0)
        stores.operations.tokens.finish_refresh(
            account_id(ONE), _pair(made), cipher(), worker="other", now=AT
        )
        syncing.result(30)
    assert outcomes(stores, ONE) == {"ok"}
    assert REFRESH not in requests_of(served)


def test_a_killed_refresh_costs_no_consent(served: RunningSandbox, stores: Stores):
    connect(stores, served, ONE, life=SOON)
    served.world.clock.set(AT + SOON)
    _claim_refresh(stores, worker="killed")
    sync(stores)
    assert outcomes(stores, ONE) == {"unavailable"}
    assert (row_of(stores, ONE).status, requests_of(served)) == ("active", [])
    served.world.clock.set(AT + SOON + REFRESH_LEASE)
    sync(stores)
    assert outcomes(stores, ONE) == {"ok"}


def _claim_refresh(stores: Stores, *, worker: str) -> None:
    assert stores.operations.tokens.claim_refresh(
        account_id(ONE),
        worker=worker,
        now=stores.clock.now(),
        lease_for=REFRESH_LEASE,
        expires_before=stores.clock.now() + timedelta(days=60),
    )


def _pair(grant: Grant) -> NewToken:
    return NewToken(
        access=SecretStr(grant.access),
        refresh=SecretStr(grant.refresh),
        expires_at=grant.expires_at,
        refresh_expires_at=grant.refresh_expires_at,
    )


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_refused_refresh_is_asked_for_once(served: RunningSandbox, stores: Stores):
    connect(stores, served, ONE, life=SOON)
    put(served, ONE, "code_40107")
    sync(stores)
    assert outcomes(stores, ONE) == {"reauth_required"}
    assert requests_of(served) == [REFRESH]
    for hour in range(1, 4):
        served.world.clock.set(AT + timedelta(hours=8 * hour))
        for depth in DEPTHS:
            sync(stores, depth)
    assert requests_of(served) == [REFRESH]
