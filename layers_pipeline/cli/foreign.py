"""Errors of other people's libraries, in our words.

Belongs here: which of them come from a store, a disk or a file, and what is said of them.
Does not belong here: errors that we raise (``errors``), faults of our own, which show where.
"""

import errno
from collections.abc import Iterator
from typing import Final

from layers_pipeline.errors import LayersError, StoreError

MODULES: Final = {
    "deltalake": "the lake",
    "_internal": "the lake",  # deltalake's
    "polars": "a table",
    "pyarrow": "a table",
    "duckdb": "the analysts' file",
    "_duckdb": "the analysts' file",
    "sqlalchemy": "a database",
    "sqlite3": "a database",
    "psycopg2": "a database",
    "alembic": "a database",
    "pyo3_runtime": "a file",  # what stops a library that is written in Rust
}
"""By the package of an error's class: what it was working with."""
REMEDIES: Final = {
    errno.ENOSPC: "The disk is full: make room, then repeat.",
    errno.EROFS: "The disk is read-only: make it writable, then repeat.",
    errno.EACCES: "Give this user the right to do so, then repeat.",
}
CHECK: Final = "Nothing is half done: check that the stores are whole and writable, then repeat."


def as_ours(error: BaseException) -> LayersError | None:
    """What an error that ended a command says of a store; None for a fault in the program.

    An error of ours that a framework wrapped into its own is found again.
    """
    chain = list(_chain(error))
    ours = next((one for one in chain if isinstance(one, LayersError)), None)
    if ours is not None:
        return ours
    for one in reversed(chain):
        package = type(one).__module__.partition(".")[0]
        if isinstance(one, OSError):
            return _of_system(one)
        if package in MODULES:
            said = " ".join(str(one).split("\n")[0].split()).rstrip(".")
            return StoreError(f"{MODULES[package]}: {said or type(one).__name__}. {CHECK}")
    return None


def _of_system(error: OSError) -> StoreError:
    place = f"{error.filename}: " if error.filename else ""
    remedy = REMEDIES.get(error.errno or 0, CHECK)
    return StoreError(f"{place}{error.strerror or error}. {remedy}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what caused it, to the first of them."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
