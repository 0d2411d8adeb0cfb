"""Two writers, one that is killed again and again, and a reader, all at once.

Belongs here: starting and killing processes, and everything that must hold meanwhile and after.
Does not belong here: what the writers write (``writer``).
"""

import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from layers_pipeline.lake import catalog
from layers_pipeline.serving import generations
from layers_pipeline.steps.derive.comparing import facts_of
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.staging import captures
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.stores import Stores, open_stores
from tests.stress.killing import IS_LONG, PROCESSES
from tests.stress.writer import PLACES, STOP, Writer, prepare, settings_of, write
from transforms.facts.snapshots import changed_captures, latest_metrics

SECONDS = float(os.environ.get("LAYERS_STRESS_SECONDS", "5"))
KILLS = round(SECONDS)
ENOUGH_GENERATIONS = 3
POST = "(platform, platform_post_id)"
MAY_SHRINK = {"ad_eligibility_current"}
LEFT_ALONE = {
    catalog.SCORE_DRIFT,
    catalog.CREATIVES,
    catalog.SAFETY_REVIEWS,
    catalog.CONTENT_OVERRIDES,
    catalog.PROJECT_ADS_CONTENT,
    catalog.AD_CONTENT,
    catalog.POST_ABSENCES,
    catalog.POST_ALIASES,
    catalog.POST_COLLABORATIONS,
    catalog.ACCOUNT_LISTINGS,
    catalog.RAW_INSTAGRAM__RESPONSES,
    catalog.RAW_TIKTOK__RESPONSES,
    catalog.STG_INSTAGRAM__POSTS,
    catalog.STG_TIKTOK__POSTS,
    catalog.STG_IMPORT__AD_METRICS,
    catalog.AD_DAILY_METRICS,
    catalog.SYNC_PROBLEMS,
    catalog.AD_ACCOUNTS,
    catalog.LAYERS,
    catalog.AD_SETS,
    catalog.CONTENT_RIGHTS,
    catalog.CONTENT_APPROVALS,
    catalog.RAW_META__ADS,
    catalog.RAW_TIKTOK__ADS,
    catalog.STG_ADS__STATES,
    catalog.STG_ADS__DAYS,
    catalog.STG_ADS__ACCOUNT_DAYS,
    *(one for one in catalog.TABLES if one.group in {"ads", "selection", "creators", "payouts"}),
    catalog.ADS_READINGS,
}
"""Tables that these writers, who hold no tokens, run no ads and say nothing, leave alone."""

NEVER = {
    "a snapshot without its post": f"""
        select count(*) from platform_post_metrics
        where {POST} not in (select {POST} from platform_posts)""",
    "a post without its container": f"""
        select count(*) from platform_posts
        where {POST} not in (select {POST} from content_containers where kind = 'post')""",
    "a container without its post": f"""
        select count(*) from content_containers
        where kind = 'post' and {POST} not in (select {POST} from platform_posts)""",
    "a post whose counts are not its last known ones": """
        select count(*) from platform_posts p
        full join platform_post_metrics_latest l using (platform, platform_post_id)
        where (p.views, p.likes, p.comments, p.shares, p.saves)
                is distinct from (l.views, l.likes, l.comments, l.shares, l.saves)
            or p.content_at > l.last_checked_at or p.content_at is null""",
    "a last known value that no snapshot shows": """
        select count(*) from platform_post_metrics_latest l
        left join platform_post_metrics s
            on (l.platform, l.platform_post_id, l.views_at, l.views)
                = (s.platform, s.platform_post_id, s.captured_at, s.views)
        where l.views is not null and s.platform is null""",
    "ads content whose score is not in the history": """
        select count(*) from ads_content a
        left join organic_scores s using (ads_content_id, scored_at, scoring_version)
        where a.scored_at is not null and s.organic_score is distinct from a.organic_score""",
    "a tick whose scores are not those of its eligibility": """
        select count(*) from organic_scores s
        full join (select * from ad_eligibility where reason <> 'pool_too_small') e
            using (ads_content_id, scored_at)
        where s.organic_score is distinct from e.organic_score
            or s.scoring_version is distinct from e.scoring_version""",
    "a tick whose ranks are not those of its scores": """
        select count(*) from ugc_pool_percentiles u
        full join (select * from organic_scores where unscored_reason is null) s
            using (ads_content_id, scored_at)
        where u.views_rank_pct is distinct from s.views_rank_pct
            or u.pool_size is distinct from s.pool_size""",
}


