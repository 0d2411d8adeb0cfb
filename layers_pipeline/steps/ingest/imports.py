"""Importing files of captures: history that was gathered elsewhere.

Belongs here: registering a file's accounts, staging its captures once, saying what came of it.
Does not belong here: reading files (``files.captures``) and their contract (``transforms``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import polars as pl

from layers_pipeline.files.captures import Take, read_capture_files, require_zone
from layers_pipeline.files.members import require_file
from layers_pipeline.files.options import told_of
from layers_pipeline.files.reader import ReadFile
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.validators import require_project_id
from layers_pipeline.steps.ingest.landing import Landed, Landing, landed
from layers_pipeline.steps.ingest.outdated import Outdated, outdated_ticks
from layers_pipeline.steps.stores import Stores

NO_OPTIONS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class ImportedFile:
    """What came of one file, in rows: those set aside, by the rules that they broke.

    Odd values, by rule too, were set aside alone; their rows are among the others.

    Args:
        is_new_here: Whether it was imported into this project, or for this platform, only now.
        format: The format that it was read as.
        findings: What a person should look at, in sentences.
        notes: What was settled or left out, in sentences.
    """

    path: Path
    rows: int
    quarantined: int
    reasons: dict[str, int]
    odd_values: dict[str, int]
    already_there: bool
    ignored_columns: tuple[str, ...]
    is_new_here: bool = True
    format: str = "own"
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What came of one import; ``posts`` and ``accounts`` are distinct ones in the files.

    Args:
        allowed: Accounts that the project's allowlist did not have, or had from a later moment.
        outdated: The oldest and the newest tick whose scores are now out of date, and how many.
    """

    files: tuple[ImportedFile, ...]
    project_was_made: bool
    posts: int
    accounts: int
    first_capture: datetime | None
    last_capture: datetime | None
    allowed: int = 0
    outdated: Outdated | None = None
    own_accounts: tuple[str, ...] = ()
    """Accounts of the project's own, read by token: their posts joined no pool."""


def require_importable(
    paths: Sequence[Path],
    *,
    project_id: str,
    time_zone: str | None,
    options: Mapping[str, str] = NO_OPTIONS,
) -> None:
    """Refuse what can be told to be wrong before the files' content is read.

    Raises:
        InputRefusedError: A file is not there, or the project, zone or an option cannot be so.
    """
    require_project_id(project_id)
    require_zone(time_zone)
    told_of(options, time_zone=time_zone, now=datetime.now(tz=UTC))
    for path in paths:
        require_file(path)


def import_captures(
    stores: Stores,
    paths: Sequence[Path],
    *,
    project_id: str,
    time_zone: str | None,
    run_id: str,
    options: Mapping[str, str] = NO_OPTIONS,
) -> ImportReport:
    """Import files of captures into a project; the same files again change nothing (R9).

    Stages the captures; what follows from them is derived by ``steps.derive``. Every file is
    read before anything is written, so a refused file leaves no trace of the others. The
    files' accounts join the project's allowlist from their earliest capture on,
    paused: history is imported, nothing is scraped until somebody resumes them.

    Args:
        paths: Files, any order.
        project_id: Project whose pool the posts join; made if it does not exist.
        time_zone: IANA zone of times that carry none; None refuses such files.
        run_id: Run that imports.
        options: What the user says of files that do not say it themselves (``files.options``).

    Raises:
        InputRefusedError: A file cannot be read as captures; nothing was written.
    """
    require_importable(paths, project_id=project_id, time_zone=time_zone, options=options)
    with Landing.of(stores) as landing:
        read = read_captures_of(
            stores, paths, time_zone=time_zone, run_id=run_id, options=options, take=landing.take
        )
        now, allowed = stores.clock.now(), _allowed(stores, project_id)
        # Rows first: where they cannot be written, no empty project is left.
        files = tuple(_land(stores, landing, read, project_id=project_id))
    made = stores.operations.projects.add(project_id, name=project_id, time_zone="UTC", now=now)
    found = landed(stores, [file.file_id for file in read])
    own = register_accounts(stores, found.accounts, project_id=project_id)
    return ImportReport(
        files=files,
        project_was_made=made,
        posts=found.posts,
        accounts=found.accounts.height,
        first_capture=found.first_capture,
        last_capture=found.last_capture,
        allowed=len(_allowed(stores, project_id) - allowed),
        outdated=outdated_ticks(stores, _first_change(read, files, found)),
        own_accounts=own,
    )


