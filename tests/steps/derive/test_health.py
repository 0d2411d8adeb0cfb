"""The health of an account in words: every outcome, every status, and which depth is named.

Belongs here: ``health_of`` for rows of the operational database.
Does not belong here: how outcomes come about (``tests.operations``), the table (``dimensions``).
"""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from layers_pipeline.operations.accounts import AccountSyncState, PlatformAccount
from layers_pipeline.steps.derive.health import PAUSES, REMEDIES, health_of
from transforms.contracts.health import SyncHealth
from transforms.vocabulary import OUTCOMES, PAUSE_CAUSES

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FAILURES = tuple(outcome for outcome in OUTCOMES if outcome != "ok")


def account(**changes: Any) -> PlatformAccount:
    row = {"account_id": "instagram:ada", "platform": "instagram", "account_key": "ada"}
    row |= {"connection": "oauth", "project_id": "brand", "status": "active", "created_at": NOW}
    return PlatformAccount(**(row | changes))


def state(
    depth: str, outcome: str | None = "ok", *, ago: int = 1, **changes: Any
) -> AccountSyncState:
    """A depth whose newest sync ended so many hours ago; with ``ok``, that was its last success."""
    finished = None if outcome is None else NOW - ago * HOUR
    row = {
        "account_id": "instagram:ada",
        "depth": depth,
        "last_started_at": finished,
        "last_finished_at": finished,
        "last_success_at": finished if outcome == "ok" else None,
        "last_success_started_at": finished if outcome == "ok" else None,
        "last_outcome": outcome,
        "last_message": None if outcome is None else f"{depth} said {outcome}",
        "retry_at": None,
        "failures_in_a_row": 0,
        "lease_owner": None,
        "lease_until": None,
    }
    return AccountSyncState(**(row | changes))


def failing(*states: AccountSyncState, **of_account: Any) -> tuple[str | None, str | None]:
    """Depth and outcome that the health names."""
    health = health_of(account(**of_account), states)
    return health["failing_depth"], health["outcome"]


# --- words


@pytest.mark.parametrize(
    ("outcome", "remedy"),
    [
        ("partial", "Nothing to do: what was missing is read again at the next sync."),
        ("rate_limited", "Nothing to do: it is read again when the platform allows it."),
        ("reauth_required", "Give it a new token: layers-pipeline account reauth instagram:ada"),
        (
            "forbidden",
            "Let the account's owner grant access, or take it off: "
            "layers-pipeline account pause instagram:ada",
        ),
        (
            "unavailable",
            "Wait; if it lasts, look at the platform's status page and our settings.",
        ),
        (
            "malformed",
            "Report it: the platform answers otherwise than documented. The rows are kept.",
        ),
    ],
)
def test_a_failure_is_reported_in_the_platforms_words_with_the_remedy(outcome, remedy):
    status = "reauth_required" if outcome == "reauth_required" else "active"
    health = health_of(account(status=status), [state("quick", outcome, retry_at=NOW + HOUR)])
    assert (health["is_healthy"], health["problem"]) == (False, f"quick said {outcome}")
    assert (health["remedy"], health["retry_at"]) == (remedy, NOW + HOUR)


@pytest.mark.parametrize("outcome", FAILURES)
def test_a_failure_without_a_message_is_reported_by_its_name(outcome):
    health = health_of(account(), [state("quick", outcome, last_message=None)])
    assert health["problem"] == outcome


@pytest.mark.parametrize("outcome", [None, "ok"], ids=["never synced", "ok"])
def test_nothing_is_wrong_with_an_account_that_is_new_or_well(outcome):
    health = health_of(account(), [state("quick", outcome), state("full", outcome)])
    nothing = ("failing_depth", "outcome", "problem", "remedy", "retry_at")
    assert health["is_healthy"]
    assert [health[name] for name in nothing] == [None] * 5


@pytest.mark.parametrize("outcome", [None, *OUTCOMES])
def test_a_paused_account_is_reported_as_paused_whatever_its_syncs_said(outcome):
    health = health_of(account(status="paused"), [state("quick", outcome)])
    assert not health["is_healthy"]
    assert health["problem"] == "paused by a person: it is not synced"
    assert health["remedy"] == "Switch it on again: layers-pipeline account resume instagram:ada"
    assert (health["failing_depth"], health["outcome"], health["retry_at"]) == (None, None, None)


