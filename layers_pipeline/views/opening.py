"""The analysts' file, open for people who look at it: read-only, and always the newest.

Belongs here: connections, their limits, following a new generation, how old the newest is.
Does not belong here: questions (one module per topic), how a file is made (``serving``).
"""

import threading
from collections.abc import Generator, Hashable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import duckdb
import polars as pl
import pyarrow as pa

from layers_pipeline.clock import Clock, SystemClock
from layers_pipeline.errors import LayersError, StoreError
from layers_pipeline.lake.object_store import options_of
from layers_pipeline.serving import generations
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.remote import reach_what_is_shown
from layers_pipeline.settings import Settings

ROWS_AT_ONCE: Final = 8_192
PUBLISHED: Final = "select generation, published_at from publication limit 1"
STREAM_MEMORY_MB: Final = 56
"""Of each long answer, beside what all other questions have together."""
TRIES: Final = 3
"""A generation may be pruned between the look at the link and the opening of its file."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Which generation is looked at, and how old it is."""

    generation: int
    as_of: datetime
    """When it was made: what came later is not in it."""
    age: timedelta


@dataclass(frozen=True)
class Reader:
    """Questions to one generation, from one thread."""

    opened: "_Opened"
    connection: duckdb.DuckDBPyConnection

    @property
    def generation(self) -> int:
        """Its number."""
        return self.opened.generation

    @property
    def as_of(self) -> datetime:
        """When it was made: what came later is not in it."""
        return self.opened.as_of

    @contextmanager
    def reading(self) -> Generator[Self]:
        """Itself: whoever takes ``Views`` takes a reader too, and stays on its generation."""
        yield self

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The answer to a question, whole."""
        with self._errors_named():
            return self.connection.sql(sql, params=dict(parameters or {})).pl()

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The answer to a question as records."""
        return self.frame(sql, parameters).to_dicts()

    def value(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - whatever the question's type is
        """The first value of the answer to a question that has one row."""
        with self._errors_named():
            (row,) = self.connection.execute(sql, dict(parameters or {})).fetchall()
            return row[0]

    def once(self, key: Hashable, sql: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever the question's type is
        """The one value that a question answers, asked once per generation.

        Args:
            key: What the value is known by from then on.
        """
        known = self.opened.known
        if key not in known:
            known[key] = self.value(sql, parameters)
        return known[key]

    def batches(
        self, sql: str, parameters: Mapping[str, Any] | None = None, *, rows: int = ROWS_AT_ONCE
    ) -> Iterator[pl.DataFrame]:
        """The answer to a question in frames of about so many rows; first one without rows.

        Other questions may be asked in between, as long as the reader is there. Memory is bounded
        however many rows there are: they are put in order on disk.
        """
        with self._errors_named(), ExitStack() as until_read:
            answer = self._stream(until_read, sql, dict(parameters or {}), rows)
            yield pl.DataFrame(answer.schema.empty_table())
            for batch in answer:
                yield pl.DataFrame(batch)

    def _stream(
        self, until_read: ExitStack, sql: str, parameters: dict[str, Any], rows: int
    ) -> pa.RecordBatchReader:
        """The answer as it comes, with little memory if that suffices for its widest rows."""
        # Executed, it streams; a relation (``sql``) would hold the whole answer in memory.
        try:
            connection = until_read.enter_context(closing(self.opened.apart()))
            return connection.execute(sql, parameters).to_arrow_reader(rows)
        except duckdb.OutOfMemoryException:
            connection = until_read.enter_context(closing(self.opened.cursor()))
            return connection.execute(sql, parameters).to_arrow_reader(rows)

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise StoreError(
                f"generation {self.generation} of the analysts' file: the questions that are asked "
                "at once need more memory than they may use. Raise LAYERS_VIEWS_MEMORY_MB."
            ) from error
        except duckdb.Error as error:
            said = " ".join(str(error).split())
            raise StoreError(
                f"generation {self.generation} of the analysts' file: {said}. Publish again: "
                "layers-pipeline publish."
            ) from error


class Views:
    """The newest generation of the analysts' file, for as many threads as want it.

    A reader stays on its generation; who asks after a publication gets the new one.

    Args:
        folder: The folder of the generations.
        memory_mb: Memory that DuckDB may use before it writes to disk, in MB.
        threads: Threads that it may use for all questions together.
        spill: The folder that it then writes to; made when it does.
        options: How files in an object store are reached (``lake.object_store.options_of``).
    """

    def __init__(
        self,
        folder: Path,
        *,
        memory_mb: int,
        threads: int,
        spill: Path,
        options: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._options = options
        self._config: dict[str, Any] = {
            **generations.CONFIG,
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": str(spill),
        }
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: _Opened | None = None

    @contextmanager
    def reading(self) -> Generator[Reader]:
        """A reader of the newest generation, for questions that belong together.

        Raises:
            NotFoundError: Nothing was published yet.
            StoreError: The file cannot be read.
        """
        opened = self._acquire()
        cursor = opened.take()
        try:
            yield Reader(opened, cursor)
        finally:
            opened.idle.append(cursor)
            self._release(opened)

    def publication(self) -> Publication:
        """Which generation is newest, and how old it is."""
        with self.reading() as reader:
            age = self._clock.now() - reader.as_of
            return Publication(generation=reader.generation, as_of=reader.as_of, age=age)

    def close(self) -> None:
        """Close the file, once its last reader is done."""
        with self._lock:
            self._retire()

    def _acquire(self) -> "_Opened":
        """The newest generation, with one reader more."""
        with self._lock:
            path = generations.current(self._folder)
            if self._newest is None or self._newest.path != path:
                fresh = self._open()
                self._retire()
                self._newest = fresh
            self._newest.readers += 1
            return self._newest

    def _open(self) -> "_Opened":
        for left in reversed(range(TRIES)):
            path = generations.current(self._folder)
            try:
                return _Opened(path, self._config, self._options)
            except duckdb.Error as error:
                if not left or path.exists():
                    raise StoreError(
                        f"{path}: {' '.join(str(error).split())}. Publish again: "
                        "layers-pipeline publish."
                    ) from error
        raise AssertionError("the last try either opens the file or raises")

    def _release(self, opened: "_Opened") -> None:
        with self._lock:
            opened.readers -= 1
            if opened is not self._newest and not opened.readers:
                opened.close()

    def _retire(self) -> None:
        """Let go of the newest generation; whoever reads it closes it."""
        retired, self._newest = self._newest, None
        if retired is not None and not retired.readers:
            retired.close()


class _Opened:
    """The file of one generation. Attached, because this process may hold it open otherwise."""

    def __init__(self, path: Path, config: dict[str, Any], options: Mapping[str, str]) -> None:
        self.path = path
        self.readers = 0
        self._config, self._options = config, options
        self.known: dict[Hashable, Any] = {}
        """Answers that are asked for again and again: they stand as long as the generation."""
        self.idle: list[duckdb.DuckDBPyConnection] = []
        """Connections that nobody asks now; a new one is slow with its first questions."""
        self._connection = _connected(path, config, options)
        try:
            self.generation, self.as_of = self._publication()
        except (duckdb.Error, LayersError):
            self._connection.close()
            raise

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own, for one thread; instants are shown in UTC."""
        return _in_use(self._connection.cursor())

    def apart(self) -> duckdb.DuckDBPyConnection:
        """A connection with little memory of its own, for one long answer."""
        spill = f"{self._config['temp_directory']}-{uuid4().hex}"
        few = {"memory_limit": f"{STREAM_MEMORY_MB}MB", "threads": 1, "temp_directory": spill}
        return _in_use(_connected(self.path, {**self._config, **few}, self._options))

    def take(self) -> duckdb.DuckDBPyConnection:
        """A connection that nobody else asks until it is idle again."""
        try:
            return self.idle.pop()
        except IndexError:
            return self.cursor()

    def close(self) -> None:
        for cursor in self.idle:
            cursor.close()
        self._connection.close()

    def _publication(self) -> tuple[int, datetime]:
        with self.cursor() as cursor:
            found = cursor.sql(PUBLISHED).pl()
        return found["generation"][0], found["published_at"][0]


def _connected(
    path: Path, config: dict[str, Any], options: Mapping[str, str]
) -> duckdb.DuckDBPyConnection:
    """A database of its own over a generation."""
    connection = duckdb.connect(config=config)
    try:
        # What is published never changes; else every question reads the feet of files again.
        connection.execute("set parquet_metadata_cache = true")
        connection.execute(f"attach {sql_literal(str(path))} as published (read_only)")
        reach_what_is_shown(connection, options)
    except (duckdb.Error, LayersError):
        connection.close()
        raise
    return connection


def _in_use(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute("use published")
    connection.execute("set timezone = 'UTC'")
    return connection


def open_views(settings: Settings, *, clock: Clock | None = None) -> Views:
    """The analysts' file that the settings name; it is opened at the first question."""
    return Views(
        settings.serve_location,
        memory_mb=settings.views_memory_mb,
        threads=settings.views_threads,
        spill=settings.root / "spill",
        options=options_of(settings),
        clock=clock or SystemClock(),
    )
