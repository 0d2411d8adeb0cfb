"""Versions of the lake's tables that one generation of the analysts' file is made of.

Belongs here: what is pinned of a table.
Does not belong here: which versions are pinned (``steps.publish``), reading them (``database``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from layers_pipeline.lake.table import Table


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One version of one table, as the files that make it up."""

    table: Table
    version: int
    files: tuple[str, ...]
    added: tuple[str, ...] = ()
    """Columns that some of the files may lack, because the table gained them later."""

    rows: int | None = None
    """How many there are, where the log tells it more cheaply than the files."""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What libraries want to know of the object store that the files lie in."""
    is_reached: bool = False
    """Whether DuckDB reads that store itself."""

    @property
    def is_readable(self) -> bool:
        """Whether DuckDB can read the files where they lie."""
        return self.is_local or self.is_reached

    @property
    def is_local(self) -> bool:
        """Whether every file lies on this machine."""
        return all("://" not in uri or uri.startswith("file://") for uri in self.files)
