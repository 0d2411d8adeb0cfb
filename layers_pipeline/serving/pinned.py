"""Versions of the lake's tables that one generation of the analysts' file is made of.

Belongs here: what is pinned of a table.
Does not belong here: which versions are pinned (``steps.publish``), reading them (``database``).
"""

from dataclasses import dataclass

from layers_pipeline.lake.table import Table


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One version of one table, as the files that make it up."""

    table: Table
    version: int
    files: tuple[str, ...]
    added: tuple[str, ...] = ()
    """Columns that some of the files may lack, because the table gained them later."""

    @property
    def is_local(self) -> bool:
        """Whether every file lies on this machine."""
        return all("://" not in uri or uri.startswith("file://") for uri in self.files)
