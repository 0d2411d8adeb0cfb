"""Figures of accounts: how many, how their newest syncs ended, how fresh they are, their tokens.

Belongs here: what the operational database knows of accounts and ad accounts.
Does not belong here: rows of posts, calls of platforms (``work``).

Costs one row per account and depth, some microseconds each, and nothing that grows with posts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.ingest.ads import EVERY as ADS_EVERY
from layers_pipeline.steps.ingest.outcomes import EVERY
from layers_pipeline.steps.watch.families import Families, gauge, instants

SOURCE: Final = ("platform", "connection")
NEVER: Final = "never"
"""In the place of an outcome: no sync has ended yet."""
ADS: Final = "ads"
"""In the place of a connection, of a depth, too: ad accounts are read one way."""


def of_accounts(operations: Operations) -> Families:
    """Accounts and ad accounts by status."""
    posts = [(one.platform, one.connection, one.status) for one in operations.accounts.rows()]
    ads = [(one.ad_platform, ADS, one.status) for one in operations.ad_accounts.all()]
    counted = Counter(posts + ads)
    yield gauge(
        "accounts",
        "Accounts by status; connection ads: ad accounts.",
        counted.items(),
        (*SOURCE, "status"),
    )


def of_syncs(operations: Operations, *, per_account: bool) -> Families:
    """How the newest sync of each active account ended at each depth, and when one went well.

    An account has a row at depths that nobody syncs it at; they count only once a sync has ended.
    """
    accounts = {one.account_id: one for one in operations.accounts.rows() if _is_active(one)}
    ended = [one for one in operations.syncs.finished() if one.account_id in accounts]
    outcomes: Counter[tuple[str, ...]] = Counter()
    newest: dict[tuple[str, ...], datetime | None] = {}
    seen: set[str] = set()
    for state in ended:
        account = accounts[state.account_id]
        seen.add(state.account_id)
        source = (account.platform, account.connection, state.depth)
        outcomes[(*source, state.last_outcome or NEVER)] += 1
        newest[source] = _later(newest.get(source), state.last_success_at)
    for account_id in accounts.keys() - seen:
        account = accounts[account_id]
        outcomes[(account.platform, account.connection, "", NEVER)] += 1
    for one in filter(_is_active, operations.ad_accounts.all()):
        source = (one.ad_platform, ADS, ADS)
        outcomes[(*source, one.last_outcome or NEVER)] += 1
        newest[source] = _later(newest.get(source), one.last_success_at)
    yield gauge(
        "account_syncs",
        "Active accounts by how their newest sync ended; never, without depth: none has ended.",
        outcomes.items(),
        (*SOURCE, "depth", "outcome"),
    )
    yield gauge(
        "sync_last_success_timestamp_seconds",
        "When the newest sync of any active account that went well ended.",
        instants(newest),
        (*SOURCE, "depth"),
    )
    if per_account:
        yield from _by_account(ended)


def of_cadences() -> Families:
    """How often accounts are due."""
    cadences = {**EVERY, ADS: ADS_EVERY}
    yield gauge(
        "sync_interval_seconds",
        "How often an account is due at a depth.",
        [((depth,), every.total_seconds()) for depth, every in cadences.items()],
        ("depth",),
    )


def of_tokens(operations: Operations, *, now: datetime) -> Families:
    """When tokens end that nothing renews."""
    ends: dict[tuple[str, ...], list[datetime]] = defaultdict(list)
    for platform, at in operations.tokens.ends():
        ends[(platform, "oauth")].append(at)
    for one in operations.ad_accounts.all():
        if one.expires_at is not None and one.status != "paused":
            ends[(one.ad_platform, ADS)].append(one.expires_at)
    to_come = {
        key: min((at for at in found if at > now), default=None) for key, found in ends.items()
    }
    yield gauge(
        "token_expiry_timestamp_seconds",
        "When the first token ends for good: a refresh token, or one without; ended ones apart.",
        instants(to_come),
        SOURCE,
    )
    yield gauge(
        "tokens_expired",
        "Tokens that have ended for good, of accounts that are not paused.",
        [(key, sum(at <= now for at in found)) for key, found in ends.items()],
        SOURCE,
    )


def _by_account(ended: Iterable[Any]) -> Families:
    states = list(ended)
    yield gauge(
        "account_last_success_timestamp_seconds",
        "When the newest sync of an account that went well ended.",
        instants({(one.account_id, one.depth): one.last_success_at for one in states}),
        ("account", "depth"),
    )
    yield gauge(
        "account_failures_in_a_row",
        "Syncs of an account that failed since one that did not.",
        [((one.account_id, one.depth), one.failures_in_a_row) for one in states],
        ("account", "depth"),
    )


def _is_active(account: Any) -> bool:  # noqa: ANN401 - rows of two tables
    return account.status in {"active", "reauth_required"}


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(filter(None, (one, other)), default=None)
