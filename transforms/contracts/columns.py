"""The kinds of column that tables share, so that one meaning is written once.

Belongs here: factories of dataframely columns, and lists of the columns of metrics.
Does not belong here: schemas of tables, the words of enumerated text (``vocabulary``).
"""

from typing import Final

import dataframely as dy
import polars as pl

from transforms.vocabulary import PLATFORMS

COUNTS: Final = ("views", "likes", "comments", "shares", "saves")
"""Counts of a post that every platform has, and that scores are made of."""
ACTIVITIES: Final = ("bio_link_clicked", "call", "direction", "email", "text", "other")
"""What people did on the profile after they had seen the post."""
MOVES: Final = ("tap_forward", "tap_back", "tap_exit", "swipe_forward")
"""How people left a story."""
MORE_COUNTS: Final = (
    "reach",
    "total_interactions",
    "follows",
    "profile_visits",
    "profile_activity",
    *(f"profile_activity_{name}" for name in ACTIVITIES),
    "replies",
    "navigation",
    *(f"navigation_{name}" for name in MOVES),
    "average_watch_time_ms",
    "total_watch_time_ms",
    "total_views",
    "total_likes",
    "total_comments",
    "reposts",
    "link_clicks",
    "facebook_views",
)
"""Whole-number metrics that only some kinds of post have."""
MEASURES: Final = (
    "average_watch_time_s",
    "total_watch_time_s",
    "full_watch_rate",
    "skip_rate",
    "skip_rate_raw",
)
"""Metrics with decimals that only some kinds of post have."""
METRICS: Final = (*COUNTS, *MORE_COUNTS, *MEASURES)
"""Every metric of a post that a snapshot carries and that decides whether it tells anything new."""

MEANING_OF_NULL: Final = "Null: not collected or not reported; zero: reported as zero."


def note(text: str) -> dict[str, str]:
    """Column metadata that carries the analysts' comment."""
    return {"comment": text}


def key(text: str) -> dy.String:
    """A text column of the primary key; never null nor empty."""
    return dy.String(primary_key=True, min_length=1, metadata=note(text))


def word(text: str, *, nullable: bool = False) -> dy.String:
    """A plain text column."""
    return dy.String(nullable=nullable, metadata=note(text))


def one_of(
    words: tuple[str, ...], text: str, *, rule: str, nullable: bool = False, in_key: bool = False
) -> dy.String:
    """A text column that holds one of a few words; ``rule`` names the breach otherwise."""
    return dy.String(
        nullable=nullable and not in_key,
        primary_key=in_key,
        check={rule: lambda column: column.is_in(words)},
        metadata=note(f"{text} One of: {', '.join(words)}."),
    )


def platform(*, in_key: bool = True) -> dy.String:
    """The platform column, as part of the key unless said otherwise."""
    return one_of(PLATFORMS, "Platform of the post.", rule="unsupported_platform", in_key=in_key)


def instant(text: str, *, nullable: bool = False, in_key: bool = False) -> dy.Datetime:
    """An instant in UTC, to the microsecond."""
    return dy.Datetime(
        nullable=nullable and not in_key,
        primary_key=in_key,
        time_unit="us",
        time_zone="UTC",
        metadata=note(f"{text} Instant, UTC."),
    )


def day(text: str) -> dy.Date:
    """A calendar day in UTC that a table is partitioned by."""
    return dy.Date(nullable=False, metadata=note(f"{text} Date, UTC."))


def count(text: str) -> dy.Int64:
    """A cumulative count as a platform reports it; may be null, never negative."""
    return dy.Int64(nullable=True, min=0, metadata=note(f"{text} {MEANING_OF_NULL}"))


def ratio(text: str, *, nullable: bool = True) -> dy.Float64:
    """A share between 0 and 1."""
    return dy.Float64(nullable=nullable, min=0.0, max=1.0, metadata=note(f"{text} Ratio, 0-1."))


def number(
    text: str,
    *,
    nullable: bool = True,
    min: float | None = None,  # noqa: A002 - dataframely's word
    max: float | None = None,  # noqa: A002 - dataframely's word
) -> dy.Float64:
    """A finite number."""
    return dy.Float64(nullable=nullable, min=min, max=max, metadata=note(text))


def whole(text: str, *, nullable: bool = False) -> dy.Int64:
    """A whole number that is not a platform's count."""
    return dy.Int64(nullable=nullable, min=0, metadata=note(text))


def flag(text: str) -> dy.Bool:
    """A truth, never null."""
    return dy.Bool(nullable=False, metadata=note(text))


def words(text: str) -> dy.List:
    """A list of words, empty rather than null."""
    return dy.List(dy.String(nullable=False), nullable=False, metadata=note(text))


def comment_of(column: dy.Column) -> str:
    """The analysts' comment of a column; empty where none was written."""
    return str((column.metadata or {}).get("comment", ""))


def text_of(dtype: pl.DataType) -> str:
    """A column type in words."""
    return "datetime (UTC)" if isinstance(dtype, pl.Datetime) else str(dtype).lower()
