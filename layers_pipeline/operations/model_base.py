"""What every model is built from.

Belongs here: the declarative base, names of constraints, CHECKs and indexes that many tables need.
Does not belong here: tables (the repository that owns each).
"""

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, Index, MetaData, text
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass

from layers_pipeline.operations.utc_datetime import UtcDatetime

MESSAGE_LENGTH: Final = 500
"""Longest message kept, in characters."""
NOTE_LENGTH: Final = 280
"""Longest note that a person may write beside a decision, in characters (R41)."""


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """A row of a table, whose fields are named as in the lake.

    Rows that a repository hands out belong to no session any more: they are plain dataclasses,
    and a change of one changes nothing stored. Names of constraints follow from those of tables
    and columns.
    """

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDatetime}  # noqa: RUF012 - SQLAlchemy reads it as it is


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A CHECK that the column holds one of the words, or null where it may be null."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def one_while(condition: str, *columns: str, name: str) -> Index:
    """An index by which rows that keep the condition are unique in the columns."""
    where = text(condition)
    return Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


def whole_lease() -> CheckConstraint:
    """A CHECK that a lease has both its columns, or neither."""
    return CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease")
