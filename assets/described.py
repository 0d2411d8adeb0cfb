"""What Dagster shows of a table, taken from its contract, and of what was written to it.

Belongs here: descriptions, column schemas, kinds, owners, row counts and files as metadata.
Does not belong here: the contracts themselves.
"""

from collections.abc import Sequence
from typing import Any, Final

import dagster as dg

from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.ingest.imports import ImportedFile
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import comment_of, text_of

OWNERS: Final = ("team:data-engineering",)
LAKE_KINDS: Final = frozenset({"polars", "deltalake"})


def described(table: Table, *, group: str, deps: Sequence[str] = ()) -> dict[str, Any]:
    """Arguments of an asset or its spec that say what a table of the lake is."""
    return {
        "key": dg.AssetKey(table.name),
        "group_name": group,
        "deps": [dg.AssetKey(name) for name in deps],
        "description": " ".join((table.schema.__doc__ or "").split()),
        "owners": list(OWNERS),
        "kinds": set(LAKE_KINDS),
        "metadata": {
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": f"lake.{table.name}",
            "key": ", ".join(table.key),
        },
    }


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with types, meaning and constraints."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=text_of(column.dtype),
                description=comment_of(column),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in table.schema.columns().items()
        ]
    )


def outcome(stores: Stores, table: Table, written: Written) -> dg.MaterializeResult:
    """What a write did, as the metadata of its materialisation."""
    return dg.MaterializeResult(
        asset_key=dg.AssetKey(table.name),
        metadata={
            "dagster/row_count": stores.lake.row_count(table),
            "dagster/uri": stores.lake.uri(table),
            "rows_inserted": written.inserted,
            "rows_updated": written.updated,
            "rows_quarantined": written.quarantined,
            "table_version": stores.lake.version(table),
        },
    )


def file_as_json(file: ImportedFile) -> dict[str, Any]:
    """What came of an imported file, as plain values."""
    return {
        "path": str(file.path),
        "rows": file.rows,
        "quarantined": file.quarantined,
        "reasons": file.reasons,
        "already_there": file.already_there,
        "ignored_columns": list(file.ignored_columns),
    }
