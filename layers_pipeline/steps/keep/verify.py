"""Whether everything that is stored is whole, and each store agrees with the others.

Belongs here: which stores are looked at, the operational database, the analysts' files, backups.
Does not belong here: the lake's tables (``verify_lake``), how a deployment fares (``doctor``).

Nothing is made, migrated or mended, and the first damage does not end the look.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
from sqlalchemy import inspect

from layers_pipeline.errors import LayersError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.database import Database, newest_revision
from layers_pipeline.operations.model_base import Base
from layers_pipeline.operations.store import Operations
from layers_pipeline.progress import report
from layers_pipeline.seen import Seen
from layers_pipeline.serving import generations
from layers_pipeline.serving.macros import sql_literal
from layers_pipeline.serving.outline import CONFIG
from layers_pipeline.settings import Settings
from layers_pipeline.steps.keep.manifest import Kept, Manifest
from layers_pipeline.steps.keep.vault import Vault
from layers_pipeline.steps.keep.verify_lake import SHOWN, accounts_in, fault, verify_lake
from layers_pipeline.steps.maintain.diagnosis import Finding
from layers_pipeline.steps.stores import name_of_operations, open_lake, seen_of_lake

COPY: Final = "Restore the database: layers-pipeline restore"
PUBLISH: Final = "Delete it, then: layers-pipeline publish"
DATA_FILE: Final = re.compile(r"'((?:[^']|'')+\.parquet)'")
"""A file that a view of the analysts' file names."""
WITH_ACCOUNTS: Final = ("platform_accounts", "account_listings")
"""Tables whose accounts are all in the operational database."""
TOLD_OF: Final = (*WITH_ACCOUNTS, catalog.PROJECTS.name)


def verify(settings: Settings, *, deep: bool = False) -> Iterator[Finding]:
    """What is found of the stores that the settings name, one after another.

    Args:
        deep: Read every file to its end, too.
    """
    if settings.restoring_note.exists():
        said = f"a restore was interrupted ({settings.restoring_note})"
        yield fault("stores", said, "Repeat it: layers-pipeline restore")
    yield from _operations(settings)
    found = [*verify_lake(open_lake(settings), seen_of_lake(settings), deep=deep)]
    yield from found
    if not {one.subject for one in found if one.state == "fault"} & set(TOLD_OF):
        yield from _accounts(settings)
    yield from _published(settings, deep=deep)


def _operations(settings: Settings) -> Iterator[Finding]:
    database = Database(settings.operations_database_url)
    try:
        if database.is_empty_file:
            was_there = Seen(settings.seen_location).number(name_of_operations(settings)) >= 0
            if was_there:
                yield fault("operations", f"{database.url}: empty or gone, but it was there", COPY)
            else:
                yield Finding(subject="operations", state="warning", said="not made yet")
            return
        if database.file is not None:
            yield from _damages_of_file(database.file)
        yield from _schema(database)
    except LayersError as error:
        yield fault("operations", str(error), COPY)
    finally:
        database.close()


def _damages_of_file(file: Path) -> Iterator[Finding]:
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            said = [row[0] for row in connection.execute("pragma integrity_check")]
            if said != ["ok"]:
                yield fault("operations", f"{file}: {'; '.join(said[:SHOWN])}", COPY)
            for table, row, parent, _ in connection.execute("pragma foreign_key_check"):
                said_of = f"row {row} of {table} names a row of {parent} that is not there"
                yield fault("operations", said_of, COPY)
    except sqlite3.Error as error:
        yield fault("operations", f"{file}: {error}", COPY)


def _schema(database: Database) -> Iterator[Finding]:
    stored, newest = database.revision(), newest_revision()
    if stored != newest:
        said = f"{database.url}: revision {stored or 'none'}, this package has {newest}"
        remedy = "Every command brings it up to date; one newer than ours needs our newest."
        yield Finding(subject="operations", state="warning", said=said, remedy=remedy)
        return
    with database.read() as session:
        there = set(inspect(session.connection()).get_table_names())
    if lost := sorted(set(Base.metadata.tables) - there):
        said = f"{database.url}: the table {', '.join(lost[:SHOWN])} is not there"
        yield fault("operations", said, COPY)
    else:
        yield Finding(subject="operations", state="well", said=f"{database.url}: {stored}")


