"""Months of history as one file each: who looks for one post reads a few files instead of hundreds.

Belongs here: rolled files: which files one stands for, making it, which generations read it.
Does not belong here: the files of the lake and the parts of marts, which stay what is true.

A rolled file stands for exactly the files that its name was made of. Where one of them is another
one by now, the month is shown from its own files, until upkeep rolls it anew.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb

from layers_pipeline.serving.macros import sql_literal

MONTH: Final = re.compile(r"/(?:captured_on|day_on)=(\d{4}-\d{2})-\d{2}/")
SETTLED: Final = timedelta(days=2)
"""After a month's end: only then has every zone left it."""
SCHEME: Final = "file://"
COPY: Final = (
    "copy (from {source} order by {order}) to {target} "
    "(format parquet, compression zstd, row_group_size 122880)"
)
"""Of a month, a post's rows lie in one group or two. With smaller groups, looking through what each
says of itself takes longer than reading rows in vain."""


class Rolled:
    """The rolled files that one generation reads.

    Args:
        serve: The folder of the generations; rolled files lie below it.
        at: When the generation is made: months that were over by then are rolled.
        makes: Whether to make what is not there, which reads and writes whole months.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, serve: Path, *, at: datetime, makes: bool
    ) -> None:
        self._connection = connection
        self._folder = _folder(serve)
        self._open = f"{at - SETTLED:%Y-%m}"
        self._makes = makes
        self._read: list[str] = []

    def files(self, name: str, files: Sequence[str], *, order: Sequence[str]) -> list[str]:
        """The files to read for a table's files of days: of months that are rolled, one each.

        Args:
            name: The table's.
            files: On this machine.
            order: Columns in whose order rows are rolled.
        """
        found: list[str] = []
        for month, days in _by_month(files).items():
            rolled = self._of_month(name, month, days, order)
            found += days if rolled is None else [rolled]
        return found

    def save(self, number: int) -> None:
        """Write down which rolled files a generation reads."""
        if self._read:
            note = self._folder / f"{number:06d}.json"
            note.write_text(json.dumps(self._read), encoding="utf-8")

    def _of_month(
        self, name: str, month: str, days: Sequence[str], order: Sequence[str]
    ) -> str | None:
        if not month or month >= self._open or len(days) == 1:
            return None
        path = self._folder / name / f"{month}-{_fingerprint(days)}.parquet"
        if not path.exists():
            if not self._makes:
                return None
            self._make(path, days, order)
        self._read.append(path.relative_to(self._folder).as_posix())
        return str(path)

    def _make(self, path: Path, days: Sequence[str], order: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        listed = ", ".join(sql_literal(escaped(day)) for day in days)
        statement = COPY.format(
            source=f"read_parquet([{listed}], hive_partitioning = false, union_by_name = true)",
            order=", ".join(order),
            target=sql_literal(str(making)),
        )
        self._connection.execute(statement)
        making.replace(path)


def prune(serve: Path, kept: Iterable[int]) -> None:
    """Delete the rolled files that no kept generation reads."""
    folder = _folder(serve)
    named = {f"{number:06d}.json" for number in kept}
    read: set[str] = set()
    for note in folder.glob("*.json"):
        if note.name not in named:
            note.unlink(missing_ok=True)
            continue
        try:
            read.update(json.loads(note.read_text(encoding="utf-8")))
        except ValueError:  # nobody can tell what that generation reads
            return
    for path in folder.glob("*/*"):
        if path.relative_to(folder).as_posix() not in read:
            path.unlink(missing_ok=True)


def escaped(path: str) -> str:
    """The path of a file as DuckDB takes it, in which ``*``, ``?`` and ``[`` are wildcards."""
    return re.sub(r"([*?\[])", r"[\1]", path.removeprefix(SCHEME))


def _folder(serve: Path) -> Path:
    return serve.resolve() / "rolled"


def _by_month(files: Sequence[str]) -> dict[str, list[str]]:
    """Files by the month of their day; under no month those that name none."""
    found: dict[str, list[str]] = {}
    for file in sorted(files):
        day = MONTH.search(file)
        found.setdefault(day[1] if day else "", []).append(file)
    return found


def _fingerprint(files: Sequence[str]) -> str:
    """What tells these files from others, also from others of the same names."""
    looks = [(file, Path(file.removeprefix(SCHEME)).stat()) for file in files]
    told = "\n".join(f"{file} {look.st_size} {look.st_mtime_ns}" for file, look in looks)
    return sha256(told.encode()).hexdigest()[:16]
