"""From captures to what is known of a post: snapshots, and the last known value of each metric.

Belongs here: which captures tell something new, and what stands at a moment.
Does not belong here: scores, pools, projects.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from transforms.contracts.columns import COUNTS, METRICS
from transforms.vocabulary import SOURCES

POST: Final = ("platform", "platform_post_id")
ACCOUNT: Final = ("platform", "account_key")
MOMENT: Final = ("captured_at", "source")
ROUNDED_TO: Final = tuple(10**power for power in range(2, 10))
"""Steps that shown counts are rounded to: 22.6K to a hundred, 16K to a thousand, 2B."""
LEAST_SHOWN: Final = 10
"""A rounded count shows two digits at least: 16K, 1.8M."""
ROW: Final = "row_in_order"
FIRST_ROW: Final = "first_row_of_key"


def distinct_captures(captures: pl.LazyFrame, *, metrics: Sequence[str] = METRICS) -> pl.LazyFrame:
    """One capture per post, moment and source.

    Captures that claim the same moment and source are one: what was known first stands, and
    of that per metric the larger value, so that the order of arrival does not matter; but an exact
    count stands before its own rounding, such as 1,776,621 before 1.8M.

    Args:
        captures: Rows of ``Capture``.
        metrics: Those that any of the captures shows; others take time and tell nothing.
    Reorders:
        One row per platform, platform_post_id, captured_at and source: known_at, run_id, the
        metrics, and is_disputed (whether its captures differed).
    """
    least = {name: f"least {name}" for name in COUNTS if name in metrics}
    return (
        _known_first(captures, POST)
        .group_by(*POST, *MOMENT)
        .agg(
            pl.col("known_at").first(),
            pl.col("run_id").min(),
            *(pl.col(name).max() for name in metrics),
            is_disputed=_any(_differs(name) for name in metrics),
            **{other: pl.col(name).min() for name, other in least.items()},
        )
        .with_columns(**{name: _exact(name, other) for name, other in least.items()})
        .drop(least.values())
    )


def are_distinct(captures: pl.DataFrame) -> bool:
    """Whether no two captures are of one post, moment and source."""
    return captures.select(*POST, *MOMENT).n_unique() == captures.height


def as_distinct(captures: pl.LazyFrame, *, metrics: Sequence[str] = METRICS) -> pl.LazyFrame:
    """``distinct_captures`` of captures that are distinct already, without comparing them."""
    return captures.select(
        *POST, *MOMENT, "known_at", "run_id", *metrics, is_disputed=pl.lit(value=False)
    )


def _differs(value: str) -> pl.Expr:
    """Whether rows of a group show more than one value, showing nothing being one as well."""
    shown, nothing = pl.col(value), pl.col(value).null_count()
    return ((nothing > 0) & (nothing < pl.len())) | (shown.min() != shown.max()).fill_null(
        value=False
    )


def _any(conditions: Iterable[pl.Expr]) -> pl.Expr:
    """Whether one holds; none of none."""
    return pl.any_horizontal(pl.lit(value=False), *conditions)


def _exact(most: str, least: str) -> pl.Expr:
    """The larger of two counts of one moment, unless it is the smaller one rounded."""
    larger, smaller = pl.col(most), pl.col(least)
    steps = [
        pl.when((larger % unit == 0) & (larger >= unit * LEAST_SHOWN)).then(unit)
        for unit in ROUNDED_TO
    ]
    is_rounding = (smaller % ROUNDED_TO[0] != 0) & (
        (larger - smaller) * 2 <= pl.max_horizontal(steps)
    )
    return pl.when(is_rounding).then(smaller).otherwise(larger)


def _known_first(captures: pl.LazyFrame, key: Sequence[str]) -> pl.LazyFrame:
    first = pl.col("known_at").min().over(*key, *MOMENT)
    return captures.filter(pl.col("known_at") == first)


def in_order(rows: pl.LazyFrame, key: Sequence[str] = POST) -> pl.LazyFrame:
    """The rows sorted by key and moment, each numbered, with the place where its key's rows begin.

    Rows of one moment and source stay in the order in which they are given.
    """
    ordered = rows.sort(*key, *MOMENT, maintain_order=True).with_row_index(ROW)
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in key)
    is_first = ~same | (pl.col(ROW) == 0)
    return ordered.with_columns(pl.when(is_first).then(pl.col(ROW)).forward_fill().alias(FIRST_ROW))


def is_news(value: str) -> pl.Expr:
    """True where a row of ``in_order`` shows a value other than the last one known before it.

    A row that shows nothing tells nothing: a metric that a capture did not ask for, or that
    vanished, neither changes what is known nor is it news when it comes back unchanged.
    """
    shown = pl.col(value).is_not_null()
    last_shown = pl.when(shown).then(pl.col(ROW)).forward_fill().shift(1)
    is_known = (last_shown >= pl.col(FIRST_ROW)).fill_null(value=False)
    before = pl.col(value).forward_fill().shift(1)
    return shown & (~is_known | pl.col(value).ne_missing(before))


def changed_captures(
    captures: pl.LazyFrame,
    *,
    before: pl.LazyFrame | None = None,
    metrics: Sequence[str] = METRICS,
) -> pl.LazyFrame:
    """The captures that tell something new of their post (R9).

    Three more kinds are kept although they may repeat what was known: a post's first capture;
    a moment whose captures differed, because one of its values may be stored already and has
    to give way; and a capture that was known before an earlier one came in late, because until
    then it was the news.

    Args:
        captures: All captures of the posts they speak of, or those after ``before``.
        before: What was known of the posts (``latest_metrics``) when the first of the captures
            was made, later than everything it knows.
        metrics: Those that the captures or ``before`` show.
    Reorders:
        The distinct captures that are kept: the post's key, captured_at, source, known_at,
        run_id and the metrics.
    """
    return changed_of_distinct(
        distinct_captures(captures, metrics=metrics), before=before, metrics=metrics
    )


def changed_of_distinct(
    distinct: pl.LazyFrame,
    *,
    before: pl.LazyFrame | None = None,
    metrics: Sequence[str] = METRICS,
) -> pl.LazyFrame:
    """The same of captures that are distinct already (``distinct_captures``)."""
    given = distinct.with_columns(is_state=pl.lit(value=False))
    rows = (
        given
        if before is None
        else pl.concat([given, _as_one_capture(before, metrics)], how="diagonal")
    )
    ordered = in_order(rows)
    known_later = pl.col("known_at") < pl.col("known_at").cum_max().over(*POST)
    is_kept = (
        (pl.col(ROW) == pl.col(FIRST_ROW))
        | pl.col("is_disputed")
        | known_later
        | _any(is_news(name) for name in metrics)
    )
    return ordered.filter(is_kept, ~pl.col("is_state")).select(
        *POST, *MOMENT, "known_at", "run_id", *metrics
    )


def _as_one_capture(latest: pl.LazyFrame, metrics: Sequence[str]) -> pl.LazyFrame:
    """What was known of each post, written as its first capture; it is older than the others."""
    return latest.select(
        *POST,
        *metrics,
        captured_at=pl.col("last_checked_at"),
        source=pl.lit(""),
        known_at=pl.lit(None, pl.Datetime("us", "UTC")),
        is_disputed=pl.lit(value=False),
        is_state=pl.lit(value=True),
    )


def snapshots_of(
    captures: pl.LazyFrame,
    *,
    before: pl.LazyFrame | None = None,
    metrics: Sequence[str] = METRICS,
) -> pl.LazyFrame:
    """Rows of ``platform_post_metrics`` that captures give; arguments as ``changed_captures``."""
    kept = changed_captures(captures, before=before, metrics=metrics)
    return kept.with_columns(captured_on=pl.col("captured_at").dt.date())


def followers_of(captures: pl.LazyFrame, *, are_distinct: bool = False) -> pl.LazyFrame:
    """Rows of ``platform_account_metrics``: the captures in which followers changed.

    Args:
        captures: All captures of the accounts they speak of, or the newest one that was kept
            and those after it.
        are_distinct: Whether no two of them are of one account, moment and source.
    """
    shown = captures.filter(pl.col("followers").is_not_null())
    one_each = (
        shown.with_columns(is_disputed=pl.lit(value=False))
        if are_distinct
        else _known_first(shown, ACCOUNT)
        .group_by(*ACCOUNT, *MOMENT)
        .agg(
            pl.col("known_at").first(),
            pl.col("followers").max(),
            is_disputed=pl.col("followers").n_unique() > 1,
        )
    )
    ordered = in_order(one_each, ACCOUNT)
    known_later = pl.col("known_at") < pl.col("known_at").cum_max().over(*ACCOUNT)
    kept = ordered.filter(pl.col("is_disputed") | known_later | is_news("followers"))
    return kept.select(
        *ACCOUNT,
        *MOMENT,
        "known_at",
        "followers",
        captured_on=pl.col("captured_at").dt.date(),
    )


def last_shown(names: Iterable[str]) -> list[pl.Expr]:
    """The last value of each that rows in order show; a row without one erases nothing (R10)."""
    return [pl.col(name).drop_nulls().last() for name in names]


def latest_metrics(
    history: pl.LazyFrame,
    *,
    before: pl.LazyFrame | None = None,
    metrics: Sequence[str] = METRICS,
) -> pl.LazyFrame:
    """Per post and metric the last known value, and since when it stood (R10).

    A metric that vanishes does not erase what was known. The time of a value is the first
    capture of the run of equal values that it ends, so equal repeats change nothing.

    Args:
        history: Snapshots or captures known at the moment in question. Reads the post's key,
            captured_at, source and the metrics.
        before: What was known of some of the posts before the first of them, as this function
            gives it.
    Reorders:
        One row per post: last_checked_at, the metrics, and ``<metric>_at`` each.
    """
    rows = history.select(*POST, *MOMENT, *metrics).with_columns(
        pl.col("captured_at").alias(f"{name}_at") for name in metrics
    )
    if before is not None:
        times = [f"{name}_at" for name in metrics]
        known = before.select(
            *POST,
            *metrics,
            *times,
            captured_at=pl.col("last_checked_at"),
            source=pl.lit(""),
        )
        rows = pl.concat([rows, known], how="diagonal")
    ordered = in_order(rows).with_columns(is_news(name).alias(f"{name}_news") for name in metrics)
    return ordered.group_by(*POST).agg(
        pl.col("captured_at").max().alias("last_checked_at"),
        *last_shown(metrics),
        *(pl.col(f"{name}_at").filter(pl.col(f"{name}_news")).last() for name in metrics),
    )


CAPTURE_ORDER: Final = "capture_order"


def capture_order() -> pl.Expr:
    """A capture's moment and source as one number, by which it comes after or before others."""
    moment = pl.col("captured_at").dt.epoch("us") * len(SOURCES)
    return (moment + pl.col("source").cast(pl.Enum(sorted(SOURCES))).to_physical()).alias(
        CAPTURE_ORDER
    )


