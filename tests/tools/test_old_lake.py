"""A lake that older code wrote opens, grows and works under today's.

Belongs here: one lake out of git's history, and everything a deployment does with it.
Does not belong here: single changes of a table (``tests.lake.test_migration``).
"""

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.lake.migration import migrate
from layers_pipeline.serving import generations
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from layers_pipeline.steps.keep.backup import back_up
from layers_pipeline.steps.keep.restore import restore
from layers_pipeline.steps.keep.verify import verify
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from layers_pipeline.steps.score.ticks import tick_of
from layers_pipeline.steps.stores import open_stores
from tests.worlds.data_builders import rows_of, score
from tools import old_lake
from tools.compare_lakes import counts, differences


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The home of stores that the older version wrote."""
    folder = tmp_path_factory.mktemp("older")
    try:
        tree = old_lake.tree_of(old_lake.COMMIT, folder / "tree")
    except LookupError as error:
        pytest.skip(f"{error}: a checkout with its history is needed")
    old_lake.make(tree, folder / "home")
    return folder / "home"


@pytest.fixture
def home(written, tmp_path):
    return shutil.copytree(written, tmp_path / "home", symlinks=True)


@pytest.fixture
def stores(home):
    stores = open_stores(Settings(home=home, operations_url="", lake_url="", serve_dir=None))
    yield stores
    stores.operations.close()


def unexpected(written: Path, home: Path) -> list[str]:
    """Differences but for what is new: health of imported accounts, tables, columns."""
    new = (
        "sync_health",
        "sync_problems",
        "pause_cause",
        "total_",
        "reposts",
        "link_clicks",
        "facebook_views",
        "audio_type",
        "is_ai",
        "rules_version",
    )
    return [line for line in differences(written, home) if not any(word in line for word in new)]


def test_it_opens_and_nothing_is_to_be_added_or_derived(stores):
    assert migrate(stores.lake) == {}
    written = bring_up_to_date(stores)
    news = {name for name, done in written.items() if done.inserted or done.updated}
    # Older imports did not describe these.
    assert news <= {"sync_health", "sync_problems"}


def test_scoring_its_ticks_again_changes_nothing(written, stores, home):
    score(stores, [tick_of(tick) for tick in old_lake.TICKS])
    bring_up_to_date(stores)
    assert unexpected(written, home) == []


def test_it_takes_captures_ticks_and_publications(stores, tmp_path):
    before = rows_of(stores, catalog.PLATFORM_POST_METRICS).height
    more = old_lake.generated_captures().with_columns(
        views=pl.col("views") * 2,
        captured_at=pl.col("captured_at").dt.offset_by("3d"),
    )
    more.write_parquet(tmp_path / "more.parquet")
    import_captures(
        stores, [tmp_path / "more.parquet"], project_id="demo", time_zone="UTC", run_id="run"
    )
    (scored,) = score(stores, [tick_of("2025-06-06-08:00")])
    assert (scored.posts, scored.scored) == (old_lake.POSTS, old_lake.POSTS)
    publish(stores)
    maintain(stores)
    assert rows_of(stores, catalog.PLATFORM_POST_METRICS).height > before
    path = generations.current(stores.settings.serve_location)
    with duckdb.connect(str(path), read_only=True, config=generations.CONFIG) as connection:
        found = connection.execute("select count(distinct scored_at) from organic_scores")
        assert found.fetchall() == [(len(old_lake.TICKS) + 1,)]
        assert connection.execute("from score_explain('post1')").fetchall()


def test_it_is_backed_up_restored_and_found_whole(stores, tmp_path):
    made = back_up(stores, tmp_path / "backups").manifest
    again = Settings(home=tmp_path / "again", operations_url="", lake_url="", serve_dir=None)
    restore(again, tmp_path / "backups", runs=tmp_path / "dagster")
    found = [*verify(stores.settings, deep=True), *verify(again, deep=True)]
    assert [one for one in found if one.state == "fault"] == []
    assert made.tables["platform_post_metrics"].rows == old_lake.POSTS * old_lake.CAPTURES


def test_a_replay_of_it_changes_nothing(written, stores, home):
    replayed = replay(stores, start=old_lake.BEGIN, end=old_lake.NOW)
    assert replayed.changed == 0
    assert unexpected(written, home) == []
    assert counts(home)["platform_posts"] == old_lake.POSTS
