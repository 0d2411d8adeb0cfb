"""How often platforms' APIs were called, and how much of their allowances they said was used.

Belongs here: the table ``api_calls``, counted up as syncs end.
Does not belong here: waits (``refusals``), allowances themselves (``settings``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, select
from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.validators import require_key


class ApiCalls(Base):
    """Grain: one row per API that was ever called."""

    __tablename__ = "api_calls"
    __table_args__ = ({"comment": "Calls of platforms' APIs. Grain: one row per API."},)

    api: Mapped[str] = mapped_column(primary_key=True, comment="Such as instagram or sift.")
    calls: Mapped[int] = mapped_column(
        BigInteger, comment="Requests made, ever, repeated ones included."
    )
    counted_at: Mapped[datetime] = mapped_column(comment="When some were last added (UTC).")
    app_used_ratio: Mapped[float | None] = mapped_column(
        comment="Most of the app's allowance that was told used."
    )
    account_used_ratio: Mapped[float | None] = mapped_column(
        comment="Most of any account's that was told used."
    )
    told_at: Mapped[datetime | None] = mapped_column(
        comment="Which sync was told so (UTC); null: none ever."
    )


@dataclass(frozen=True, kw_only=True)
class CallsMade:
    """What one sync called of an API, and what it was told; null: nothing was told."""

    api: str
    calls: int
    app_used_ratio: float | None = None
    account_used_ratio: float | None = None


class ApiCallCounts(Repository):
    """How often APIs were called."""

    def all(self) -> list[ApiCalls]:
        """Every API that was ever called, by name."""
        return self._rows(select(ApiCalls).order_by(ApiCalls.api))

    def add(self, made: CallsMade, *, now: datetime) -> None:
        """Count what a sync called; a sync that was told nothing leaves what others were told."""
        if made.calls <= 0:
            return
        new = {
            "api": require_key(made.api, what="API"),
            "calls": 0,
            "counted_at": now,
            "app_used_ratio": None,
            "account_used_ratio": None,
            "told_at": None,
        }
        with self._database.write() as session:
            insert_if_absent(session, ApiCalls, [new], returning=ApiCalls.api)
            row = session.get_one(ApiCalls, made.api, with_for_update=True)
            row.calls += made.calls
            row.counted_at = now
            if made.app_used_ratio is not None or made.account_used_ratio is not None:
                row.app_used_ratio = made.app_used_ratio
                row.account_used_ratio = made.account_used_ratio
                row.told_at = now