def last_known(
    history: pl.LazyFrame,
    *,
    key: str,
    metrics: Sequence[str] = METRICS,
    with_order: bool = True,
) -> pl.LazyFrame:
    """Per thing and metric the last known value, and which capture showed it.

    It gives the values that ``latest_metrics`` gives, without their times, in whatever order the
    rows come; so what arrives late needs nothing but ``still_known``.

    Args:
        history: Snapshots. Reads the key, ``CAPTURE_ORDER`` and the metrics.
        key: Column that identifies a post or an account.
        with_order: Whether anything is to arrive later.
    Reorders:
        One row per thing, in the order of the key: the key, the metrics, and ``<metric>_order``
        each.
    """
    orders = {
        f"{name}_order": pl.when(pl.col(name).is_not_null()).then(CAPTURE_ORDER) for name in metrics
    }
    # Rows known to be sorted by their key are grouped without a hash table.
    ordered = history.sort(key, CAPTURE_ORDER).with_columns(pl.col(key).set_sorted())
    if with_order:
        ordered = ordered.with_columns(**orders)
    shown = (*metrics, *orders) if with_order else metrics
    found = ordered.group_by(key, maintain_order=True).agg(last_shown(shown))
    return found.with_columns(pl.col(key).set_sorted())


def still_known(
    before: pl.LazyFrame, arrived: pl.LazyFrame, *, key: str, metrics: Sequence[str] = METRICS
) -> pl.LazyFrame:
    """What is known after more snapshots arrived: per metric the value of the later capture.

    Args:
        before: Things, whether or not anything is known of them: as ``last_known`` gives it.
        arrived: ``last_known`` of the snapshots that arrived.
        key: Column that identifies a post or an account.
    Reorders:
        ``before`` in its order, brought up to date.
    """
    both = before.join(arrived, on=key, how="left", maintain_order="left", suffix="_new")
    changed = {}
    for name in metrics:
        old, new = pl.col(f"{name}_order"), pl.col(f"{name}_order_new")
        wins = new.is_not_null() & (old.is_null() | (new > old))
        changed[name] = pl.when(wins).then(f"{name}_new").otherwise(name)
        changed[f"{name}_order"] = pl.max_horizontal(old, new)
    return both.select(key, **changed)
