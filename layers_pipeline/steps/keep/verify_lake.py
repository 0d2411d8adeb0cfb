"""Whether the lake's tables are whole, one by one and beside each other.

Belongs here: logs, files, versions, watermarks, columns, rows that need rows of other tables.
Does not belong here: whether rows are right (contracts' checks), how old anything is (``doctor``).

Rows are read only of tables whose files are as their logs say: a library that meets a file which
is shorter than told may end the process.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl
from deltalake.exceptions import DeltaError, TableNotFoundError

from layers_pipeline.errors import LayersError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.data_files import sizes
from layers_pipeline.lake.handles import Handle
from layers_pipeline.lake.log import CHECKPOINT, LOG_FILE
from layers_pipeline.lake.marks import recorded
from layers_pipeline.lake.migration import missing
from layers_pipeline.lake.store import Lake
from layers_pipeline.lake.table import Parent, Table
from layers_pipeline.progress import report
from layers_pipeline.seen import Seen
from layers_pipeline.steps.maintain.diagnosis import Finding

SHOWN: Final = 3
COPY: Final = "Restore the lake: layers-pipeline restore"
AGAIN: Final = "Make derived tables again: layers-pipeline replay"
POSTS: Final = ("platform", "platform_post_id")
CONTENT: Final = ("project_id", "ads_content_id")
REFERENCES: Final[dict[str, tuple[Parent, ...]]] = {
    **{table.name: table.parents for table in catalog.TABLES if table.parents},
    "platform_post_metrics_latest": (Parent(table="platform_posts", key=POSTS),),
    "platform_posts": (Parent(table="platform_post_metrics_latest", key=POSTS),),
    "post_absences": (Parent(table="platform_posts", key=POSTS),),
    "organic_scores": (Parent(table="ads_content", key=CONTENT),),
    "ad_eligibility": (Parent(table="ads_content", key=CONTENT),),
    "project_allowlist": (Parent(table="projects", key=("project_id",)),),
    "creatives": (Parent(table="projects", key=("project_id",)),),
}
"""By table: those that must have a row for each of its rows, and the columns that name it."""


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A table that opens: its handle, and whether its files are as its log says."""

    table: Table
    handle: Handle
    is_whole: bool


def verify_lake(lake: Lake, seen: Seen, *, deep: bool) -> Iterator[Finding]:
    """Every damage of the lake's tables.

    Args:
        seen: Versions of tables that were seen before.
        deep: Read every data file, too.
    """
    there: dict[str, Looked] = {}
    for done, table in enumerate(catalog.TABLES, start=1):
        found = yield from _look_at(lake, table, seen)
        if found and deep and found.is_whole:
            unreadable = list(_unreadable(found, lake.storage_options))
            yield from unreadable
            found = replace(found, is_whole=not unreadable)
        if found:
            there[table.name] = found
        report("tables looked at", done, len(catalog.TABLES))
    yield from _ahead(there)
    whole = {name for name, one in there.items() if one.is_whole}
    yield from _orphans(lake, whole)
    said = f"{len(there)} tables, {sum(_file_count(one) for one in there.values()):,} data files"
    yield Finding(subject="lake", state="well", said=said)


def fault(subject: str, said: str, remedy: str) -> Finding:
    """A finding of something that is damaged."""
    return Finding(subject=subject, state="fault", said=said, remedy=remedy)


def _look_at(lake: Lake, table: Table, seen: Seen) -> Generator[Finding, None, Looked | None]:
    """Findings on one table; gives it where it opens."""
    log = lake.log_folder(table)
    if log is not None and log.is_dir():
        yield from _gaps(table, log)
    if log is not None and log.parent.exists() and not log.parent.is_dir():
        yield fault(table.name, f"a file lies in the place of {log.parent}", COPY)
        return None
    try:
        handle = _opened(lake, table) if log is None or log.is_dir() else None
    except (DeltaError, OSError) as error:
        said = str(error).strip().split("\n")[0]
        yield fault(table.name, f"its log cannot be read: {said}", COPY)
        return None
    yield from _older(table, -1 if handle is None else handle.version(), seen)
    if handle is None:
        return None
    try:
        if missing(lake, table, handle):
            said = "it lacks columns of this package"
            yield Finding(
                subject=table.name,
                state="warning",
                said=said,
                remedy="Every command adds them, and so does: layers-pipeline lake migrate",
            )
    except LayersError as error:
        yield fault(table.name, str(error), "See docs/operations.md, Upgrading.")
        return Looked(table=table, handle=handle, is_whole=False)
    wrong = list(_wrong_files(handle)) if log is not None else []
    yield from _told(table, wrong)
    return Looked(table=table, handle=handle, is_whole=not wrong)


def _opened(lake: Lake, table: Table) -> Handle | None:
    """The table as it lies; None where an object store has none."""
    try:
        return Handle(lake.uri(table), storage_options=dict(lake.storage_options) or None)
    except TableNotFoundError:
        if lake.log_folder(table) is None:
            return None
        raise


