"""Shares of a tick: some projects each, loaded by themselves from tables as they were pinned.

Belongs here: which projects are whose, pinning for several processes, loading one share.
Does not belong here: the processes (``share_process``), what everybody loads (``history``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.score.history import (
    Baseline,
    History,
    Known,
    history_from,
    read_baseline,
    read_known,
)
from layers_pipeline.steps.stores import Stores
from transforms.facts.posts import account

READ: Final = (
    catalog.PROJECT_ALLOWLIST,
    catalog.PLATFORM_POSTS,
    *catalog.STAGED_TABLES,
    catalog.POST_ALIASES,
    catalog.PLATFORM_POST_METRICS,
    catalog.POST_ABSENCES,
    catalog.AD_DAILY_METRICS,
)
"""Tables that ticks read; what people decided they read from the operational database."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """Some of all projects: pools are of one project, so each share is scored by itself."""

    number: int
    of: int

    def of_projects(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the share's projects, the same ones on every machine."""
        return rows.filter(catalog.places(rows["project_id"], self.of) == self.number)


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """What ticks read, by versions of tables, and what was written to bring it up to now."""

    derived: Mapping[str, Written]
    versions: Mapping[str, int]
    baseline: Baseline


def pin_history(stores: Stores) -> Pinned:
    """Derive what has landed, and pin what ticks read, for processes that load some of it each."""
    lake = stores.lake
    with lake.deriving():
        return Pinned(
            derived=bring_up_to_date(stores),
            versions={table.name: lake.version(table) for table in READ},
            baseline=read_baseline(stores),
        )


def load_share(
    stores: Stores,
    versions: Mapping[str, int],
    share: Share,
    *,
    since: datetime,
    until: datetime,
) -> History:
    """What was known of some projects, from tables as they were pinned; as of ``load_history``.

    Args:
        versions: Of the tables, by name (``pin_history``).
        share: Which projects.
        since: The first moment that will be asked for.
        until: The last one.
    """
    with stores.lake.going_by(versions):
        known = _of_share(read_known(stores, until), share)
    return history_from(known, since=since, until=until)


def _of_share(known: Known, share: Share) -> Known:
    """What of it is of the share's projects; posts of whose account captures disagree all stay."""
    own = share.of_projects(known.allowlist)
    accounts = own.lazy().select(account()).unique()
    is_settled = pl.col("is_identity_settled")
    settled = known.posts.filter(is_settled).with_columns(account())
    posts = settled.join(accounts, on="account", how="semi").drop("account")
    creatives = share.of_projects(known.decisions.creatives.collect())
    return replace(
        known,
        allowlist=own,
        posts=pl.concat([posts, known.posts.filter(~is_settled)]),
        decisions=replace(known.decisions, creatives=creatives.lazy()),
    )
