"""The analysts' file, published from a real lake by the real steps.

Belongs here: what a generation holds, how it takes the place of the one before, upkeep.
Does not belong here: the lake by itself (``test_lake``), several writers (``tests.stress``).
"""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import TableFeatures

from layers_pipeline.clock import FixedClock
from layers_pipeline.errors import NotFoundError, PublicationError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table, Written
from layers_pipeline.serving import generations, macros
from layers_pipeline.serving.pinned import Pinned
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN, open_scorer
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.sql.functions import FUNCTIONS
from transforms.sql.models import ORDER

TICK = datetime(2025, 5, 14, 12, tzinfo=UTC)
NOW = TICK + timedelta(days=30)
NAMES = {table.name for table in catalog.PUBLISHED}
MADE_OF = NAMES | {table.name for table in catalog.STAGED_TABLES}
"""Staging tables are shown together, as one table of the file."""
MACROS = {
    *macros.RECORDS,
    *(function.name for function in FUNCTIONS),
    *map(macros.name_of, macros.MACROS),
}


@pytest.fixture
def stores(tmp_path) -> Iterator[Stores]:
    settings = Settings(home=tmp_path / "a home", tick_grace_s=0, generations_kept=2)
    opened = open_stores(settings, clock=FixedClock(NOW))
    yield opened
    opened.operations.close()


@pytest.fixture
def folder(stores: Stores) -> Path:
    return stores.settings.serve_location


def import_posts(stores: Stores, *, likes: int = 10, at: datetime = TICK) -> None:
    """Import four posts an hour before a moment."""
    captures = pl.DataFrame(
        {
            "platform": "tiktok",
            "account_key": "ada",
            "post_key": ["p1", "p2", "p3", "p4"],
            "captured_at": at - timedelta(hours=1),
            "views": [100, 200, 300, None],
            "likes": [likes, 20, 30, 40],
        }
    )
    path = stores.settings.root.parent / f"captures-{likes}-{at:%d%H}.parquet"
    captures.write_parquet(path)
    import_captures(stores, [path], project_id="brand", time_zone=None, run_id="import")
    bring_up_to_date(stores)


def score(stores: Stores, tick: datetime = TICK) -> None:
    assert [one.tick for one in score_ticks(stores, [tick])] == [tick]


@pytest.fixture
def filled(stores: Stores) -> Stores:
    import_posts(stores)
    score(stores)
    return stores


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Iterator[Path]:
    """A generation that tests only read."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), tick_grace_s=0)
    stores = open_stores(settings, clock=FixedClock(NOW))
    import_posts(stores)
    score(stores)
    import_posts(stores, likes=90, at=TICK + timedelta(days=2))
    yield publish(stores).path
    stores.operations.close()


def rows(path: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, but for the marts' parts and the outline."""
    names = {path.name for path in folder.iterdir()} - {"marts"}
    return sorted(name for name in names if not name.startswith(".outline-"))


def test_the_link_moves_to_the_new_generation_and_old_ones_are_pruned(stores, folder):
    with pytest.raises(NotFoundError, match="nothing was published yet"):
        generations.current(folder)
    for number in (1, 2, 3):
        assert publish(stores).number == number
        assert generations.current(folder).name == f"layers-{number:06d}.duckdb"
    assert names_in(folder) == [
        "layers-000002.duckdb",
        "layers-000002.json",
        "layers-000003.duckdb",
        "layers-000003.json",
        "layers.duckdb",
    ]
    assert Path(folder / "layers.duckdb").readlink() == Path("layers-000003.duckdb")


def test_an_empty_lake_publishes_every_table_without_rows(stores):
    generation = publish(stores)
    assert generation.rows == dict.fromkeys(MADE_OF, 0)
    actual = rows(generation.path, "select table_name, row_count from publication")
    assert dict(actual) == dict.fromkeys(MADE_OF, 0)
    assert rows(generation.path, "select * from posts_as_of(now())") == []
    actual = rows(generation.path, "select reason from score_explain('tiktok:p1')")
    assert set(actual) == {("unknown_id",)}


COMMENTED = {
    "tables": "select table_name, comment from duckdb_tables() where not internal",
    "views": "select view_name, comment from duckdb_views() where not internal",
    "columns": "select table_name || '.' || column_name, comment from duckdb_columns() "
    "where not internal",
    "macros": "select function_name, comment from duckdb_functions() where not internal",
}


def test_everything_in_the_file_is_commented(published):
    found = {what: rows(published, query) for what, query in COMMENTED.items()}
    bare = {what: [name for name, text in all_ if not text] for what, all_ in found.items()}
    assert bare == {what: [] for what in COMMENTED}
    shown = {name for name, _ in found["tables"] + found["views"]}
    views = {table.name for table in catalog.QUERIES}
    assert shown == NAMES | views | set(ORDER) | {"publication"}
    assert {name for name, _ in found["macros"]} == MACROS