@dataclass
class Reader:
    """Reads the published file as analysts do, and keeps what went wrong."""

    folder: Path
    reads: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    generations: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = duckdb.connect(str(generations.current(self.folder)), read_only=True)
        self.first = row_counts(self.kept)

    def read(self) -> None:
        """Look at the old generation, which never changes, and at the one that is current."""
        self.reads += 1
        if row_counts(self.kept) != self.first:
            self.wrong.append("the kept generation changed")
        by_link = self.reads % 2 == 0
        path = self.folder / generations.LINK if by_link else generations.current(self.folder)
        with duckdb.connect(str(path), read_only=True) as connection:
            self.check(connection)

    def has_seen_little(self, patience: float) -> bool:
        """Whether it should read on, as the machine is slow; not for ever."""
        return len(self.generations) <= ENOUGH_GENERATIONS and time.time() < patience

    def check(self, connection: duckdb.DuckDBPyConnection) -> None:
        generation = one(connection, "select max(generation) from publication")
        self.generations.add(generation)
        found = row_counts(connection)
        for name, count in self.counts.items():
            if found[name] < count and name not in MAY_SHRINK:
                self.wrong.append(f"{generation}: {name} went from {count} to {found[name]} rows")
        self.counts = found
        for what, query in (NEVER | doubles()).items():
            if count := one(connection, query):
                self.wrong.append(f"{generation}: {count} times {what}")


def one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.execute(query).fetchall()[0][0]


def row_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return {
        table.name: one(connection, f"select count(*) from {table.name}")
        for table in catalog.PUBLISHED
    }


def doubles() -> dict[str, str]:
    """A query per table for rows that share a key."""
    return {
        f"a doubled row of {table.name}": "select count(*) - count(distinct "
        f"({', '.join(table.key)})) from {table.name}"
        for table in catalog.PUBLISHED
    }


def start(name: str, home: Path, *, started: float) -> BaseProcess:
    process = PROCESSES.Process(target=write, args=(name, home, started), daemon=True)
    process.start()
    return process


@dataclass
class Killer:
    """Starts a third writer and kills it amid its work, again and again."""

    home: Path
    started: float
    kills: int = 0
    codes: list[int] = field(default_factory=list)

    def run(self) -> None:
        dice = random.Random(7)
        while self.kills < KILLS:
            name = f"victim{self.kills}"
            victim = start(name, self.home, started=self.started)
            patience = time.monotonic() + 60
            while not (self.home / f"{name}.log").exists() and time.monotonic() < patience:
                time.sleep(0.01)
            victim.join(dice.uniform(0, 3))
            victim.kill()
            victim.join(60)
            self.codes.append(victim.exitcode)
            self.kills += 1


@dataclass
class Aftermath:
    """What is left when everybody has stopped."""

    stores: Stores
    reader: Reader
    killer: Killer
    codes: list[int]
    logged: list[dict]
    wrote_for_s: float

    @property
    def done(self) -> set[str]:
        return {line["batch"] for line in self.logged if line["what"] == "done"}

    def intended(self, kind: str) -> dict[str, int]:
        """Rows of every batch that somebody set out to write."""
        return {line["batch"]: line["rows"] for line in self.logged if line.get("kind") == kind}


STORES = ["folder", *(["s3"] if IS_LONG else [])]


@pytest.fixture(scope="module", params=STORES)
def aftermath(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Aftermath]:
    home = tmp_path_factory.mktemp("home of two writers")
    if request.param == "s3":
        server = request.getfixturevalue("s3_server")
        places = server.settings(server.bucket()) | {"history_in_file": "whole"}
        places |= {"operations_url": request.getfixturevalue("postgres_url_factory")()}
        (home / PLACES).write_text(json.dumps(places))
    stores = open_stores(settings_of(home))
    prepare(stores)
    started = time.time()
    Writer(name="first", home=home, started=started - 10).loop(2)
    reader = Reader(stores.settings.serve_location)
    writers = [start(name, home, started=started) for name in ("one", "two")]
    killer = Killer(home, started)
    killing = threading.Thread(target=killer.run)
    killing.start()
    until, patience = time.time() + SECONDS, time.time() + SECONDS + 120
    try:
        while time.time() < until or killing.is_alive() or reader.has_seen_little(patience):
            reader.read()
            time.sleep(0.1)  # the writers need the processor too
    finally:
        # Also where the reader met something wrong: writers that go on slow every other test.
        killing.join()
        (home / STOP).touch()
        for writer in writers:
            writer.join(60)
    codes = [writer.exitcode for writer in writers]
    wrote_for_s = time.time() - started
    bring_up_to_date(stores)
    publish(stores)
    reader.read()
    logs = [line for path in home.glob("*.log") for line in path.read_text().splitlines()]
    logged = [json.loads(line) for line in logs]
    left = Aftermath(stores, reader, killer, codes, logged, wrote_for_s)
    print_figures(left)
    yield left
    reader.kept.close()
    stores.operations.close()


def print_figures(left: Aftermath) -> None:
    lake = left.stores.lake
    commits = {table.name: lake.version(table) + 1 for table in catalog.TABLES}
    rows = {table.name: lake.row_count(table) for table in catalog.TABLES}
    intended = left.intended("landing") | left.intended("file")
    sys.stdout.write(
        f"\n{left.wrote_for_s:.0f} s: {sum(commits.values())} commits, {left.killer.kills} kills\n"
        f"{len(intended)} batches begun, {len(left.done)} acknowledged\n"
        f"{max(left.reader.generations)} generations, {left.reader.reads} reads of them\n"
        f"commits {commits}\nrows {rows}\n"
    )


