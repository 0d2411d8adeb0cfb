"""Outages that look like refusals: when most accounts are turned down at once, none is at fault.

Belongs here: telling the platform's outage from accounts that may not be read.
Does not belong here: what one account's reading means (``oauth_reading``).
"""

from collections import Counter
from dataclasses import replace
from typing import Final

from layers_pipeline.steps.ingest.raw_rows import AccountSync
from transforms.vocabulary import Platform

ACCOUNTS_MIN: Final = 3
"""Fewer accounts that are turned down prove nothing."""
SHARE: Final = 0.5
"""Share of a platform's accounts in one sync, above which it is the platform's outage."""


def may_be_outage(sync: AccountSync) -> bool:
    """Whether it looks as if the account may not be read, as it does in an outage, too."""
    return sync.outcome.outcome == "forbidden"


class Turnout:
    """How many accounts of each platform one sync has read so far, and how many turned it down."""

    def __init__(self) -> None:
        self._read: Counter[Platform] = Counter()
        self._turned_down: Counter[Platform] = Counter()

    @property
    def accounts(self) -> int:
        """Accounts read so far, of all platforms."""
        return self._read.total()

    def note(self, sync: AccountSync) -> None:
        """Count one account."""
        self._read[sync.platform] += 1
        self._turned_down[sync.platform] += may_be_outage(sync)

    def decided(self, sync: AccountSync) -> AccountSync:
        """A sync that is in doubt; ``unavailable`` where most of the platform's accounts are.

        Then nobody is asked for a grant that is sound, and it is read again at its next cadence.
        """
        many, of = self._turned_down[sync.platform], self._read[sync.platform]
        if many < ACCOUNTS_MIN or many <= SHARE * of:
            return sync
        said = (
            f"taken for an outage of {sync.platform}'s: {many} of {of} accounts were turned down "
            f"in this sync. Of this one it said: {sync.outcome.message}"
        )
        outcome = replace(sync.outcome, outcome="unavailable", message=said, retry_at=None)
        return replace(sync, outcome=outcome)
