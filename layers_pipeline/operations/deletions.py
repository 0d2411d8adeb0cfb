"""Deletions of many posts at once, which a person confirms.

Belongs here: statements on ``deletion_confirmations``.
Does not belong here: when a deletion needs a person, and the deletion itself.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from layers_pipeline.operations.accounts import require_oauth
from layers_pipeline.operations.checks import require_key
from layers_pipeline.operations.oauth_models import DeletionConfirmation
from layers_pipeline.operations.oauth_rows import DeletionConfirmationRow
from layers_pipeline.operations.statements import fetch, insert_if_absent, select_rows


def confirm_deletions(
    session: Session, account_id: str, listing_id: str, *, by: str, now: datetime
) -> bool:
    """Store that a person confirmed what the listing says is gone; False if it is known."""
    require_oauth(session, account_id)
    confirmation = {
        "account_id": account_id,
        "listing_id": require_key(listing_id, what="listing"),
        "confirmed_at": now,
        "confirmed_by": require_key(by, what="name of the person"),
    }
    new = insert_if_absent(
        session, DeletionConfirmation, [confirmation], returning=DeletionConfirmation.listing_id
    )
    return bool(new)


def deletion_confirmations(session: Session) -> list[DeletionConfirmationRow]:
    """Every confirmation, in the order in which they came."""
    statement = select_rows(DeletionConfirmationRow, DeletionConfirmation)
    return fetch(session, DeletionConfirmationRow, statement.order_by("deletion_confirmation_id"))
