"""Which format a table is of: ours, one that we know, two that fit alike, or none.

Belongs here: the choice, and words for a user who has to choose or to mend.
Does not belong here: the formats (``transforms.exports``); reading a table's rows.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.members import Member
from layers_pipeline.files.raw_file import RawFile
from layers_pipeline.files.reader import missing_columns
from transforms.exports.catalog import BY_NAME, EXPORTS
from transforms.exports.headers import Header, fits, header_of, nearest
from transforms.exports.record import Export, Subject

OWN_NAME: Final = "own"
"""What ``--file-format`` calls our own format."""
COMMANDS: Final = {
    "captures": "import captures",
    "ad-metrics": "import ad-metrics",
    "listings": "import listings --account ACCOUNT",
}
WHAT: Final = {
    "captures": "posts",
    "ad-metrics": "what ads spent",
    "listings": "what an account had by day",
}


@dataclass(frozen=True, kw_only=True)
class Own:
    """Our own format of a subject.

    Args:
        columns: Every column of it.
        required: Those without which a table is not of it.
        telling: A column by which it goes before any other format that fits.
        page: Page that describes it.
    """

    subject: Subject
    columns: tuple[str, ...]
    required: tuple[str, ...]
    page: str
    telling: str = ""


@dataclass(frozen=True, kw_only=True)
class Recognised:
    """What a table is.

    Args:
        export: Its format; None: ours.
        header: Its columns.
    """

    export: Export | None
    header: Header

    @property
    def name(self) -> str:
        """What ``--file-format`` calls it."""
        return self.export.name if self.export else OWN_NAME


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that was opened, and what it is."""

    member: Member
    raw: RawFile
    recognised: Recognised

    @property
    def path(self) -> Path:
        """Where it is, as messages name it."""
        return self.member.path


def named_format(name: str | None) -> Export | None:
    """The format that a user names; None for our own, and for none.

    Raises:
        InputRefusedError: There is none of that name.
    """
    if name in (None, OWN_NAME):
        return None
    if name not in BY_NAME:
        known = ", ".join([OWN_NAME, *BY_NAME])
        raise InputRefusedError(f"--file-format {name!r}: no such format. There are: {known}.")
    return BY_NAME[name]


def recognise(
    path: Path, raw: RawFile, own: Own, *, given: Collection[str], name: str | None
) -> Recognised:
    """The format of a table.

    Args:
        path: The file, for messages.
        raw: The table.
        own: Our own format of the subject that is imported.
        given: Our columns that the user says for all rows.
        name: The format that the user names, if any.

    Raises:
        InputRefusedError: It fits none, two alike, or one that cannot be imported here.
    """
    header = header_of(raw.columns)
    if name is not None:
        recognised = Recognised(export=named_format(name), header=header)
        return _as_named(path, recognised, raw, own, given)
    needed = [column for column in own.required if column not in given]
    found = fits(header, EXPORTS, given=given)
    is_sure = not found or not own.telling or own.telling in raw.columns
    if is_sure and all(column in raw.columns for column in needed):
        return Recognised(export=None, header=header)
    if not found:
        raise InputRefusedError(f"{path}: {_none(header, raw, own)}.")
    best = found[0]
    rivals = [fit.export.name for fit in found if len(fit.known) == len(best.known)]
    if len(rivals) > 1:
        raise InputRefusedError(
            f"{path}: could be {' or '.join(rivals)}. Say which with --file-format."
        )
    return _importable(path, best.export, header, own)


def _importable(path: Path, export: Export, header: Header, own: Own) -> Recognised:
    if export.subject == own.subject:
        return Recognised(export=export, header=header)
    if not export.is_imported:
        raise InputRefusedError(f"{path}: is of {export.title}. {export.refused}.")
    raise InputRefusedError(
        f"{path}: is of {export.title}, which tells {WHAT[export.subject]}. "
        f"Import it with: layers-pipeline {COMMANDS[export.subject]}."
    )


def _as_named(
    path: Path, recognised: Recognised, raw: RawFile, own: Own, given: Collection[str]
) -> Recognised:
    export, header = recognised.export, recognised.header
    if export is None:
        missing = [column for column in own.required if column not in given]
        if faults := list(missing_columns(raw, missing, page=own.page)):
            raise InputRefusedError(f"{path}: {'; '.join(faults)}.")
        return recognised
    _importable(path, export, header, own)
    missing = [
        column
        for column in export.needed
        if column not in given and not header.found(export.columns.get(column, ()))
    ]
    if missing:
        raise InputRefusedError(f"{path}: {_lacks(export, missing, raw)}.")
    return recognised


def _none(header: Header, raw: RawFile, own: Own) -> str:
    near = nearest(header, EXPORTS)
    owned = sum(name in raw.columns for name in own.required)
    if near is not None and near.missing and len(near.known) > owned:
        return _lacks(near.export, near.missing, raw)
    (fault,) = missing_columns(raw, own.required, page=own.page)
    return f"{fault}, or see `layers-pipeline import formats` for those that are read as they are"


def _lacks(export: Export, missing: Collection[str], raw: RawFile) -> str:
    words = "; ".join(_wanted(export, missing))
    return (
        f"looks like {export.title} ({export.name}), but lacks {words}. Its columns are: "
        f"{', '.join(raw.columns)}. Export it again with what is missing, or name another format "
        "with --file-format"
    )


def _wanted(export: Export, missing: Collection[str]) -> Iterator[str]:
    for name in missing:
        words = [word for column in export.columns.get(name, ()) for word in column.words]
        yield f"{name} (a column {words[0]!r})" if words else name
