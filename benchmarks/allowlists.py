"""Allowlists of seeded deployments, as people make them: through the operational database.

Belongs here: projects, accounts and entries, which the lake then copies.
Does not belong here: posts and snapshots (``scoring_data``, ``spine``).
"""

from collections.abc import Callable
from datetime import datetime

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.store import Operations
from transforms.vocabulary import Platform


def allow_accounts(
    operations: Operations,
    *,
    accounts: int,
    projects: int,
    since: datetime,
    platform_of: Callable[[int], Platform] = lambda _: "tiktok",
    left_at: Callable[[int], datetime | None] = lambda _: None,
) -> None:
    """Allow the accounts ``account0`` and on, each in one of the projects ``project0`` and on.

    Args:
        operations: The operational database.
        accounts: How many accounts.
        projects: How many projects.
        since: When they were all allowed.
        platform_of: The platform of an account, by its number.
        left_at: When an account was taken off the list, by its number; None if it was not.
    """
    new = [
        NewAccount(
            platform=platform_of(number), account_key=f"account{number}", connection="external"
        )
        for number in range(accounts)
    ]
    for project in range(projects):
        operations.projects.add(
            f"project{project}", name=f"Project {project}", time_zone="UTC", now=since
        )
    operations.accounts.add(new, now=since)
    for project in range(projects):
        numbers = range(project, accounts, projects)
        entries = [
            NewCreator(
                creator_id=f"creator{number}",
                display_name="",
                account_ids=(new[number].account_id,),
            )
            for number in numbers
        ]
        operations.allowlist.allow(f"project{project}", entries, allowed_from=since)
        for number in numbers:
            if (left := left_at(number)) is not None:
                operations.allowlist.disallow(
                    f"project{project}", [new[number].account_id], now=left
                )
