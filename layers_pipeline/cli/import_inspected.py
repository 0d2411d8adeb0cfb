"""What ``import inspect`` says of a file: what it is, and what its import would make of it.

Belongs here: sentences about a file that is only looked at, the same as one thing for programs.
Does not belong here: what came of imported files (``import_words``), reading (``files``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from layers_pipeline.cli.answers import Format, as_thing, print_for_programs
from layers_pipeline.cli.import_words import money, when_said
from layers_pipeline.cli.terminal import print_table, say
from layers_pipeline.files.inspection import Inspected
from layers_pipeline.files.reader import ReadFile
from transforms.currencies import USD
from transforms.exports.catalog import BY_NAME
from transforms.exports.record import Subject
from transforms.facts.snapshots import POST

SHOWN_LOSSES: Final = 8
COLUMNS: Final = ("file", "format", "import", "rows", "to import", "set aside")
OPTIONAL: Final[Mapping[Subject, tuple[str, ...]]] = {
    "captures": (
        *("published_at", "media_type", "views", "likes", "comments", "shares", "saves"),
        *("followers", "permalink", "caption"),
    ),
    "ad-metrics": (
        *("impressions", "clicks", "conversions", "conversion_value", "reach", "frequency"),
    ),
}
"""Columns that an import takes where a file has them."""


def print_inspected(form: Format, path: Path, found: Sequence[Inspected]) -> None:
    """Say of each table what it is; programs get a row, or in JSON all that is known, of each."""
    if form == "table":
        for one in found:
            _say(path, one)
        return
    rows = [_row(one) for one in found]
    print_for_programs(form, list(as_thing(COLUMNS, COLUMNS)), rows, things=map(_thing, found))


def _say(path: Path, one: Inspected) -> None:
    file, export = one.file, BY_NAME.get(one.file.format)
    say(f"{file.path.name}: {export.title if export else 'our own format'} ({file.format}).")
    say(f"  To import it: layers-pipeline import {one.subject} {path}")
    if file.mapping:
        print_table(("column of the file", "is read as"), list(file.mapping.items()))
    if export is not None and export.zone:
        say(f"  Times are those of {export.zone}.")
    if missing := _missing(one):
        say(f"  Not in the file: {', '.join(missing)}.")
    if file.ignored_columns:
        say(f"  Not read: {', '.join(file.ignored_columns)}.")
    _say_rows(one)
    for note in file.notes:
        say(f"  Note: {note}.")
    for finding in file.findings:
        say(f"  Look at this: {finding}")


def _say_rows(one: Inspected) -> None:
    file = one.file
    aside = file.rows_set_aside.height
    say(f"  {file.rows:,} rows: {file.sound.height:,} to import, {aside:,} to set aside.")
    for loss in _losses(file.quarantined.head(SHOWN_LOSSES)):
        say(f"    line {loss['line']}: {loss['broken_rules']}: {loss['row']}")
    told = _told(one)
    if one.subject == "captures":
        say(
            f"  {told['posts']:,} posts of {told['accounts']:,} accounts, captured "
            f"{when_said(told['first_capture'])} to {when_said(told['last_capture'])} (UTC)."
        )
    else:
        days = f"{told['first_day']} to {told['last_day']}"
        say(f"  {told['ads']:,} ads, {days}: {money(told['spent'])} spent.")


def _missing(one: Inspected) -> list[str]:
    """Columns that an import would take, and that an export of others has not."""
    if one.file.format not in BY_NAME:
        return []
    return sorted(set(OPTIONAL.get(one.subject, ())) - _given(one.file))


def _given(file: ReadFile) -> set[str]:
    names = {name for ours in file.mapping.values() for name in ours.split(", ")}
    return names | {
        name for name in file.sound.columns if file.sound[name].null_count() < file.sound.height
    }


def _told(one: Inspected) -> dict[str, Any]:
    """What its rows tell of, in numbers; money in minor units by currency."""
    sound = one.file.sound
    if one.subject == "captures":
        return {
            "posts": sound.select(*POST).n_unique(),
            "accounts": sound["account_key"].n_unique(),
            "first_capture": sound["captured_at"].min(),
            "last_capture": sound["captured_at"].max(),
        }
    by = sound.select("currency", "spend_cents").group_by("currency").sum().sort("currency")
    return {
        "ads": sound["ad_id"].n_unique(),
        "first_day": sound["spent_on"].min(),
        "last_day": sound["spent_on"].max(),
        "spent": {currency or USD: units for currency, units in by.rows()},
    }


def _losses(quarantined: pl.DataFrame) -> list[dict[str, str]]:
    """What is set aside, rows and single values, each with its line in the file."""
    return [
        {
            "line": str(lost["origin"]).rpartition(":")[2],
            "broken_rules": lost["broken_rules"],
            "row": lost["row"],
        }
        for lost in quarantined.iter_rows(named=True)
    ]


def _row(one: Inspected) -> tuple[object, ...]:
    file = one.file
    return (
        f"{file.path}",
        file.format,
        one.subject,
        file.rows,
        file.sound.height,
        file.rows_set_aside.height,
    )


def _thing(one: Inspected) -> dict[str, object]:
    """All that is said of a table, its columns and its losses within it, none left out."""
    file, export = one.file, BY_NAME.get(one.file.format)
    return {
        **as_thing(COLUMNS, _row(one)),
        "columns": dict(file.mapping),
        "time_zone": export.zone if export else None,
        "missing": _missing(one),
        "ignored": list(file.ignored_columns),
        "holds": _told(one),
        "lost": _losses(file.quarantined),
        "notes": list(file.notes),
        "findings": list(file.findings),
    }
