"""Accounts that were renamed, as people tell of them.

Belongs here: the table ``account_renames``, and which name stands for which.
Does not belong here: accounts themselves (``accounts``), captures under either name.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.validators import require_key

Account = tuple[str, str]
"""Platform and key."""


class AccountRename(Base):
    """Grain: one row per name that an account had before."""

    __tablename__ = "account_renames"
    __table_args__ = (
        CheckConstraint("new_key <> old_key", name="another"),
        {"comment": "Accounts that have another name now. Grain: one row per name of before."},
    )

    platform: Mapped[str] = mapped_column(primary_key=True, comment="instagram or tiktok.")
    old_key: Mapped[str] = mapped_column(primary_key=True, comment="What the account was called.")
    new_key: Mapped[str] = mapped_column(comment="What it has been called since.")
    told_by: Mapped[str] = mapped_column(comment="Who said so.")
    told_at: Mapped[datetime] = mapped_column(comment="When it was stored (UTC).")


class AccountRenames(Repository):
    """What people tell of renamed accounts."""

    def tell(self, old: Account, new_key: str, *, by: str, now: datetime) -> bool:
        """Store that an account has another name since; False if that was known.

        Raises:
            InputRefusedError: It is said to have had a third name since, or to be its own older
                self; nothing was written.
        """
        platform, old_key = old
        known = self.names()
        if known.get((platform, new_key), new_key) == old_key or new_key == old_key:
            raise InputRefusedError(
                f"{platform}:{old_key} cannot be {new_key} now: that is what it was called before."
            )
        stands = known.get(old)
        if stands not in {None, known.get((platform, new_key), new_key)}:
            raise InputRefusedError(
                f"{platform}:{old_key} is {stands} now, as was told before, and not {new_key}. "
                f"Say {platform}:{stands}={new_key} if it was renamed once more."
            )
        row = {
            "platform": platform,
            "old_key": require_key(old_key, what=f"{platform} account"),
            "new_key": require_key(new_key, what=f"{platform} account"),
            "told_by": require_key(by, what="name of the person"),
            "told_at": now,
        }
        with self._database.write() as session:
            added = insert_if_absent(session, AccountRename, [row], returning=AccountRename.old_key)
            return bool(added)

    def names(self) -> dict[Account, str]:
        """Each name of before with the one that stands for the account now."""
        rows = self._rows(select(AccountRename).order_by(AccountRename.told_at))
        told = {(row.platform, row.old_key): row.new_key for row in rows}
        return {account: _newest(account[0], new, told) for account, new in told.items()}


def _newest(platform: str, key: str, told: dict[Account, str]) -> str:
    """The name at the end of a chain of renames, which has no ring (``tell``)."""
    while (platform, key) in told:
        key = told[platform, key]
    return key
