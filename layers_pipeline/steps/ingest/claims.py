"""Which accounts a sync may read now.

Belongs here: claims of accounts that are due or named, by who reads them.
Does not belong here: the rule of what is due (``operations``), reading.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from layers_pipeline.operations.accounts import PlatformAccount
from layers_pipeline.operations.syncs import Deeper
from layers_pipeline.steps.ingest.outcomes import ACCOUNTS_PER_RUN, EVERY, LEASE, START_JITTER
from layers_pipeline.steps.stores import Stores
from transforms.vocabulary import Connection, Depth

DEEPER: Final[Mapping[tuple[Connection, Depth], Deeper]] = {
    ("oauth", "quick"): Deeper(depth="full", every=EVERY["full"], early=START_JITTER)
}
"""The depth whose readings begin with what another one reads: nobody is asked twice a minute."""


def claim(
    stores: Stores, connection: Connection, depth: Depth, *, worker: str, accounts: Sequence[str]
) -> list[PlatformAccount]:
    """Claim the accounts of a connection that are due at a depth, or those that are named.

    Of the names, those that SIFT reads are external; all others are taken for OAuth accounts.
    """
    now = stores.clock.now()
    if not accounts:
        return stores.operations.syncs.claim_due(
            depth,
            connection=connection,
            now=now,
            every=EVERY[depth] - START_JITTER,
            lease_for=LEASE,
            worker=worker,
            limit=ACCOUNTS_PER_RUN,
            deeper=DEEPER.get((connection, depth)),
        )
    external = {
        account.account_id
        for account in stores.operations.accounts.all()
        if account.connection == "external"
    }
    named = set(accounts) & external if connection == "external" else set(accounts) - external
    return stores.operations.syncs.claim_named(
        depth, named, now=now, lease_for=LEASE, worker=worker
    )
