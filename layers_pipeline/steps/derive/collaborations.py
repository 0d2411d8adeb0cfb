"""Collaborations: others' posts that our accounts share, as the newest readings showed them.

Belongs here: which landed rows are new, writing the table.
Does not belong here: how a row is read (``transforms``), the accounts' own posts (``posts``).
"""

from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.stores import Stores
from transforms.staging.instagram_collaborations import ENTITY, collaborations_of

KEPT: Final = frozenset({*catalog.POST_COLLABORATIONS.key, "first_known_at"})
"""What a later reading does not change."""


def derive_collaborations(stores: Stores, *, from_scratch: bool = False) -> dict[str, Written]:
    """Bring the collaborations up to what has landed; an earlier reading never replaces a later.

    Args:
        from_scratch: Make them again from everything that ever landed.

    Returns:
        What was written, by table name.
    """
    lake, table, raw = stores.lake, catalog.POST_COLLABORATIONS, catalog.RAW_INSTAGRAM__RESPONSES
    with lake.write_lock():
        at, read = lake.version(raw), lake.watermark(table, raw.name)
        if from_scratch:
            every = lake.read(raw).filter(pl.col("entity") == ENTITY).collect()
            made = lake.replace(table, collaborations_of(every), where={}, marks={raw.name: at})
            return {table.name: made}
        if at == read:
            return {table.name: Written()}
        landed = lake.added_since(raw, read).filter(pl.col("entity") == ENTITY).collect()
        written = lake.merge(
            table,
            collaborations_of(landed),
            update="s.captured_at > t.captured_at",
            columns=[name for name in table.columns if name not in KEPT],
            marks={raw.name: at},
        )
    return {table.name: written}
