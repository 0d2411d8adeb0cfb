"""Deletions of many posts at once, which a person confirms.

Belongs here: the table ``deletion_confirmations``.
Does not belong here: when a deletion needs a person, and the deletion itself.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.accounts import require_accounts, require_oauth
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.validators import require_key


class DeletionConfirmation(Base):
    """Grain: one row per listing whose deletions a person confirmed."""

    __tablename__ = "deletion_confirmations"
    __table_args__ = (
        UniqueConstraint("account_id", "listing_id"),
        {"comment": "Mass deletions that a person confirmed. Grain: one per listing."},
    )

    deletion_confirmation_id: Mapped[int] = mapped_column(
        primary_key=True, comment="Running number."
    )
    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), comment="Whose posts are gone."
    )
    listing_id: Mapped[str] = mapped_column(comment="The listing that no longer showed them.")
    confirmed_at: Mapped[datetime] = mapped_column(comment="When it was confirmed (UTC).")
    confirmed_by: Mapped[str] = mapped_column(comment="Who confirmed it.")


class Deletions(Repository):
    """What people confirmed to be gone."""

    def confirm(
        self, account_id: str, listing_id: str, *, by: str, now: datetime, is_told: bool = False
    ) -> bool:
        """Store that a person confirmed the deletions of a listing; False if it was known.

        Args:
            is_told: Whether people told of the listing: then it may be of any account.

        Raises:
            InputRefusedError: SIFT reads the account, so its listings delete nothing.
        """
        row = {
            "account_id": account_id,
            "listing_id": require_key(listing_id, what="listing"),
            "confirmed_at": now,
            "confirmed_by": require_key(by, what="name of the person"),
        }
        listing = DeletionConfirmation.listing_id
        with self._database.write() as session:
            if is_told:
                require_accounts(session, [account_id])
            else:
                require_oauth(session, account_id)
            return bool(insert_if_absent(session, DeletionConfirmation, [row], returning=listing))

    def confirmations(self) -> list[DeletionConfirmation]:
        """Every confirmation, in the order in which they came."""
        in_order = select(DeletionConfirmation).order_by(
            DeletionConfirmation.deletion_confirmation_id
        )
        return self._rows(in_order)
