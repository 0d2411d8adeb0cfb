"""Listings of accounts that were read elsewhere, as people tell of them.

Belongs here: the table ``told_listings``.
Does not belong here: listings that we read (``account_listings`` of the lake), what they prove.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.accounts import require_accounts
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.validators import require_key


class ToldListing(Base):
    """Grain: one row per account and beginning of a listing."""

    __tablename__ = "told_listings"
    __table_args__ = (
        UniqueConstraint("account_id", "started_at"),
        CheckConstraint("finished_at >= started_at", name="period"),
        CheckConstraint("followers >= 0", name="followers"),
        {"comment": "Listings that people tell of. Grain: one row per account and beginning."},
    )

    told_listing_id: Mapped[int] = mapped_column(primary_key=True, comment="Running number.")
    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), comment="Whose posts were listed."
    )
    started_at: Mapped[datetime] = mapped_column(comment="When the listing began (UTC).")
    finished_at: Mapped[datetime] = mapped_column(comment="When it ended (UTC); known since then.")
    is_complete: Mapped[bool] = mapped_column(
        comment="Whether every post within its reach was listed."
    )
    reaches_back_to: Mapped[datetime | None] = mapped_column(
        comment="No post older than this was looked for (UTC); null: as far as the platform lists."
    )
    followers: Mapped[int | None] = mapped_column(
        BigInteger,
        comment="Followers that the account showed when it ended; null: not looked at.",
    )
    told_by: Mapped[str] = mapped_column(comment="Who said so.")
    told_at: Mapped[datetime] = mapped_column(comment="When it was stored (UTC).")


@dataclass(frozen=True, kw_only=True)
class NewListing:
    """A listing to store. Grain: one per account and beginning."""

    account_id: str
    started_at: datetime
    finished_at: datetime
    is_complete: bool
    reaches_back_to: datetime | None = None
    followers: int | None = None


class ToldListings(Repository):
    """What people tell of listings that we did not read."""

    def tell(self, listings: Sequence[NewListing], *, by: str, now: datetime) -> int:
        """Store listings; give the number of those that are new.

        Raises:
            NotFoundError: An account does not exist; nothing was written.
        """
        said = {"told_by": require_key(by, what="name of the person"), "told_at": now}
        rows = [asdict(listing) | said for listing in listings]
        rows.sort(key=lambda row: (row["account_id"], row["started_at"]))
        with self._database.write() as session:
            require_accounts(session, [row["account_id"] for row in rows])
            added = insert_if_absent(session, ToldListing, rows, returning=ToldListing.account_id)
            return len(added)

    def all(self) -> list[ToldListing]:
        """Every listing, in the order in which they were told."""
        return self._rows(select(ToldListing).order_by(ToldListing.told_listing_id))