def _older(table: Table, version: int, seen: Seen) -> Iterator[Finding]:
    before = seen.number(table.name)
    if version < before:
        is_there = f"its newest version is {version}" if version >= 0 else "it is gone"
        yield fault(table.name, f"{is_there}, though {before} was seen before", COPY)


def _gaps(table: Table, log: Path) -> Iterator[Finding]:
    """Commits that are not there between the oldest and the newest, or before the oldest."""
    found = [match for path in log.iterdir() if (match := LOG_FILE.fullmatch(path.name))]
    commits = {int(one["version"]) for one in found if one["kind"] == ".json"}
    checkpoints = {int(one["version"]) for one in found if one["kind"] == CHECKPOINT}
    if not commits:
        return
    lost = sorted(set(range(min(commits), max(commits))) - commits)
    if min(commits) > 0 and not any(one >= min(commits) - 1 for one in checkpoints):
        lost = [min(commits) - 1, *lost]
    if lost:
        named = ", ".join(str(version) for version in lost[:SHOWN])
        yield fault(table.name, f"its log has a gap: version {named} is not there", COPY)


def _wrong_files(handle: Handle) -> Iterator[str]:
    for path, wanted, size in sizes(handle):
        if size != wanted:
            is_there = "is gone" if size is None else f"has {size:,} of {wanted:,} bytes"
            yield f"{path} {is_there}"


def _told(table: Table, wrong: list[str]) -> Iterator[Finding]:
    for one in wrong[:SHOWN]:
        yield fault(table.name, f"a data file is not what its log says: {one}", COPY)
    if (more := len(wrong) - SHOWN) > 0:
        yield fault(table.name, f"{more:,} more data files are not what its log says", COPY)


def _unreadable(found: Looked, options: Mapping[str, str]) -> Iterator[Finding]:
    """Data files that cannot be read to the end, or hold other rows than the log counts."""
    listed = found.handle.get_add_actions()["num_records"].to_pylist()
    counts = dict(zip(found.handle.file_uris(), listed, strict=True))
    for path, wanted in counts.items():
        try:
            rows = pl.read_parquet(
                path, glob=False, hive_partitioning=False, storage_options=dict(options) or None
            ).height
        except (pl.exceptions.PolarsError, OSError) as error:
            said = str(error).strip().split("\n")[0]
            yield fault(found.table.name, f"{path} cannot be read: {said}", COPY)
            continue
        if wanted is not None and rows != wanted:
            said = f"{path} holds {rows:,} rows, its log says {wanted:,}"
            yield fault(found.table.name, said, COPY)


def _ahead(there: dict[str, Looked]) -> Iterator[Finding]:
    """Tables that have read versions of others that are not there."""
    for one in there.values():
        for name in one.table.remembers:
            read = recorded(one.handle, name)
            newest = there[name].handle.version() if name in there else -1
            if read > newest:
                said = f"it has read {name} up to version {read}, whose newest is {newest}"
                remedy = f"{COPY}; both tables of one backup"
                yield fault(one.table.name, said, remedy)


def _orphans(lake: Lake, whole: set[str]) -> Iterator[Finding]:
    """Rows that name a row of another table which is not there."""
    pairs = [
        (name, parent)
        for name, parents in REFERENCES.items()
        for parent in parents
        if {name, parent.table} <= whole
    ]
    for done, (name, parent) in enumerate(pairs, start=1):
        try:
            yield from _orphans_of(lake, name, parent)
        except pl.exceptions.PolarsError as error:
            said = str(error).strip().split("\n")[0]
            yield fault(name, f"its rows, or those of {parent.table}, cannot be read: {said}", COPY)
        report("references looked at", done, len(pairs))


def _orphans_of(lake: Lake, name: str, parent: Parent) -> Iterator[Finding]:
    key = list(parent.key)
    children = lake.read(catalog.BY_NAME[name]).select(key).drop_nulls().unique()
    parents = lake.read(catalog.BY_NAME[parent.table]).select(key)
    lost = children.join(parents, on=key, how="anti").collect()
    if not lost.is_empty():
        shown = "; ".join("/".join(map(str, row)) for row in lost.sort(key).head(SHOWN).rows())
        said = f"{lost.height:,} keys of its rows are not in {parent.table}: {shown}"
        yield fault(name, said, f"{AGAIN}; or: {COPY}")


def _file_count(one: Looked) -> int:
    return len(one.handle.file_uris())


def accounts_in(lake: Lake, names: Iterable[str]) -> set[str]:
    """Accounts, as ``platform:key``, that rows of some tables speak of."""
    found: set[str] = set()
    for name in names:
        rows = lake.read(catalog.BY_NAME[name]).select("platform", "account_key").unique()
        found |= {f"{platform}:{key}" for platform, key in rows.collect().iter_rows()}
    return found
