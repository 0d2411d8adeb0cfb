"""Outages that look like refusals: when most accounts are turned down at once, none is at fault.

Belongs here: telling the platform's outage from accounts that may not be read.
Does not belong here: what one account's reading means (``oauth_reading``).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from layers_pipeline.steps.ingest.raw_rows import AccountSync

ACCOUNTS_MIN: Final = 3
"""Fewer accounts that are turned down prove nothing."""
SHARE: Final = 0.5
"""Share of a platform's accounts in one sync, above which it is the platform's outage."""


def may_be_outage(sync: AccountSync) -> bool:
    """Whether it looks as if the account may not be read, as it does in an outage, too."""
    return sync.outcome.outcome == "forbidden"


def without_outages(
    doubtful: Iterable[AccountSync], *, all_of_sync: Sequence[AccountSync]
) -> list[AccountSync]:
    """The doubtful syncs; where most of a platform's accounts are, they are ``unavailable``.

    Then nobody is asked for a grant that is sound, and all are read again at their next cadence.
    """
    accounts = Counter(sync.platform for sync in all_of_sync)
    refused = Counter(sync.platform for sync in all_of_sync if may_be_outage(sync))
    decided = []
    for sync in doubtful:
        many, of = refused[sync.platform], accounts[sync.platform]
        if many >= ACCOUNTS_MIN and many > SHARE * of:
            said = (
                f"taken for an outage of {sync.platform}'s: {many} of {of} accounts were turned "
                f"down in this sync. Of this one it said: {sync.outcome.message}"
            )
            outcome = replace(sync.outcome, outcome="unavailable", message=said, retry_at=None)
            decided.append(replace(sync, outcome=outcome))
        else:
            decided.append(sync)
    return decided