def _accounts(settings: Settings) -> Iterator[Finding]:
    """Accounts that the lake speaks of, and projects of its rows, which nobody knows."""
    operations = Operations(settings.operations_database_url)
    try:
        if operations.database.is_empty_file:
            return
        known = {one.account_id for one in operations.accounts.all()}
        projects = {one.project_id for one in operations.projects.all()}
    except StoreError:
        return  # a finding of its own
    finally:
        operations.close()
    lake = open_lake(settings)
    told = lake.read(catalog.PROJECTS).select("project_id").collect()["project_id"]
    lost = {
        "accounts": sorted(accounts_in(lake, WITH_ACCOUNTS) - known),
        "projects": sorted(set(told) - projects),
    }
    for what, names in lost.items():
        if names:
            said = f"{len(names):,} {what} of the lake are not in the database: {names[:SHOWN]}"
            yield fault("operations", said, f"{COPY}, with the lake of the same backup")


def _published(settings: Settings, *, deep: bool) -> Iterator[Finding]:
    folder = settings.serve_location
    numbers = sorted(generations.generations(folder))
    try:
        current = generations.current(folder)
    except LayersError as error:
        is_new = not numbers and not (folder / generations.LINK).is_symlink()
        state = "warning" if is_new else "fault"
        remedy = "layers-pipeline publish"
        yield Finding(subject="published", state=state, said=str(error), remedy=remedy)
        return
    found = [
        one
        for number in numbers
        for one in _damages_of_generation(generations.file_of(folder, number), deep=deep)
    ]
    yield from found
    if not found:
        said = f"{len(numbers)} generations; {current.name} is the newest"
        yield Finding(subject="published", state="well", said=said)


def _damages_of_generation(path: Path, *, deep: bool) -> Iterator[Finding]:
    try:
        with duckdb.connect(config=CONFIG) as connection:
            connection.execute(f"attach {sql_literal(str(path))} as published (read_only)")
            connection.execute("select count(*) from published.publication").fetchall()
            views = connection.execute(
                "select view_name, sql from duckdb_views() "
                "where database_name = 'published' and not internal"
            ).fetchall()
            if deep:
                _read_tables(connection)
    except duckdb.Error as error:
        said = " ".join(str(error).split())
        yield fault("published", f"{path}: {said}", PUBLISH)
        return
    for name, sql in views:
        files = [text.replace("''", "'") for text in DATA_FILE.findall(sql)]
        lost = [file for file in files if not Path(file).exists()]
        if lost and "://" not in lost[0]:
            said = f"{path}: {name} shows {lost[0]}, which is not there ({len(lost):,} such files)"
            yield fault("published", said, PUBLISH)


def _read_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Read every row that lies in the file itself."""
    query = "select table_name from duckdb_tables() where database_name = 'published'"
    for (name,) in connection.execute(query).fetchall():
        connection.execute(f"select max(hash(t)) from published.{name} as t").fetchall()  # noqa: S608 - its own names


def verify_backups(folder: Path, *, deep: bool = False) -> Iterator[Finding]:
    """What is found of a folder of backups: manifests, and the contents that they name.

    Args:
        deep: Compute every content's checksum, too.
    """
    vault = Vault(folder)
    vault.require_any()
    looked: dict[str, str] = {}
    for name in vault.ids():
        try:
            made = vault.manifest(name)
        except LayersError as error:
            yield fault(name, str(error), "Delete it, or restore another one.")
            continue
        wrong = [one for one in made.files if _wrong(vault, one, looked, deep=deep)]
        yield _of_backup(made, [f"{one.path} {looked[one.sha256]}" for one in wrong])
    for name in vault.incomplete():
        said = "was interrupted; the next backup goes on from what it had copied"
        yield Finding(
            subject=name, state="warning", said=said, remedy=f"layers-pipeline backup {folder}"
        )


def _of_backup(made: Manifest, wrong: list[str]) -> Finding:
    if wrong:
        said = f"{len(wrong):,} of {len(made.files):,} files: {'; '.join(wrong[:SHOWN])}"
        return fault(made.id, said, "Make another backup; restore an older one.")
    said = f"{len(made.tables)} tables, {len(made.files):,} files, {made.bytes:,} bytes"
    return Finding(subject=made.id, state="well", said=said)


def _wrong(vault: Vault, kept: Kept, looked: dict[str, str], *, deep: bool) -> bool:
    """Whether a content is damaged; each is looked at once, however many backups name it."""
    if kept.sha256 not in looked:
        looked[kept.sha256] = _damage_of(vault.object(kept.sha256), kept, deep=deep)
        if len(looked) % 100 == 0:
            report("contents looked at", len(looked), len(looked))
    return bool(looked[kept.sha256])


def _damage_of(path: Path, kept: Kept, *, deep: bool) -> str:
    try:
        size = path.stat().st_size
        if size != kept.bytes:
            return f"has {size:,} of {kept.bytes:,} bytes"
        if deep:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != kept.sha256:
                    return "has another checksum"
    except OSError as error:
        return "is gone" if isinstance(error, FileNotFoundError) else str(error)
    return ""