def _land(
    stores: Stores, landing: Landing, read: Sequence[ReadFile], *, project_id: str
) -> Iterator[ImportedFile]:
    """Write the files' captures unless they are there; say what was set aside."""
    with stores.lake.landing(catalog.STG_IMPORT__CAPTURES):
        there = {file.file_id for file in read if landing.is_there(file.file_id)}
        landing.commit()
        for file in read:
            landing.set_aside(file.file_id)
            is_new = register_file(stores, file, under=project_id, project_id=project_id)
            is_there = file.file_id in there
            yield imported(file, already_there=is_there, is_new_here=is_new)
            there.add(file.file_id)


def read_captures_of(
    stores: Stores,
    paths: Sequence[Path],
    *,
    time_zone: str | None,
    run_id: str,
    options: Mapping[str, str],
    take: Take,
) -> list[ReadFile]:
    """Every table of the files, its rows taken batch by batch (``read_capture_files``).

    Raises:
        InputRefusedError: A file cannot be read as captures.
    """
    now = stores.clock.now()
    synced = frozenset(
        account.account_key
        for account in stores.operations.accounts.all()
        if account.platform == "instagram" and account.connection == "oauth"
    )
    told = told_of(options, time_zone=time_zone, now=now, synced=synced)
    return [
        file
        for path in paths
        for file in read_capture_files(
            path,
            time_zone=time_zone,
            now=now,
            run_id=run_id,
            told=told,
            format_name=options.get("format") or None,
            take=take,
        )
    ]


def _allowed(stores: Stores, project_id: str) -> set[tuple[str, datetime]]:
    """The accounts that a project allows, each with since when."""
    return {
        (row.account_id, row.allowed_from)
        for row in stores.operations.allowlist.all()
        if row.project_id == project_id
    }


def _first_change(
    read: Sequence[ReadFile], files: Sequence[ImportedFile], found: Landed
) -> datetime | None:
    """When the oldest capture that is new to the lake or to the project was known."""
    known = [
        found.known_since[file.file_id]
        for file, done in zip(read, files, strict=True)
        if done.is_new_here or not done.already_there
    ]
    return min(known, default=None)


def register_accounts(stores: Stores, firsts: pl.DataFrame, *, project_id: str) -> tuple[str, ...]:
    """Make the captures' accounts known and allow them in the project, from their first capture.

    An account of the project's own, which it reads by token, is no creator's: it is not allowed.

    Args:
        firsts: platform, account_key and captured_at of each account's first capture.

    Returns:
        Ids of those accounts.
    """
    now = stores.clock.now()
    first_of = {
        NewAccount(
            platform=platform, account_key=key, connection="external", status="paused"
        ): first
        for platform, key, first in firsts.sort("platform", "account_key").rows()
    }
    stores.operations.accounts.add(first_of, now=now)
    own = {
        row.account_id
        for row in stores.operations.accounts.all()
        if row.connection == "oauth" and row.project_id == project_id
    }
    known = {row.account_id: row.creator_id for row in stores.operations.allowlist.all()}
    # A renamed account is the creator's whose it was under its name of before.
    for (platform, old), new in stores.operations.account_renames.names().items():
        if (creator := known.get(f"{platform}:{old}")) is not None:
            known.setdefault(f"{platform}:{new}", creator)
    creators = [
        NewCreator(
            creator_id=known.get(account.account_id, account.account_id),
            display_name=account.account_key,
            account_ids=(account.account_id,),
            allowed_from=first,
        )
        for account, first in first_of.items()
        if account.account_id not in own
    ]
    stores.operations.allowlist.allow(project_id, creators, allowed_from=now)
    return tuple(sorted(own.intersection(account.account_id for account in first_of)))


def imported(file: ReadFile, *, already_there: bool, is_new_here: bool) -> ImportedFile:
    """What came of a file that was read, and is there now."""
    return ImportedFile(
        path=file.path,
        rows=file.rows,
        quarantined=file.tally.broken,
        reasons=dict(file.tally.reasons),
        odd_values=dict(file.tally.odd_values),
        already_there=already_there,
        ignored_columns=file.ignored_columns,
        is_new_here=is_new_here,
        format=file.format,
        findings=file.findings,
        notes=file.notes,
    )


def register_file(stores: Stores, file: ReadFile, *, under: str, project_id: str | None) -> bool:
    """Write down that a file was imported, once per project or platform of ads (``under``).

    Returns:
        Whether it was not written down before.
    """
    row = {
        "import_id": f"{file.file_id}/{under}",
        "file_id": file.file_id,
        "project_id": project_id,
        "file_name": file.path.name,
        "rows_read": file.rows,
        "rows_quarantined": file.tally.broken,
        "imported_at": stores.clock.now(),
    }
    rows = pl.DataFrame([row], schema=dict(catalog.IMPORT_FILES.empty().schema))
    return stores.lake.insert_absent(catalog.IMPORT_FILES, rows).inserted > 0
