"""Checks of what syncs bring, each red and green on a real lake.

Belongs here: what each check finds, what it leaves alone, how it says so.
Does not belong here: whole runs (``test_runs``), contracts.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
import pytest
from pydantic import SecretStr

from assets import sync_checks
from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.refusals import Refusal
from layers_pipeline.operations.secrets import TokenCipher, new_key
from layers_pipeline.operations.sync_outcomes import SyncEnding
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import load_settings
from layers_pipeline.steps.derive.deletions import derive_absences
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.ingest.outcomes import EVERY
from layers_pipeline.steps.stores import Stores, open_stores

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=900)
OWNED, WATCHED = "instagram:owned", "tiktok:watched"
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@pytest.fixture
def stores(tmp_path, monkeypatch) -> Iterator[Stores]:
    """Stores with a project that owns one account and allows another."""
    for name in ("LAYERS_OPERATIONS_URL", "LAYERS_LAKE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path))
    opened = open_stores(load_settings(), clock=FixedClock(NOW))
    opened.operations.projects.add("brand", name="Brand", time_zone="UTC", now=LONG_AGO)
    add(opened, OWNED)
    add(opened, WATCHED, connection="external")
    allow(opened, WATCHED)
    yield opened
    opened.operations.close()


def add(stores: Stores, account: str, *, connection: str = "oauth", status: str = "active") -> None:
    platform, _, key = account.partition(":")
    owner = "brand" if connection == "oauth" else None
    row = NewAccount(
        platform=platform,
        account_key=key,
        connection=connection,
        project_id=owner,
        status=status,
    )
    stores.operations.accounts.add([row], now=LONG_AGO)


def allow(stores: Stores, account: str) -> None:
    creator = NewCreator(creator_id=account, display_name="", account_ids=(account,))
    stores.operations.allowlist.allow("brand", [creator], allowed_from=LONG_AGO)


def ended(
    stores: Stores, account: str, outcome: str = "ok", *, depth: str = "quick", ago: timedelta
) -> None:
    ending = SyncEnding(account_id=account, outcome=outcome, message=f"{outcome}: said")
    stores.operations.sync_outcomes.record(ending, depth, now=NOW - ago)


def give_token(stores: Stores, account: str, *, ends_at: datetime, refresh: str | None) -> None:
    token = NewToken(
        access=SecretStr("access"),
        refresh=SecretStr(refresh.replace(" ", "-")) if refresh else None,
        expires_at=ends_at,
        refresh_expires_at=ends_at if refresh else None,
    )
    cipher = TokenCipher(SecretStr(new_key()))
    stores.operations.tokens.store(account, token, cipher, now=NOW)


def found(stores: Stores, name: str) -> dg.AssetCheckResult:
    """What a check finds once the operational database has been copied."""
    copy_operations(stores)
    return getattr(sync_checks, name)(stores)


def table_of(result: dg.AssetCheckResult, name: str = "first") -> list[list[str]]:
    """The rows that a check shows, cell by cell."""
    lines = result.metadata[name].value.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def keep(stores: Stores, table: Table, *rows: dict) -> None:
    """Store rows, columns that are not named null."""
    given = [dict.fromkeys(table.columns) | row for row in rows]
    stores.lake.insert_absent(table, pl.DataFrame(given, schema=dict(table.empty().schema)))


# --- the share of failures


def test_few_failures_are_well(stores):
    ended(stores, OWNED, ago=timedelta(0))
    ended(stores, WATCHED, ago=timedelta(0))
    result = found(stores, "failed_share_is_small")
    assert result.passed
    assert result.metadata["failed_share"].value == 0.0


def test_failures_of_either_connection_count(stores):
    ended(stores, OWNED, "forbidden", ago=timedelta(0))
    ended(stores, WATCHED, "malformed", depth="posts", ago=timedelta(0))
    result = found(stores, "failed_share_is_small")
    assert not result.passed
    assert result.metadata["failed_share_by_connection"].value == {"oauth": 1.0, "external": 1.0}
    assert table_of(result, "failed") == [
        [OWNED, "forbidden: said"],
        [WATCHED, "malformed: said"],
    ]


def test_a_partial_sync_has_not_failed_and_is_shown_apart(stores):
    ended(stores, OWNED, "partial", ago=timedelta(0))
    result = found(stores, "failed_share_is_small")
    assert result.passed
    assert (result.metadata["failed_share"].value, result.metadata["partial_share"].value) == (0, 1)
    assert (table_of(result, "failed"), table_of(result, "partial")) == (
        [],
        [[OWNED, "partial: said"]],
    )


def test_a_paused_account_counts_neither_way(stores):
    ended(stores, OWNED, "forbidden", ago=timedelta(0))
    ended(stores, WATCHED, ago=timedelta(0))
    stores.operations.accounts.set_status(OWNED, "paused")
    result = found(stores, "failed_share_is_small")
    assert result.passed
    assert result.metadata["failed_share"].value == 0.0


def test_a_share_just_at_the_limit_is_allowed(stores):
    ended(stores, OWNED, "unavailable", ago=timedelta(0))
    ended(stores, WATCHED, ago=timedelta(0))
    result = found(stores, "failed_share_is_small")
    assert result.metadata["failed_share"].value == result.metadata["limit"].value == 0.5
    assert result.passed


def test_nothing_synced_is_nothing_failed(stores):
    assert found(stores, "failed_share_is_small").passed


# --- logins


def test_an_account_that_lost_its_login_is_named_with_the_command(stores):
    add(stores, "tiktok:lost", status="reauth_required")
    result = found(stores, "accounts_need_no_login")
    assert (result.passed, result.severity) == (False, WARN)
    assert table_of(result) == [["tiktok:lost", "layers-pipeline account reauth tiktok:lost"]]


@pytest.mark.parametrize("status", ["active", "paused"])
def test_an_account_that_is_active_or_paused_waits_for_no_login(stores, status):
    add(stores, "tiktok:other", status=status)
    assert found(stores, "accounts_need_no_login").passed


# --- deletions that wait


HELD = {"missed_by": "l1", "held_by": "l2", "missed_at": NOW, "account_key": "owned", "bucket": 0}
POST = {"platform": "instagram", "account_key": "owned", "media_type": "reel", "bucket": 0}
LISTING = {
    "platform": "instagram",
    "account_key": "owned",
    "depth": "full",
    "finished_at": NOW,
    "known_at": NOW,
    "outcome": "ok",
    "pages": 1,
    "calls": 1,
    "items": 0,
    "is_complete": True,
    "run_id": "r",
    "landed_on": NOW.date(),
}


def hold(stores: Stores, post: str, **changes) -> None:
    row = {"platform": "instagram", "platform_post_id": post} | HELD | changes
    keep(stores, catalog.POST_ABSENCES, row)


def know(
    stores: Stores, post: str, *, checked_at: datetime = NOW - timedelta(hours=9), **changes
) -> None:
    row = {"platform_post_id": post, "is_media_url_permanent": False} | POST
    row |= {
        "is_identity_settled": True,
        "first_seen_at": LONG_AGO,
        "content_at": LONG_AGO,
    } | changes
    keep(stores, catalog.PLATFORM_POSTS, row)
    checked = {"platform": "instagram", "platform_post_id": post, "bucket": 0}
    keep(stores, catalog.PLATFORM_POST_METRICS_LATEST, checked | {"last_checked_at": checked_at})


def list_posts(stores: Stores, sync_id: str, *, at: int = 0, **changes) -> None:
    """A complete full listing of nothing that began some hours after ``NOW``."""
    began = NOW + timedelta(hours=at)
    row = LISTING | {"sync_id": sync_id, "started_at": began, "known_at": began}
    keep(stores, catalog.ACCOUNT_LISTINGS, row | changes)


def confirm(listing: str) -> str:
    return f"layers-pipeline account confirm-deletions {OWNED} {listing}"


def test_no_deletions_wait_where_none_are_held(stores):
    hold(stores, "p1", held_by=None)
    know(stores, "p1")
    list_posts(stores, "l1", items=7)
    result = found(stores, "no_deletion_storm")
    assert result.passed
    assert result.metadata["findings"].value == 0


def test_deletions_that_are_held_are_reported_by_listing_with_the_command(stores):
    hold(stores, "p1")
    hold(stores, "p2")
    hold(stores, "p3", held_by="l3")
    result = found(stores, "no_deletion_storm")
    assert (result.passed, result.severity) == (False, ERROR)
    assert table_of(result) == [
        [OWNED, "l2", "2", confirm("l2")],
        [OWNED, "l3", "1", confirm("l3")],
    ]


@pytest.mark.parametrize("ending", ["confirmed_at", "returned_at"])
def test_a_held_deletion_waits_no_more_once_it_is_confirmed_or_the_post_is_back(stores, ending):
    hold(stores, "p1", **{ending: NOW})
    assert found(stores, "no_deletion_storm").passed


def test_a_held_deletion_does_not_block_what_follows():
    assert not any(check.spec().blocking for check in sync_checks.SYNC_CHECKS)


def test_an_account_that_lists_nothing_though_its_posts_lived_is_reported(stores):
    know(stores, "p1")
    know(stores, "p2")
    list_posts(stores, "l1", at=-2, items=7)
    list_posts(stores, "l2", at=-1)
    result = found(stores, "no_deletion_storm")
    assert table_of(result) == [[OWNED, "l2", "2", confirm("l2")]]
    assert not result.passed


def test_what_the_command_confirms_waits_no_more(stores):
    hold(stores, "p1")
    know(stores, "p1")
    know(stores, "p2")
    list_posts(stores, "l2", at=-2, items=7)
    list_posts(stores, "l3", at=-1)
    waiting = found(stores, "no_deletion_storm")
    for _, listing, _, command in table_of(waiting):
        assert command == confirm(listing)
        stores.operations.deletions.confirm(OWNED, listing, by="me", now=NOW)
    derive_absences(stores)
    assert (waiting.passed, found(stores, "no_deletion_storm").passed) == (False, True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"deleted_at": NOW}, id="is deleted"),
        pytest.param({"media_type": "story"}, id="is a story"),
        pytest.param({"account_key": "other"}, id="is another account's"),
        pytest.param({"checked_at": NOW + timedelta(hours=1)}, id="was seen since"),
    ],
)
def test_a_post_is_not_missed_by_an_empty_listing_if_it(stores, changes):
    know(stores, "p1", **changes)
    list_posts(stores, "l1")
    assert found(stores, "no_deletion_storm").passed


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"depth": "quick"}, id="is not full"),
        pytest.param({"is_complete": False}, id="is not complete"),
        pytest.param({"at": -3}, id="is not the newest"),
    ],
)
def test_an_empty_listing_says_nothing_if_it(stores, changes):
    know(stores, "p1")
    list_posts(stores, "l1", at=-2, items=7)
    list_posts(stores, "l2", **{"at": -1} | changes)
    assert found(stores, "no_deletion_storm").passed


# --- publication times

VIDEO = str(int(NOW.timestamp()) * 2**32)


@pytest.mark.parametrize(("minutes", "agrees"), [(10, True), (-10, True), (11, False)])
def test_a_publication_that_its_id_belies_is_a_finding(stores, minutes, agrees):
    published_at = NOW + timedelta(minutes=minutes)
    know(stores, VIDEO, platform="tiktok", published_at=published_at, media_type="tiktok_video")
    result = found(stores, "publication_times_agree")
    assert (result.passed, result.severity) == (agrees, WARN)
    assert [row[1] for row in table_of(result)] == [VIDEO] * (not agrees)


# --- accounts gone quiet


def succeed_in_time(stores: Stores) -> None:
    for account, depths in ((OWNED, ("quick", "full")), (WATCHED, ("quick", "posts"))):
        for depth in depths:
            ended(stores, account, depth=depth, ago=3 * EVERY[depth])


def test_accounts_that_succeeded_within_three_cadences_are_well(stores):
    succeed_in_time(stores)
    result = found(stores, "syncs_are_recent")
    assert (result.passed, result.severity) == (True, WARN)


@pytest.mark.parametrize(
    ("account", "depth"),
    [(OWNED, "quick"), (OWNED, "full"), (WATCHED, "quick"), (WATCHED, "posts")],
)
def test_an_account_that_last_succeeded_longer_ago_is_named(stores, account, depth):
    succeed_in_time(stores)
    ended(stores, account, depth=depth, ago=3 * EVERY[depth] + timedelta(seconds=1))
    assert [row[:2] for row in table_of(found(stores, "syncs_are_recent"))] == [[account, depth]]


def test_an_account_that_never_succeeded_is_named_once_a_sync_failed(stores):
    succeed_in_time(stores)
    add(stores, "instagram:new")
    assert found(stores, "syncs_are_recent").passed
    ended(stores, "instagram:new", "forbidden", depth="quick", ago=timedelta(0))
    rows = table_of(found(stores, "syncs_are_recent"))
    assert [row[:2] for row in rows] == [["instagram:new", "full"], ["instagram:new", "quick"]]
    assert "layers-pipeline account pause instagram:new" in rows[0][4]


def test_depth_posts_of_an_account_with_a_token_may_rest(stores):
    succeed_in_time(stores)
    ended(stores, OWNED, depth="posts", ago=timedelta(days=9))
    assert found(stores, "syncs_are_recent").passed


@pytest.mark.parametrize("status", ["paused", "reauth_required"])
def test_an_account_that_is_not_active_may_rest(stores, status):
    succeed_in_time(stores)
    ended(stores, OWNED, ago=timedelta(days=9))
    stores.operations.accounts.set_status(OWNED, status)
    assert found(stores, "syncs_are_recent").passed


def test_an_account_whose_project_is_switched_off_may_rest(stores):
    ended(stores, OWNED, ago=timedelta(days=9))
    ended(stores, WATCHED, ago=timedelta(days=9))
    assert not found(stores, "syncs_are_recent").passed
    stores.operations.projects.set_active("brand", is_active=False)
    assert found(stores, "syncs_are_recent").passed


def test_an_account_that_no_project_wants_may_rest(stores):
    succeed_in_time(stores)
    add(stores, "tiktok:left", connection="external")
    ended(stores, "tiktok:left", ago=timedelta(days=9))
    assert found(stores, "syncs_are_recent").passed


# --- how findings are shown


def test_a_message_with_bars_and_lines_stays_in_its_cell(stores):
    ending = SyncEnding(account_id=OWNED, outcome="malformed", message="a | b\nc")
    stores.operations.sync_outcomes.record(ending, "quick", now=NOW)
    shown = found(stores, "failed_share_is_small").metadata["failed"].value
    assert shown.splitlines()[2:] == [rf"| {OWNED} | a \| b c |"]


def test_no_more_than_twenty_findings_are_shown(stores):
    for number in range(25):
        add(stores, f"tiktok:lost{number:02}", status="reauth_required")
    result = found(stores, "accounts_need_no_login")
    assert result.metadata["findings"].value == 25
    assert len(table_of(result)) == 20


@pytest.mark.parametrize(("days", "passed"), [(6, False), (8, True)])
@pytest.mark.parametrize("refresh", [None, "a refresh token"])
def test_a_token_that_ends_within_a_week_and_is_not_renewed_is_found(stores, days, passed, refresh):
    give_token(stores, OWNED, ends_at=NOW + timedelta(days=days), refresh=refresh)
    result = found(stores, "tokens_last")
    assert result.passed is (passed or refresh is not None)
    assert result.severity == WARN
    assert passed or refresh or table_of(result)[0][2] == f"layers-pipeline account reauth {OWNED}"


@pytest.mark.parametrize(
    ("version", "passed"), [("v26.0", True), ("v27.0", True), ("v20.0", True), ("v19.0", False)]
)
def test_a_version_that_ends_soon_is_found(stores, version, passed):
    settings = stores.settings.model_copy(update={"instagram_version": version})
    result = found(replace(stores, settings=settings), "api_versions_last")
    assert (result.passed, result.severity) == (passed, WARN)
    assert passed or "Set LAYERS_INSTAGRAM_VERSION" in result.description


def refuse(stores: Stores, name: str, **changes) -> None:
    given = {
        "source": "instagram_graph",
        "api_version": "v26.0",
        "login": "facebook_login",
        "account_id": "",
        "media_type": "reel",
        "item_id": "",
        "cause": "said",
    }
    times = {"first_at": NOW, "last_at": NOW, "until": NOW + timedelta(days=14)}
    stores.operations.refusals.add([Refusal(name=name, **(given | times | changes))])


@pytest.mark.parametrize("name", ["views", "likes", "reach", "video_views"])
def test_a_core_metric_that_is_refused_turns_the_check_red(stores, name):
    refuse(stores, name)
    result = found(stores, "core_metrics_are_given")
    assert (result.passed, result.severity) == (False, ERROR)
    (row,) = table_of(result)
    assert row[-1] == (
        f"layers-pipeline refusals forget --account all --media-type reel --name {name}"
    )


def test_refusals_of_other_metrics_of_one_post_or_ended_ones_are_well(stores):
    refuse(stores, "reels_skip_rate")
    refuse(stores, "views", item_id="17", account_id=OWNED)
    refuse(stores, "likes", until=NOW)
    assert found(stores, "core_metrics_are_given").passed