pytestmark = pytest.mark.timeout((900 if IS_LONG else 300) + 4 * SECONDS)


def test_the_writers_end_without_an_error(aftermath: Aftermath):
    errors = {path.name: path.read_text() for path in aftermath.stores.settings.root.glob("*.err")}
    assert {name: text for name, text in errors.items() if text} == {}
    assert aftermath.codes == [0, 0]
    assert aftermath.killer.codes == [-9] * KILLS


def test_the_reader_meets_nothing_wrong_in_any_generation(aftermath: Aftermath):
    assert aftermath.reader.wrong == []
    assert len(aftermath.reader.generations) > ENOUGH_GENERATIONS


def test_every_acknowledged_commit_is_there_exactly_once(aftermath: Aftermath):
    landed = staged(aftermath, catalog.RAW_SIFT__POSTS, "scrape_job_id")
    begun = aftermath.intended("landing")
    assert {job: begun[job] for job in aftermath.done & set(begun)}.items() <= landed.items()
    assert landed.items() <= begun.items()  # no half batch, nothing that nobody wrote


def test_every_landed_row_is_staged_or_set_aside_exactly_once(aftermath: Aftermath):
    lake = aftermath.stores.lake
    landed = lake.read(catalog.RAW_SIFT__POSTS).collect()["landing_id"].to_list()
    good = lake.read(catalog.STG_SIFT__POSTS).collect()["landing_id"].to_list()
    bad = lake.read(catalog.QUARANTINE).collect()
    whole = bad.filter(pl.col("column_name").is_null())["origin"].to_list()
    assert sorted(good + whole) == sorted(landed)
    odd = bad.filter(pl.col("column_name").is_not_null())["origin"].to_list()
    assert len(odd) == lake.read(catalog.RAW_SIFT__POSTS).collect()["scrape_job_id"].n_unique()
    assert set(odd) <= set(good)


def test_every_acknowledged_file_is_there_exactly_once(aftermath: Aftermath):
    imported = staged(aftermath, catalog.STG_IMPORT__CAPTURES, "run_id")
    begun = aftermath.intended("file")
    assert {name: begun[name] for name in aftermath.done & set(begun)}.items() <= imported.items()
    assert imported.items() <= begun.items()


def staged(aftermath: Aftermath, table: catalog.Table, batch: str) -> dict[str, int]:
    """Rows of a table by batch."""
    rows = aftermath.stores.lake.read(table).group_by(batch).agg(pl.len()).collect()
    return dict(rows.rows())


@pytest.mark.parametrize("table", catalog.TABLES, ids=lambda table: table.name)
def test_every_key_is_unique(aftermath: Aftermath, table: catalog.Table):
    rows = aftermath.stores.lake.read(table).collect()
    assert rows.height == rows.select(table.key).n_unique()
    assert (rows.height > 0) == (table not in LEFT_ALONE)


def test_posts_are_what_all_captures_give(aftermath: Aftermath):
    found = aftermath.stores.lake.read(catalog.PLATFORM_POSTS).collect()
    expected = facts_of(captures(aftermath.stores).collect()).posts.select(found.columns)
    assert_frame_equal(found, expected, check_row_order=False)


def test_last_known_values_are_what_all_captures_give(aftermath: Aftermath):
    found = aftermath.stores.lake.read(catalog.PLATFORM_POST_METRICS_LATEST).collect()
    expected = facts_of(captures(aftermath.stores).collect()).latest.select(found.columns)
    assert_frame_equal(found, expected, check_row_order=False)


def test_the_history_shows_the_last_known_values(aftermath: Aftermath):
    seen = captures(aftermath.stores)
    expected = latest_metrics(changed_captures(seen)).collect().drop("last_checked_at")
    history = aftermath.stores.lake.read(catalog.PLATFORM_POST_METRICS)
    found = latest_metrics(history).collect().select(expected.columns)
    assert_frame_equal(found, expected, check_row_order=False)


def test_every_change_is_in_the_history(aftermath: Aftermath):
    history = aftermath.stores.lake.read(catalog.PLATFORM_POST_METRICS)
    missing = changed_captures(captures(aftermath.stores)).join(
        history, on=catalog.PLATFORM_POST_METRICS.key, how="anti"
    )
    assert missing.collect().is_empty()


def test_the_last_generation_holds_the_lake(aftermath: Aftermath):
    lake, counts = aftermath.stores.lake, aftermath.reader.counts
    assert counts == {table.name: lake.row_count(table) for table in catalog.PUBLISHED}
    assert {table.name for table in catalog.PUBLISHED if table.published == "copy"} <= set(counts)
