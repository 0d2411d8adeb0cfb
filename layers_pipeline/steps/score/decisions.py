"""What people decided of content, read for scoring ticks.

Belongs here: histories of the operational database as rows of their contracts.
Does not belong here: changing them (``operations``), copying them to the lake (``derive``), what
follows from them (``transforms``).

Ticks read the operational database and not the copies: a copy may be half an hour old, and a tick
has to see all that was known at its time.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import dataframely as dy
import polars as pl

from layers_pipeline.steps.stores import Stores
from transforms.contracts.ads import AdContent
from transforms.contracts.creatives import ContentOverrides, Creatives, SafetyReviews


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """Everything that people decided of content by a moment, each row with when it was known."""

    creatives: pl.LazyFrame
    """Rows of ``Creatives``."""
    reviews: pl.LazyFrame
    """Rows of ``SafetyReviews``."""
    overrides: pl.LazyFrame
    """Rows of ``ContentOverrides``."""
    ads: pl.LazyFrame
    """Rows of ``AdContent``."""


def read_decisions(stores: Stores, until: datetime) -> Decisions:
    """Read what was decided of content by a moment, from the operational database itself.

    Args:
        until: Nothing known later is read.
    """
    operations = stores.operations
    return Decisions(
        creatives=known_rows(Creatives, operations.creatives.all(), until),
        reviews=known_rows(SafetyReviews, operations.verdicts.reviews(), until),
        overrides=known_rows(ContentOverrides, operations.verdicts.overrides(), until),
        ads=known_rows(AdContent, operations.ads.all(), until),
    )


def known_rows(schema: type[dy.Schema], history: Iterable[Any], until: datetime) -> pl.LazyFrame:
    """Rows of a history that were known by a moment, in the shape of their contract."""
    return _frame(schema, [asdict(row) for row in history if row.known_at <= until]).lazy()


def _frame(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema.create_empty().schema))
