"""Lakes to score: as many posts, pools and snapshots as asked for, equal on every machine.

Belongs here: generated captures, snapshots, posts and absences, and writing them as the pipeline
would have left them, with nothing left to derive.
Does not belong here: scoring and measuring (``scoring``).

Every 200th snapshot comes to be known five days late, every 10th post shows no saves, some show
no views or fewer than 50, later captures leave a metric out, some posts are deleted, some
accounts have left the allowlist, and the first project has a pool too small to be scored.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from benchmarks.allowlists import allow_accounts
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.stores import Stores
from transforms.contracts.columns import COUNTS

END: Final = datetime(2025, 5, 14, 12, tzinfo=UTC)
ACCOUNTS_PER_PROJECT: Final = 20
ROWS_PER_BATCH: Final = 500_000
MINUTES_PER_DAY: Final = 1440
SHARES: Final = {"likes": 0.06, "comments": 0.004, "shares": 0.01, "saves": 0.012}
EVERY_TICK: Final = timedelta(hours=4)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much data there is: ``snapshots`` are spread over the ``days`` before ``END``."""

    posts: int
    projects: int
    snapshots: int
    days: int

    @property
    def accounts(self) -> int:
        """Accounts on the allowlists."""
        return self.projects * ACCOUNTS_PER_PROJECT

    @property
    def start(self) -> datetime:
        """When the first snapshots were taken."""
        return END - timedelta(days=self.days)


def last_ticks(count: int) -> list[datetime]:
    """The last ticks up to ``END``, oldest first."""
    return [END - EVERY_TICK * back for back in reversed(range(count))]


def write_lake(stores: Stores, size: Size) -> None:
    """Write every table that scoring reads, with the marks that leave nothing to derive."""
    lake, staged = stores.lake, catalog.STG_IMPORT__CAPTURES
    begins = size.start - timedelta(days=30)
    allow_accounts(
        stores.operations,
        accounts=size.accounts,
        projects=size.projects,
        since=begins,
        platform_of=lambda number: "tiktok" if number % 2 == 0 else "instagram",
        left_at=lambda number: begins + timedelta(days=1) if number % 50 == 49 else None,
    )
    copy_operations(stores)
    for posts in _batches(size):
        captures = _captures(posts, size)
        _append(stores, staged, captures)
        _append(
            stores,
            catalog.PLATFORM_POST_METRICS,
            captures.with_columns(captured_on=pl.col("captured_at").dt.date()),
        )
        post_rows = _posts(captures)
        _append(stores, catalog.PLATFORM_POSTS, post_rows)
        _append(stores, catalog.POST_ABSENCES, _absences(post_rows))
    for table in (staged, catalog.PLATFORM_POST_METRICS, catalog.PLATFORM_POSTS):
        lake.compact(table)
    marks = {staged.name: lake.version(staged)}
    for table in (
        catalog.PLATFORM_POST_METRICS,
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_ACCOUNT_METRICS,
        catalog.PLATFORM_POST_METRICS_LATEST,
    ):
        lake.record_marks(table, marks)


def _append(stores: Stores, table: Table, rows: pl.DataFrame) -> None:
    """Append rows of some of the table's columns; the others stay unknown."""
    empty = table.empty()
    shown = rows.select(name for name in rows.columns if name in empty.columns)
    filled = pl.concat([empty, shown], how="diagonal_relaxed")
    stores.lake.append(table, filled, restamp=lambda kept: kept)


