"""The health of an account's syncs, in words with the remedy.

Belongs here: which of an account's failures matters, and what a person can do about it.
Does not belong here: outcomes themselves (``outcomes``), writing tables (``dimensions``).
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row

from layers_pipeline.operations.accounts import AccountSyncState, PlatformAccount

Account = PlatformAccount | Row[Any]
State = AccountSyncState | Row[Any]

REMEDIES: Final = {
    "partial": "Nothing to do: what was missing is read again at the next sync.",
    "rate_limited": "Nothing to do: it is read again when the platform allows it.",
    "reauth_required": "Give it a new token: layers-pipeline account reauth {account_id}",
    "forbidden": "Let the account's owner grant access, or take it off: "
    "layers-pipeline account pause {account_id}",
    "unavailable": "Wait; if it lasts, look at the platform's status page and our settings.",
    "malformed": "Report it: the platform answers otherwise than documented. The rows are kept.",
}
TRIED_AGAIN: Final = "Nothing to do: it has been let in since, and is read again at the next sync."
PAUSES: Final = {
    "person": (
        "paused by a person: it is not synced",
        "Switch it on again: layers-pipeline account resume {account_id}",
    ),
    "import": (
        "paused since it was imported: it is not synced",
        "Allow it to sync it: layers-pipeline creator allow {account_id} --project PROJECT",
    ),
}
"""By cause of the pause: the problem, and its remedy."""


def health_of(account: Account, states: Sequence[State]) -> dict[str, Any]:
    """One row of ``sync_health``."""
    succeeded = {f"{state.depth}_succeeded_at": state.last_success_at for state in states}
    return {
        "account_id": account.account_id,
        "platform": account.platform,
        "account_key": account.account_key,
        "name": account.display_name,
        "connection": account.connection,
        "status": account.status,
        "quick_succeeded_at": None,
        "posts_succeeded_at": None,
        "full_succeeded_at": None,
        **succeeded,
        **_problem(account, states),
    }


def _problem(account: Account, states: Sequence[State]) -> dict[str, Any]:
    worst = _failing(account, states)
    named = {"account_id": account.account_id}
    if account.status == "paused":
        problem, remedy = PAUSES[account.pause_cause or "person"]
        return _health_row(problem, remedy.format(**named))
    outcome = worst.last_outcome if worst else None
    if account.status == "reauth_required" and outcome != "reauth_required":
        return _lost_login(account)
    if worst is None or worst.last_outcome is None:
        return _health_row(None, None)
    remedy = REMEDIES[worst.last_outcome].format(**named)
    if worst.last_outcome == "reauth_required" and account.status == "active":
        remedy = TRIED_AGAIN
    found = _health_row(worst.last_message or worst.last_outcome, remedy)
    return found | {
        "failing_depth": worst.depth,
        "outcome": worst.last_outcome,
        "retry_at": worst.retry_at,
    }


def _lost_login(account: Account) -> dict[str, Any]:
    """A lost login that a later ending, of a sync begun before it, hides among the depths."""
    remedy = REMEDIES["reauth_required"].format(account_id=account.account_id)
    return _health_row("the platform wants a new login", remedy) | {"outcome": "reauth_required"}


def _health_row(problem: str | None, remedy: str | None) -> dict[str, Any]:
    return {
        "is_healthy": problem is None,
        "failing_depth": None,
        "outcome": None,
        "problem": problem,
        "remedy": remedy,
        "retry_at": None,
    }


def _failing(account: Account, states: Sequence[State]) -> State | None:
    """The depth that fails; of several the one that failed last, a lost login before all.

    Depth posts only steps in for the others of an OAuth account, and is done with when they
    succeed.
    """
    successes = [state.last_success_at for state in states if state.last_success_at is not None]
    newest = max(successes, default=None)
    failing = [
        state
        for state in states
        if state.last_outcome not in (None, "ok")
        and not (
            account.connection == "oauth"
            and state.depth == "posts"
            and newest is not None
            and state.last_finished_at is not None
            and newest > state.last_finished_at
        )
    ]
    return max(
        failing,
        key=lambda state: (state.last_outcome == "reauth_required", state.last_finished_at),
        default=None,
    )
