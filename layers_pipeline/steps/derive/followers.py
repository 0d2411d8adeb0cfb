"""From staged captures, and what people tell, to follower counts of accounts over time.

Belongs here: which accounts are made again from all their captures, and what stood before others.
Does not belong here: which counts are news (``transforms``), posts (``posts``).

Of each account a row is held in memory, its captures some accounts after the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.derive.merging import DAY, Merge, by_day, merge_all
from layers_pipeline.steps.derive.parts import Parts, bucket_groups, parts_for, take_apart
from layers_pipeline.steps.derive.staging import captures_by_turns, rows_since
from layers_pipeline.steps.stores import Stores
from transforms.facts.snapshots import ACCOUNT, MOMENT, POST, followers_of

TABLE: Final = catalog.PLATFORM_ACCOUNT_METRICS
COLUMNS: Final = (*ACCOUNT, "captured_at", "source", "known_at", "followers")
MERGE: Final = Merge(
    table=TABLE,
    update=f"s.source = 'import' AND ({differ(('followers',))})",
    columns=("followers",),
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Captures that arrived, and how many; what people told of followers, all and the news."""

    captures: pl.LazyFrame
    rows: int
    told: pl.DataFrame
    news: pl.DataFrame


def derive_followers(
    stores: Stores, shown: Shown, *, folder: Path, marks: Mapping[str, int]
) -> Written:
    """Bring the follower counts up to captures that arrived, made again where one came late."""
    at_once = stores.settings.derive_rows
    given = pl.concat([counts_shown(shown.captures), counts_shown(shown.news.lazy())])
    first = given.group_by(ACCOUNT).agg(pl.col("captured_at").min(), pl.col("source").unique())
    first = first.collect()
    late = _late(stores, first, is_much=shown.rows > at_once)
    before = _stored_before(stores, first)
    rows = [pl.concat([before.lazy(), given]).join(late.lazy(), on=ACCOUNT, how="anti")]
    number = parts_for(shown.rows, at_once)
    if late.height:
        every = chain(captures_by_turns(stores), [shown.told.lazy()])
        rows += [counts_shown(some).join(late.lazy(), on=ACCOUNT, how="semi") for some in every]
        number = parts_for(rows_since(stores), at_once)
    made = followers_in_parts(rows, number, folder=folder, at_once=at_once)
    return merge_all(stores, MERGE, by_day(made, at_once), marks=marks)


def followers_in_parts(
    rows: Iterable[pl.LazyFrame], number: int, *, folder: Path, at_once: int
) -> Parts:
    """Rows of ``platform_account_metrics`` that captures give, if all of each account are there."""
    empty = TABLE.empty()
    parts = Parts(folder / "accounts", empty.select(COLUMNS), number=number)
    take_apart(rows, parts, key="account_key", at_once=at_once, shorten=lambda some: some.unique())
    made = parts.like("followers", empty)
    for group in parts.groups(at_once):
        given = parts.scan(group).collect()
        is_plain = given.select(*ACCOUNT, *MOMENT).n_unique() == given.height
        found = followers_of(given.lazy(), are_distinct=is_plain).collect()
        made.add(group[0] if group else 0, TABLE.shape(found).sort(DAY))
    return made


def counts_shown(rows: pl.LazyFrame) -> pl.LazyFrame:
    """What captures, or what people told, say of followers."""
    return rows.select(COLUMNS).filter(pl.col("followers").is_not_null())


def _stored_before(stores: Stores, first: pl.DataFrame) -> pl.DataFrame:
    """The newest stored count of each account before the first capture that arrived.

    What a crash left behind is made once more, from what stood before it.
    """
    stored = stores.lake.read(TABLE).select(COLUMNS)
    since = first.lazy().select(*ACCOUNT, first_at="captured_at")
    older = stored.join(since, on=ACCOUNT, how="inner").filter(
        pl.col("captured_at") < pl.col("first_at")
    )
    # Two sources of one moment stand in one order.
    newest = older.filter(pl.col("captured_at") == pl.col("captured_at").max().over(ACCOUNT))
    return newest.sort("source").group_by(ACCOUNT).last().select(COLUMNS).collect()


def _late(stores: Stores, first: pl.DataFrame, *, is_much: bool) -> pl.DataFrame:
    """Accounts with a capture that is not newer than all that is known of them."""
    checked = _checked_accounts(stores, first.select(ACCOUNT), is_much=is_much)
    is_late = (pl.col("captured_at") <= pl.col("last_checked_at")) | pl.col("source").list.contains(
        "import"
    )
    return first.join(checked, on=ACCOUNT, how="inner").filter(is_late).select(ACCOUNT)


def _checked_accounts(stores: Stores, touched: pl.DataFrame, *, is_much: bool) -> pl.DataFrame:
    """When any post of each account was last looked at."""
    lake = stores.lake
    posts = lake.read(catalog.PLATFORM_POSTS).select(*POST, "account_key", "bucket")
    checked = lake.read(catalog.PLATFORM_POST_METRICS_LATEST).select(
        *POST, "last_checked_at", "bucket"
    )
    rows = lake.row_count(catalog.PLATFORM_POSTS) if is_much else 0
    found = []
    for buckets in bucket_groups(rows, stores.settings.derive_rows):
        some = pl.col("bucket").is_in(buckets)
        own = posts.filter(some).join(touched.lazy(), on=ACCOUNT, how="semi")
        met = own.join(checked.filter(some), on=POST, how="inner")
        found.append(met.group_by(ACCOUNT).agg(pl.col("last_checked_at").max()).collect())
    return pl.concat(found).group_by(ACCOUNT).agg(pl.col("last_checked_at").max())
