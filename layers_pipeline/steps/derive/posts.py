"""From staged captures to posts, snapshots and last known values.

Belongs here: which captures are new, which state they follow on, and writing what they give.
Does not belong here: how a row is read or compared (``transforms``), followers (``followers``),
deletions (``deletions``).

A capture that is newer than all of its post's others is compared with what is known; a post one
of whose captures came late is made again from all of them. Every table remembers how far it has
read the staging tables, and what is written follows from the captures alone, so a crash between
two tables heals with the next run, and a repeat changes nothing.

Captures are taken apart by post, and the posts of some parts compared at a time (``parts``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written, differ
from layers_pipeline.progress import report
from layers_pipeline.steps.derive.aliases import (
    FACTS,
    renamed_posts,
    stale_posts,
    take_out,
    take_out_accounts,
)
from layers_pipeline.steps.derive.comparing import (
    LATEST,
    LOOKED_AT,
    POSTS,
    SNAPSHOTS,
    Facts,
    Known,
    compared,
    known_of,
    late_among,
    stored_of,
)
from layers_pipeline.steps.derive.followers import Shown, derive_followers
from layers_pipeline.steps.derive.merging import DAY, Merge, by_bucket, by_day, merge_all
from layers_pipeline.steps.derive.parts import Parts, parts_for, scratch, take_apart
from layers_pipeline.steps.derive.staging import captures_by_turns, rows_since
from layers_pipeline.steps.derive.told_listings import FOLLOWERS_MARK, told_followers
from layers_pipeline.steps.stores import Stores
from transforms.contracts.captures import Capture
from transforms.contracts.columns import METRICS
from transforms.facts.snapshots import POST

KEPT: Final = frozenset({"platform", "platform_post_id", "deleted_at", "bucket"})
"""Columns of a post that its captures do not change."""


def _all_but(table: Table, kept: frozenset[str]) -> Merge:
    columns = [name for name in table.columns if name not in kept]
    return Merge(table=table, update=differ(columns), columns=columns)


MERGES: Final = (
    Merge(table=SNAPSHOTS, update=f"s.source = 'import' AND ({differ(METRICS)})", columns=METRICS),
    _all_but(POSTS, KEPT),
    _all_but(LATEST, frozenset(POST)),
)
"""In the order of writing: what is known comes last, as the others are compared with it."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """The same in parts; of snapshots the days lie together."""

    snapshots: Parts
    posts: Parts
    latest: Parts

    def add(self, part: int, facts: Facts) -> None:
        """Add what captures of one part say."""
        self.snapshots.add(part, facts.snapshots.sort(DAY))
        self.posts.add(part, facts.posts)
        self.latest.add(part, facts.latest)


def derive_facts(stores: Stores) -> dict[str, Written]:
    """Bring posts, snapshots, followers and last known values up to what is staged (R8-R10).

    Returns:
        What was written, by table name.
    """
    lake, accounts = stores.lake, catalog.PLATFORM_ACCOUNT_METRICS
    with lake.write_lock():
        marks = {source.name: lake.version(source) for source in catalog.STAGED_TABLES}
        since = {name: min(lake.watermark(table, name) for table in FACTS) for name in marks}
        stale, old_names = stale_posts(stores), renamed_posts(stores)
        told = told_followers(stores)
        is_told = lake.watermark(accounts, FOLLOWERS_MARK) >= told.height
        if since == marks and stale.is_empty() and old_names.is_empty() and is_told:
            return {table.name: Written() for table in FACTS}
        # Before the posts that tell which they are: a crash in between leaves those to be found.
        take_out_accounts(stores, old_names)
        with scratch(stores) as folder:
            given = _arrived(stores, since, stale, old_names, folder)
            shown = Shown(
                captures=given.scan(),
                rows=sum(given.rows.values()),
                told=told,
                news=told.clear() if is_told else told,
            )
            noted = marks | ({} if is_told else {FOLLOWERS_MARK: told.height})
            written = {accounts.name: derive_followers(stores, shown, folder=folder, marks=noted)}
            made = _compared(stores, given, folder)
            written |= _write(stores, made, marks)
        take_out(stores, stale)
        return written


def _arrived(
    stores: Stores,
    since: Mapping[str, int],
    stale: pl.DataFrame,
    old_names: pl.DataFrame,
    folder: Path,
) -> Parts:
    """Arrived captures, and all of posts whose rows stand under another id or name so far."""
    arrived, rows = captures_by_turns(stores, since), rows_since(stores, since)
    if not (stale.is_empty() and old_names.is_empty()):
        moved = stale.select("platform", platform_post_id="same_as")
        posts = pl.concat([moved, old_names.select(POST)]).unique().lazy()
        others = (some.join(posts, on=POST, how="anti") for some in arrived)
        every = (some.join(posts, on=POST, how="semi") for some in captures_by_turns(stores))
        arrived, rows = chain(others, every), rows + rows_since(stores)
    return captures_in_parts(stores, arrived, rows, folder / "arrived")


def captures_in_parts(
    stores: Stores, pieces: Iterable[pl.LazyFrame], rows: int, folder: Path
) -> Parts:
    """Captures taken apart by post.

    Args:
        rows: How many they are at most.
    """
    at_once = stores.settings.derive_rows
    return _apart(pieces, folder, number=parts_for(rows, at_once), at_once=at_once)


def _apart(rows: Iterable[pl.LazyFrame], folder: Path, *, number: int, at_once: int) -> Parts:
    parts = Parts(folder, Capture.create_empty(), number=number)
    take_apart(rows, parts, key="platform_post_id", at_once=at_once)
    return parts


def made_in(given: Parts) -> Made:
    """Nothing yet, in parts beside those of captures."""
    return Made(
        snapshots=given.like("snapshots", SNAPSHOTS.empty()),
        posts=given.like("posts", POSTS.empty()),
        latest=given.like("latest", LATEST.empty()),
    )


def _compared(stores: Stores, given: Parts, folder: Path) -> Made:
    """What arrived captures say, each post's in the way that its others allow."""
    at_once = stores.settings.derive_rows
    groups = given.groups(at_once)
    known = known_of(stores, given.scan(groups[0]).collect()) if len(groups) == 1 else None
    late = _late_posts(stores, given, known)
    others = None
    if late.height:
        number = max(given.number, parts_for(rows_since(stores), at_once))
        if number > given.number:
            given = _apart([given.scan()], folder / "again", number=number, at_once=at_once)
            known = None
        every = (some.join(late.lazy(), on=POST, how="semi") for some in captures_by_turns(stores))
        others = _apart(every, folder / "others", number=number, at_once=at_once)
        groups = _both(given, others).groups(at_once)
    made = made_in(given)
    for done, group in enumerate(groups, start=1):
        arrived = given.scan(group).collect()
        everything = others.scan(group).collect() if others else arrived.clear()
        facts = compared(known or known_of(stores, arrived), arrived, late, everything)
        made.add(group[0] if group else 0, facts)
        report("parts of captures compared", done, len(groups))
    return made


