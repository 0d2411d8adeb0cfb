"""Listings of posts that take several full syncs: from where each goes on.

Belongs here: handing readings the listing to go on with, and storing where they left it.
Does not belong here: how a listing is read on (``sources``), what a whole one proves (``derive``).
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from layers_pipeline.operations.listings import Listings, RestingListing
from layers_pipeline.sources.account_reading import ListingSoFar
from layers_pipeline.steps.ingest.raw_rows import AccountSync

LISTING_LIFE: Final = timedelta(days=3)
"""A listing older than that is begun anew: its first posts were last looked at too long ago.
TikTok's longest limit ends with the day, and 10,000 posts take five hours."""


def resting_listings(
    listings: Listings, account_ids: Collection[str], *, now: datetime
) -> dict[str, ListingSoFar]:
    """The listings that full syncs go on with, by account id."""
    return {
        account_id: ListingSoFar(
            listing_id=rests.listing_id,
            began_at=rests.began_at,
            items=rests.items,
            reached=rests.reached,
            is_doubtful=rests.is_doubtful,
        )
        for account_id, rests in listings.resting(account_ids).items()
        if now - rests.began_at < LISTING_LIFE
    }


def let_rest(listings: Listings, syncs: Sequence[AccountSync]) -> None:
    """Store where the syncs' listings rest; what came to its end, or led nowhere, is forgotten."""
    listed = {sync.outcome.account_id: sync.reading for sync in syncs if sync.reading.listing}
    resting = [
        RestingListing(account_id=account_id, **asdict(reading.listing))
        for account_id, reading in listed.items()
        if reading.listing and reading.goes_on
    ]
    listings.put(listed, resting)