def test_the_file_is_of_the_format_that_old_versions_read(published):
    query = "select tags from duckdb_databases() where path is not null"
    assert rows(published, query) == [({"storage_version": "v1.0.0+"},)]
    assert (
        int.from_bytes(published.read_bytes()[12:20], "little") == 64
    )  # DuckDB 0.9 to 1.1 wrote it


def test_what_was_published_is_reported(filled):
    path = publish(filled).path
    actual = rows(
        path,
        "select lake_version, row_count, generation from publication "
        "where table_name = 'organic_scores'",
    )
    assert actual == [(filled.lake.version(catalog.ORGANIC_SCORES), 4, 1)]
    assert rows(path, "select count(*) from organic_scores") == [(4,)]


def test_an_old_connection_reads_on_while_new_generations_are_published(filled):
    path = publish(filled).path
    query = "select count(*), sum(organic_score), max(likes) from organic_scores"
    with duckdb.connect(str(path), read_only=True) as connection:
        before = connection.execute(query).fetchall()
        for likes in (50, 60, 70):
            import_posts(filled, likes=likes)
            score(filled)
            publish(filled)
        assert not path.exists()
        assert connection.execute(query).fetchall() == before
    assert rows(generations.current(path.parent), query) != before


def test_posts_are_reported_as_they_were_known(published):
    query = "select platform_post_id, likes from posts_as_of('{}'::timestamptz) order by all"
    assert rows(published, query.format("2025-05-13")) == []
    assert rows(published, query.format("2025-05-15"))[0] == ("p1", 10)
    assert rows(published, query.format("2025-05-17"))[0] == ("p1", 90)


@pytest.mark.parametrize("post", ["p3", "tiktok:p3", "brand/tiktok:p3"])
def test_a_score_is_explained_by_parts_that_add_up(published, post):
    actual = rows(published, f"select part, points, words from score_parts('{post}')")
    parts = {part: points for part, points, _ in actual}
    assert list(parts)[-1] == "organic score"
    assert sum(list(parts.values())[:-1]) == pytest.approx(parts["organic score"])
    assert all(words for *_, words in actual)


def test_a_post_without_a_score_is_explained_by_the_reason(published):
    actual = rows(published, "select part, points, words from score_parts('p4')")
    assert actual == [("organic score", 0.0, "0 by rule: its views were unknown")]


def test_a_build_that_fails_leaves_the_previous_generation_and_no_litter(filled, folder):
    publish(filled)
    score(filled, TICK + timedelta(hours=4))
    Path(filled.lake.files(catalog.PLATFORM_POST_METRICS)[0]).rename(folder.parent / "away")
    with pytest.raises((PublicationError, FileNotFoundError)):
        publish(filled)
    assert names_in(folder) == ["layers-000001.duckdb", "layers-000001.json", "layers.duckdb"]
    assert rows(folder / "layers.duckdb", "select max(generation) from publication") == [(1,)]


@pytest.mark.parametrize(
    "rows_of_file", [None, {"platform": ["tiktok"]}], ids=["no file", "other columns"]
)
def test_a_build_that_fails_anywhere_is_a_publication_error(tmp_path, rows_of_file):
    file = tmp_path / "part.parquet"
    if rows_of_file:
        pl.DataFrame(rows_of_file).write_parquet(file)
    pinned = Pinned(table=catalog.PLATFORM_POSTS, version=0, files=(str(file),))
    with pytest.raises(PublicationError, match="The previous generation stays"):
        generations.publish(tmp_path / "serve", pinned=[pinned], at=NOW, kept=2)
    assert names_in(tmp_path / "serve") == []


def test_what_a_killed_build_left_is_no_obstacle(stores, folder):
    folder.mkdir(parents=True)
    for name in (".making-000001.duckdb", ".making-000001.duckdb.wal", ".layers.duckdb.next"):
        Path(folder / name).write_bytes(b"half")
    assert publish(stores).number == 1
    assert names_in(folder) == ["layers-000001.duckdb", "layers-000001.json", "layers.duckdb"]


def test_a_table_whose_files_are_not_its_rows_is_refused(filled, folder):
    filled.lake.handle(catalog.PROJECTS).alter.add_feature(
        TableFeatures.DeletionVectors, allow_protocol_versions_increase=True
    )
    with pytest.raises(PublicationError, match=r"projects: .* protocol 3"):
        publish(filled)
    assert not folder.exists()


