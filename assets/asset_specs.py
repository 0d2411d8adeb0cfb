"""What Dagster shows of a table, taken from its record and contract, and of what was written to it.

Belongs here: descriptions, columns and their lineage, kinds, owners, figures of a write.
Does not belong here: the contracts themselves, checks (``contract_checks``).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import dagster as dg

from assets.sources import sources_of
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.steps.ingest.imports import ImportedFile
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import comment_of, text_of
from transforms.contracts.lineage import LINEAGE

OWNERS: Final = ("team:data-engineering",)
LAKE_KINDS: Final = frozenset({"polars", "deltalake"})


def spec_fields(table: Table) -> dict[str, Any]:
    """Arguments of an asset or its spec that say what a table of the lake is."""
    lineage = {"dagster/column_lineage": column_lineage(table)} if table.name in LINEAGE else {}
    return {
        "key": dg.AssetKey(table.name),
        "group_name": table.group,
        "deps": [*(_dep(table, name) for name in table.deps), *sources_of(table.name, table.group)],
        "description": " ".join((table.schema.__doc__ or "").split()),
        "owners": list(OWNERS),
        "kinds": set(LAKE_KINDS),
        "metadata": {
            "dagster/column_schema": column_schema(table),
            "dagster/table_name": f"lake.{table.name}",
            "key": ", ".join(table.key),
            **lineage,
        },
    }


def _dep(table: Table, name: str) -> dg.AssetDep:
    """What a table is made of: of ticks the newest, lest Dagster look for every one of them."""
    of_ticks = name in catalog.BY_NAME and catalog.BY_NAME[name].per_tick
    mapping = dg.LastPartitionMapping() if of_ticks and not table.per_tick else None
    return dg.AssetDep(name, partition_mapping=mapping)


def spec_of(table: Table, *, freshness: dg.FreshnessPolicy | None = None) -> dg.AssetSpec:
    """The table as one of several that an asset's function makes."""
    return dg.AssetSpec(**spec_fields(table), freshness_policy=freshness)


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with types, meaning, constraints and what they are made of."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type=text_of(column.dtype),
                description=" ".join([comment_of(column), *origins_of(table, name)]),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in table.schema.columns().items()
        ]
    )


def origins_of(table: Table, column: str) -> Iterator[str]:
    """Of what the column is made, in words: the UI draws column lineage in Dagster+ only."""
    sources: dict[str, list[str]] = {}
    for name, source in LINEAGE.get(table.name, {}).get(column, ()):
        sources.setdefault(name, []).append(source)
    if sources:
        told = (
            name if names == [column] else f"{name} ({', '.join(names)})"
            for name, names in sources.items()
        )
        yield f"From {', '.join(told)}."


def column_lineage(table: Table) -> dg.TableColumnLineage:
    """Of which columns of which tables each column is made."""
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(dg.AssetKey(name), source) for name, source in upstream]
            for column, upstream in LINEAGE[table.name].items()
        }
    )


def figures(stores: Stores, table: Table, written: Written) -> dict[str, Any]:
    """What a write did and what the table holds now, as metadata."""
    return {
        "dagster/row_count": stores.lake.row_count(table),
        "dagster/uri": stores.lake.uri(table),
        "rows_inserted": written.inserted,
        "rows_updated": written.updated,
        "rows_quarantined": written.quarantined,
        "table_version": stores.lake.version(table),
    }


def outcome(
    stores: Stores,
    table: Table,
    written: Written,
    *,
    beside: Mapping[str, Any] | None = None,
    checks: tuple[dg.AssetCheckResult, ...] = (),
) -> dg.MaterializeResult:
    """A write as the materialisation of its table."""
    return dg.MaterializeResult(
        asset_key=table.name,
        metadata={**figures(stores, table, written), **(beside or {})},
        check_results=checks,
    )


def file_as_json(file: ImportedFile) -> dict[str, Any]:
    """What came of an imported file, as plain values."""
    return {
        "path": str(file.path),
        "rows": file.rows,
        "quarantined": file.quarantined,
        "reasons": file.reasons,
        "odd_values": file.odd_values,
        "already_there": file.already_there,
        "ignored_columns": list(file.ignored_columns),
        "is_new_here": file.is_new_here,
        "format": file.format,
        "findings": list(file.findings),
        "notes": list(file.notes),
    }
