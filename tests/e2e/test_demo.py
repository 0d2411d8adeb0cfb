"""The demo as a newcomer runs it, killed half way, and run again; then what the pages go on with.

Belongs here: real processes on generated data, and the tables that they leave.
Does not belong here: what single steps do; blocks of pages (``tests.pages``).
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from sandbox import generated_captures, running_sandbox
from tests import pages
from tests.worlds.data_builders import make_stores, rows_of

pytestmark = pytest.mark.timeout(900)

PROGRAM = pages.ROOT / ".venv/bin/layers-pipeline"
SIMULATED_SPEED = 60.0
COMPARED = (
    catalog.PLATFORM_POSTS,
    catalog.PLATFORM_POST_METRICS,
    catalog.PLATFORM_POST_METRICS_LATEST,
    catalog.ORGANIC_SCORES,
    catalog.AD_ELIGIBILITY,
    catalog.ADS_CONTENT,
)
COUNTED = "select count(*) from ads_content"
OF_THE_RUN = {"run_id", "known_at", "first_seen_at", "created_at"}
"""When a row was written, and by which run."""


@dataclass(frozen=True)
class Played:
    """A demo that was run to its end, and the folder in which a newcomer ran it."""

    folder: Path
    printed: str
    seconds: float

    @property
    def home(self) -> Path:
        """Where everything lies unless one says otherwise."""
        return self.folder / ".layers"


def environment(folder: Path) -> dict[str, str]:
    return pages.environment(folder / ".layers", LAYERS_SHARED=str(folder / "no-shared-data"))


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, "demo"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def play(folder: Path) -> Played:
    began = time.monotonic()
    with start(folder) as demo:
        try:
            printed, complaints = demo.communicate(timeout=300)
        finally:
            demo.kill()
    assert (demo.returncode, complaints) == (0, "")
    return Played(folder, printed, time.monotonic() - began)


def kill_once_written(folder: Path, table: Table, version: int) -> None:
    """Start a demo and kill it -9 the moment a table has a version."""
    written = folder / ".layers/lake" / table.name / "_delta_log" / f"{version:020d}.json"
    with start(folder) as demo:
        while not written.exists() and demo.poll() is None:
            time.sleep(0.005)
        demo.kill()
    assert demo.returncode == -signal.SIGKILL


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        shlex.split(command),
        cwd=pages.ROOT,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rows(home: Path, table: Table) -> pl.DataFrame:
    found = rows_of(make_stores(home), table)
    return found.drop(OF_THE_RUN, strict=False)


def versions(home: Path) -> dict[str, int]:
    stores = make_stores(home)
    return {table.name: stores.lake.version(table) for table in catalog.TABLES}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Played:
    """One demo, run once for every test of this file that only looks."""
    return play(tmp_path_factory.mktemp("demo"))


def test_the_demo_shows_what_came_of_it(demo, record_property):
    record_property("seconds", demo.seconds)
    sys.stdout.write(f"the demo took {demo.seconds:.0f} s\n")
    for said in (
        "Synced 20 creators 7 times over simulated days (generated-0), scored 19 ticks.",
        "Pools at the newest tick",
        "Top posts, score taken apart in points",
        "May they run as ads?",
        "Who runs in ad set ",
        "blocked by",
        " not running?",
        "One creator, ",
        "# Statement for ",
        "The analysts' file:",
    ):
        assert said in demo.printed


def test_the_commands_that_it_prints_work(demo):
    hints = demo.printed.partition("Try next:")[2].strip().splitlines()
    explain, query, layers, balance, dev = (line.strip() for line in hints)
    assert "organic score" in run(explain, demo.folder).stdout
    assert "views" in run(query, demo.folder).stdout
    assert "tiktok_ads" in run(layers, demo.folder).stdout
    assert "owed" in run(balance, demo.folder).stdout
    assert run(f"{dev} --dry-run", demo.folder).returncode == 0


def test_the_file_that_it_names_is_there(demo):
    named = re.search(r"The analysts' file: (\S+) \(now (\S+)\)", demo.printed)
    assert named
    assert Path(named.group(1)).resolve().name == named.group(2)


def test_a_second_demo_says_what_it_found_and_changes_no_table(demo):
    before = versions(demo.home)
    again = play(demo.folder)
    assert "Found already there: 7 syncs of 20 creators and every tick scored." in again.printed
    assert versions(demo.home) == before


def figures(demo: Played, notebook: str) -> dict[str, Any]:
    """What a notebook that is run as a script prints."""
    done = run(f"{sys.executable} notebooks/{notebook}.py", demo.folder)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def asked(demo: Played, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(demo.home / "serve/layers.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_notebook_of_what_works_says_what_the_tables_say(demo):
    told = figures(demo, "what_is_working")
    best = asked(
        demo,
        "select ads_content_id, organic_score from ad_eligibility_current "
        "order by organic_score desc, ads_content_id limit 15",
    )
    assert [tuple(row) for row in told["best"]] == best
    assert told["parts"] == pytest.approx(dict(best))
    (mix,) = asked(
        demo,
        "select count(*), sum(likes), sum(comments), sum(shares), sum(saves) "
        "from platform_post_metrics_latest",
    )
    assert tuple(told["mix"].values()) == mix
    medians = asked(
        demo,
        "select post.media_type, trend.age_day, count(trend.views), median(trend.views) "
        "from post_metric_trends_by_age as trend "
        "join platform_posts as post using (platform, platform_post_id) "
        "group by all having count(trend.views) >= 5 order by all",
    )
    assert [tuple(row) for row in told["ages"]] == medians


def test_the_notebook_of_money_says_what_the_tables_say(demo):
    told = figures(demo, "what_deserves_money")
    assert [(sum(row[2] for row in told["verdicts"]),)] == asked(demo, COUNTED)
    blocked = asked(
        demo,
        "select blocked_by, count(*) from content_status where blocked_by is not null "
        "and scored_at = (select max(scored_at) from content_status) group by all",
    )
    assert told["blocked"] == dict(blocked)
    spent = asked(demo, "select currency, sum(spend_cents) from project_spend_daily group by all")
    assert told["spend_cents"] == dict(spent)
    ledger = asked(demo, "select currency, sum(amount_cents) from payout_ledger group by all")
    assert told["owed_cents"] == dict(ledger)


@pytest.mark.skipif("LAYERS_LONG_TESTS" not in os.environ, reason="set LAYERS_LONG_TESTS to run it")
def test_a_demo_killed_twice_continues_and_ends_as_an_uninterrupted_one(demo, tmp_path):
    kill_once_written(tmp_path, catalog.RAW_SIFT__POSTS, 3)
    kill_once_written(tmp_path, catalog.AD_ELIGIBILITY, 0)
    resumed = play(tmp_path)
    sys.stdout.write(f"the rest of the demo took {resumed.seconds:.0f} s\n")
    assert "Found already there" not in resumed.printed
    for compared in COMPARED:
        assert_frame_equal(rows(resumed.home, compared), rows(demo.home, compared))


def test_every_block_marked_run_works_in_order(demo):
    """Last of all: what the pages go on with changes what the demo left."""
    with running_sandbox(generated_captures(), rate=SIMULATED_SPEED) as sandbox:
        env = environment(demo.folder) | {"LAYERS_SIFT_URL": sandbox.url}
        for page in pages.RUN_IN_ORDER:
            for block in pages.blocks_of(page, "run"):
                if block.language == "sql":
                    pages.ask(block, demo.home / "serve/layers.duckdb")
                else:
                    pages.run(block, within=demo.folder, env=env)
