"""What happened to a file of captures as a whole, found while its rows go by.

Belongs here: which faults refuse such a file, and in which order they are told.
Does not belong here: how one fault is found in any file (``damage``); reading its rows.
"""

from collections.abc import Iterator

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.damage import Damage, Sightings
from layers_pipeline.files.raw_file import RawFile, select_of
from layers_pipeline.files.reader import refuse, unusable_types
from layers_pipeline.files.recognition import Table
from transforms.exports.told import Told
from transforms.exports.values import shown_by_all, text_of
from transforms.staging.captures import COLUMNS, IDS, TIME_COLUMNS
from transforms.staging.parsing import LINE


class Watch:
    """What happened to a table, as the rows tell that went by."""

    def __init__(self, table: Table, told: Told) -> None:
        self.rows = 0
        self._table = table
        self._is_own = table.recognised.export is None
        values = [name for name in COLUMNS if name != "caption"] if self._is_own else []
        self._damage, self._nameless = Damage(IDS, values), Nameless(table, told)
        self._types: list[str] = []

    @property
    def is_damaged(self) -> bool:
        """Whether it is known by now that the table is refused."""
        return bool(self._types) or self._damage.is_seen

    def look(self, rows: pl.DataFrame) -> None:
        """Some more rows of the table."""
        self.rows += rows.height
        self._damage.look(self._ids(rows))
        self._nameless.look(rows)
        if self._is_own:
            self._types = [*unusable_types(rows.schema, COLUMNS), *_dates_without_time(rows.schema)]

    def refuse(self) -> None:
        """Refuse the table for what happened to it."""
        self.refuse_damage()
        self.refuse_nameless()

    def refuse_damage(self) -> None:
        """Refuse ids that lost digits, errors of spreadsheets, types that hold no values."""
        damage = self._damage
        mangled = damage.mangled_ids(self._all_ids)
        refuse(self._table.path, [*mangled, *damage.spreadsheet_errors(), *self._types])

    def refuse_nameless(self) -> None:
        """Refuse posts that do not say whose they are."""
        self._nameless.refuse()

    def _ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows if self._is_own else _ids_of(self._table, rows)

    def _all_ids(self, name: str) -> pl.DataFrame:
        return pl.concat([self._ids(rows).select(LINE, name) for rows in self._table.raw.batches()])


class Nameless:
    """Posts of an export that do not say whose they are."""

    def __init__(self, table: Table, told: Told) -> None:
        self._table, self._rows, self._found = table, 0, Sightings("post_key")
        self._export = table.recognised.export if told.account is None else None

    def look(self, rows: pl.DataFrame) -> None:
        """Some more rows of the table."""
        if self._export is None:
            return
        self._rows += rows.height
        header = self._table.recognised.header
        accounts, posts = (
            header.found(self._export.columns.get(name, ())) for name in ("account_key", "post_key")
        )
        if any(shown_by_all(rows, one) is not None for one in accounts[:1]):
            return
        nameless = rows.filter(text_of(header, accounts).is_null())
        shown = nameless.select(LINE, post_key=text_of(header, posts))
        self._found.add(shown.drop_nulls("post_key"))

    def refuse(self) -> None:
        """Refuse a table most of whose posts are such.

        Raises:
            InputRefusedError: They are.
        """
        if self._export is not None and self._found.count * 2 > self._rows:
            raise InputRefusedError(
                f"{self._table.path}: is of {self._export.title}, which does not say whose posts "
                f"they are ({self._found.shown()}). Name the account with --account."
            )


def _ids_of(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """The ids of an export as they are written, those taken out of addresses left out."""
    recognised = table.recognised
    columns = recognised.export.columns if recognised.export else {}
    plain = {
        ours: found[0].name
        for ours in IDS
        if (found := recognised.header.found(columns.get(ours, ())))
        and found[0].column.pattern is None
    }
    absent = {ours: pl.lit(None, pl.String) for ours in IDS if ours not in plain}
    return rows.select(LINE, **plain).with_columns(**absent)


def mangled_ids(raw: RawFile) -> Iterator[str]:
    """What happened to the ids of a file of no known format."""
    damage = Damage(raw.columns)
    for rows in raw.batches():
        damage.look(rows)
    return damage.mangled_ids(lambda name: select_of(raw, name))


def _dates_without_time(schema: pl.Schema) -> Iterator[str]:
    for name in TIME_COLUMNS:
        dtype = schema.get(name)
        if dtype in (pl.Date, pl.Time):
            yield f"column {name} has the type {dtype}. Write the date with the time of day"
