"""Cadences (R4, R5): who is called at which depth and when, by what platforms were asked.

Belongs here: hours by the clock of 5, 20 and 30 minutes, over real HTTP with a simulated clock.
Does not belong here: one reading's calls (``tests.sources``), schedules (``tests.sensors``).
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.life import FULL_MIN, HASTY, QUICK_MIN
from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.oauth import sync_oauth
from sandbox import AccountRef, Fault
from tests.steps.ingest.clockwork import (
    ACCOUNTS,
    CREATORS,
    FIRST,
    SECOND,
    START,
    VIDEOS,
    Clockwork,
    deployment,
)
from tests.steps.ingest.fault_world import account_id, requests_of, rows_of, state_of

HOURS = 2
A_DAY = 24 // HOURS
FOREVER_DOWN = ("list:http_500", "stories:http_500")


@pytest.fixture
def clockwork(tmp_path: Path) -> Iterator[Clockwork]:
    with deployment(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clockwork]:
    """Two hours in which nothing went wrong."""
    with deployment(tmp_path_factory.mktemp("cadences") / "home") as made:
        made.run(HOURS * 60)
        yield made


def break_lists(clockwork: Clockwork, ref: AccountRef) -> None:
    for kind in FOREVER_DOWN:
        clockwork.served.world.faults.put(ref, Fault(kind=kind))


def put(clockwork: Clockwork, ref: AccountRef, kind: str, **given: object) -> None:
    clockwork.served.world.faults.put(ref, Fault(kind=kind, **given))  # pyright: ignore[reportArgumentType]


def quick_minutes(first: int, end: int) -> list[int]:
    """The minutes of quick syncs, but for those at which a full one reads the first page."""
    return [at for at in range(first, end, QUICK_MIN) if at % FULL_MIN or at == 0]


# --- a world that is well


@pytest.mark.parametrize("ref", [FIRST, SECOND])
def test_the_first_page_of_an_instagram_account_is_read_288_times_a_day_and_never_twice(
    healthy, ref
):
    """By the full sync, where its turn is in the same minute; a new account has had none."""
    lists = healthy.asked("GET", f"{ref.account_key}/media")
    assert lists == quick_minutes(0, HOURS * 60)
    listings = rows_of(healthy.stores, catalog.ACCOUNT_LISTINGS, ref)
    read = listings["started_at"].unique().sort()
    assert [(at - START) / timedelta(minutes=1) for at in read] == list(
        range(0, HOURS * 60, QUICK_MIN)
    )
    assert listings.height == len(read) + 1


def test_everything_of_an_instagram_account_is_asked_for_72_times_a_day(healthy):
    """By two batches: the lists with the account, then insights of all items."""
    batches = Counter(healthy.asked("POST /v27.0/"))
    assert batches == dict.fromkeys(range(0, HOURS * 60, FULL_MIN), 2 * 2)
    assert len(batches) * A_DAY == 72


def test_a_tiktok_account_is_asked_for_288_times_a_day_and_for_its_followers_hourly(healthy):
    pages = Counter(healthy.asked("/business/video/list/"))
    assert healthy.asked("/business/get/") == list(range(0, HOURS * 60, 60))
    assert pages.total() == 288 // A_DAY + 1
    assert set(pages) == set(range(0, HOURS * 60, QUICK_MIN))


def test_scrapes_are_asked_for_quickly_and_collected_half_hourly(healthy):
    """At minute 0 a scrape has only begun; each that is collected makes room for the next."""
    assert Counter(healthy.asked("POST /v1/scrapes")) == dict.fromkeys((0, 35, 65, 95), 4)
    assert set(healthy.asked("GET /v1/scrapes/", "/posts")) == {30, 60, 90}


def test_nobody_is_read_by_the_posts_cadence_whom_others_read(healthy):
    read = rows_by_depth(healthy)
    assert read == {
        (ref.account_key, depth): count
        for ref in ACCOUNTS
        for depth, count in (("quick", (288 - 72) // A_DAY + 1), ("full", 72 // A_DAY))
    }


def test_nothing_else_is_called(healthy):
    known = ("/media", "/v27.0/", "/open_api/v1.3/business/", "/v1/scrapes")
    assert [path for path in requests_of(healthy.served) if not any(map(path.count, known))] == []


def rows_by_depth(clockwork: Clockwork) -> dict[tuple[str, str], int]:
    """How many readings landed, by account and depth."""
    listings = clockwork.stores.lake.read(catalog.ACCOUNT_LISTINGS).collect()
    counted = listings.group_by("account_key", "depth").len()
    return {(key, depth): count for key, depth, count in counted.iter_rows()}


# --- what is told of an account beside its posts


def test_followers_that_were_not_told_are_asked_for_by_the_next_full_sync(clockwork):
    clockwork.run(60)
    put(clockwork, VIDEOS, "code_50000", skip=1, times=HASTY.attempts)
    clockwork.ask_nothing()
    clockwork.run(120, first=60)
    assert state_of(clockwork.stores, VIDEOS, "full").last_outcome == "ok"
    assert Counter(clockwork.asked("/business/get/")) == {60: HASTY.attempts, 80: 1}


def test_whoever_names_an_account_is_told_its_followers_anew(clockwork):
    clockwork.run(5)
    clockwork.ask_nothing()
    for accounts, asked in (((), []), ((account_id(VIDEOS),), [21.0])):
        clockwork.set(21)
        sync_oauth(clockwork.stores, "full", worker=clockwork.life.name("full"), accounts=accounts)
        assert clockwork.asked("/business/get/") == asked


# --- the posts cadence as a stand-in


def test_an_account_that_cannot_be_read_in_full_is_left_to_the_quick_cadence(clockwork):
    put(clockwork, FIRST, "batch:http_500")
    clockwork.run(65)
    assert state_of(clockwork.stores, FIRST, "full").last_outcome != "ok"
    assert state_of(clockwork.stores, FIRST, "quick").last_outcome == "ok"
    assert state_of(clockwork.stores, FIRST, "posts").last_started_at is None


def test_an_account_that_nobody_has_read_for_half_an_hour_is_read_by_the_posts_cadence(clockwork):
    clockwork.run(5)
    break_lists(clockwork, FIRST)
    clockwork.run(30, first=5)
    clockwork.set(29)
    clockwork.life.sync("posts")
    assert state_of(clockwork.stores, FIRST, "posts").last_started_at is None
    clockwork.set(30)
    clockwork.life.sync("posts")
    assert state_of(clockwork.stores, FIRST, "posts").last_started_at == minute(30)
    assert state_of(clockwork.stores, SECOND, "posts").last_started_at is None


def test_the_posts_cadence_leaves_an_account_again_once_others_read_it(clockwork):
    break_lists(clockwork, FIRST)
    clockwork.run(35)
    clockwork.served.world.faults.clear(FIRST)
    clockwork.run(65, first=35)
    assert state_of(clockwork.stores, FIRST, "quick").last_outcome == "ok"
    assert state_of(clockwork.stores, FIRST, "posts").last_started_at == minute(30)


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


# --- who is not due


def test_whoever_is_paused_or_has_lost_the_login_or_its_project_is_never_called(clockwork):
    operations = clockwork.stores.operations
    operations.accounts.set_status(account_id(FIRST), "paused")
    operations.accounts.set_status(account_id(VIDEOS), "reauth_required")
    creators = [f"{ref.platform}:{ref.account_key}" for ref in CREATORS.accounts]
    for creator in creators[1:]:
        operations.accounts.set_status(creator, "paused")
    clockwork.run(40)
    paths = requests_of(clockwork.served)
    assert not [path for path in paths if FIRST.account_key in path or "/business/" in path]
    assert len(clockwork.asked(f"{SECOND.account_key}/media")) == 40 / QUICK_MIN - 1
    assert clockwork.asked("POST /v27.0/") == [0, 0, 20, 20]
    assert clockwork.asked("POST /v1/scrapes") == [0, 35]


def test_nobody_of_an_inactive_project_is_called(clockwork):
    clockwork.stores.operations.projects.set_active("brand", is_active=False)
    clockwork.run(35)
    assert requests_of(clockwork.served) == []


def test_an_account_whose_login_is_lost_is_called_no_more(clockwork):
    clockwork.served.world.tokens.revoke(FIRST, why="458")
    clockwork.run(5)
    clockwork.ask_nothing()
    clockwork.run(35, first=5)
    assert state_of(clockwork.stores, FIRST, "quick").last_outcome == "reauth_required"
    assert clockwork.asked(FIRST.account_key) == []
    assert len(clockwork.asked(SECOND.account_key)) > 0


def test_a_throttled_account_is_left_alone_at_every_depth_until_its_time_has_come(clockwork):
    clockwork.run(5)
    put(clockwork, FIRST, "list:buc_limit", times=1, wait_min=32)
    clockwork.ask_nothing()
    clockwork.run(50, first=5)
    # Throttled at minute 5, allowed again from minute 37 on.
    assert clockwork.asked("GET", f"{FIRST.account_key}/media") == [5, 40, 45]
    assert clockwork.asked("GET", f"{SECOND.account_key}/media") == quick_minutes(5, 50)
    # Two batches of the other account at minute 20, two of each at minute 40.
    assert clockwork.asked("POST /v27.0/") == [20, 20, 40, 40, 40, 40]
    assert state_of(clockwork.stores, FIRST, "posts").last_started_at is None


def test_a_run_that_starts_a_little_early_finds_nobody_a_second_short(clockwork):
    for seconds in (0, 297, 602, 899, 1203):
        clockwork.set(seconds / 60)
        clockwork.life.sync("quick")
    assert len(clockwork.asked(f"{FIRST.account_key}/media")) == 5


def test_a_full_sync_that_fails_leaves_the_first_page_to_the_next_quick_one(clockwork):
    clockwork.run(20)
    break_lists(clockwork, FIRST)
    clockwork.ask_nothing()
    clockwork.run(25, first=20)
    assert clockwork.asked("GET", f"{FIRST.account_key}/media") == []
    clockwork.served.world.faults.clear(FIRST)
    clockwork.run(40, first=25)
    assert clockwork.asked("GET", f"{FIRST.account_key}/media") == [25, 30, 35]


def test_a_full_cadence_that_stands_still_costs_nobody_more_than_one_quick_sync(clockwork):
    clockwork.run(5)
    for at in range(5, 60, QUICK_MIN):
        clockwork.set(at)
        clockwork.life.sync("quick")
    asked = clockwork.asked("GET", f"{FIRST.account_key}/media")
    assert asked == [at for at in range(0, 60, QUICK_MIN) if at != FULL_MIN]


def test_a_run_that_comes_long_before_its_time_reads_nobody(clockwork):
    clockwork.run(5)
    clockwork.ask_nothing()
    clockwork.set(4)
    for depth in ("quick", "full", "posts"):
        clockwork.life.sync(depth)
    assert requests_of(clockwork.served) == []


def test_after_a_pause_of_everything_each_account_is_read_once_and_not_once_per_tick(clockwork):
    clockwork.run(25)
    clockwork.ask_nothing()
    clockwork.run(245, first=240)
    assert clockwork.asked("GET", f"{FIRST.account_key}/media") == [240]
    full = rows_of(clockwork.stores, catalog.ACCOUNT_LISTINGS, FIRST).filter(depth="full")
    starts = full.sort("started_at")["started_at"]
    assert [(late - soon) / timedelta(minutes=1) for soon, late in pairwise(starts)] == [20, 220]
