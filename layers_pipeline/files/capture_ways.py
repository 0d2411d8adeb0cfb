"""How one table of an export of posts is to be read, and what a person should know of it after.

Belongs here: settling the moment of capture; findings and notes of a table that was read.
Does not belong here: reading its rows (``captures``, ``transforms.exports``).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import polars as pl

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.formats import RawFile
from layers_pipeline.files.members import Member
from layers_pipeline.files.reader import ReadFile, places
from layers_pipeline.files.recognition import Recognised
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
    rows = raw.rows.with_columns(**{name: pl.lit(value) for name, value in added.items()})
    said = {**added, "captured_at": told.captured_as or added.get("captured_at")}
    return replace(raw, rows=rows), [f"{name}={said[name]}" for name in added]


def way_of(  # noqa: PLR0913, PLR0917 - what a table is, and how it is to be read
    member: Member,
    raw: RawFile,
    recognised: Recognised,
    told: Told,
    time_zone: str | None,
    *,
    now: datetime,
) -> Way:
    """How the rows of an export are to be read.

    Raises:
        InputRefusedError: The file leaves open what the user has to say.
    """
    export, header, rows = recognised.export, recognised.header, raw.rows
    if export is None:
        return Way()
    try:
        decimal = settle_decimal(rows, header, export, told, COUNT_COLUMNS)
        written = ["published_at"] if export.clock in {"clock", "zone_words"} else []
        order = settle_order(rows, header, export, told, written)
    except Unsettled as open_question:
        raise InputRefusedError(f"{member.path}: {open_question}.") from open_question
    _refuse_single_days(member, raw, recognised, order)
    way = Way(decimal=decimal, order=order)
    typed = as_capture_rows(rows, export, header, told, way).select(
        LINE, "account_key", "post_key", "published_at"
    )
    _require_accounts(member, typed, export)
    newest = typed.sort("published_at", nulls_last=False).tail(1)
    way = replace(way, **_moment(member, raw, recognised, told, time_zone, newest, now))
    _refuse_before_publication(member, way, newest)
    return way


def _moment(  # noqa: PLR0913, PLR0917 - what a table is, and how it is to be read
    member: Member,
    raw: RawFile,
    recognised: Recognised,
    told: Told,
    time_zone: str | None,
    newest: pl.DataFrame,
    now: datetime,
) -> dict[str, object]:
    export, given = recognised.export, told.captured_at
    if export is None or export.moment == "column":
        return {"captured_at": given}
    if export.moment == "month_day":
        return {"days": _days(member, raw, recognised, time_zone, newest, now)}
    if export.moment == "file_name" and (found := moment_in_name(member.name)):
        return {"captured_at": found}
    if given is not None:
        return {"captured_at": given}
    changed = datetime.fromtimestamp(_file_of(member).stat().st_mtime, tz=UTC)
    raise InputRefusedError(
        f"{member.path}: is of {export.title}, which does not say when it was exported. Add "
        "--captured-at with the day or the instant; the file was last changed at "
        f"{changed:%Y-%m-%dT%H:%M:%SZ}, which may be when it was copied."
    )


def _file_of(member: Member):  # noqa: ANN202
    return next(path for path in [member.path, *member.path.parents] if path.exists())


def _days(  # noqa: PLR0913, PLR0917
    member: Member,
    raw: RawFile,
    recognised: Recognised,
    time_zone: str | None,
    newest: pl.DataFrame,
    now: datetime,
) -> Mapping[str, datetime]:
    export, header = recognised.export, recognised.header
    found = header.found(export.columns["captured_at"]) if export else ()
    texts = raw.rows.select(LINE, value=text_of(header, found)).unique("value", maintain_order=True)
    shown = texts.drop_nulls("value")
    made = newest["published_at"].max()
    last = made if isinstance(made, datetime) else None
    known = dict(dated(shown["value"].to_list(), last, zone=time_zone, now=now))
    unknown = shown.filter(~pl.col("value").is_in([text for text in known if known[text]]))
    if not unknown.is_empty():
        raise InputRefusedError(
            f"{member.path}: {places(unknown, 'value')}: no day of an export that is neither later "
            f"than now nor before its newest post ({last:%Y-%m-%d}). Export the file again."
            if last
            else f"{member.path}: {places(unknown, 'value')}: is no day. Export the file again."
        )
    return {text: at for text, at in known.items() if at}


def _require_accounts(member: Member, typed: pl.DataFrame, export: Export) -> None:
    nameless = typed.filter(pl.col("account_key").is_null() & pl.col("post_key").is_not_null())
    if nameless.is_empty() or (
        export.columns.get("account_key") and nameless.height < typed.height
    ):
        return
    raise InputRefusedError(
        f"{member.path}: is of {export.title}, which does not say whose posts they are "
        f"({places(nameless, 'post_key')}). Name the account with --account."
    )


def _refuse_before_publication(member: Member, way: Way, newest: pl.DataFrame) -> None:
    published = newest["published_at"].max()
    if way.captured_at is None or not isinstance(published, datetime):
        return
    if way.captured_at < published:
        raise InputRefusedError(
            f"{member.path}: captured at {way.captured_at:%Y-%m-%dT%H:%M:%SZ}, but "
            f"{places(newest, 'post_key')} was published at {published:%Y-%m-%dT%H:%M:%SZ}. "
            "Say with --captured-at when it was exported."
        )


def _refuse_single_days(
    member: Member, raw: RawFile, recognised: Recognised, order: object
) -> None:
    export, header = recognised.export, recognised.header
    if export is None or not export.lifetime:
        return
    found = header.found(export.lifetime)
    if not found:
        return
    shown = raw.rows.select(LINE, value=text_of(header, found))
    days = shown.filter(pl.col("value").str.contains(r"^\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.]"))
    if not days.is_empty():
        raise InputRefusedError(
            f"{member.path}: {places(days, 'value')}: counts are of single days, not of posts so "
            "far. Export it again with totals (Lifetime)."
        )


def mapping_of(recognised: Recognised) -> dict[str, str]:
    """Columns of the file that are read, and the column of ours that each gives."""
    export, header = recognised.export, recognised.header
    if export is None:
        return {}
    mapping: dict[str, str] = {}
    for ours, columns in export.columns.items():
        for found in header.found(columns):
            mapping[found.name] = (
                f"{mapping[found.name]}, {ours}" if found.name in mapping else ours
            )
    for kind in export.kinds:
        for word in kind.where:
            if at := header.find(word):
                mapping.setdefault(at[0], "media_type")
    others = [column for column, _ in export.hidden.values()]
    others += export.lifetime
    others += [one.where[0] for some in export.columns.values() for one in some if one.where]
    for column in others:
        for word in column.words:
            if at := header.find(word):
                mapping.setdefault(at[0], "(decides which values count)")
    return mapping


def findings_of(
    file: ReadFile, recognised: Recognised, way: Way, mapping: Mapping[str, str]
) -> ReadFile:
    """The file, with what a person should look at."""
    findings, notes = [], []
    export = recognised.export
    offset = None if export and export.id_tells_publication else publication_offsets(file.sound)
    if offset is not None:
        seconds, count, of = offset
        findings.append(
            f"publications are {_hours(seconds)} {'after' if seconds > 0 else 'before'} what ids "
            f"and addresses tell for {count} of {of}: is --timezone right?"
        )
    if way.days:
        days = ", ".join(f"{text} is {at:%Y-%m-%dT%H:%M:%SZ}" for text, at in way.days.items())
        notes.append(f"captured at the end of the day of the export: {days}")
    elif way.captured_at is not None and export is not None and export.moment != "column":
        notes.append(f"captured at {way.captured_at:%Y-%m-%dT%H:%M:%SZ}")
    return replace(
        file,
        format=recognised.name,
        mapping=dict(mapping),
        findings=tuple(findings),
        notes=tuple(notes),
    )


def _hours(seconds: int) -> str:
    hours, rest = divmod(abs(seconds), HOUR_S)
    return f"{hours} h" + (f" {rest // 60} min" if rest else "")
