"""Rows of a capture file as captures, batch by batch, and what is to be known of all of them.

Belongs here: typing a batch; times for which a file is refused; handing rows on.
Does not belong here: what happened to the file (``capture_watch``); which format it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.capture_ways import newest_of
from layers_pipeline.files.raw_file import Sample
from layers_pipeline.files.reader import Tally, places, split_rows
from layers_pipeline.files.recognition import Table
from transforms.contracts.captures import Quarantine, StgImportCaptures
from transforms.exports.captures import Way, as_capture_rows, with_publication_of_ids
from transforms.exports.told import Told
from transforms.staging.captures import TIME_COLUMNS, read_captures
from transforms.staging.parsing import BREACHES, LINE
from transforms.staging.quarantine import RECEIVED, is_sound

SAMPLED_COLUMNS: Final = ("platform", "platform_post_id", "permalink", "published_at")
"""What tells whether publications lie off what ids and addresses say."""
TABLE: Final = "stg_import__captures"
Take = Callable[[str], Callable[[pl.DataFrame, pl.DataFrame], None]] | None
"""What takes the rows of tables as they are read."""
REFUSING_RULES: Final = {
    "no_time_zone": "has no time zone: name the one it was written in with --timezone, for "
    "example --timezone UTC",
    "epoch_number": "is an epoch number, which does not say its unit: write ISO 8601 with an "
    "offset, for example 2025-05-14T08:55:00Z",
}
"""Breaches for which the whole file is refused, because one word or one export mends them all."""


Typed = tuple[pl.DataFrame, pl.DataFrame] | InputRefusedError
"""Sound rows and broken ones, or why the table is refused."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How captures are to be read."""

    time_zone: str | None
    now: datetime
    run_id: str
    told: Told
    take: Take


class CaptureRows:
    """Rows of a table as they were read, and what is to be known of all of them.

    Args:
        refusal: Why the table is refused, if that is known already.
    """

    def __init__(
        self,
        table: Table,
        way: Way,
        reading: Reading,
        file_id: str,
        refusal: InputRefusedError | None,
    ) -> None:
        self._table, self._way, self._reading, self._file_id = table, way, reading, file_id
        self.kept: list[tuple[pl.DataFrame, pl.DataFrame]] = [
            (StgImportCaptures.create_empty(), Quarantine.create_empty())
        ]
        self._take = reading.take(file_id) if reading.take else self._keep
        self.refusal = refusal
        self.tally, self.sample, self.newest = Tally(), Sample(), newest_of(self.kept[0][0])

    def typed(self, batch: pl.DataFrame) -> Typed:
        """Some rows of the table, typed; nothing is kept of them, so any thread may do it."""
        try:
            return _split(batch, self._table, self._way, self._reading, self._file_id)
        except InputRefusedError as refusal:
            return refusal

    def add(self, typed: Typed) -> None:
        """Take some more rows, unless the table is refused for those before or for them."""
        if self.refusal is not None:
            return
        if isinstance(typed, InputRefusedError):
            self.refusal = typed
            return
        sound, broken = typed
        self.tally.add(sound, broken)
        self.sample.add(sound.select(SAMPLED_COLUMNS))
        self.newest = newest_of(pl.concat([self.newest, newest_of(sound)]))
        self._take(sound, broken)

    def _keep(self, sound: pl.DataFrame, broken: pl.DataFrame) -> None:
        self.kept.append((sound, broken))


def _split(
    batch: pl.DataFrame, table: Table, way: Way, reading: Reading, file_id: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some rows of a table, the sound ones and the broken ones."""
    export, rows = table.recognised.export, batch
    if export is not None:
        rows = as_capture_rows(batch, export, table.recognised.header, reading.told, way)
    typed = read_captures(
        rows,
        time_zone=reading.time_zone,
        now=reading.now,
        file_id=file_id,
        run_id=reading.run_id,
    )
    if not typed[BREACHES].list.len().sum():
        # A batch without any breach is looked at as a whole, which is cheaper than row by row.
        plain = typed.drop(BREACHES, RECEIVED)
        if is_sound(StgImportCaptures, plain):
            return plain, Quarantine.create_empty()
    _refuse_times(table.path, rows, typed)
    return split_rows(
        StgImportCaptures,
        with_publication_of_ids(typed),
        table_name=TABLE,
        read_at=reading.now,
        run_id=reading.run_id,
    )


def _refuse_times(path: Path, batch: pl.DataFrame, typed: pl.DataFrame) -> None:
    for name in TIME_COLUMNS:
        for rule, remedy in REFUSING_RULES.items():
            found = typed.filter(pl.col(BREACHES).list.contains(f"{name}|{rule}"))
            if not found.is_empty():
                shown = batch.join(found.select(LINE), on=LINE, how="semi", maintain_order="left")
                if RECEIVED in shown.columns:
                    shown = shown.select(LINE, pl.col(RECEIVED).struct.field(name))
                raise InputRefusedError(f"{path}: {places(shown, name)}: {remedy}.")
