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

from layers_pipeline.lake import catalog
from layers_pipeline.lake.data_files import scan_files
from layers_pipeline.serving.pinned import Pinned

ONE_DAY: Final = timedelta(days=1)
DAYS_AT_ONCE: Final = 100
QUARTER: Final = "15m"
"""Within one, no zone's day ends."""
POSTS: Final = catalog.PLATFORM_POSTS
ACCOUNT: Final = ("project_id", "platform", "account_key", "time_zone")
"""Of an account, what says on whose days its posts are told."""
PLACE: Final = ("platform", "platform_post_id", "account_key", "published_at", "media_type")
"""Of a post, what says on which rows it is told."""
MOVED: Final = """
    with accounts as (
        select distinct platform, account_key
        from (
            (from accounts_now except from accounts_before)
            union all
            (from accounts_before except from accounts_now)
        )
    )
    select platform, platform_post_id
    from posts_now as now
    full join posts_before as before using (platform, platform_post_id)
    where
        now.account_key is distinct from before.account_key
        or now.published_at is distinct from before.published_at
        or now.media_type is distinct from before.media_type
    union
    select platform, platform_post_id
    from platform_posts
    semi join accounts using (platform, account_key)
"""
"""Posts whose days are other ones, or other projects', than in the generation before."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the daily marts of one generation were made of, and their parts."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of each mart's text, with that of all that it is made of."""
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Files of captures and of posts, by table."""
    accounts: Sequence[Sequence[str]] = ()
    """Every project's accounts, with its time zone."""
    parts: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """Files by mart and day, below the folder of parts."""


def folder_of(serve: Path) -> Path:
    """Where parts lie."""
    return serve / "marts"


def load(serve: Path, number: int) -> Made | None:
    """What a generation was made of; None if that cannot be read, or some of it is gone."""
    made = _read(folder_of(serve) / f"{number:06d}.json")
    if made is None:
        return None
    parts = ((folder_of(serve) / part) for part in _all_parts(made))
    named = (uri.removeprefix("file://") for files in made.files.values() for uri in files)
    needed = [*parts, *(Path(path) for path in named if "://" not in path)]
    return made if all(path.exists() for path in needed) else None


def _read(path: Path) -> Made | None:
    try:
        return Made(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def save(serve: Path, number: int, made: Made) -> None:
    """Write down what a generation was made of."""
    path = folder_of(serve) / f"{number:06d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".next")
    fresh.write_text(json.dumps(asdict(made)), encoding="utf-8")
    fresh.replace(path)


def prune(serve: Path, kept: Iterable[int]) -> None:
    """Delete the parts that no kept generation reads; none, if one does not say what it reads."""
    folder = folder_of(serve)
    named = {f"{number:06d}.json" for number in kept}
    for path in folder.glob("*.json"):
        if path.name not in named:
            path.unlink(missing_ok=True)
    notes = [_read(path) for path in folder.glob("*.json")]
    if None in notes:
        return
    read = {part for made in notes if made for part in _all_parts(made)}
    for path in folder.glob("*/*/*.parquet"):
        if path.relative_to(folder).as_posix() not in read:
            path.unlink(missing_ok=True)


def _all_parts(made: Made) -> Iterable[str]:
    return (part for days in made.parts.values() for files in days.values() for part in files)


def files_of(pinned: Sequence[Pinned]) -> dict[str, Sequence[str]]:
    """The files that daily marts are made of, by table."""
    return {pin.table.name: pin.files for pin in pinned if pin.table.shown_in or _is_posts(pin)}


def accounts_in(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    """Every project's accounts, in the database in use."""
    found = connection.execute(f"select {', '.join(ACCOUNT)} from project_accounts order by all")  # noqa: S608 - names of our own
    return found.fetchall()


def touched(
    connection: duckdb.DuckDBPyConnection, pinned: Sequence[Pinned], *, before: Made | None
) -> pl.Series:
    """The quarters of hours whose captures changed since a generation.

    The generation's file is not opened: somebody may hold it open to write.

    Args:
        connection: In whose database the pinned tables lie.
        before: What the generation's marts were made of; None: everything is new.
    """
    known = {} if before is None else before.files
    changed = [
        _quarters(pin, set(pin.files) ^ set(known.get(pin.table.name, ())))
        for pin in pinned
        if pin.table.shown_in
    ]
    if before is not None:
        changed.append(_quarters_of_moved(connection, pinned, before))
    return pl.concat(changed).unique()


def _is_posts(pin: Pinned) -> bool:
    return pin.table.name == POSTS.name


def days_of(moments: pl.Series, zones: Iterable[str]) -> set[date]:
    """The days of any of the zones that hold any of the moments."""
    return {
        day
        for zone in zones
        for day in moments.dt.convert_time_zone(zone).dt.date().unique().to_list()
    }


def _quarters(pin: Pinned, files: Iterable[str]) -> pl.Series:
    """The quarters of hours in which files of captures have any."""
    rows = _scan(pin, files)
    moments = rows.select(pl.col("captured_at").dt.truncate(QUARTER).unique()).collect()
    return moments["captured_at"]


def _quarters_of_moved(
    connection: duckdb.DuckDBPyConnection, pinned: Sequence[Pinned], before: Made
) -> pl.Series:
    posts = next(pin for pin in pinned if _is_posts(pin))
    now = set(posts.files)
    then = set(before.files.get(POSTS.name, ()))
    compared = {
        "posts_now": _scan(posts, now - then).select(PLACE).collect(),
        "posts_before": _scan(posts, then - now).select(PLACE).collect(),
        "accounts_now": _accounts(accounts_in(connection)),
        "accounts_before": _accounts(before.accounts),
    }
    for name, rows in compared.items():
        connection.register(name, rows)
    connection.execute(f"create or replace temp table moved as {MOVED}")
    for name in compared:
        connection.unregister(name)
    found = (
        connection.sql(
            "select distinct time_bucket(interval 15 minutes, captured_at) as captured_at "
            "from platform_post_checks inner join moved using (platform, platform_post_id)"
        ).pl()
        if _any(connection)
        else pl.DataFrame({"captured_at": []})
    )
    return found["captured_at"].cast(pl.Datetime("us", "UTC"))


def _scan(pin: Pinned, files: Iterable[str]) -> pl.LazyFrame:
    """Rows of some files of a table, now or in the generation before."""
    named = sorted(files)
    if not named:
        return pin.table.empty().lazy()
    return scan_files(pin.table, named, storage_options=pin.options)


def _accounts(rows: Sequence[Sequence[str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(ACCOUNT, pl.String), orient="row")


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
