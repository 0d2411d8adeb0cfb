"""What the reading of an ad account means for it (R6).

Belongs here: outcomes and their words.
Does not belong here: reading and storing (``ads``), outcomes of every kind of sync (``outcomes``).
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Final

from layers_pipeline.errors import SourceError, SourceRejectedError, SourceThrottledError
from layers_pipeline.operations.ad_account_rows import AdAccount, AdsEnding
from layers_pipeline.sources.ads_client import AdsReading
from layers_pipeline.steps.ingest.outcomes import Remedies, outcome_of
from transforms.vocabulary import Outcome

MISSING: Final = frozenset({"not_permitted", "not_answered"})
"""Issues after which a reading is not whole."""
PERMIT: Final = "Let the ad account's owner grant the permissions, then connect it again."


def outcome_of_reading(reading: AdsReading, account: AdAccount, *, now: datetime) -> AdsEnding:
    """The outcome that a reading means for its ad account (R6)."""
    if reading.error is not None:
        return _failed(reading, reading.error, account, now=now)
    is_partial = any(issue.kind in MISSING for issue in reading.issues)
    ending = ended(account, "partial" if is_partial else "ok", _summary(reading))
    told = reading.account
    return replace(
        ending,
        read_until=reading.until if reading.is_complete else None,
        currency=told.currency if told else None,
        time_zone=told.time_zone if told else None,
    )


def _failed(
    reading: AdsReading, error: SourceError, account: AdAccount, *, now: datetime
) -> AdsEnding:
    may_pass = not isinstance(error, SourceRejectedError | SourceThrottledError)
    if may_pass and len(reading.rows) > 1:
        kept = f"{error} What was read before is kept ({_summary(reading)})."
        return ended(account, "partial", kept)
    remedies = Remedies(
        unauthorized="reauth_required",
        renew=f"Give it a new token: {account.renewal}",
        permit=PERMIT,
    )
    found = outcome_of(error, account.account_id, now=now, remedies=remedies)
    return ended(account, found.outcome, found.message, retry_at=found.retry_at)


def ended(
    account: AdAccount,
    outcome: Outcome,
    message: str | None,
    *,
    retry_at: datetime | None = None,
) -> AdsEnding:
    """How the reading of an account ended, in words."""
    return AdsEnding(
        account_id=account.account_id, outcome=outcome, message=message, retry_at=retry_at
    )


def _summary(reading: AdsReading) -> str:
    """A reading in words: ads, days, and which issues there were."""
    counted = Counter(issue.kind for issue in reading.issues)
    issues = ", ".join(f"{kind}: {count}" for kind, count in sorted(counted.items()))
    said = f"{reading.ads} ads, {reading.days} days of ads in {reading.calls} calls"
    return f"{said}; {issues}" if issues else said
