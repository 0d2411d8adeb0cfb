"""Ticks whose projects several processes share: the rows of one process, and all or none of them.

Belongs here: equality with one process, a process that is killed or fails, who has which projects.
Does not belong here: what a tick's rows are (``test_scoring``).
"""

import os
import signal
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest

from layers_pipeline.errors import RunFailedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.steps.derive.versions import rules_in_force
from layers_pipeline.steps.score.history import load_history
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.share_process import ShareProcess, Task, parts_of, share_processes
from layers_pipeline.steps.score.shares import Share, load_share, pin_history
from layers_pipeline.steps.score.tick_commits import ScoredTick
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import NOW, allow, capture, derive, hours, make_stores, rows_of
from transforms.scoring.ticks import tick_text

TICKS = [hours(-24), hours(-12), hours(0)]
PROJECTS = {"brand": ("ada", "bob"), "other": ("bob", "cay"), "third": ("dan", "ada"), "none": ()}
BATCH = "0" * 32


@pytest.fixture(scope="module")
def seeded(tmp_path_factory) -> Path:
    """Posts of four accounts in three projects, and creatives in two."""
    home = tmp_path_factory.mktemp("seeded") / "home"
    stores = make_stores(home, now=hours(-30))
    for project, accounts in PROJECTS.items():
        allow(stores, *accounts, project=project)
    derive(
        stores,
        [
            capture(f"{account}{post}", at, account_key=account, views=100 * post + at + 60)
            for account in ("ada", "bob", "cay", "dan")
            for post in range(4)
            for at in (-40 + post, -20, -6)
        ],
    )
    made = [
        NewCreative(
            project_id=project, container_id=f"{kind}:{project}", kind=kind, created_at=hours(-50)
        )
        for project, kind in (("brand", "generated"), ("brand", "manual"), ("third", "generated"))
    ]
    stores.operations.creatives.add(made, now=hours(-40))
    stores.operations.close()
    return home


def scored_by(shards: int, seeded: Path, home: Path) -> tuple[Stores, list[ScoredTick]]:
    opened = make_stores(copytree(seeded, home), now=NOW)
    settings = opened.settings.model_copy(update={"score_shards": shards})
    stores = Stores(
        settings=settings, clock=opened.clock, operations=opened.operations, lake=opened.lake
    )
    return stores, list(score_ticks(stores, TICKS))


@pytest.fixture(scope="module")
def both(seeded, tmp_path_factory):
    """The same ticks by one process, and by three."""
    place = tmp_path_factory.mktemp("both")
    return scored_by(1, seeded, place / "one"), scored_by(3, seeded, place / "three")


@pytest.mark.parametrize("table", WRITTEN, ids=lambda table: table.name)
def test_the_rows_are_those_of_one_process(both, table):
    (one, _), (three, _) = both
    rows = rows_of(one, table).sort(table.key)
    assert rows.height
    assert rows_of(three, table).sort(table.key).write_ndjson() == rows.write_ndjson()


def test_what_each_tick_came_to_is_the_same(both):
    (_, one), (_, three) = both
    assert three == one
    assert all(scored.scored and scored.creatives == 3 for scored in one)


def test_all_of_a_table_is_one_commit(both):
    (one, _), (three, _) = both
    for table in WRITTEN:
        assert three.lake.version(table) == one.lake.version(table)
        assert three.lake.batches(table).keys() == {tick_text(tick) for tick in TICKS}
        (batch,) = set.union(*three.lake.batches(table).values())
        assert batch


def test_eligibility_is_known_to_follow_from_the_scores(both):
    for stores, _ in both:
        lake, scores = stores.lake, catalog.ORGANIC_SCORES
        assert lake.watermark(catalog.AD_ELIGIBILITY, scores.name) == lake.version(scores)


def test_shares_have_all_projects_once_and_read_the_posts_of_theirs(seeded, tmp_path):
    stores = make_stores(copytree(seeded, tmp_path / "home"), now=NOW)
    whole = load_history(stores, since=TICKS[0], until=TICKS[-1])
    pinned = pin_history(stores)
    shares = [
        load_share(
            stores, pinned.versions, Share(number=number, of=3), since=TICKS[0], until=TICKS[-1]
        )
        for number in range(3)
    ]
    projects = [project for share in shares for project in share.allowlist["project_id"].unique()]
    assert sorted(projects) == sorted(whole.allowlist["project_id"].unique())
    assert max(share.candidates.posts.height for share in shares) < whole.candidates.posts.height
    assert sum(share.snapshots.height for share in shares) >= whole.snapshots.height


def task(stores: Stores, number: int) -> Task:
    return Task(
        settings=stores.settings,
        clock=stores.clock,
        share=Share(number=number, of=2),
        batches=[(BATCH, TICKS)],
        versions=pin_history(stores).versions,
        rules=rules_in_force(stores),
    )


@pytest.fixture
def stores(seeded, tmp_path):
    return make_stores(copytree(seeded, tmp_path / "home"), now=NOW)


def test_a_share_without_projects_hands_over_ticks_without_rows(stores):
    of = 1_000
    taken = set(catalog.places(pl.Series(list(PROJECTS)), of))
    empty = next(number for number in range(of) if number not in taken)
    (part,) = parts_of(replace(task(stores, 0), share=Share(number=empty, of=of)), stores)
    assert [scored.tick for scored in part.scored] == TICKS
    assert not any(ahead.actions for ahead in part.ahead.values())
    assert all(len(ahead.replaced) == len(TICKS) for ahead in part.ahead.values())


def test_a_process_that_is_killed_is_named_and_leaves_nothing_committed(stores):
    with share_processes([task(stores, 0), task(stores, 1)]) as processes:
        os.kill(processes[1].pid, signal.SIGKILL)
        processes[0].take()
        with pytest.raises(RunFailedError, match=r"share 2 of 2 ended \(exit code -9"):
            processes[1].take()
    assert not any(stores.lake.files(table) for table in WRITTEN)


def test_what_a_process_refuses_is_told(stores):
    wrong = stores.settings.model_copy(update={"lake_url": f"{stores.settings.root}/a%20b"})
    process = ShareProcess(replace(task(stores, 0), settings=wrong), threads=1)
    with pytest.raises(RunFailedError, match="SettingsError: LAYERS_HOME or LAYERS_LAKE_URL"):
        process.take()
    process.end()
