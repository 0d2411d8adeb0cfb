"""How one table of an export of posts is to be read, and what a person should know of it after.

Belongs here: settling the moment of capture; findings and notes of a table that was read.
Does not belong here: reading its rows (``captures``, ``transforms.exports``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.damage import Sightings
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import ReadFile, places
from layers_pipeline.files.recognition import Recognised, Table
from layers_pipeline.files.settling import Unsettled, settle_decimal, settle_order
from transforms.exports.captures import (
    Way,
    as_capture_rows,
    dated,
    moment_in_name,
    publication_offsets,
)
from transforms.exports.record import Export
from transforms.exports.told import Told
from transforms.exports.values import text_of
from transforms.staging.captures import COUNT_COLUMNS
from transforms.staging.parsing import LINE

HOUR_S: Final = 3600
WRITTEN_CLOCKS: Final = frozenset({"clock", "zone_words"})
"""How people write instants: the order of day and month may be open."""
SINGLE_DAY: Final = r"^\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.]"
DECIDES: Final = "(decides which values count)"


def filled(raw: RawFile, told: Told) -> tuple[RawFile, list[str]]:
    """A table of our own format, the columns that it lacks filled with what the user says.

    Returns:
        The table, and what was filled in, as text.
    """
    given = {"platform": told.platform, "account_key": told.account}
    if told.captured_at is not None:
        given["captured_at"] = told.captured_at.isoformat()
    added = {
        name: value
        for name, value in given.items()
        if value is not None and name not in raw.columns
    }
    said = {**added, "captured_at": told.captured_as or added.get("captured_at")}
    return raw.filled(added), [f"{name}={said[name]}" for name in added]


def identity_of(told: Told, way: Way) -> list[object]:
    """What else than its content makes an export what it is: how it is read."""
    moment = told.captured_as or way.captured_at
    return [told.time_zone, told.platform, told.account, moment, told.decimal, told.order]


def leaves_open(export: Export | None) -> bool:
    """Whether only all rows together tell how each is to be read."""
    return export is not None and (
        bool(export.lifetime)
        or export.numbers == "written"
        or export.clock in WRITTEN_CLOCKS
        or export.moment == "month_day"
    )


def settled(table: Table, told: Told) -> Way:
    """How the values of an export are written.

    Raises:
        InputRefusedError: The file leaves open what the user has to say.
    """
    export, header = table.recognised.export, table.recognised.header
    if export is None or not leaves_open(export):
        return Way()
    _refuse_single_days(table, export)
    try:
        decimal = settle_decimal(table.raw, header, export, told, COUNT_COLUMNS)
        written = ["published_at"] if export.clock in WRITTEN_CLOCKS else []
        order = settle_order(table.raw, header, export, told, written)
    except Unsettled as open_question:
        raise InputRefusedError(f"{table.path}: {open_question}.") from open_question
    return Way(decimal=decimal, order=order)


def with_moment(table: Table, told: Told, way: Way, *, now: datetime) -> Way:
    """The way, with the moments at which its rows were captured.

    Raises:
        InputRefusedError: Neither the file nor the user says it.
    """
    export = table.recognised.export
    if export is None:
        return way
    if export.moment == "month_day":
        return replace(way, days=_days(table, export, told, way, now))
    return replace(way, captured_at=_moment(table, export, told))


def _moment(table: Table, export: Export, told: Told) -> datetime | None:
    """When all rows were captured; None where each row says it."""
    if export.moment == "column":
        return told.captured_at
    if export.moment == "file_name" and (found := moment_in_name(table.member.name)):
        return found
    if told.captured_at is not None:
        return told.captured_at
    changed = datetime.fromtimestamp(_file_of(table).stat().st_mtime, tz=UTC)
    raise InputRefusedError(
        f"{table.path}: is of {export.title}, which does not say when it was exported. Add "
        "--captured-at with the day or the instant; the file was last changed at "
        f"{changed:%Y-%m-%dT%H:%M:%SZ}, which may be when it was copied."
    )


def _file_of(table: Table) -> Path:
    """The file itself, also of a table in an archive."""
    return next(path for path in [table.path, *table.path.parents] if path.exists())


def _days(
    table: Table, export: Export, told: Told, way: Way, now: datetime
) -> Mapping[str, datetime]:
    header = table.recognised.header
    found = header.found(export.columns["captured_at"])
    shown, last = pl.DataFrame(), None
    for rows in table.raw.batches():
        texts = rows.select(LINE, value=text_of(header, found)).drop_nulls("value")
        shown = pl.concat([shown, texts], how="diagonal").unique("value", maintain_order=True)
        made = as_capture_rows(rows, export, header, told, way)["published_at"].max()
        last = max(made, last or made) if isinstance(made, datetime) else last
    known = dict(dated(shown["value"].to_list(), last, zone=told.time_zone, now=now))
    unknown = shown.filter(~pl.col("value").is_in([text for text in known if known[text]]))
    if not unknown.is_empty():
        bound = f" or before its newest post ({last:%Y-%m-%d})" if last else ""
        raise InputRefusedError(
            f"{table.path}: {places(unknown, 'value')}: is no day, or one later than now{bound}. "
            "Export the file again."
        )
    return {text: at for text, at in known.items() if at}


def newest_of(sound: pl.DataFrame) -> pl.DataFrame:
    """The row that was published last, if any says it."""
    named = sound.select("line_number", "platform_post_id", "published_at")
    latest = named.filter(pl.col("published_at") == pl.col("published_at").max())
    return latest.drop_nulls("published_at").sort("published_at", "line_number").tail(1)


def refuse_before_publication(table: Table, way: Way, newest: pl.DataFrame) -> None:
    """Refuse a moment that was said of all rows and comes before the newest post of them.

    Args:
        table: The table.
        way: How it was read.
        newest: The row of it that was published last (``newest_of``).

    Raises:
        InputRefusedError: The moment cannot be that of the export.
    """
    published = newest["published_at"].max()
    if way.captured_at is None or not isinstance(published, datetime):
        return
    if way.captured_at < published:
        raise InputRefusedError(
            f"{table.path}: captured at {way.captured_at:%Y-%m-%dT%H:%M:%SZ}, but "
            f"{places(newest, 'platform_post_id')} was published at "
            f"{published:%Y-%m-%dT%H:%M:%SZ}. Say with --captured-at when it was exported."
        )


def _refuse_single_days(table: Table, export: Export) -> None:
    found = table.recognised.header.found(export.lifetime)
    if not found:
        return
    days = Sightings("value")
    for rows in table.raw.batches():
        shown = rows.select(LINE, value=text_of(table.recognised.header, found))
        days.add(shown.filter(pl.col("value").str.contains(SINGLE_DAY)))
    if days.count:
        raise InputRefusedError(
            f"{table.path}: {days.shown()}: counts are of single days, not of posts so "
            "far. Export it again with totals (Lifetime)."
        )


def mapping_of(recognised: Recognised) -> dict[str, str]:
    """Columns of the file that are read, and the column of ours that each gives."""
    export, header = recognised.export, recognised.header
    if export is None:
        return {}
    mapping: dict[str, list[str]] = {}
    for ours, columns in export.columns.items():
        for found in header.found(columns):
            mapping.setdefault(found.name, []).append(ours)
    beside = [(word, "media_type") for kind in export.kinds for word in kind.where]
    beside += [(word, DECIDES) for word in export.deciding_words()]
    for word, ours in beside:
        if at := header.find(word):
            mapping.setdefault(at[0], [ours])
    return {name: ", ".join(dict.fromkeys(ours)) for name, ours in mapping.items()}


def with_findings(
    file: ReadFile,
    recognised: Recognised,
    way: Way,
    mapping: Mapping[str, str],
    sample: pl.DataFrame,
) -> ReadFile:
    """The file, with what a person should look at.

    Args:
        sample: Sound rows from all over the file.
    """
    export = recognised.export
    is_sure = export is not None and export.id_tells_publication
    offset = None if is_sure else publication_offsets(sample)
    findings = ()
    if offset is not None:
        seconds, count, of = offset
        findings = (
            f"publications are {_hours(seconds)} {'after' if seconds > 0 else 'before'} what ids "
            f"and addresses tell for {count} of {of}: is --timezone right?",
        )
    return replace(
        file,
        format=recognised.name,
        mapping=dict(mapping),
        findings=findings,
        notes=tuple(_notes(export, way)),
    )


def _notes(export: Export | None, way: Way) -> Iterator[str]:
    if way.days:
        days = ", ".join(f"{text} is {at:%Y-%m-%dT%H:%M:%SZ}" for text, at in way.days.items())
        yield f"captured at the end of the day of the export: {days}"
    elif way.captured_at is not None and export is not None and export.moment != "column":
        yield f"captured at {way.captured_at:%Y-%m-%dT%H:%M:%SZ}"


def _hours(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), HOUR_S)
    return f"{hours} h" + (f" {rest // 60} min" if rest else "")
