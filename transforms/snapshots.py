"""From captures to what is known of a post: snapshots, and the last known value of each count.

Belongs here: which captures are worth keeping, and what stands at a moment.
Does not belong here: scores, pools, projects.
"""

import polars as pl

from transforms.contracts.columns import COUNTS

POST = ("platform", "platform_post_id")
ACCOUNT = ("platform", "account_key")
INSTANT = ("captured_at", "source")


def distinct_captures(captures: pl.LazyFrame) -> pl.LazyFrame:
    """One capture per post, moment and source.

    Captures that claim the same moment and source are one: what was known first stands, and
    of that per count the larger value, so that the order of arrival does not matter.

    Args:
        captures: Rows of ``Capture``.
    Returns:
        One row per platform, platform_post_id, captured_at and source: known_at, run_id, the
        counts, and is_disputed (whether its captures differed).
    """
    return (
        _known_first(captures, POST)
        .group_by(*POST, *INSTANT)
        .agg(
            pl.col("known_at").first(),
            pl.col("run_id").min(),
            pl.col(*COUNTS).max(),
            is_disputed=pl.any_horizontal(pl.col(*COUNTS).n_unique() > 1),
        )
    )


def _known_first(captures: pl.LazyFrame, key: tuple[str, ...]) -> pl.LazyFrame:
    first = pl.col("known_at").min().over(*key, *INSTANT)
    return captures.filter(pl.col("known_at") == first)


def changed_captures(captures: pl.LazyFrame) -> pl.LazyFrame:
    """The captures that differ in a count from the post's capture before (R9).

    A moment whose captures differed is kept even where it repeats the one before, because one
    of its values may be stored already and has to give way.

    Args:
        captures: All captures of the posts they speak of.
    Returns:
        The distinct captures without equal repeats, sorted by post and capture time.
    """
    ordered = distinct_captures(captures).sort(*POST, *INSTANT)
    kept = ordered.filter(pl.col("is_disputed") | ~repeats_the_row_before(POST, COUNTS))
    return kept.drop("is_disputed")


def repeats_the_row_before(key: tuple[str, ...], values: tuple[str, ...]) -> pl.Expr:
    """True where a row has the key and the values of the row before; null equals null."""
    return pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(1)) for name in (*key, *values)
    ) & (pl.int_range(pl.len()) > 0)


def snapshots_of(captures: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``platform_post_metrics`` that all captures of some posts give.

    Args:
        captures: All captures of the posts they speak of.
    """
    return changed_captures(captures).with_columns(captured_on=pl.col("captured_at").dt.date())


def followers_of(captures: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of ``platform_account_metrics``: the captures in which followers changed.

    Args:
        captures: All captures of the accounts they speak of.
    """
    shown = captures.filter(pl.col("followers").is_not_null())
    ordered = (
        _known_first(shown, ACCOUNT)
        .group_by(*ACCOUNT, *INSTANT)
        .agg(
            pl.col("known_at").first(),
            pl.col("followers").max(),
            is_disputed=pl.col("followers").n_unique() > 1,
        )
        .sort(*ACCOUNT, *INSTANT)
    )
    repeats = repeats_the_row_before(ACCOUNT, ("followers",))
    changed = ordered.filter(pl.col("is_disputed") | ~repeats).drop("is_disputed")
    return changed.with_columns(captured_on=pl.col("captured_at").dt.date())


def latest_metrics(history: pl.LazyFrame) -> pl.LazyFrame:
    """Per post and count the last known value, and since when it stood (R10).

    A count that vanishes does not erase what was known. The time of a value is the first
    capture of the run of equal values that it ends, so equal repeats change nothing.

    Args:
        history: Snapshots known at the moment in question. Reads the post's key, captured_at,
            source and the counts.
    Returns:
        One row per post: the counts, ``<count>_at`` each, and last_checked_at.
    """
    ordered = history.sort(*POST, *INSTANT)
    posts = ordered.group_by(*POST).agg(last_checked_at=pl.col("captured_at").max())
    for count in COUNTS:
        standing = _standing(ordered, count)
        posts = posts.join(standing, on=POST, how="left")
    return posts.select(*POST, *COUNTS, *(f"{count}_at" for count in COUNTS), "last_checked_at")


def _standing(ordered: pl.LazyFrame, count: str) -> pl.LazyFrame:
    """The value of one count at the end of each post's known captures."""
    shown = ordered.filter(pl.col(count).is_not_null())
    starts = shown.filter(~repeats_the_row_before(POST, (count,)))
    return starts.group_by(*POST).agg(
        pl.col(count).last(), pl.col("captured_at").last().alias(f"{count}_at")
    )


def advance_latest(
    latest: pl.LazyFrame, *, arrived: pl.LazyFrame, history: pl.LazyFrame
) -> pl.LazyFrame:
    """What is known after more snapshots arrived; equals ``latest_metrics`` of all of them.

    Args:
        latest: What was known before, as ``latest_metrics`` gives it.
        arrived: Snapshots that became known since.
        history: Every snapshot known now; read only for posts whose arrivals are no newer
            than something already known of them.
    Returns:
        One row per post, as ``latest_metrics`` gives it.
    """
    touched = arrived.select(*POST).unique()
    before = latest.select(*POST, newest="last_checked_at")
    late = (
        arrived.join(before, on=POST, how="inner")
        .filter(pl.col("captured_at") <= pl.col("newest"))
        .select(*POST)
        .unique()
    )
    in_order = arrived.join(late, on=POST, how="anti")
    standing = latest.join(touched, on=POST, how="semi").join(late, on=POST, how="anti")
    changed = pl.concat(
        [
            latest_metrics(pl.concat([_as_snapshots(standing), _bare(in_order)])),
            latest_metrics(history.join(late, on=POST, how="semi")),
        ]
    )
    untouched = latest.join(touched, on=POST, how="anti")
    return pl.concat([untouched.select(changed.collect_schema().names()), changed])


def _bare(snapshots: pl.LazyFrame) -> pl.LazyFrame:
    return snapshots.select(*POST, *INSTANT, *COUNTS)


def _as_snapshots(latest: pl.LazyFrame) -> pl.LazyFrame:
    """What stands, written as one snapshot per count and one for the time of the last check."""
    rows = [
        latest.filter(pl.col(count).is_not_null()).select(
            *POST,
            captured_at=pl.col(f"{count}_at"),
            source=pl.lit(""),
            **{name: _only(name, count) for name in COUNTS},
        )
        for count in COUNTS
    ]
    checked = latest.select(
        *POST,
        captured_at=pl.col("last_checked_at"),
        source=pl.lit(""),
        **{name: pl.lit(None, pl.Int64) for name in COUNTS},
    )
    return pl.concat([*rows, checked])


def _only(name: str, wanted: str) -> pl.Expr:
    return pl.col(name) if name == wanted else pl.lit(None, pl.Int64).alias(name)