def _batches(size: Size) -> Iterator[np.ndarray]:
    """The posts' numbers, so many at once that their captures make one batch."""
    step = max(1, ROWS_PER_BATCH * size.posts // size.snapshots)
    for first in range(0, size.posts, step):
        yield np.arange(first, min(first + step, size.posts))


def _captures(posts: np.ndarray, size: Size) -> pl.DataFrame:
    """All captures of some posts; the first posts of all have one more if they do not go even."""
    least, more = divmod(size.snapshots, size.posts)
    has_more = (posts * 7919) % size.posts < more
    counts = least + has_more
    post = np.repeat(posts, counts)
    order = np.arange(post.size) - np.repeat(np.cumsum(counts) - counts, counts)
    of = np.repeat(counts, counts)
    published = _published(post, size)
    begin, whole = np.maximum(published, 0), size.days * MINUTES_PER_DAY
    minute = begin + (whole - begin) * (order + (post * 613 % 997) / 997) / of
    captured_at = pl.lit(size.start) + pl.duration(seconds=_column(minute * 60))
    is_late = pl.Series((post * 31 + order) % 200 == 0)
    known_at = captured_at + pl.when(is_late).then(timedelta(days=5)).otherwise(timedelta(0))
    published_at = pl.lit(size.start) + pl.duration(minutes=_column(published))
    number, account = pl.Series(post), pl.Series(post % size.accounts)
    return pl.select(
        platform=_platform(account),
        account_key=pl.format("account{}", account),
        platform_post_id=pl.format("75{}", number + 10**16),
        captured_at=captured_at,
        published_at=pl.when(number % 1000 != 1).then(published_at),
        source=pl.lit("import"),
        known_at=known_at,
        run_id=pl.lit("bench"),
        file_id=pl.format("batch{}", pl.lit(int(posts[0]))),
        line_number=pl.Series(np.arange(1, post.size + 1)),
    ).with_columns(**_counts(post, order, of, size))


def _column(numbers: np.ndarray) -> pl.Expr:
    return pl.lit(pl.Series(numbers)).cast(pl.Int64)


def _published(post: np.ndarray, size: Size) -> np.ndarray:
    """Minutes from the start to the publication: of every 5th post within the span."""
    before = -((post * 7907) % (90 * MINUTES_PER_DAY)) - 1
    within = (post * 104_729) % (size.days * MINUTES_PER_DAY)
    return np.where(post % 5 == 3, within, before)


def _counts(post: np.ndarray, order: np.ndarray, of: np.ndarray, size: Size) -> dict[str, pl.Expr]:
    """Counts that grow from capture to capture, the same for a post whatever the batch."""
    chance = (post * 2_654_435_761 % 1_000_003) / 1_000_003
    spread = (post * 40_503 % 999_983) / 999_983
    final = np.exp(4 + 8 * (chance + spread) / 2)
    views = np.floor(final * (order + 1) / of)
    is_small_pool = (post % size.projects == 0) & (post // size.projects >= 2)
    views = np.where(is_small_pool, views % 50, views)
    number, nth = _column(post), _column(order)
    shown = {
        name: _column(views * rate * (0.5 + (post * prime % 1009) / 1009))
        for (name, rate), prime in zip(SHARES.items(), (17, 101, 257, 809), strict=True)
    }
    shown["views"] = pl.when(number % 500 != 2).then(_column(views))
    shown["saves"] = pl.when(number % 10 != 4).then(shown["saves"])
    # A later capture that leaves a metric out does not erase it.
    shown["likes"] = pl.when((nth == 0) | (number % 7 != 0)).then(shown["likes"])
    return {name: shown[name] for name in COUNTS}


def _platform(number: pl.Series) -> pl.Expr:
    return pl.when(number % 2 == 0).then(pl.lit("tiktok")).otherwise(pl.lit("instagram"))


def _posts(captures: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``platform_posts`` that captures of whole posts give."""
    rows = captures.group_by("platform", "platform_post_id", maintain_order=True).agg(
        pl.col("account_key", "published_at").first(),
        *(pl.col(name).drop_nulls().last() for name in COUNTS),
        first_seen_at=pl.col("known_at").min(),
        content_at=pl.col("captured_at").min(),
    )
    is_gone = pl.col("platform_post_id").str.tail(3) == "017"
    return rows.with_columns(
        is_identity_settled=pl.lit(value=True),
        is_media_url_permanent=pl.lit(value=False),
        deleted_at=pl.when(is_gone).then(_gone_at()),
        bucket=catalog.buckets(rows["platform_post_id"]),
    )


def _gone_at() -> pl.Expr:
    return pl.col("first_seen_at") + timedelta(hours=12)


def _absences(posts: pl.DataFrame) -> pl.DataFrame:
    """One post in 1,000 is gone for good, and another one came back."""
    ending = pl.col("platform_post_id").str.tail(3)
    absences = posts.filter(ending.is_in(["017", "023"]))
    return absences.with_columns(
        missed_at="first_seen_at",
        missed_by=pl.lit("bench"),
        confirmed_at=_gone_at(),
        confirmed_by=pl.lit("bench"),
        returned_at=pl.when(ending == "023").then(_gone_at() + timedelta(hours=6)),
    )
