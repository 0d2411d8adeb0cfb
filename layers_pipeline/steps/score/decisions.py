"""What people tell of content: copied to the lake for analysts, and read for scoring ticks.

Belongs here: histories of the operational database as rows of their contracts.
Does not belong here: changing them (``operations``), what follows from them (``transforms``).

Ticks read the operational database and not the copies: a copy may be half an hour old, and a tick
has to see all that was known at its time.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

import dataframely as dy
import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.operations.content_ids import parts_of_ads_content
from layers_pipeline.operations.content_rows import ApprovalRow, OverrideRow
from layers_pipeline.operations.store import Operations
from layers_pipeline.steps.stores import Stores
from transforms.contracts.creatives import AdContent, ContentOverrides, Creatives, SafetyReviews

Row = TypeVar("Row", OverrideRow, ApprovalRow)


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Everything that people told of content by a moment, each row with when it was known."""

    creatives: pl.LazyFrame
    """Rows of ``Creatives``."""
    reviews: pl.LazyFrame
    """Rows of ``SafetyReviews``."""
    overrides: pl.LazyFrame
    """Rows of ``ContentOverrides``."""
    ads: pl.LazyFrame
    """Rows of ``AdContent``."""


def read_decisions(stores: Stores, until: datetime) -> Decisions:
    """Read what was told of content by a moment, from the operational database itself.

    Args:
        stores: Open stores.
        until: Nothing known later is read.
    """
    operations = stores.operations
    return Decisions(
        creatives=_known(Creatives, operations.creatives(), until),
        reviews=_known(SafetyReviews, operations.safety_reviews(), until),
        overrides=_known(ContentOverrides, operations.overrides(), until),
        ads=_known(AdContent, operations.ads(), until),
    )


def copy_creatives(stores: Stores) -> Written:
    """Write ``creatives``."""
    return _copy(stores, catalog.CREATIVES, Operations.creatives)


def copy_safety_reviews(stores: Stores) -> Written:
    """Write ``safety_reviews``."""
    return _copy(stores, catalog.SAFETY_REVIEWS, Operations.safety_reviews)


def copy_overrides(stores: Stores) -> Written:
    """Write ``content_overrides``: every change there ever was."""
    return _copy(stores, catalog.CONTENT_OVERRIDES, Operations.overrides)


def copy_ads(stores: Stores) -> Written:
    """Write ``ad_content``: every change of what an ad shows."""
    return _copy(stores, catalog.AD_CONTENT, Operations.ads)


def copy_project_ads_content(stores: Stores) -> Written:
    """Write ``project_ads_content``: what stands of each content that people spoke of (R41)."""
    with stores.lake.write_lock():
        overrides = _newest(stores.operations.overrides())
        approvals = _newest(stores.operations.approvals())
        rows = [
            _standing(content, overrides.get(content), approvals.get(content))
            for content in {**overrides, **approvals}
        ]
        return _replace(stores, catalog.PROJECT_ADS_CONTENT, rows)


def _newest(history: Iterable[Row]) -> dict[str, Row]:
    """The last row of each content; a history comes in the order in which it was known."""
    return {row.ads_content_id: row for row in history}


def _standing(
    content: str, override: OverrideRow | None, approval: ApprovalRow | None
) -> dict[str, Any]:
    project_id, container_id = parts_of_ads_content(content)
    return {
        "ads_content_id": content,
        "project_id": project_id,
        "container_id": container_id,
        "override": override and override.override,
        "note": override and override.note,
        "changed_by": override and override.changed_by,
        "changed_at": override and override.known_at,
        "approval": approval and approval.approval,
        "approval_changed_by": approval and approval.changed_by,
        "approval_changed_at": approval and approval.known_at,
    }


def _copy(stores: Stores, table: Table, history: Callable[[Operations], list[Any]]) -> Written:
    # Read within the unit: of two copies at once, the one that read less must not write last.
    with stores.lake.write_lock():
        return _replace(stores, table, [asdict(row) for row in history(stores.operations)])


def _replace(stores: Stores, table: Table, rows: list[dict[str, Any]]) -> Written:
    """Write the table whole, unless it holds just these rows: readers remember its version."""
    frame = _frame(table.schema, rows).sort(table.key)
    stored = stores.lake.read(table).sort(table.key).collect()
    if stores.lake.version(table) >= 0 and stored.equals(frame):
        return Written()
    return stores.lake.replace(table, frame, where={})


def _known(schema: type[dy.Schema], history: Iterable[Any], until: datetime) -> pl.LazyFrame:
    return _frame(schema, [asdict(row) for row in history if row.known_at <= until]).lazy()


def _frame(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema.create_empty().schema))