def test_a_folder_may_be_named_like_a_pattern(tmp_path):
    settings = Settings(home=tmp_path / "it's * ünï", tick_grace_s=0)
    stores = open_stores(settings, clock=FixedClock(NOW))
    import_posts(stores)
    score(stores)
    path = publish(stores).path
    assert rows(path, "select count(*) from organic_scores") == [(4,)]
    stores.operations.close()


def half_write(stores: Stores, tick: datetime, *, written: int) -> None:
    """Do what a scoring run does that is killed between its tables."""
    frames = open_scorer(stores, first=tick, last=tick, in_force=InForce()).step(tick)
    for table in WRITTEN[:written]:
        stores.lake.replace(table, frames[table.name], where={"tick": [f"{tick:%Y%m%dT%H%M}"]})


@pytest.mark.parametrize("written", [1, 2])
@pytest.mark.parametrize("tick", [TICK, TICK + timedelta(hours=4)], ids=["again", "new"])
def test_a_tick_that_a_crash_left_half_written_is_published_whole(filled, written, tick):
    publish(filled)
    import_posts(filled, likes=99, at=TICK - timedelta(hours=1))
    import_posts(filled, likes=77, at=TICK)
    half_write(filled, tick, written=written)
    path = publish(filled).path
    by_score = "select scored_at::varchar, ads_content_id, organic_score from {} order by all"
    scores = rows(path, by_score.format("organic_scores"))
    assert scores == rows(path, by_score.format("ad_eligibility"))
    ranks = "select scored_at::varchar, ads_content_id, views_rank_pct from {} order by all"
    placed = "organic_scores where unscored_reason is null"
    assert rows(path, ranks.format(placed)) == rows(path, ranks.format("ugc_pool_percentiles"))
    given = "select scored_at::varchar, ads_content_id, organic_score from ads_content order by all"
    newest = max(at for at, *_ in scores)
    assert rows(path, given) == [row for row in scores if row[0] == newest]


def age_tombstones(stores: Stores, *, days: int = 20) -> None:
    """Date back when files were taken out of tables, so that a vacuum may delete them."""
    long_ago = int((time.time() - days * 86_400) * 1000)
    lake = Path(stores.settings.lake_location)
    for path in (*lake.glob("*/_delta_log/*.parquet"), *lake.glob("*/_delta_log/_last*")):
        path.unlink()  # They repeat what the commits say, which are all young enough to be there.
    for entry in lake.glob("*/_delta_log/*.json"):
        actions = [json.loads(line) for line in entry.read_text().splitlines()]
        for removed in (action["remove"] for action in actions if "remove" in action):
            removed["deletionTimestamp"] = long_ago
        entry.write_text("".join(json.dumps(action) + "\n" for action in actions))


def test_upkeep_deletes_only_files_that_no_kept_generation_reads(filled):
    first = publish(filled).path
    score_files = filled.lake.files(catalog.ORGANIC_SCORES)
    query = "select count(*), max(likes) from organic_scores"
    for likes in (50, 60):
        import_posts(filled, likes=likes)
        score(filled)
    age_tombstones(filled)
    assert maintain(filled)["organic_scores"] == 1  # what likes = 50 gave
    assert rows(first, query) == [(4, 40)]
    publish(filled)
    assert not first.exists()
    age_tombstones(filled)
    maintain(filled)
    assert [Path(file).exists() for file in score_files] == [False]
    assert rows(generations.current(first.parent), query) == [(4, 60)]


def test_upkeep_keeps_logs_short_and_what_is_read_from_them_readable(filled):
    for likes in (50, 60):
        import_posts(filled, likes=likes)
        maintain(filled)
        make_logs_older(filled)
    publish(filled)
    maintain(filled)
    pinned = generations.pinned_versions(filled.settings.serve_location)
    posts = catalog.PLATFORM_POSTS
    assert len(log_of(filled, posts)) < filled.lake.version(posts)
    for table in catalog.PUBLISHED:
        for version in pinned.get(table.name, ()):
            filled.lake.read(table, version=version).collect()
    before = {table: filled.lake.version(table) for table in catalog.TABLES}
    derived = bring_up_to_date(filled)
    assert {name: done for name, done in derived.items() if done != Written()} == {}
    assert {table: filled.lake.version(table) for table in catalog.TABLES} == before


def log_of(stores: Stores, table: Table) -> list[Path]:
    folder = stores.lake.log_folder(table)
    return [] if folder is None else list(folder.glob("0*.json"))


def make_logs_older(stores: Stores) -> None:
    for path in Path(stores.settings.lake_location).glob("*/_delta_log/*"):
        at = path.stat().st_mtime - timedelta(days=1).total_seconds()
        os.utime(path, (at, at))
