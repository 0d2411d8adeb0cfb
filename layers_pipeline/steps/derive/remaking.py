"""Posts, snapshots, followers and last known values, made again from every capture there is.

Belongs here: making them part by part, and putting each table in place with one commit.
Does not belong here: why (``maintain.replay``), what follows from captures (``posts``).
"""

from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.comparing import facts_of
from layers_pipeline.steps.derive.followers import counts_shown, followers_in_parts
from layers_pipeline.steps.derive.merging import by_bucket, by_day
from layers_pipeline.steps.derive.parts import scratch
from layers_pipeline.steps.derive.posts import captures_in_parts, made_in
from layers_pipeline.steps.derive.staging import captures_by_turns, rows_since
from layers_pipeline.steps.derive.told_listings import told_followers
from layers_pipeline.steps.stores import Stores

ACCOUNTS: Final = catalog.PLATFORM_ACCOUNT_METRICS


def make_facts_again(stores: Stores) -> dict[str, Written]:
    """Put what all captures say in place of what there is.

    Returns:
        What was written, by table name.
    """
    lake, at_once = stores.lake, stores.settings.derive_rows
    marks = {source.name: lake.version(source) for source in catalog.STAGED_TABLES}
    with scratch(stores) as folder:
        every, rows = captures_by_turns(stores), rows_since(stores)
        given = captures_in_parts(stores, every, rows, folder / "captures")
        shown = (counts_shown(some) for some in (given.scan(), told_followers(stores).lazy()))
        followers = followers_in_parts(shown, given.number, folder=folder, at_once=at_once)
        made = made_in(given)
        groups = given.groups(at_once)
        for done, group in enumerate(groups, start=1):
            made.add(group[0] if group else 0, facts_of(given.scan(group).collect()))
            report("parts of captures compared", done, len(groups))
        pieces = {
            catalog.PLATFORM_POST_METRICS: by_day(made.snapshots, at_once),
            catalog.PLATFORM_POSTS: by_bucket(made.posts, at_once),
            ACCOUNTS: by_day(followers, at_once),
            catalog.PLATFORM_POST_METRICS_LATEST: by_bucket(made.latest, at_once),
        }
        written = {table.name: _replace(stores, table, some) for table, some in pieces.items()}
    # Noted once all of them are there: a crash in between has the next run make them again.
    for table in pieces:
        lake.record_marks(table, marks)
    return written


def _replace(stores: Stores, table: Table, pieces: Iterator[pl.DataFrame]) -> Written:
    """Put pieces in place of all that a table has, in one commit."""
    (column,) = table.partition_by
    replacement = stores.lake.replacement(table, column, batch=uuid4().hex)
    for value in stores.lake.partitions(table, column):
        replacement.empty(value)
    for piece in pieces:
        for some in piece.sort(column, *table.key).partition_by(column, maintain_order=True):
            replacement.add(str(some[column][0]), some)
    return replacement.commit()
