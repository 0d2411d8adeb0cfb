"""Bringing stored tables up to their contracts: the lake gains columns, and nothing else changes.

Belongs here: what may be added to a table, adding it, refusing everything else with words.
Does not belong here: contracts (``transforms.contracts``), the operational database's schema.

A column that a contract has and a stored table lacks is added if it may be null: old rows read
null, which is what "not collected" means. The files stay as they are, so the table's schema says
of each such column that files may lack it (``reading.ADDED``). New tables appear with their first
write. Each table changes in one commit; a crash leaves the others to the next start.
"""

from collections.abc import Iterable
from typing import Final

from deltalake import DeltaTable, Field, Schema

from layers_pipeline.errors import StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.reading import ADDED
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Table

OTHER_PACKAGE: Final = (
    "Nothing was changed. Install the version of this package that wrote it, or name another "
    "LAYERS_HOME or LAYERS_LAKE_URL."
)


def migrate(lake: Lake, tables: Iterable[Table] = catalog.TABLES) -> dict[str, list[str]]:
    """Add the columns that stored tables lack.

    Every table is looked at before any is changed, and by one process at a time.

    Returns:
        Names of the added columns, by table name.

    Raises:
        StoreError: A table differs from its contract in more than nullable columns.
    """
    stored = [(table, handle) for table in tables if (handle := lake.handle(table)) is not None]
    if not any([missing(lake, table, handle) for table, handle in stored]):  # noqa: C419 - look at all
        return {}
    with lake.lock("migration"):
        added = {table.name: _add_missing(lake, table) for table, _ in stored}
    return {name: columns for name, columns in added.items() if columns}


def missing(lake: Lake, table: Table, handle: DeltaTable) -> list[Field]:
    """Columns that the contract has and the stored table lacks, in the contract's order.

    Raises:
        StoreError: They may not be added, or the table differs in anything else.
    """
    wanted = {
        field.name: field for field in Schema.from_arrow(table.empty().to_arrow().schema).fields
    }
    there = {field.name: field for field in handle.schema().fields}
    divided = tuple(handle.metadata().partition_columns)
    refused = [
        *(f"has a column {name} that its contract lacks" for name in there if name not in wanted),
        *(
            f"stores column {name} as {_type(field)}, its contract wants {_type(wanted[name])}"
            for name, field in there.items()
            if name in wanted and field.type != wanted[name].type
        ),
        *(
            f"lacks column {name}, which may not be null"
            for name, column in table.schema.columns().items()
            if name not in there and not column.nullable
        ),
    ]
    if divided != table.partition_by:
        refused.append(f"is divided by {divided}, its contract wants {table.partition_by}")
    if refused:
        raise StoreError(f"{table.name}: {lake.uri(table)} {refused[0]}. {OTHER_PACKAGE}")
    return [field for name, field in wanted.items() if name not in there]


def _add_missing(lake: Lake, table: Table) -> list[str]:
    def attempt(handle: DeltaTable) -> list[str]:
        # Opened again each time: another process may have added them since.
        fields = [
            Field(field.name, field.type, nullable=True, metadata={ADDED: "true"})
            for field in missing(lake, table, handle)
        ]
        if fields:
            handle.alter.add_columns(fields)
        return [field.name for field in fields]

    return lake.commit(table, attempt)


def _type(field: Field) -> str:
    return str(field.type)
