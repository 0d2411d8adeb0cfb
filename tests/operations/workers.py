"""What the processes of the tests do.

Belongs here: functions that a spawned process can import, and having two of them begin together.
Does not belong here: assertions about what they did.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.store import Operations
from tests.operations.world import LEASE, NOW, claim

_START: list[Barrier] = []
"""Where this process waits for the other one."""


def meet_at(start: Barrier) -> None:
    """Begin a process: it will do what it is given together with the others."""
    _START.append(start)


def at_once(
    pool: Pool, work: Callable[[Operations, str], list[str] | None], url: str, *names: str
) -> list[str]:
    """Do the work once per name, in as many processes, all beginning together.

    Gives everything that they gave, doubles included.
    """
    given = pool.starmap(_connected, [(work, url, name) for name in names], chunksize=1)
    return [one for each in given for one in each or ()]


def _connected(
    work: Callable[[Operations, str], list[str] | None], url: str, name: str
) -> list[str] | None:
    store = Operations(url)
    with suppress(Exception):
        store.projects.all()  # connected before the others start; a test of migration has no tables
    _START[0].wait(60)
    try:
        return work(store, name)
    finally:
        store.close()


def migrate(store: Operations, _name: str) -> None:
    store.migrate()


def claim_everything(store: Operations, worker: str) -> list[str]:
    """Claim accounts, then jobs, in small rounds until nothing is left."""
    claimed: list[str] = []
    while accounts := claim(store, worker=worker, limit=7):
        claimed += [account.account_id for account in accounts]
    while jobs := store.scrapes.claim(now=NOW, lease_for=LEASE, worker=worker, limit=7):
        claimed += [job.scrape_job_id for job in jobs]
    return claimed


def claim_and_hang(url: str, claimed: Event) -> None:
    """Claim, say so, and never finish."""
    claim(Operations(url), worker="killed")
    claimed.set()
    time.sleep(600)


def claim_refreshes(store: Operations, worker: str) -> list[str]:
    """Claim the refresh of every account's token once; gives those that were given."""
    wish: dict[str, Any] = {"worker": worker, "now": NOW, "lease_for": LEASE}
    return [
        account.account_id
        for account in store.accounts.all()
        if store.tokens.claim_refresh(
            account.account_id, expires_before=NOW + timedelta(days=1), **wish
        )
    ]


def override_often(store: Operations, person: str) -> None:
    """Change one override twenty times at one instant."""
    for number in range(20):
        store.verdicts.override(
            "brand/generated:one",
            "include" if number % 2 else None,
            note=f"{number}",
            changed_by=person,
            now=NOW,
        )


def activate_often(store: Operations, version: str) -> None:
    """Make a version the active one ten times."""
    for _ in range(10):
        store.scoring_roles.activate(version, changed_by="ann", now=NOW)


def add_a_creative(store: Operations, made_after: str) -> None:
    """Add one creative to a project of one's own, made so many minutes after ``NOW``."""
    row = NewCreative(
        project_id=f"p{made_after}",
        container_id="manual:one",
        kind="manual",
        created_at=NOW + timedelta(minutes=int(made_after)),
    )
    with suppress(InputRefusedError):
        store.creatives.add([row], now=NOW)
