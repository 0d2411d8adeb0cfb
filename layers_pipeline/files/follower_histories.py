"""An account's followers by day, as TikTok Studio exports them: one reading of the account a day.

Belongs here: the days of such a file, which it writes without a year; refusing one that is unclear.
Does not belong here: our own files of listings (``listings``); what is made of the numbers.

Days without a year are told by their order: the last is the newest that can be, and each other is
the day before the next.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.members import Member, members_of
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import places
from transforms.exports.captures import dated, end_of_day
from transforms.exports.catalog import WORDS
from transforms.exports.days import month_and_day, read_written_day
from transforms.exports.headers import Header, header_of
from transforms.exports.tiktok import STUDIO_FOLLOWERS
from transforms.exports.values import text_of
from transforms.staging.parsing import LINE, read_count


@dataclass(frozen=True, kw_only=True)
class DayOfFollowers:
    """What an account had when a day was over. Grain: one per day with a number."""

    at: datetime
    followers: int


def follower_history(
    path: Path, *, time_zone: str | None, now: datetime
) -> list[DayOfFollowers] | None:
    """The days of a history of followers, oldest first; None: the file holds none.

    Args:
        path: A table, or an archive of tables.
        time_zone: IANA zone of the days; None: UTC.
        now: No day is later.

    Raises:
        InputRefusedError: It cannot be read, or leaves open which days it tells of.
    """
    for member in members_of(path):
        raw = read_table(member, columns=(), required=(), words=WORDS)
        header = header_of(raw.columns)
        if all(header.found(STUDIO_FOLLOWERS.columns[name]) for name in STUDIO_FOLLOWERS.needed):
            return _days(member, raw, header, time_zone=time_zone, now=now)
    return None


def _days(
    member: Member, raw: RawFile, header: Header, *, time_zone: str | None, now: datetime
) -> list[DayOfFollowers]:
    shown = {name: header.found(STUDIO_FOLLOWERS.columns[name]) for name in ("date", "followers")}
    rows = raw.rows.select(LINE, **{name: text_of(header, at) for name, at in shown.items()})
    count = read_count("followers", pl.String())
    broken = rows.filter(count.breach.is_not_null() | (count.value < 0))
    if not broken.is_empty():
        raise InputRefusedError(
            f"{member.path}: {places(broken, 'followers')}: is no count. Export the file again."
        )
    numbers = rows.select(count.value).to_series().to_list()
    days = _consecutive(member, rows, time_zone=time_zone, now=now)
    told = [
        DayOfFollowers(at=end_of_day(day, time_zone, now=now), followers=number)
        for day, number in zip(days, numbers, strict=True)
        if number is not None
    ]
    # Of a day that is not over another export would say something else.
    return sorted((one for one in told if one.at < now), key=lambda one: one.at)


def _consecutive(
    member: Member, rows: pl.DataFrame, *, time_zone: str | None, now: datetime
) -> list[date]:
    """The day of each row, which all follow on each other, forwards or backwards."""
    month, day = month_and_day(pl.col("date").str.to_lowercase())
    whole = read_written_day(pl.col("date"), None)
    named = rows.select(
        m=pl.coalesce(whole.dt.month(), month), d=pl.coalesce(whole.dt.day(), day)
    ).rows()
    for newest in (len(named) - 1, 0):
        ((_, at),) = dated([rows["date"][newest] or ""], None, zone=time_zone, now=now)
        if at is None:
            continue
        last = at.astimezone(ZoneInfo(time_zone or "UTC")).date()
        days = [last - timedelta(days=abs(newest - before)) for before in range(len(named))]
        if named == [(one.month, one.day) for one in days]:
            return days
    raise InputRefusedError(
        f"{member.path}: {places(rows, 'date')}: are not days in a row, one a line, of which the "
        "last has begun. Export the file again, and leave its lines as they are."
    )
