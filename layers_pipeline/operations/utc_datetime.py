"""Instants that are aware and in UTC, on every database.

Belongs here: the column type for instants and the refusal of naive datetimes.
Does not belong here: what time it is (``layers_pipeline.clock``), time zones of projects.
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from layers_pipeline.errors import InputRefusedError


class NaiveInstantError(InputRefusedError, DontWrapMixin):
    """An instant came without a time zone: pass an aware datetime."""


def require_aware(instant: datetime, *, what: str) -> datetime:
    """The instant in UTC.

    Raises:
        NaiveInstantError: It has no time zone, so nobody can know which moment it is.
    """
    if instant.utcoffset() is None:
        raise NaiveInstantError(
            f"{what}: {instant.isoformat()} has no time zone."
            " Pass an aware datetime, such as datetime.now(UTC)."
        )
    return instant.astimezone(UTC)


class UtcDatetime(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite, which knows no zones, holds it as UTC wall time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant as the database keeps it; a naive one is refused."""
        if value is None:
            return None
        instant = require_aware(value, what="instant")
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy passes it by name
    ) -> datetime | None:
        """The stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
