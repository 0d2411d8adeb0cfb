"""Listings of posts that take several readings: where each of them rests.

Belongs here: the table ``resting_listings``.
Does not belong here: listings that were read (``account_listings`` of the lake), reading on.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import chunks


class RestingListing(Base):
    """Grain: one row per account whose listing of posts the next full sync goes on with."""

    __tablename__ = "resting_listings"
    __table_args__ = (
        {"comment": "Listings of posts that the next full sync goes on with. Grain: account."},
    )

    account_id: Mapped[str] = mapped_column(
        ForeignKey("platform_accounts.account_id"), primary_key=True, comment="Whose posts."
    )
    listing_id: Mapped[str] = mapped_column(comment="The sync that began the listing.")
    began_at: Mapped[datetime] = mapped_column(comment="When it began (UTC).")
    items: Mapped[int] = mapped_column(comment="Posts listed so far.")
    reached: Mapped[int] = mapped_column(
        BigInteger, comment="Where it goes on; TikTok: milliseconds since 1970."
    )
    is_doubtful: Mapped[bool] = mapped_column(comment="Whether it may lack posts.")


class Listings(Repository):
    """Listings that rest."""

    def resting(self, account_ids: Iterable[str]) -> dict[str, RestingListing]:
        """The listings that rest, by account id; accounts without one are left out."""
        query = select(RestingListing)
        with self._database.read() as session:
            return {
                row.account_id: row
                for chunk in chunks(sorted(set(account_ids)))
                for row in session.scalars(query.where(RestingListing.account_id.in_(chunk)))
            }

    def put(self, account_ids: Iterable[str], rows: Iterable[RestingListing]) -> None:
        """Store where the accounts' listings rest; those without a row have none to go on with."""
        with self._database.write() as session:
            for chunk in chunks(sorted(set(account_ids))):
                session.execute(delete(RestingListing).where(RestingListing.account_id.in_(chunk)))
            session.add_all(rows)
