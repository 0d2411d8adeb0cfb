"""What the processes of the tests do.

Belongs here: functions that a spawned process can import.
Does not belong here: assertions about what they did.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.creatives import NewCreative
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
    while jobs := store.scrapes.claim(now=NOW, lease_for=LEASE, worker=worker, limit=7):
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
    store.projects.all()  # connected before the others start
    start.wait(60)
    claimed = [
        account_id
        for account_id in account_ids
        if store.tokens.claim_refresh(
            account_id,
            worker=worker,
            now=NOW,
            lease_for=LEASE,
            expires_before=NOW + timedelta(days=1),
        )
    ]
    store.close()
    results.put(claimed)


def at_once(work: Callable[[str, str, Barrier], None], url: str, names: tuple[str, ...]) -> None:
    """Do the work in one process per name, all beginning together; all have to succeed."""
    processes = get_context("spawn")
    start = processes.Barrier(len(names))
    running = [processes.Process(target=work, args=(url, name, start)) for name in names]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0] * len(names)


def override_often(url: str, person: str, start: Barrier) -> None:
    """Change one override twenty times at one instant."""
    store = Operations(url)
    store.projects.all()  # connected before the others start
    start.wait(60)
    for number in range(20):
        store.verdicts.override(
            "brand/generated:one",
            "include" if number % 2 else None,
            note=f"{number}",
            changed_by=person,
            now=NOW,
        )
    store.close()


def activate_often(url: str, version: str, start: Barrier) -> None:
    """Make a version the active one ten times."""
    store = Operations(url)
    store.projects.all()
    start.wait(60)
    for _ in range(10):
        store.scoring_roles.activate(version, changed_by="ann", now=NOW)
    store.close()


def add_a_creative(url: str, made_after: str, start: Barrier) -> None:
    """Add one creative to a project of one's own, made so many minutes after ``NOW``."""
    store = Operations(url)
    store.projects.all()
    row = NewCreative(
        project_id=f"p{made_after}",
        container_id="manual:one",
        kind="manual",
        created_at=NOW + timedelta(minutes=int(made_after)),
    )
    start.wait(60)
    with suppress(InputRefusedError):
        store.creatives.add([row], now=NOW)
    store.close()