def _both(given: Parts, others: Parts) -> Parts:
    """The parts of both, to be grouped."""
    both = given.like("both", Capture.create_empty())
    for part in {*given.rows, *others.rows}:
        both.rows[part] = given.rows.get(part, 0) + others.rows.get(part, 0)
    return both


def _write(stores: Stores, made: Made, marks: Mapping[str, int]) -> dict[str, Written]:
    """Write what captures say, and up to where the staging tables were read."""
    at_once = stores.settings.derive_rows
    pieces = (
        by_day(made.snapshots, at_once),
        by_bucket(made.posts, at_once),
        by_bucket(made.latest, at_once),
    )
    return {
        merge.table.name: merge_all(stores, merge, some, marks=marks)
        for merge, some in zip(MERGES, pieces, strict=True)
    }


def _late_posts(stores: Stores, given: Parts, known: Known | None) -> pl.DataFrame:
    """Posts of any part with a capture that is not newer than all that is known of them."""
    if known:
        return late_among(given.scan().select(LOOKED_AT).collect(), known)
    found = [POSTS.empty().select(POST)]
    if stores.lake.row_count(LATEST) or stores.lake.row_count(POSTS):
        for group in given.groups(stores.settings.derive_rows):
            arrived = given.scan(group).select(LOOKED_AT).collect()
            checked = stored_of(stores, LATEST, arrived, (*POST, "last_checked_at"))
            content = stored_of(stores, POSTS, arrived, (*POST, "content_at"))
            found.append(late_among(arrived, Known(latest=checked, posts=content)))
    return pl.concat(found)
