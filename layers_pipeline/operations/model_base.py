"""What every model is built from.

Belongs here: the declarative base, names of constraints, columns that many tables need.
Does not belong here: tables (``models``, ``oauth_models``).
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from layers_pipeline.operations.instants import UtcInstant

MESSAGE_LENGTH: Final = 500
"""Longest message kept, in characters."""
NOTE_LENGTH: Final = 280
"""Longest note that a person may write beside a decision, in characters (R41)."""
PROMPT_LENGTH: Final = 10_000
"""Longest prompt kept, in characters."""


class Base(DeclarativeBase):
    """Holds the metadata; constraint names follow from table and column names."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: UtcInstant}  # noqa: RUF012 - SQLAlchemy reads it as it is


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A CHECK that the column holds one of the words, or null where it may be null."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def whole_lease() -> CheckConstraint:
    """A CHECK that a lease has both its columns, or neither."""
    return CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease")


def key_of(
    target: str, comment: str, *, primary_key: bool = False, index: bool = False
) -> Mapped[Any]:
    """A column that refers to another table's key."""
    return mapped_column(
        ForeignKey(target), comment=comment, primary_key=primary_key, index=index or None
    )
