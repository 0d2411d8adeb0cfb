"""What is said of content: safety reviews, overrides, approvals, and what ads show.

Belongs here: statements on histories that are only added to.
Does not belong here: what follows from them (``transforms.facts.verdicts``), creatives themselves.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Session

from layers_pipeline.operations.checks import require_key, require_text, require_word
from layers_pipeline.operations.content_ids import parts_of_ads_content, require_container
from layers_pipeline.operations.content_models import (
    Ad,
    ContentApproval,
    ContentOverride,
    SafetyReview,
)
from layers_pipeline.operations.content_rows import (
    AdRow,
    ApprovalRow,
    NewAd,
    OverrideRow,
    SafetyReviewRow,
)
from layers_pipeline.operations.instants import require_aware
from layers_pipeline.operations.model_base import NOTE_LENGTH
from layers_pipeline.operations.projects import require_projects
from layers_pipeline.operations.statements import chunks, fetch, one_writer, select_rows
from transforms import vocabulary

INSTANT: Final = timedelta(microseconds=1)
"""What databases tell two instants apart by."""
_PERSON: Final = "name of the person"


def review_content(
    session: Session,
    container_id: str,
    *,
    safety_failed: bool,
    reviewed_by: str,
    note: str | None,
    now: datetime,
) -> SafetyReviewRow:
    """Add the outcome of a safety review."""
    row = {
        "container_id": require_container(container_id),
        "safety_failed": safety_failed,
        "reviewed_by": require_key(reviewed_by, what=_PERSON),
        "note": _note(note, about=container_id),
    }
    return SafetyReviewRow(**_added(session, SafetyReview, row, key=["container_id"], now=now))


def override_content(
    session: Session,
    ads_content_id: str,
    override: str | None,
    *,
    note: str,
    changed_by: str,
    now: datetime,
) -> OverrideRow:
    """Add a change of an override; null leaves it to the score again."""
    _require_content(session, [ads_content_id])
    word = override and require_word(override, vocabulary.OVERRIDES, what="override")
    row = {
        "ads_content_id": ads_content_id,
        "override": word,
        "note": require_text(note, what=f"{ads_content_id}: note", longest=NOTE_LENGTH),
        "changed_by": require_key(changed_by, what=_PERSON),
    }
    return OverrideRow(**_added(session, ContentOverride, row, key=["ads_content_id"], now=now))


def approve_content(
    session: Session,
    ads_content_id: str,
    approval: str,
    *,
    note: str | None,
    changed_by: str,
    now: datetime,
) -> ApprovalRow:
    """Add a change of an approval."""
    _require_content(session, [ads_content_id])
    row = {
        "ads_content_id": ads_content_id,
        "approval": require_word(approval, vocabulary.APPROVALS, what="approval"),
        "note": _note(note, about=ads_content_id),
        "changed_by": require_key(changed_by, what=_PERSON),
    }
    return ApprovalRow(**_added(session, ContentApproval, row, key=["ads_content_id"], now=now))


def connect_ads(session: Session, rows: Iterable[NewAd], *, now: datetime) -> int:
    """Add what ads show where that is new or has changed; give the number of rows."""
    given, at = list(rows), require_aware(now, what="now")
    for row in given:
        require_word(row.ad_platform, vocabulary.AD_PLATFORMS, what="ad platform")
        require_key(row.ad_id, what=f"{row.ad_platform} ad")
    _require_content(session, [row.ads_content_id for row in given])
    one_writer(session, Ad)
    stand = _shown_by_ads(session, given)
    changes = []
    for row in given:
        ad = (row.ad_platform, row.ad_id)
        before = stand.get(ad)
        if before is None or before.ads_content_id != row.ads_content_id:
            stand[ad] = AdRow(
                ad_platform=row.ad_platform,
                ad_id=row.ad_id,
                ads_content_id=row.ads_content_id,
                known_at=_after(before and before.known_at, at),
            )
            changes.append(asdict(stand[ad]))
    if changes:
        session.execute(insert(Ad), changes)
    return len(changes)


def safety_reviews(session: Session) -> list[SafetyReviewRow]:
    """Every review, by container and time."""
    statement = select_rows(SafetyReviewRow, SafetyReview)
    return fetch(session, SafetyReviewRow, statement.order_by("container_id", "known_at"))


def overrides(session: Session) -> list[OverrideRow]:
    """Every change of an override, by ads content and time."""
    statement = select_rows(OverrideRow, ContentOverride)
    return fetch(session, OverrideRow, statement.order_by("ads_content_id", "known_at"))


def approvals(session: Session) -> list[ApprovalRow]:
    """Every change of an approval, by ads content and time."""
    statement = select_rows(ApprovalRow, ContentApproval)
    return fetch(session, ApprovalRow, statement.order_by("ads_content_id", "known_at"))


def ads(session: Session) -> list[AdRow]:
    """Every change of what an ad shows, by ad and time."""
    statement = select_rows(AdRow, Ad).order_by("ad_platform", "ad_id", "known_at")
    return fetch(session, AdRow, statement)


def _added(
    session: Session,
    model: type[DeclarativeBase],
    row: dict[str, Any],
    *,
    key: list[str],
    now: datetime,
) -> dict[str, Any]:
    """The row as it was added to its history, after everything that was said of the thing."""
    at = require_aware(now, what="now")
    one_writer(session, model)
    known_at: Any = model.__table__.c["known_at"]
    of_thing = [model.__table__.c[name] == row[name] for name in key]
    newest = session.scalar(select(func.max(known_at, type_=known_at.type)).where(*of_thing))
    added = row | {"known_at": _after(newest, at)}
    session.execute(insert(model), [added])
    return added


def _after(newest: datetime | None, now: datetime) -> datetime:
    """When a change counts as known: now, but always after the one before it.

    Clocks of two machines differ, and the change that was stored last is the one that counts.
    """
    return now if newest is None else max(now, newest + INSTANT)


def _shown_by_ads(session: Session, rows: Iterable[NewAd]) -> dict[tuple[str, str], AdRow]:
    """What each of the ads showed last."""
    found: dict[tuple[str, str], AdRow] = {}
    for chunk in chunks(sorted({(str(row.ad_platform), row.ad_id) for row in rows})):
        query = select_rows(AdRow, Ad).where(tuple_(Ad.ad_platform, Ad.ad_id).in_(chunk))
        for row in fetch(session, AdRow, query.order_by("known_at")):
            found[row.ad_platform, row.ad_id] = row
    return found


def _require_content(session: Session, ads_content_ids: Iterable[str]) -> None:
    """Refuse what cannot be ads content, and content of projects that do not exist."""
    require_projects(session, [parts_of_ads_content(content)[0] for content in ads_content_ids])


def _note(note: str | None, *, about: str) -> str | None:
    return None if note is None else require_text(note, what=f"{about}: note", longest=NOTE_LENGTH)
