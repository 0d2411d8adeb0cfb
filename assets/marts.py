"""Marts as assets: what Dagster shows of them, what a publication did for each, their checks.

Belongs here: specs made from the marts' records, materialisations, results of checks.
Does not belong here: the marts (``transforms.sql``), making them (``layers_pipeline.serving``), the
asset whose run makes them (``publish``).
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import dagster as dg

from assets.asset_specs import OWNERS
from layers_pipeline.lake import catalog
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.serving import mart_checks
from layers_pipeline.serving.generations import Generation
from layers_pipeline.serving.marts import Mart
from layers_pipeline.settings import Settings
from transforms.sql.models import Lineage, Model, lineage, models

GROUP: Final = "marts"
DAYS_SHOWN: Final = 10
NAMES: Final = tuple(model.name for model in models())


def mart_specs() -> list[dg.AssetSpec]:
    """Every mart, with what it is made of."""
    return [_spec(model, lineage()[model.name]) for model in models()]


def _spec(model: Model, made_of: Lineage) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=model.name,
        group_name=GROUP,
        deps=[_dep(name) for name in sorted(set(_stored(made_of.deps)))],
        description=model.grain,
        owners=list(OWNERS),
        kinds={"duckdb", "sql"},
        metadata={
            "dagster/column_schema": _column_schema(model, made_of),
            "dagster/column_lineage": _column_lineage(made_of),
            "dagster/table_name": f"layers.{model.name}",
            "key": ", ".join(model.key),
            "sql": dg.MetadataValue.md(f"```sql\n{model.sql}```"),
        },
    )


def _dep(name: str) -> dg.AssetDep:
    of_ticks = name in catalog.BY_NAME and catalog.BY_NAME[name].per_tick
    return dg.AssetDep(name, partition_mapping=dg.LastPartitionMapping() if of_ticks else None)


def _stored(names: Iterable[str]) -> Iterator[str]:
    """The assets behind tables, of which some are only queries of the analysts' file."""
    for name in names:
        table = catalog.BY_NAME.get(name)
        yield from [name] if table is None or table.is_stored else _stored(table.deps)


def _column_schema(model: Model, made_of: Lineage) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=" ".join([column.comment, *_origins(made_of.columns[column.name])]),
                constraints=dg.TableColumnConstraints(nullable=not column.not_null),
            )
            for column in model.columns
        ]
    )


def _origins(upstream: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Of what a column is made, in words: the UI draws column lineage in Dagster+ only."""
    sources: dict[str, list[str]] = {}
    for table, column in upstream:
        sources.setdefault(table, []).append(column)
    if sources:
        told = (f"{name} ({', '.join(columns)})" for name, columns in sources.items())
        yield f"From {'; '.join(told)}."


def _column_lineage(made_of: Lineage) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey(asset), source)
                for table, source in upstream
                for asset in _stored([table])
                if asset not in catalog.BY_NAME or source in catalog.BY_NAME[asset].columns
            ]
            for column, upstream in made_of.columns.items()
        }
    )


def mart_check_specs() -> list[dg.AssetCheckSpec]:
    """The checks of every mart that its record demands."""
    return [
        dg.AssetCheckSpec(rule, asset=model.name, description=mart_checks.RULES[rule])
        for model in models()
        for rule in mart_checks.rules_of(model)
    ]


def announce_marts(
    context: dg.AssetExecutionContext, generation: Generation, settings: Settings
) -> Iterator[dg.MaterializeResult]:
    """Tell Dagster what a publication did for each mart, and hold what was made to its checks.

    A publication makes all of them; those that the run did not select are events of it.
    """
    days = [(model, generation.marts[model.name].days) for model in models()]
    found = mart_checks.findings(generation.path, days, options_of(settings))
    for model in models():
        metadata = _figures(generation.marts[model.name])
        results = [_result(model, finding) for finding in found[model.name]]
        if dg.AssetKey(model.name) in context.selected_asset_keys:
            yield dg.MaterializeResult(
                asset_key=model.name, metadata=metadata, check_results=results
            )
        else:
            context.log_event(dg.AssetMaterialization(model.name, metadata=metadata))


def _figures(mart: Mart) -> dict[str, Any]:
    rows = {} if mart.rows is None else {"rows_written": mart.rows}
    days = {"days": len(mart.days), "newest_days": ", ".join(map(str, mart.days[-DAYS_SHOWN:]))}
    return {"seconds": round(mart.seconds, 3), **rows, **(days if mart.days else {})}


def _result(model: Model, finding: mart_checks.Finding) -> dg.AssetCheckResult:
    told = ", ".join(f"{count:,} of {what}" for what, count in finding.breaches.items())
    return dg.AssetCheckResult(
        check_name=finding.rule,
        asset_key=dg.AssetKey(model.name),
        passed=not finding.breaches and not finding.unread,
        severity=dg.AssetCheckSeverity.WARN if finding.unread else dg.AssetCheckSeverity.ERROR,
        description=(
            finding.unread or (f"Breaches: {told}." if told else mart_checks.RULES[finding.rule])
        ),
        metadata={"breaches": dict(finding.breaches)},
    )
