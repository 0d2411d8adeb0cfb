"""Landing the rows of files while they are read: they are there with one commit, or not at all.

Belongs here: writing a file's captures ahead of their commit, the commit, what the rows say.
Does not belong here: reading files (``files``); registering files and accounts (``imports``).
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import uuid4

import polars as pl

from layers_pipeline.files.kept_rows import KeptRows
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.staging import renamed
from layers_pipeline.steps.stores import Stores
from transforms.facts.posts import under_one_name
from transforms.facts.snapshots import POST

STAGED: Final = catalog.STG_IMPORT__CAPTURES
FILE_ROWS: Final = 60_000
"""Rows from which on a data file is full."""
COUNTED_IN: Final = 4
"""Parts in which posts are counted one after the other, for memory's sake."""


class Landing:
    """Captures of files on their way into the lake, each file a partition.

    Data files are complete before the commit that names them. Files whose rows are there already
    are read once more for what they tell, and nothing of them is written.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._rows = stores.lake.replacement(STAGED, "file_id", batch=uuid4().hex)
        self._aside: dict[str, KeptRows] = {}
        self._held: list[pl.DataFrame] = []

    @classmethod
    @contextmanager
    def of(cls, stores: Stores) -> Generator[Self]:
        """A landing whose data files are deleted if it does not come to its commit."""
        landing = cls(stores)
        try:
            yield landing
        except BaseException:
            landing._rows.abandon()
            raise

    def take(self, file_id: str) -> Callable[[pl.DataFrame, pl.DataFrame], None]:
        """What takes the rows of a table: its sound ones, and those of ``Quarantine``."""
        aside = KeptRows()
        is_there = self.is_there(file_id) or file_id in self._aside
        self._aside.setdefault(file_id, aside)

        def taken(sound: pl.DataFrame, broken: pl.DataFrame) -> None:
            aside.add(broken)
            if not is_there:
                self._add(file_id, sound)

        return taken

    def _add(self, file_id: str, sound: pl.DataFrame) -> None:
        """Write rows once a data file of them is full, or those of another file come."""
        if self._held and self._held[0]["file_id"][0] != file_id:
            self._write()
        if not sound.is_empty():
            self._held.append(sound)
        if sum(rows.height for rows in self._held) >= FILE_ROWS:
            self._write()

    def _write(self) -> None:
        if self._held:
            self._rows.add(str(self._held[0]["file_id"][0]), pl.concat(self._held))
        self._held = []

    def is_there(self, file_id: str) -> bool:
        """Whether a file's captures are in the lake."""
        rows = self._stores.lake.read(STAGED).filter(pl.col("file_id") == file_id)
        return rows.head(1).collect().height > 0

    def commit(self) -> None:
        """Put the captures of all files into the lake."""
        self._write()
        self._rows.commit()

    def set_aside(self, file_id: str) -> None:
        """Put what a file's reading set aside into the quarantine, once."""
        for rows in self._aside[file_id].frames():
            self._stores.lake.insert_absent(catalog.QUARANTINE, rows)


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What the captures of some files say.

    Args:
        accounts: platform, account_key and captured_at of each account's first capture.
        known_since: When the oldest capture of each file was known.
    """

    posts: int
    accounts: pl.DataFrame
    first_capture: datetime | None
    last_capture: datetime | None
    known_since: dict[str, datetime]


def landed(stores: Stores, file_ids: Sequence[str]) -> Landed:
    """What the captures of files in the lake say, each account under its name of now."""
    columns = ["file_id", *POST, "account_key", "captured_at", "known_at"]
    rows = stores.lake.read(STAGED).filter(pl.col("file_id").is_in(file_ids))
    rows = rows.select(list(dict.fromkeys(columns)))
    names = renamed(stores)
    named = rows if names.is_empty() else under_one_name(rows, names.lazy())
    at, post = pl.col("captured_at"), pl.struct(POST)
    # Two hashes of 64 bits stand for a post: its key takes several times the memory.
    hashes = named.select(a=post.hash(0), b=post.hash(1))
    parts = (hashes.filter(pl.col("a") % COUNTED_IN == part) for part in range(COUNTED_IN))
    posts = sum(part.unique().select(pl.len()).collect(engine="streaming").item() for part in parts)
    queries = [
        named.group_by("platform", "account_key").agg(at.min()),
        rows.group_by("file_id").agg(pl.col("known_at").min(), first=at.min(), last=at.max()),
    ]
    accounts, files = (query.collect(engine="streaming") for query in queries)
    return Landed(
        posts=posts,
        accounts=accounts,
        first_capture=_instant(files["first"].min()),
        last_capture=_instant(files["last"].max()),
        known_since=dict(files.select("file_id", "known_at").rows()),
    )


def _instant(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
