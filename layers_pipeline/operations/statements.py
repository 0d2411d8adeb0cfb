"""Statements that several tables need, in a form that both databases understand.

Belongs here: bulk inserts that tolerate what is there, locks, lists too long for one ``IN``.
Does not belong here: knowledge of any one table.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Table, TextClause, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session

_KEYS_PER_STATEMENT: Final = 1000
"""SQLite allows 32,766 parameters in a statement; PostgreSQL plans long lists slowly."""

Item = TypeVar("Item")


def insert_if_absent(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[dict[str, Any]],
    *,
    returning: InstrumentedAttribute[str],
) -> list[str]:
    """Insert the rows whose keys are new; give the named column of those.

    Callers sort the rows by key, so that two of them never wait for each other in a ring.
    """
    if not rows:
        return []
    statement = _insert(session, model).on_conflict_do_nothing().returning(returning)
    return list(session.scalars(statement, rows))


def move_back(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    instant: str,
    key_where: TextClause | None = None,
) -> None:
    """Insert the rows; where the key is there with a later instant, move that back."""
    if not rows:
        return
    statement = _insert(session, model)
    earlier = statement.excluded[instant]
    upsert = statement.on_conflict_do_update(
        index_elements=key,
        index_where=key_where,
        set_={instant: earlier},
        where=_table(model).c[instant] > earlier,
    )
    # Without RETURNING the PostgreSQL driver sends an upsert row by row, ten times slower.
    session.execute(upsert.returning(_table(model).c[instant]), rows)


def upsert(
    session: Session,
    model: type[DeclarativeBase],
    row: dict[str, Any],
    *,
    key: str,
    later: str | None = None,
) -> bool:
    """Insert the row, or put it in the place of the one with its key.

    Args:
        later: An instant; a row that is there with as late a one stays, and the answer is false.
    """
    statement = _insert(session, model).values(row)
    rewritten = statement.on_conflict_do_update(
        index_elements=[key],
        set_={name: statement.excluded[name] for name in row if name != key},
        where=statement.excluded[later] > _table(model).c[later] if later else None,
    )
    return bool(session.scalars(rewritten.returning(_table(model).c[key])).all())


def upsert_all(
    session: Session,
    model: type[DeclarativeBase],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    changed: Sequence[str],
) -> None:
    """Insert the rows; of those whose keys are there, rewrite the columns that may change.

    Callers sort the rows by key, so that two of them never wait for each other in a ring.
    """
    if not rows:
        return
    statement = _insert(session, model)
    rewritten = statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in changed}
    )
    session.execute(rewritten.returning(_table(model).c[key[0]]), rows)


def one_writer(session: Session, model: type[DeclarativeBase]) -> None:
    """Make others wait who want to write to the table; readers go on.

    For tables that people change, where each row follows from those before it. On SQLite every
    transaction that writes is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {_table(model).name} IN SHARE ROW EXCLUSIVE MODE"))


def chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items in lists that are short enough for one ``IN``."""
    remaining = iter(items)
    while chunk := list(islice(remaining, _KEYS_PER_STATEMENT)):
        yield chunk


def missing(session: Session, column: InstrumentedAttribute[str], keys: Iterable[str]) -> list[str]:
    """The keys that are not in the column, sorted."""
    wanted = set(keys)
    for chunk in chunks(sorted(wanted)):
        wanted.difference_update(session.scalars(select(column).where(column.in_(chunk))))
    return sorted(wanted)


def _table(model: type[DeclarativeBase]) -> Table:
    return cast("Table", model.__table__)


def _insert(session: Session, model: type[DeclarativeBase]) -> postgresql.Insert | sqlite.Insert:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(_table(model))
