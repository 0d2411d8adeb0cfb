"""Damaged stores: one line, an exit code, nothing half done, and a way back.

Belongs here: what commands say of each damage (``tests.cli.damages``), and how one goes on.
Does not belong here: what a store does with itself (``tests.lake``, ``tests.serving``).
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import text

from layers_pipeline.errors import StoreError
from layers_pipeline.operations.database import Database
from tests.cli.damages import ANSWER, CASES, FOREIGN, METRICS, Case, each, newest, without
from tests.cli.program import Program

KEYS = "LAYERS_TOKEN_KEYS"
OLD_KEY, NEW_KEY = "A" * 43 + "=", "B" * 43 + "="
ROWS = (
    "platform,account_key,post_key,captured_at,views",
    "tiktok,cid,7501000000000000001,2025-05-14T09:00:00Z,1000",
    "tiktok,cid,7501000000000000002,2025-05-14T09:00:00Z,2000",
)
HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with captures, published."""
    folder = tmp_path_factory.mktemp("whole")
    program = Program(folder / "home")
    captures = folder / "captures.csv"
    captures.write_text("\n".join([*ROWS, ""]))
    program.said("import", "captures", captures, "--project", "brand")
    program.said("publish")
    return program.home


@pytest.fixture
def program(whole: Path, tmp_path: Path) -> Program:
    shutil.copytree(whole, tmp_path / "home", symlinks=True)
    return Program(tmp_path / "home")


def put_back(whole: Path, home: Path, part: str) -> None:
    """Restore a store from a copy."""
    target = home / part
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    for left in home.glob(f"{part}-*"):
        left.unlink()
    if (whole / part).is_dir():
        shutil.copytree(whole / part, target, symlinks=True)
    else:
        shutil.copyfile(whole / part, target)


def tree(home: Path) -> dict[str, int]:
    """What lies in the lake and beside the published file, by size."""
    found = [path for part in ("lake", "serve") for path in (home / part).rglob("*")]
    return {str(path): path.stat().st_size for path in found if path.is_file()}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_damage_is_told_in_one_line_and_mended_from_a_copy(whole, program, case: Case):
    case.damage(program.home)
    before = tree(program.home)
    assert re.search(case.says, program.refused(*case.command, code=case.code))
    assert tree(program.home) == before
    put_back(whole, program.home, case.harmed)
    assert program(*(ANSWER if case.harmed == "serve" else ("project", "list"))).code == 0


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        pytest.param(without("operations.db"), "operations", id="the database"),
        pytest.param(without(METRICS), "lake/platform_post_metrics", id="a table"),
    ],
)
def test_one_may_say_that_what_is_gone_is_gone(program, damage, name):
    damage(program.home)
    assert str(program.home / "seen" / name) in program.refused("project", "list", code=4)
    (program.home / "seen" / name).unlink()
    assert program("project", "list").code == 0


def test_a_published_file_can_be_opened_to_write_by_nobody_without_rights(program):
    published = program.home / "serve/layers.duckdb"
    assert published.resolve().stat().st_mode & 0o222 == 0


@pytest.fixture
def held(program: Program) -> Iterator[Program]:
    """The published file is open read-write in another process."""
    path = program.home / "serve/layers.duckdb"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield program
        holder.communicate()


def test_a_session_that_holds_the_published_file_does_not_stop_publication(held):
    assert "another program has opened it to write" in held.refused(*ANSWER, code=5)
    assert "layers-000002.duckdb" in held.said("publish")
    assert held.said(*ANSWER, "--format", "json") == '[{"posts": 2}]\n'


def test_a_broken_older_generation_is_skipped_with_a_warning(program):
    each("serve/layers-*.duckdb", lambda _: FOREIGN)(program.home)
    without("serve/layers-000001.json")(program.home)
    said = program("publish")
    assert (said.code, "layers-000002.duckdb" in said.out) == (0, True)
    assert re.fullmatch(
        r"warning: .*layers-000001.duckdb: [^\n]* left out of account.*\n", said.err
    )


def test_a_table_that_loses_a_file_after_it_was_opened_is_told_of(program):
    newest(f"{METRICS}/**/*.parquet", None)(program.home)
    captures = program.home / "more.csv"
    captures.write_text("\n".join([*ROWS, ""]).replace("T09", "T10"))
    said = program.refused("import", "captures", captures, "--project", "brand", code=4)
    assert "platform_post_metrics: a data file is not what" in said


