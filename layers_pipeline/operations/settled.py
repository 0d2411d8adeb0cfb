"""Settings that stored data depends on, and that therefore cannot change beneath it.

Belongs here: the first value that a deployment used.
Does not belong here: the settings themselves (``settings``), what a change would break.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from layers_pipeline.operations.instants import require_aware
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent


class SettledSetting(Base):
    """Grain: one row per setting that stored data depends on."""

    __tablename__ = "settled_settings"
    __table_args__ = (
        {"comment": "Settings that stored data depends on. Grain: one row per setting."},
    )

    name: Mapped[str] = mapped_column(primary_key=True, comment="The setting.")
    value: Mapped[str] = mapped_column(comment="The value that data was stored under.")
    settled_at: Mapped[datetime] = mapped_column(comment="When it was first used (UTC).")


def settle(session: Session, name: str, value: str, *, now: datetime) -> str:
    """Settle the setting unless it is; give the value that is settled."""
    row = {"name": name, "value": value, "settled_at": require_aware(now, what="now")}
    insert_if_absent(session, SettledSetting, [row], returning=SettledSetting.name)
    return session.scalars(select(SettledSetting.value).filter_by(name=name)).one()
