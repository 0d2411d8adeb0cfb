"""Settings that stored data depends on, and that therefore cannot change beneath it.

Belongs here: the first value that a deployment used.
Does not belong here: the settings themselves (``settings``), what a change would break.
"""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from layers_pipeline.operations.database import Repository
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.statements import insert_if_absent
from layers_pipeline.operations.utc_datetime import require_aware


class PinnedSetting(Base):
    """Grain: one row per setting that stored data depends on."""

    __tablename__ = "settled_settings"
    __table_args__ = (
        {"comment": "Settings that stored data depends on. Grain: one row per setting."},
    )

    name: Mapped[str] = mapped_column(primary_key=True, comment="The setting.")
    value: Mapped[str] = mapped_column(comment="The value that data was stored under.")
    settled_at: Mapped[datetime] = mapped_column(comment="When it was first used (UTC).")


class PinnedSettings(Repository):
    """The values that stored data depends on."""

    def pin(self, name: str, value: str, *, now: datetime) -> str:
        """Pin the setting to the value, unless it is pinned; give the value that counts."""
        row = {"name": name, "value": value, "settled_at": require_aware(now, what="now")}
        with self._database.write() as session:
            insert_if_absent(session, PinnedSetting, [row], returning=PinnedSetting.name)
            return session.get_one(PinnedSetting, name).value
