"""Recorded captures, read from a Parquet file of numbers with hashed names.

Belongs here: which columns are read, and what the file left out.
Does not belong here: invented captures, repairs of what was recorded.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from layers_pipeline.errors import InputRefusedError
from sandbox.simulation.accounts import AccountRef
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.items import Capture, Item

METRICS: Final = ("views", "likes", "comments", "shares", "saves", "followers")
KEYS: Final = ("platform", "account_key", "post_key", "published_at", "captured_at")
ONE_POST: Final = KEYS[:3]


def replayed_captures(path: Path) -> Dataset:
    """The captures in a file, as they were recorded.

    A row without an account is left out. A post that was recorded under two accounts (its owner
    changed names) is a post of both. The file has no captions; its keys are hashes and do not
    carry a time.

    Args:
        path: Parquet with the columns in ``KEYS`` and ``METRICS``; naive times are UTC.

    Raises:
        InputRefusedError: The file cannot be read, or lacks a column.
    """
    try:
        captures = pl.read_parquet(path, columns=[*KEYS, *METRICS])
    except (PolarsError, OSError) as error:
        raise InputRefusedError(f"captures: {path} cannot be read: {error}") from error
    rows = captures.drop_nulls(list(KEYS)).sort([*ONE_POST, "captured_at"]).iter_rows(named=True)
    return Dataset(_posts(rows), name=path.stem)


def _posts(rows: Iterable[dict[str, Any]]) -> Iterable[Item]:
    for (platform, account, post), captures in groupby(
        rows, key=lambda row: tuple(row[key] for key in ONE_POST)
    ):
        yield _post(AccountRef(platform, account), post, list(captures))


def _post(account: AccountRef, post_id: str, rows: list[dict[str, Any]]) -> Item:
    return Item(
        account=account,
        item_id=post_id,
        published_at=_utc(rows[0]["published_at"]),
        media_type="tiktok_video",
        captures=tuple(
            Capture(captured_at=_utc(row["captured_at"]), metrics=_shown(row)) for row in rows
        ),
    )


def _shown(row: dict[str, Any]) -> dict[str, int]:
    return {metric: row[metric] for metric in METRICS if row[metric] is not None}


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
