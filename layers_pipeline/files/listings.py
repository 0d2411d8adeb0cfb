"""Files of listings: when an account's posts were listed, how far back, and whether all of them.

Belongs here: reading such a file, refusing it with line, value and remedy.
Does not belong here: what listings prove (``transforms.facts.deletions``), storing them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.follower_histories import follower_history
from layers_pipeline.files.formats import read_raw_file
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import missing_columns, refuse
from transforms.staging.keys import account_key_of, read_account_keys
from transforms.staging.parsing import LINE, read_count, read_instant, shown_text
from transforms.vocabulary import PLATFORMS

REQUIRED: Final = ("platform", "account_key", "started_at", "is_complete")
COLUMNS: Final = (*REQUIRED, "finished_at", "reaches_back_to", "followers")
TIMES: Final = ("started_at", "finished_at", "reaches_back_to")
TRUTHS: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class ReadListing:
    """One line of a file. Grain: one per listing of an account."""

    account_id: str
    started_at: datetime
    finished_at: datetime
    is_complete: bool
    reaches_back_to: datetime | None
    followers: int | None


def read_listings(path: Path, *, time_zone: str | None, now: datetime) -> list[ReadListing]:
    """The listings of a file, every line of it.

    Raises:
        InputRefusedError: A line cannot be read; names it, its value and the remedy.
    """
    raw = read_raw_file(path, columns=COLUMNS, required=REQUIRED)
    refuse(path, missing_columns(raw, REQUIRED, page="docs/captures.md"))
    rows = _typed(raw, time_zone)
    faults = [fault for row in rows for fault in _faults(row, now)]
    if faults:
        raise InputRefusedError(f"{path}: {'; '.join(faults[:3])}. Mend the file, import it again.")
    return [
        ReadListing(
            account_id=f"{row['platform']}:{row['account_key']}",
            started_at=row["started_at"],
            finished_at=row["finished_at"] or row["started_at"],
            is_complete=TRUTHS[row["is_complete"]],
            reaches_back_to=row["reaches_back_to"],
            followers=row["followers"],
        )
        for row in rows
    ]


def followers_told(
    path: Path, *, account: str, time_zone: str | None, now: datetime
) -> list[ReadListing]:
    """The days of an account's history of followers, each as a listing that listed no posts.

    Args:
        path: A history as TikTok Studio exports it, perhaps in its archive.
        account: Whose it is: the file does not say it.
        time_zone: IANA zone of its days; None: UTC.
        now: The current instant.

    Raises:
        InputRefusedError: It is none, or cannot be read.
    """
    key = account_key_of(account.removeprefix("tiktok:"))
    days = follower_history(path, time_zone=time_zone, now=now)
    if key is None:
        raise InputRefusedError(f"--account {account!r}: names no account. Write tiktok:KEY.")
    if not days:
        raise InputRefusedError(
            f"{path}: holds no history of followers, so --account says nothing of it. Export it "
            "from TikTok Studio, or leave --account out."
        )
    return [
        ReadListing(
            account_id=f"tiktok:{key}",
            started_at=one.at,
            finished_at=one.at,
            is_complete=False,
            reaches_back_to=None,
            followers=one.followers,
        )
        for one in days
    ]


def _typed(raw: RawFile, time_zone: str | None) -> list[dict[str, Any]]:
    absent = {name: pl.lit(None, pl.String) for name in COLUMNS if name not in raw.rows.columns}
    given = raw.rows.with_columns(**absent)
    times = {name: read_instant(name, given.schema[name], time_zone=time_zone) for name in TIMES}
    followers = read_count("followers", given.schema["followers"])
    read = given.select(
        LINE,
        followers=followers.value,
        followers_breach=followers.breach,
        platform=shown_text("platform").str.to_lowercase(),
        account_key=read_account_keys(given)["value"],
        is_complete=shown_text("is_complete").str.to_lowercase(),
        **{name: time.value for name, time in times.items()},
        **{f"{name} breach": time.breach for name, time in times.items()},
    )
    return read.to_dicts()


def _faults(row: dict[str, Any], now: datetime) -> Iterator[str]:
    line = f"line {row[LINE]}"
    if row["platform"] not in PLATFORMS:
        yield f"{line}: platform {row['platform']!r} is none of {', '.join(PLATFORMS)}"
    if row["account_key"] is None:
        yield f"{line}: account_key names no account"
    if row["is_complete"] not in TRUTHS:
        yield f"{line}: is_complete {row['is_complete']!r}: write yes or no"
    if row["followers_breach"] or (row["followers"] or 0) < 0:
        yield f"{line}: followers is no count: write a whole number, or nothing"
    yield from _faults_of_times(row, line, now)


def _faults_of_times(row: dict[str, Any], line: str, now: datetime) -> Iterator[str]:
    for name in TIMES:
        if breach := row[f"{name} breach"]:
            yield f"{line}: {breach.replace('|', ' ')}: write it with an offset, or --timezone"
    began, ended = row["started_at"], row["finished_at"] or row["started_at"]
    if began is None:
        yield f"{line}: started_at is empty"
    elif ended < began or ended > now:
        yield f"{line}: the listing ends before it begins, or in the future"
