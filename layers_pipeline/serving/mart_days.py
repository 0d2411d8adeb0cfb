"""Marts that are divided by days: which days a publication makes anew, and where their parts lie.

Belongs here: the parts of kept generations, what they were made of, days touched since.
Does not belong here: the marts' text (``transforms.sql``), making them (``marts``).

Parts lie below ``marts`` beside the generations, each written once and never changed. What a
generation was made of stands in ``marts/<number>.json``; without it everything is made anew.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from layers_pipeline.lake.reading import scan_files
from layers_pipeline.serving.pinned import Pinned

ONE_DAY: Final = timedelta(days=1)
DAYS_AT_ONCE: Final = 100
QUARTER: Final = "15m"
"""Within one, no zone's day ends."""
MOVED: Final = """
    with accounts as (
        select distinct platform, account_key
        from (
            (select project_id, platform, account_key, time_zone from project_accounts
             except select project_id, platform, account_key, time_zone
             from previous.project_accounts)
            union all
            (select project_id, platform, account_key, time_zone from previous.project_accounts
             except select project_id, platform, account_key, time_zone from project_accounts)
        )
    )
    select now.platform, now.platform_post_id
    from platform_posts as now
    inner join previous.platform_posts as before using (platform, platform_post_id)
    where
        now.account_key is distinct from before.account_key
        or now.published_at is distinct from before.published_at
        or now.media_type is distinct from before.media_type
        or exists (
            from accounts
            where accounts.platform = now.platform and accounts.account_key = now.account_key
        )
"""
"""Posts whose days are other ones, or other projects', than in the generation before."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the daily marts of one generation were made of, and their parts."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of each mart's text, with that of all that it is made of."""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Files of captures, by table."""
    parts: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """Files by mart and day, below the folder of parts."""


def folder_of(serve: Path) -> Path:
    """Where parts lie."""
    return serve / "marts"


def load(serve: Path, number: int) -> Made | None:
    """What a generation was made of; None if that was not written down, or some of it is gone."""
    path = folder_of(serve) / f"{number:06d}.json"
    if not path.exists():
        return None
    made = Made(**json.loads(path.read_text(encoding="utf-8")))
    parts = ((folder_of(serve) / part) for part in _all_parts(made))
    named = (uri.removeprefix("file://") for files in made.files.values() for uri in files)
    needed = [*parts, *(Path(path) for path in named if "://" not in path)]
    return made if all(path.exists() for path in needed) else None


def save(serve: Path, number: int, made: Made) -> None:
    """Write down what a generation was made of."""
    path = folder_of(serve) / f"{number:06d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(made)), encoding="utf-8")


def prune(serve: Path, kept: Iterable[int]) -> None:
    """Delete the parts that no kept generation reads."""
    folder = folder_of(serve)
    named = {f"{number:06d}.json" for number in kept}
    for path in folder.glob("*.json"):
        if path.name not in named:
            path.unlink(missing_ok=True)
    read = {
        part
        for path in folder.glob("*.json")
        for part in _all_parts(Made(**json.loads(path.read_text(encoding="utf-8"))))
    }
    for path in folder.glob("*/*/*.parquet"):
        if path.relative_to(folder).as_posix() not in read:
            path.unlink(missing_ok=True)


def _all_parts(made: Made) -> Iterable[str]:
    return (part for days in made.parts.values() for files in days.values() for part in files)


def touched(
    connection: duckdb.DuckDBPyConnection,
    pinned: Sequence[Pinned],
    *,
    before: Made | None,
    previous: Path,
) -> pl.Series:
    """The quarters of hours whose captures changed since a generation.

    Args:
        connection: In whose database the pinned tables lie.
        before: What the generation's marts were made of; None: everything is new.
        previous: The generation itself.
    """
    known = {} if before is None else before.files
    changed = [
        _quarters(pin, set(pin.files) ^ set(known.get(pin.table.name, ())))
        for pin in pinned
        if pin.table.shown_in
    ]
    if before is not None:
        changed.append(_quarters_of_moved(connection, previous))
    return pl.concat(changed).unique()


def days_of(moments: pl.Series, zones: Iterable[str]) -> set[date]:
    """The days of any of the zones that hold any of the moments."""
    return {
        day
        for zone in zones
        for day in moments.dt.convert_time_zone(zone).dt.date().unique().to_list()
    }


def _quarters(pin: Pinned, files: Iterable[str]) -> pl.Series:
    """The quarters of hours in which files of captures have any."""
    rows = scan_files(pin.table, sorted(files)) if files else pin.table.empty().lazy()
    moments = rows.select(pl.col("captured_at").dt.truncate(QUARTER).unique()).collect()
    return moments["captured_at"]


def _quarters_of_moved(connection: duckdb.DuckDBPyConnection, previous: Path) -> pl.Series:
    at = str(previous).replace("'", "''")
    connection.execute(f"attach '{at}' as previous (read_only)")
    connection.execute(f"create or replace temp table moved as {MOVED}")
    found = (
        connection.sql(
            "select distinct time_bucket(interval 15 minutes, captured_at) as captured_at "
            "from platform_post_checks inner join moved using (platform, platform_post_id)"
        ).pl()
        if _any(connection)
        else pl.DataFrame({"captured_at": []})
    )
    return found["captured_at"].cast(pl.Datetime("us", "UTC"))


def _any(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("select count(*) from moved").fetchall()[0][0])


def ranges(days: Sequence[date], *, gap: int) -> list[tuple[date, date]]:
    """Days, in order, as ranges that begin and end with one of them.

    Args:
        gap: How many days apart neighbours of one range may lie.
    """
    found: list[tuple[date, date]] = []
    for day in days:
        fits = found and (day - found[-1][1]).days <= gap
        if fits and (day - found[-1][0]).days < DAYS_AT_ONCE:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def parts_in(folder: Path, prefix: str) -> dict[str, list[str]]:
    """Parts of one mart that one generation wrote, by day."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob(f"day_on=*/{prefix}*.parquet")):
        day = path.parent.name.partition("=")[2]
        found.setdefault(day, []).append(path.relative_to(folder.parent).as_posix())
    return found


def fingerprint(texts: Sequence[str]) -> str:
    """A short name of texts, the same as long as they are."""
    return sha256("\n".join(texts).encode()).hexdigest()[:16]