def test_a_question_that_meets_a_lost_data_file_is_answered_with_that(program):
    program.said("publish")
    newest(f"{METRICS}/**/*.parquet", None)(program.home)
    said = program.refused("query", "select sum(views) from platform_post_metrics", code=4)
    assert re.search(r"query: .*, which cannot be read.*layers-pipeline publish", said)


def test_tokens_under_a_lost_key_are_told_of(program):
    project = ("--project", "brand")
    known = {KEYS: OLD_KEY, "LAYERS_TOKEN": "act.1", "LAYERS_REFRESH_TOKEN": "rft.1"}
    added = program("account", "add", "tiktok:own-1", *project, **known)
    assert added.code == 0, added
    said = program.refused("account", "rotate-keys", **{KEYS: NEW_KEY})
    assert "tiktok:own-1 cannot be decrypted" in said
    assert program("account", "rotate-keys", **{KEYS: f"{NEW_KEY},{OLD_KEY}"}).code == 0


def test_signs_of_urls_in_a_home_are_nothing_special(whole, tmp_path):
    program = Program(tmp_path / "100% what? #1 & b")
    shutil.copytree(whole, program.home, symlinks=True, ignore=shutil.ignore_patterns("dagster"))
    without("serve")(program.home)
    assert "Generation 1" in program.said("publish")
    answer = program.said("query", "select sum(views) as views from platform_post_metrics")
    assert "3000" in answer


def test_a_database_that_another_program_holds_is_told_of(program):
    path = program.home / "operations.db"
    database = Database(f"sqlite:///{path}", wait_s=0)
    with sqlite3.connect(path, isolation_level=None) as holder:
        holder.execute("begin immediate")
        said = pytest.raises(StoreError, match=r"locked\. Another program holds it")
        with said, database.write() as session:
            session.execute(text("select 1"))
    holder.close()
    database.close()


def test_an_escape_in_a_home_is_refused(tmp_path):
    said = Program(tmp_path / "a%20b").refused("project", "list")
    assert "has %20 in its name" in said


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no namespaces here")
def test_disks_that_are_full_or_read_only_are_told_of(whole, tmp_path):
    worker = [sys.executable, "-m", "tests.cli.small_disk", str(whole), str(tmp_path)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", *worker],
        capture_output=True,
        text=True,
        timeout=280,
        cwd=Path(__file__).parents[2],
        env=os.environ,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    for disk, command, code, out, err in told["refused"]:
        shown = (disk, command, code, out, err)
        assert (code, out) in {(4, ""), (2, "")}, shown
        assert re.fullmatch(r"error: [^\n]+\n", err), shown
    assert {tuple(step[:2]) for step in told["refused"]} == {
        (disk, command)
        for disk in ("full", "read-only")
        for command in ("project", "import", "publish")
    }
    assert told["after"] == '[{"posts": 2}]\n'


QUERIES_OF_FILES = (
    "from read_text('{path}')",
    "from read_blob('{path}')",
    "from read_csv('{path}')",
    "from '{path}'",
    "from read_parquet('{path}')",
    "from read_json('{path}')",
    "from glob('{folder}/*')",
    "from sniff_csv('{path}')",
    "from parquet_metadata('{path}')",
    "from query('from read_text(''{path}'')')",
    "from query_table('{path}')",
    "select (select content from read_text('{path}'))",
    "with t as (from read_text('{path}')) select * from t",
)


@pytest.mark.parametrize("sql", QUERIES_OF_FILES)
def test_a_question_reads_no_file_outside_the_published_data(whole, tmp_path, sql):
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nnobody-may-see\n")
    asked = sql.format(path=secret, folder=tmp_path)
    assert "no other file" in Program(whole).refused("query", asked)


@pytest.mark.parametrize(
    "sql",
    [
        "from asked",
        "from columns",
        "set allowed_paths = ['/']",
        "copy (select 1) to '/tmp/x'",
        "attach '/tmp/x.db'",
        "load parquet; select 1",
    ],
)
def test_a_question_reaches_neither_the_program_nor_its_settings(whole, sql):
    Program(whole).refused("query", sql)


def test_a_published_file_is_read_as_it_is_by_any_other_program(whole):
    published = str(whole / "serve/layers.duckdb")
    with duckdb.connect(published, read_only=True) as connection:
        assert connection.sql("select sum(views) from platform_post_metrics").fetchall() == [
            (3000,)
        ]
