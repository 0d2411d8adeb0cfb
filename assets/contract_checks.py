"""Checks of what a run wrote: contracts, relations, and rows that were set aside.

Belongs here: holding written rows to what the catalogue says of their table, in words; reporting
Dagster of every table that a step wrote, also of those that are not its own.
Does not belong here: the contracts themselves, repairs, what syncs bring (``sync_checks``).

Rows are held to their contract before they are written. What is read back here is what lies in
the files: keys that came twice by two writers, columns that another tool damaged.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import dagster as dg
import polars as pl

from assets.asset_specs import figures, outcome
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Parent, Table, Written
from layers_pipeline.steps.stores import Stores
from transforms.staging.quarantine import is_sound

CONTRACT: Final = "holds_its_contract"
SET_ASIDE: Final = "no_rows_set_aside_today"
ROWS_AT_ONCE: Final = 1_000_000
ORPHANS_SHOWN: Final = 20
WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
NOTHING: Final = Written()


def check_specs(tables: Iterable[Table]) -> list[dg.AssetCheckSpec]:
    """The checks that the catalogue demands of tables."""
    return [spec for table in tables for spec in _specs(table)]


def _specs(table: Table) -> Iterator[dg.AssetCheckSpec]:
    if table.checked:
        yield dg.AssetCheckSpec(
            CONTRACT,
            asset=table.name,
            description="Of what a run wrote: keys are unique, nothing is null that may not be, "
            "values are in range.",
            blocking=True,
        )
    for parent in table.parents:
        yield dg.AssetCheckSpec(
            f"has_its_{parent.table}",
            asset=table.name,
            description=f"Every row that a run wrote has its row of {parent.table}.",
        )
    if table.sets_aside:
        yield dg.AssetCheckSpec(
            SET_ASIDE,
            asset=table.name,
            description="Rows and odd values that broke the contract within the last day; see "
            "quarantine.",
        )


def versions(stores: Stores, tables: Iterable[Table]) -> dict[str, int]:
    """The version of each table: what is written from now on comes after it."""
    return {table.name: stores.lake.version(table) for table in tables}


def announce(
    context: dg.AssetExecutionContext,
    stores: Stores,
    written: Mapping[str, Written],
    *,
    since: Mapping[str, int],
    always: Collection[str] = (),
) -> Iterator[dg.MaterializeResult]:
    """Tell Dagster of every table that was written, and hold what was written to its checks.

    Tables that are the running asset's own are yielded. Others are reported as events of the run,
    so that whoever wrote a table, its asset was materialised then. Those in ``always`` are reported
    although nothing was written.

    Raises:
        dg.Failure: What was written breaks a contract.
    """
    broken: list[str] = []
    for name, done in written.items():
        if name not in since or (done == NOTHING and name not in always):
            continue
        table = catalog.BY_NAME[name]
        results = tuple(results_of(stores, table, since=since[name]))
        broken += [f"{name}: {one.description}" for one in results if is_broken(one)]
        if dg.AssetKey(name) in context.selected_asset_keys:
            yield outcome(stores, table, done, checks=results)
        else:
            _log(context, name, figures(stores, table, done), results)
    if broken:
        raise dg.Failure(description="; ".join(broken), allow_retries=False)


def log(
    context: dg.AssetExecutionContext,
    stores: Stores,
    written: Mapping[str, Written],
    *,
    since: Mapping[str, int],
) -> None:
    """``announce`` for a step that owns none of the tables: there is nothing to yield."""
    for _ in announce(context, stores, written, since=since):
        pass


def _log(
    context: dg.AssetExecutionContext,
    name: str,
    metadata: Mapping[str, Any],
    results: Iterable[dg.AssetCheckResult],
) -> None:
    context.log_event(dg.AssetMaterialization(name, metadata=metadata))
    for result in results:
        found = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(name),
            check_name=result.check_name or "",
            passed=result.passed,
            metadata=result.metadata,
            severity=result.severity,
            description=result.description,
        )
        # Dagster takes it as it takes materialisations; its annotation alone leaves it out.
        context.log_event(found)  # pyright: ignore[reportArgumentType]


def is_broken(result: dg.AssetCheckResult) -> bool:
    """Whether a result must stop what follows."""
    return result.check_name == CONTRACT and not result.passed


def results_of(stores: Stores, table: Table, *, since: int) -> Iterator[dg.AssetCheckResult]:
    """Every check of what a table gained since a version."""
    if table.checked:
        yield contract_result(table, [stores.lake.whole_rows_since(table, since)])
    for parent in table.parents:
        yield _relation_result(stores, table, parent, since=since)
    if table.sets_aside:
        yield set_aside_result(stores, table)


def contract_result(table: Table, parts: Iterable[pl.LazyFrame]) -> dg.AssetCheckResult:
    """Whether rows hold the table's contract; those of one key lie within one part."""
    broken: Counter[str] = Counter()
    rows = 0
    for part in parts:
        found = part.collect()
        rows += found.height
        # Cheaper than naming what breaks it; nearly always nothing does.
        if not is_sound(table.schema, found):
            broken += Counter(table.schema.filter(found, cast=True)[1].counts())
    broken_words = ", ".join(f"{count:,} break {rule}" for rule, count in sorted(broken.items()))
    return dg.AssetCheckResult(
        check_name=CONTRACT,
        asset_key=dg.AssetKey(table.name),
        passed=not broken,
        description=f"Of {rows:,} rows that the run wrote, {broken_words or 'every one holds'}.",
        metadata={"rows": rows, "rows_by_rule": dict(broken)},
    )


def _relation_result(
    stores: Stores, table: Table, parent: Parent, *, since: int
) -> dg.AssetCheckResult:
    key = list(parent.key)
    children = stores.lake.whole_rows_since(table, since).select(key).drop_nulls().unique()
    parents = stores.lake.read(catalog.BY_NAME[parent.table]).select(key)
    orphans = children.join(parents, on=key, how="anti").collect()
    many = f"{orphans.height:,} keys of rows that the run wrote have no row"
    return dg.AssetCheckResult(
        check_name=f"has_its_{parent.table}",
        asset_key=dg.AssetKey(table.name),
        passed=orphans.is_empty(),
        description=f"{'Every row that the run wrote has its row' if not orphans.height else many}"
        f" of {parent.table}.",
        metadata={"orphans": orphans.head(ORPHANS_SHOWN).write_json()},
    )


def set_aside_result(stores: Stores, table: Table) -> dg.AssetCheckResult:
    """What was set aside for this table within the last day; it warns and never stops a run."""
    since = stores.clock.now() - timedelta(days=1)
    rows = stores.lake.read(catalog.QUARANTINE).filter(
        pl.col("table_name") == table.name, pl.col("quarantined_at") > since
    )
    counted = rows.group_by("broken_rules").agg(pl.len()).sort("broken_rules").collect()
    by_rules = dict(counted.iter_rows())
    set_aside = ", ".join(f"{count:,} broke {rules}" for rules, count in by_rules.items())
    return dg.AssetCheckResult(
        check_name=SET_ASIDE,
        asset_key=dg.AssetKey(table.name),
        passed=counted.is_empty(),
        severity=WARN,
        description=f"Rows and odd values set aside within the last day: {set_aside or 'none'}.",
        metadata={"rows_by_rules": by_rules},
    )
