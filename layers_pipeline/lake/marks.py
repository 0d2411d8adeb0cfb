"""Numbers that a commit records with its table, by application: watermarks, and the fence.

Belongs here: reading and making them.
Does not belong here: what an application's number means (who records it).
"""

from collections.abc import Mapping
from typing import Final

from deltalake import CommitProperties, DeltaTable, Transaction

KEYS: Final = "keys"
"""Application of every commit of rows: of two from one version, the later one fails and looks
again, though Delta alone might take both (``fenced``)."""


def recorded(handle: DeltaTable | None, application: str) -> int:
    """The number that an application has recorded with a table; -1 before the first."""
    found = None if handle is None else handle.transaction_version(application)
    return -1 if found is None else found


def marked(marks: Mapping[str, int]) -> CommitProperties:
    """A commit that records numbers with a table, by application (``recorded``)."""
    return CommitProperties(
        app_transactions=[Transaction(app_id=name, version=at) for name, at in marks.items()]
    )


def fenced(handle: DeltaTable, marks: Mapping[str, int]) -> CommitProperties:
    """A commit that records numbers, and that no other of its kind from this version fits."""
    return marked({**marks, KEYS: handle.version() + 1})