def test_an_account_that_an_import_brought_was_paused_by_nobody():
    health = health_of(account(status="paused", pause_cause="import"), [])
    assert health["problem"] == "paused since it was imported: it is not synced"
    assert health["remedy"] == (
        "Allow it to sync it: layers-pipeline creator allow instagram:ada --project PROJECT"
    )


@pytest.mark.parametrize("cause", PAUSE_CAUSES)
def test_every_cause_of_a_pause_has_words(cause):
    assert health_of(account(status="paused", pause_cause=cause), [])["remedy"]


@pytest.mark.parametrize("outcome", ["ok", "partial"])
def test_an_account_whose_login_is_lost_says_so_though_a_later_ending_hides_it(outcome):
    posts = state("posts", "reauth_required", ago=2)
    hiding = (state("quick", ago=1), state("full", outcome, ago=1))
    health = health_of(account(status="reauth_required"), [posts, *hiding])
    assert (health["is_healthy"], health["outcome"]) == (False, "reauth_required")
    assert health["problem"] == "the platform wants a new login"
    assert health["remedy"] == "Give it a new token: layers-pipeline account reauth instagram:ada"


def test_an_account_that_was_given_a_token_since_needs_no_second_one():
    health = health_of(account(status="active"), [state("full", "reauth_required")])
    assert (health["is_healthy"], health["problem"]) == (False, "full said reauth_required")
    assert health["remedy"].startswith("Nothing to do: it has been let in since")


def test_a_remedy_names_commands_that_there_are():
    help_of_accounts = subprocess.run(
        [Path(sys.executable).with_name("layers-pipeline"), "account", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    words = " ".join([*REMEDIES.values(), *(remedy for _, remedy in PAUSES.values())])
    named = set(re.findall(r"layers-pipeline account (\S+)", words))
    assert named == {"reauth", "pause", "resume"}
    assert [name for name in named if not re.search(rf"^ +{name} ", help_of_accounts, re.M)] == []


# --- which depth


def test_of_two_depths_that_fail_the_one_that_failed_last_is_named():
    states = (state("quick", "unavailable", ago=2), state("full", "malformed", ago=1))
    assert failing(*states) == failing(*reversed(states)) == ("full", "malformed")


def test_a_lost_login_is_named_before_a_later_failure():
    lost = state("full", "reauth_required", ago=9)
    assert failing(state("quick", "rate_limited", ago=1), lost) == ("full", "reauth_required")


def test_a_depth_that_fails_is_named_although_another_succeeds():
    assert failing(state("quick"), state("full", "partial", ago=2)) == ("full", "partial")


def test_depth_posts_of_an_account_with_a_token_is_done_with_once_another_succeeds():
    posts = state("posts", "unavailable", ago=2)
    assert failing(posts, state("quick", ago=1)) == (None, None)
    assert failing(posts, state("quick", ago=3)) == ("posts", "unavailable")
    assert failing(posts, state("quick", "partial", ago=1)) == ("quick", "partial")


def test_depth_posts_of_an_external_account_counts_although_asking_succeeds():
    posts = state("posts", "unavailable", ago=2)
    health = failing(posts, state("quick", ago=1), connection="external", project_id=None)
    assert health == ("posts", "unavailable")


# --- the row


def test_each_depth_shows_its_own_last_success():
    health = health_of(
        account(), [state("quick", ago=1), state("full", "partial", last_success_at=NOW - HOUR * 9)]
    )
    assert health["quick_succeeded_at"] == NOW - HOUR
    assert health["full_succeeded_at"] == NOW - HOUR * 9
    assert health["posts_succeeded_at"] is None


@pytest.mark.parametrize("status", ["active", "paused", "reauth_required"])
def test_a_row_has_the_columns_of_its_table(status):
    health = health_of(account(status=status, display_name="Ada"), [state("quick", "malformed")])
    assert set(health) == set(SyncHealth.column_names())
    assert (health["name"], health["status"], health["connection"]) == ("Ada", status, "oauth")
