"""What readings taught of refusals, as rows to remember, each with its scope and its end.

Belongs here: for whom a refusal holds, as the whole sync shows it.
Does not belong here: what a refusal of one request means (``sources``), storing it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from layers_pipeline.operations.refusals import EVERYBODY, INSIGHTS, Refusal
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.raw_rows import AccountSync
from layers_pipeline.steps.platforms import PLATFORMS

ANY_TYPE: Final = "any"
"""In the place of a media type: the refusal is of one post, whatever that is."""


def refusals_of(
    syncs: Iterable[AccountSync],
    *,
    all_of_sync: Sequence[AccountSync],
    settings: Settings,
    now: datetime,
) -> list[Refusal]:
    """Rows of what the readings found refused.

    What the platform names is left out for everybody, unless another account was given it in
    the same sync; what it does not name is of that account alone.

    Args:
        all_of_sync: Every reading of the sync so far.
        settings: Versions, hosts, and for how long a refusal is heeded.
    """
    given = {(sync.platform, *pair) for sync in all_of_sync for pair in sync.reading.answered}
    rows: list[Refusal] = []
    for sync in syncs:
        scope = PLATFORMS[sync.platform].refusal_scope(settings)
        rows += [
            Refusal(
                source=scope.source,
                api_version=scope.api_version,
                login=scope.login,
                account_id=EVERYBODY if is_everybodys else sync.outcome.account_id,
                media_type=media_type,
                item_id=item_id,
                name=name,
                cause=cause,
                first_at=now,
                last_at=now,
                until=now + timedelta(days=settings.refusal_days),
            )
            for is_everybodys, media_type, item_id, name, cause in _found(sync, given)
        ]
    return rows


def _found(
    sync: AccountSync, given: set[tuple[str, str, str]]
) -> Iterator[tuple[bool, str, str, str, str]]:
    """Whether it is everybody's, media type, item, name and cause of each refusal of a reading."""
    reading = sync.reading
    for (media_type, name), cause in reading.refused.items():
        is_own = (media_type, name) in reading.own or (sync.platform, media_type, name) in given
        yield not is_own, media_type, "", name, cause
    for (item_id, name), cause in reading.refused_of_items.items():
        yield False, ANY_TYPE, item_id, name, cause
    for item_id, cause in reading.unreadable.items():
        yield False, ANY_TYPE, item_id, INSIGHTS, cause
