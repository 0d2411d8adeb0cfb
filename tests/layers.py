"""Which layer a test belongs to: set by its folder, or by the fixtures that it asks for.

Belongs here: the table of folders, setting the marks, which files are handed out first.
Does not belong here: fixtures; what each mark means (``pyproject.toml``).

A mark on the test itself wins. ``-m quick`` does not even import folders of other layers.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TESTS: Final = Path(__file__).parent
LAYERS: Final = ("e2e", "process", "run", "store", "quick")
"""The dearest first."""
DEAREST: Final = (
    "e2e/test_demo.py",
    "steps/score/test_backfill.py",
    "e2e/test_life.py",
    "steps/ingest/test_fault_matrix.py",
    "e2e/test_celery.py",
    "e2e/test_live_postgres.py",
    "test_readme.py",
    "assets/test_runs.py",
    "cli/test_app.py",
    "stress/test_two_writers.py",
    "steps/score/test_scoring.py",
    "dashboard/browser/test_content_page.py",
    "dashboard/browser/test_pages.py",
    "dashboard/browser/test_project_pages.py",
    "steps/derive/test_deriving.py",
    "steps/ingest/test_imports.py",
    "tools/test_old_lake.py",
    "stress/test_killed_syncs.py",
    "steps/test_object_store.py",
    "stress/test_killed_deployments.py",
    "stress/test_killed_on_s3.py",
    "assets/test_sync_checks.py",
    "steps/score/test_ad_classes.py",
)
"""Files that take a minute or more, longest first: whichever is begun last, all wait for."""
TOGETHER: Final = ("tests/dashboard/browser/",)
"""Folders whose files share what is dear, and go to one worker."""
LONG: Final = (
    ("cli/test_sync.py", "test_a_replay_mends_what_was_read_wrongly"),
    ("e2e/test_dev.py", "test_dev_refuses_a_port_that_is_taken", "sandbox", "dashboard"),
    ("e2e/test_life.py", ""),
    (
        "serving/test_publication.py",
        "test_a_tick_that_a_crash_left_half_written",
        "again-1",
        "new-2",
    ),
    ("serving/test_score_explain.py", "test_parts_add_up_and_inputs_are_those_of_the_row"),
    ("serving/test_mart_days.py", "test_without_news_nothing_is_made_anew"),
    ("steps/derive/test_deriving.py", "test_how_many_rows_are_held"),
    ("steps/derive/test_deriving.py", "test_pieces_give_what", "a moment is", "a file brings"),
    ("steps/ingest/test_imports.py", "test_pieces_in_any_order_give_what_one_file_gives", "1"),
    (
        "steps/ingest/test_imports.py",
        "test_the_order_of_two_files",
        "a moment is",
        "two posts",
        "newest",
    ),
    (
        "steps/maintain/test_replay.py",
        "test_a_replay_that_was_killed",
        "killed after 4",
        "killed after 5",
    ),
    ("steps/maintain/test_replay.py", "test_a_row_that_was_overlooked", "stg_tiktok", "stg_sift"),
    (
        "steps/maintain/test_replay.py",
        "test_a_row_that_was_read_wrongly",
        "stg_instagram",
        "stg_sift",
    ),
    ("steps/maintain/test_replay.py", "test_how_many_captures_a_replay_holds"),
    ("steps/score/test_scoring.py", "test_live_ticks_equal_backfilled_ones_and_the_oracle"),
    ("steps/test_object_store.py", "test_only_the_newest_days_of_history_are_copied"),
    ("steps/test_object_store.py", "test_views_over_the_store_give_the_same_rows"),
    ("steps/test_object_store.py", "test_without_the_extension_everything_is_copied"),
    ("stress/test_killed_on_s3.py", ""),
    ("tools/test_old_lake.py", ""),
)
"""Tests that take long and try once more, or at another place, what others hold: they run where
``LAYERS_LONG_TESTS`` is set, so that all others take minutes. By file, by how their names begin,
and by how their parameters begin if only some of them do."""
QUICK: Final = LAYERS[-1]
OF_FOLDER: Final = {
    "assets": "run",
    "benchmarks": "store",
    "cli": "process",
    "dagster_support": "run",
    "dashboard/browser": "e2e",
    "dashboard/test_guards.py": "store",
    "deploy": "run",
    "e2e": "e2e",
    "lake": "store",
    "operations/test_concurrency.py": "process",
    "sandbox/service/test_scenario_command.py": "process",
    "sandbox/service/test_server.py": "process",
    "sensors": "run",
    "serving": "store",
    "steps": "store",
    "stress": "process",
    "tools": "store",
    "views": "store",
}
"""Folders and files below ``tests``; everything else is quick."""
OF_FIXTURE: Final = {"url": "process", "postgres_url": "store", "s3_server": "store"}
OF_PARAMETER: Final = {"postgres": "store", "s3": "store"}
"""A value that a fixture is parametrised with."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if config.getoption("markexpr") == QUICK and layer_of_path(collection_path) != QUICK:
        return True
    return None


@pytest.hookimpl(tryfirst=True)  # before tests are deselected by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not any(mark.name in LAYERS for mark in item.iter_markers()):
            item.add_marker(layer_of(item))
        if "LAYERS_LONG_TESTS" not in os.environ and is_long(item):
            item.add_marker(pytest.mark.skip(reason="set LAYERS_LONG_TESTS to run it"))
    items.sort(key=order)


@pytest.hookimpl(optionalhook=True)  # without xdist there is nothing to hand out
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> "ByFile | None":
    return ByFile(config, log) if config.getoption("dist") == "loadscope" else None


class ByFile(LoadScopeScheduling):
    """Hands out a file at a time, and a folder where its files share what is dear."""

    def _split_scope(self, nodeid: str) -> str:
        folders = (folder for folder in TOGETHER if nodeid.startswith(folder))
        return next(folders, super()._split_scope(nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A quick test that starts a process is none: its folder's place in the table is wrong."""
    before = os.times().children_user
    result = yield
    if item.config.getoption("markexpr") == QUICK:
        assert os.times().children_user == before, "a quick test ran a process"
    return result


def order(item: pytest.Item) -> tuple[int, int]:
    """When a test's file is handed out: the longest first, then by layer."""
    below = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
    place = DEAREST.index(below) if below in DEAREST else len(DEAREST)
    return place, min(map(LAYERS.index, marked(item)))


def is_long(item: pytest.Item) -> bool:
    """Whether a test is one of ``LONG``."""
    path, _, name = item.nodeid.removeprefix(f"{TESTS.name}/").partition("::")
    start, _, parameters = name.partition("[")
    return any(
        path == file and start.startswith(named) and parameters.startswith(tuple(given) or ("",))
        for file, named, *given in LONG
    )


def marked(item: pytest.Item) -> set[str]:
    """The layers that a test is marked with."""
    return {mark.name for mark in item.iter_markers()}.intersection(LAYERS)


def layer_of(item: pytest.Item) -> str:
    """The dearest layer that a test's folder, fixtures and parameters name."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    named = {
        layer_of_path(item.path),
        *(OF_FIXTURE[name] for name in item.fixturenames if name in OF_FIXTURE),
        *(OF_PARAMETER[value] for value in parameters if str(value) in OF_PARAMETER),
    }
    return min(named, key=LAYERS.index)


def layer_of_path(path: Path) -> str:
    """The layer of a file or folder below ``tests``."""
    below = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    found = (layer for start, layer in OF_FOLDER.items() if f"{below}/".startswith(f"{start}/"))
    return next(found, QUICK)
