"""What platforms never give: metrics that they refuse, posts whose metrics cannot be read.

Belongs here: statements on ``refused_metrics`` and ``unreadable_posts``.
Does not belong here: failures that pass (sync states), which metrics there are.
"""

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.checks import message_to_keep, require_key, require_word
from layers_pipeline.operations.oauth_models import RefusedMetric, UnreadablePost
from layers_pipeline.operations.oauth_rows import RefusedMetricRow, UnreadablePostRow
from layers_pipeline.operations.statements import chunks, insert_if_absent
from transforms import vocabulary


def remember_refused(session: Session, rows: Iterable[RefusedMetricRow]) -> int:
    """Store the refusals that are new; give their number."""
    by_key = {(row.source, row.media_type, row.metric, row.api_version): row for row in rows}
    for key in by_key:
        for part in key:
            require_key(part, what="part of a refused metric")
    records = [
        asdict(row) | {"message": message_to_keep(row.message)} for _, row in sorted(by_key.items())
    ]
    return len(insert_if_absent(session, RefusedMetric, records, returning=RefusedMetric.metric))


def refused_metrics(session: Session, *, source: str, api_version: str) -> set[tuple[str, str]]:
    """Media type and metric of every refusal of the source in that version."""
    query = select(RefusedMetric.media_type, RefusedMetric.metric).where(
        RefusedMetric.source == source, RefusedMetric.api_version == api_version
    )
    return {(media_type, metric) for media_type, metric in session.execute(query)}


def remember_unreadable(session: Session, rows: Iterable[UnreadablePostRow]) -> int:
    """Store the posts that are new; give their number."""
    by_key = {(row.platform, row.platform_post_id): row for row in rows}
    for platform, post_id in by_key:
        require_word(platform, vocabulary.PLATFORMS, what="platform")
        require_key(post_id, what=f"{platform} post")
    require_accounts(session, (row.account_id for row in by_key.values()))
    records = [
        asdict(row) | {"reason": message_to_keep(row.reason)} for _, row in sorted(by_key.items())
    ]
    new = insert_if_absent(
        session, UnreadablePost, records, returning=UnreadablePost.platform_post_id
    )
    return len(new)


def unreadable_posts(session: Session, account_ids: Iterable[str]) -> dict[str, set[str]]:
    """The platform's ids of the posts, by account id; every given account has a set."""
    found: dict[str, set[str]] = {account_id: set() for account_id in account_ids}
    for chunk in chunks(sorted(found)):
        query = select(UnreadablePost.account_id, UnreadablePost.platform_post_id)
        for account_id, post_id in session.execute(
            query.where(UnreadablePost.account_id.in_(chunk))
        ):
            found[account_id].add(post_id)
    return found
