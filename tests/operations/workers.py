"""What the processes of the tests do.

Belongs here: functions that a spawned process can import.
Does not belong here: assertions, and anything that starts processes.
"""

import time
from datetime import timedelta
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from layers_pipeline.operations.store import Operations
from tests.operations.world import LEASE, NOW, claim


def migrate(url: str) -> None:
    store = Operations(url)
    store.migrate()
    store.close()


def claim_everything(url: str, worker: str, start: Barrier, results: Any) -> None:
    """Claim accounts, then jobs, in small rounds until nothing is left."""
    store = Operations(url)
    start.wait(60)
    claimed: list[str] = []
    while accounts := claim(store, worker=worker, limit=7):
        claimed += [account.account_id for account in accounts]
    while jobs := store.claim_jobs(now=NOW, lease_for=LEASE, worker=worker, limit=7):
        claimed += [job.scrape_job_id for job in jobs]
    store.close()
    results.put(claimed)


def claim_and_hang(url: str, claimed: Event) -> None:
    """Claim, say so, and never finish."""
    claim(Operations(url), worker="killed")
    claimed.set()
    time.sleep(600)


def claim_refreshes(
    url: str, worker: str, account_ids: list[str], start: Barrier, results: Any
) -> None:
    """Claim the refresh of every account's token once; gives those that were given."""
    store = Operations(url)
    store.projects()  # connected before the others start
    start.wait(60)
    claimed = [
        account_id
        for account_id in account_ids
        if store.claim_token_refresh(
            account_id,
            worker=worker,
            now=NOW,
            lease_for=LEASE,
            expires_before=NOW + timedelta(days=1),
        )
    ]
    store.close()
    results.put(claimed)
