"""What a file is and what an import would make of it, without importing it.

Belongs here: telling what a file speaks of; reading it as the import would.
Does not belong here: storing anything; drawing (``cli``).
"""

from dataclasses import dataclass
from pathlib import Path

from layers_pipeline.files.ads import OWN_REPORT, AdReading, read_ad_files
from layers_pipeline.files.captures import OWN_CAPTURES, read_capture_files
from layers_pipeline.files.formats import read_table
from layers_pipeline.files.members import members_of
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import ReadFile
from layers_pipeline.files.recognition import named_format
from transforms.exports.catalog import EXPORTS, ROWS_AT, WORDS
from transforms.exports.headers import fits, header_of
from transforms.exports.record import Export, Subject
from transforms.exports.told import Told


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """A table as an import would read it, and what it speaks of."""

    subject: Subject
    file: ReadFile


def inspect_file(path: Path, reading: AdReading, *, time_zone: str | None) -> list[Inspected]:
    """Read a file as its import would, whatever it speaks of; nothing is written.

    Args:
        path: The file.
        reading: What the user says of it.
        time_zone: IANA zone of times that carry none.

    Raises:
        InputRefusedError: As the import would refuse it.
    """
    subject = _subject_of(path, reading.told, named_format(reading.format_name))
    if subject == "ad-metrics":
        return [Inspected(subject=subject, file=file) for file in read_ad_files(path, reading)]
    files = read_capture_files(
        path,
        time_zone=time_zone,
        now=reading.read_at,
        run_id=reading.run_id,
        told=reading.told,
        format_name=reading.format_name,
    )
    return [Inspected(subject="captures", file=file) for file in files]


def _subject_of(path: Path, told: Told, named: Export | None) -> Subject:
    if named is not None:
        return named.subject
    found: set[Subject] = {_of_table(raw, told) for raw in _tables(path)}
    only_ads = "ad-metrics" in found and "captures" not in found
    return "ad-metrics" if only_ads else "captures"


def _tables(path: Path) -> list[RawFile]:
    columns = (*OWN_CAPTURES.columns, *OWN_REPORT.columns)
    return [
        read_table(member, columns=columns, required=(), words=WORDS, rows_at=ROWS_AT)
        for member in members_of(path)
    ]


def _of_table(raw: RawFile, told: Told) -> Subject:
    given = {"captured_at"} if told.captured_at else set[str]()
    found = fits(header_of(raw.columns), EXPORTS, given=given)
    for own in (OWN_CAPTURES, OWN_REPORT):
        is_sure = not found or not own.telling or own.telling in raw.columns
        if is_sure and all(name in raw.columns for name in own.required):
            return own.subject
    return found[0].export.subject if found else "captures"
