"""What people tell of content, read for scoring ticks.

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
from transforms.contracts.creatives import AdContent, ContentOverrides, Creatives, SafetyReviews


@dataclass(frozen=True, kw_only=True)
class Told:
    """Everything that people told of content by a moment, each row with when it was known."""

    creatives: pl.LazyFrame
    """Rows of ``Creatives``."""
    reviews: pl.LazyFrame
    """Rows of ``SafetyReviews``."""
    overrides: pl.LazyFrame
    """Rows of ``ContentOverrides``."""
    ads: pl.LazyFrame
    """Rows of ``AdContent``."""


def read_told(stores: Stores, until: datetime) -> Told:
    """Read what was told of content by a moment, from the operational database itself.

    Args:
        stores: Open stores.
        until: Nothing known later is read.
    """
    operations = stores.operations
    return Told(
        creatives=_known(Creatives, operations.creatives(), until),
        reviews=_known(SafetyReviews, operations.safety_reviews(), until),
        overrides=_known(ContentOverrides, operations.overrides(), until),
        ads=_known(AdContent, operations.ads(), until),
    )


def _known(schema: type[dy.Schema], history: Iterable[Any], until: datetime) -> pl.LazyFrame:
    return _frame(schema, [asdict(row) for row in history if row.known_at <= until]).lazy()


def _frame(schema: type[dy.Schema], rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(schema.create_empty().schema))
