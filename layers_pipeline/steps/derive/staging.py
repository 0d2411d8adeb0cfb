"""From landed rows to typed captures, source by source.

Belongs here: which landed rows are not staged yet, and reading them again on demand.
Does not belong here: how a row is read (``transforms``), what follows from captures (``posts``).

A staged row is a function of its landed row alone, its time of knowledge included, so staging
may be repeated, or done again from the beginning, and gives the same rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Written, differ
from layers_pipeline.steps.derive.parts import grouped
from layers_pipeline.steps.platforms import STAGED_SOURCES, Source
from layers_pipeline.steps.stores import Stores
from transforms.contracts.captures import Capture
from transforms.facts.post_ids import under_one_id
from transforms.facts.posts import under_one_name

CAPTURE: Final = tuple(Capture.column_names())
LANDED_ROW: Final = 10
"""A landed row, as its platform's answer, takes the memory of so many captures."""
EVER: Final[Mapping[str, int]] = MappingProxyType({})
"""Of no table has anything been read before."""
PLACE: Final = "file_of_row"
TAKEN_OUT: Final = ""
"""What stands in place of a landed row's text once that is not kept any more."""
NAMES: Final = {"platform": pl.String, "account_key": pl.String, "new_key": pl.String}


def stage_all(stores: Stores) -> dict[str, Written]:
    """Type the landed rows of every source; what was written, by table name."""
    return {source.staged.name: stage(stores, source) for source in STAGED_SOURCES}


def stage(stores: Stores, source: Source) -> Written:
    """Type the landed rows of a source that are not staged yet, so many at a time.

    Only the last commit notes how far was read: after a crash before it all of them are typed
    again, which changes nothing.
    """
    lake, raw = stores.lake, source.raw
    with lake.write_lock():
        at, since = lake.version(raw), lake.watermark(source.staged, raw.name)
        if at == since:
            return Written()
        written = Written()
        batches = _batches(stores, source, lake.files_since(raw, since))
        for left, landed in zip(reversed(range(len(batches))), batches, strict=True):
            rows = source.stage(landed.with_columns(source.day).collect(), stores.settings)
            marks = {} if left else {raw.name: at}
            written += lake.insert_absent(source.staged, rows, marks=marks)
        return written


def _batches(stores: Stores, source: Source, files: Sequence[str]) -> list[pl.LazyFrame]:
    """The rows of landed files, as many at a time as memory easily holds; at least one batch.

    Rows that have to be read together are in one batch.
    """
    lake, raw, key = stores.lake, source.raw, source.together
    at_once = max(1, stores.settings.derive_rows // LANDED_ROW)
    with_text = pl.col("body") != TAKEN_OUT
    placed = lake.scan(raw, files, place=PLACE).group_by(key, PLACE).agg(rows=pl.len()).collect()
    if placed["rows"].sum() <= at_once:
        return [lake.scan(raw, files).filter(with_text)]
    groups = (
        placed.group_by(key)
        .agg(pl.col("rows").sum(), pl.col(PLACE))
        .sort(pl.col(PLACE).list.min(), key)
    )
    numbered = groups.with_columns(batch=(pl.col("rows").cum_sum() - 1) // at_once)
    return [
        lake.scan(raw, some[PLACE].explode().unique().sort().to_list()).filter(
            with_text, pl.col(key).is_in(some[key].to_list())
        )
        for some in numbered.partition_by("batch", maintain_order=True)
    ]


def stage_again(stores: Stores, source: Source, landed: pl.DataFrame) -> Written:
    """Read landed rows again: a staged row that comes out otherwise is put right."""
    rows = source.stage(landed, stores.settings)
    columns = [name for name in source.staged.columns if name not in source.staged.key]
    return stores.lake.merge(source.staged, rows, update=differ(columns), columns=columns)


def captures(stores: Stores) -> pl.LazyFrame:
    """Every staged capture, each post and account under the key that stands for it."""
    return _named(stores, as_one(stores, captures_as_given(stores)))


def captures_by_turns(stores: Stores, versions: Mapping[str, int] = EVER) -> Iterator[pl.LazyFrame]:
    """The same in pieces, each of a few files that are to be read together.

    Args:
        versions: Only what was staged after these, by staging table; everything by default.
    """
    lake = stores.lake
    for table in catalog.STAGED_TABLES:
        rows, files = (
            lake.rows_by_file(table),
            lake.files_since(table, versions.get(table.name, -1)),
        )
        sizes = ((number, rows[_file_name(file)]) for number, file in enumerate(files))
        for turn in grouped(sizes, stores.settings.derive_rows) if files else ():
            some = lake.scan(table, [files[number] for number in turn]).select(CAPTURE)
            yield _named(stores, as_one(stores, some))


def rows_since(stores: Stores, versions: Mapping[str, int] = EVER) -> int:
    """How many captures were staged after the versions."""
    lake, total = stores.lake, 0
    for table in catalog.STAGED_TABLES:
        rows, files = (
            lake.rows_by_file(table),
            lake.files_since(table, versions.get(table.name, -1)),
        )
        total += sum(rows[_file_name(file)] for file in files)
    return total


def _file_name(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]


def captures_since(stores: Stores, versions: Mapping[str, int]) -> pl.LazyFrame:
    """Captures that were staged after the versions, by staging table; as of ``captures``."""
    return _named(stores, as_one(stores, given_since(stores, versions)))


def as_one(stores: Stores, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with each post under the id that stands for it."""
    aliases = stores.lake.read(catalog.POST_ALIASES).collect()
    return rows if aliases.is_empty() else under_one_id(rows, aliases.lazy())


def renamed(stores: Stores) -> pl.DataFrame:
    """Accounts that people told to have another name now: platform, account_key, new_key."""
    names = stores.operations.account_renames.names()
    rows = [(*account, new) for account, new in names.items()]
    return pl.DataFrame(rows, schema=NAMES, orient="row")


def _named(stores: Stores, rows: pl.LazyFrame) -> pl.LazyFrame:
    names = renamed(stores)
    return rows if names.is_empty() else under_one_name(rows, names.lazy())


def captures_as_given(stores: Stores) -> pl.LazyFrame:
    """Every staged capture, under the ids that their sources gave."""
    return pl.concat([stores.lake.read(table).select(CAPTURE) for table in catalog.STAGED_TABLES])


def given_since(stores: Stores, versions: Mapping[str, int]) -> pl.LazyFrame:
    """Captures that were staged after the versions, under the ids that their sources gave."""
    return pl.concat(
        [
            stores.lake.added_since(table, versions[table.name]).select(CAPTURE)
            for table in catalog.STAGED_TABLES
        ]
    )
