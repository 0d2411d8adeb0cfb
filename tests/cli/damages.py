"""Damages that stores suffer, one function each, on a home of its own.

Belongs here: how a store is damaged.
Does not belong here: what a command says of it (``test_damage``).
"""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

Damage = Callable[[Path], None]
FOREIGN = b"This is no table, no log and no database.\n" * 200
POSTS = "lake/platform_posts"
METRICS = "lake/platform_post_metrics"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A damage, the command that meets it, and what is said."""

    damage: Damage
    code: int
    says: str
    """Words of the one line, as a regular expression."""
    command: tuple[str, ...] = ("project", "list")
    harmed: str = "lake"
    """What is to be put back from a copy."""


def without(path: str) -> Damage:
    """The file or folder is gone."""

    def damage(home: Path) -> None:
        target = home / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    return damage


def each(pattern: str, change: Callable[[bytes], bytes]) -> Damage:
    """Every file of a pattern has other content."""

    def damage(home: Path) -> None:
        found = [path for path in home.glob(pattern) if not path.is_symlink()]
        assert found
        for path in found:
            path.chmod(0o644)
            path.write_bytes(change(path.read_bytes()))

    return damage


def newest(pattern: str, change: Callable[[bytes], bytes] | None) -> Damage:
    """The last file of a pattern has other content, or is gone."""

    def damage(home: Path) -> None:
        path = max(home.glob(pattern))
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(path.read_bytes()))

    return damage


def file_for_folder(path: str) -> Damage:
    """A file lies where a folder was."""

    def damage(home: Path) -> None:
        shutil.rmtree(home / path)
        (home / path).write_bytes(FOREIGN)

    return damage


def folder_for_file(path: str) -> Damage:
    """A folder lies where a file was."""

    def damage(home: Path) -> None:
        (home / path).unlink()
        (home / path).mkdir()

    return damage


def empty(_: bytes) -> bytes:
    return b""


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def foreign(_: bytes) -> bytes:
    return FOREIGN


def of_another_program(home: Path) -> None:
    """The operational database is somebody else's."""
    path = home / "operations.db"
    for left in home.glob("operations.db*"):
        left.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("create table projects (name text)")
    connection.close()


def published_by_another_program(home: Path) -> None:
    """The newest generation is a database of somebody else."""
    path = home / "serve/layers-000001.duckdb"
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table things (name varchar)")


def clock_was_ahead(home: Path) -> None:
    """What was written before says that it was a later day."""
    (home / "seen/clock").write_text("32503680000")


LOGS = f"{POSTS}/_delta_log/*.json"
DATA = f"{METRICS}/**/*.parquet"
GONE = r"platform_posts: .*there is no table, though its version \d+ was seen before.*delete .*seen"
UNUSABLE = r"platform_posts: .*cannot be used: .*restore the table from a copy"
NOT_AS_LOGGED = r"platform_post_metrics: a data file is not what the table's log says: .*parquet"
BROKEN_FILE = r"operations\.db: .*The file is damaged: restore it from a copy"
LOST_DATABASE = r"operations\.db: the database is empty or gone, though it was there.*delete .*seen"
ANSWER = ("query", "select count(*) as posts from platform_posts")
UNREADABLE = r"query: .*layers-000001\.duckdb: .*layers-pipeline publish"
SQLITE = {"harmed": "operations.db"}
SERVE = {"harmed": "serve"}

CASES: dict[str, Case] = {
    "a table is gone": Case(damage=without(POSTS), code=4, says=GONE),
    "a table's log is gone": Case(damage=without(f"{POSTS}/_delta_log"), code=4, says=GONE),
    "the whole lake is gone": Case(damage=without("lake"), code=4, says=r"there is no table"),
    "a file lies in the lake's place": Case(
        damage=file_for_folder("lake"), code=4, says=r"there is no table"
    ),
    "a file lies in a table's place": Case(
        damage=file_for_folder(POSTS), code=4, says=r"platform_posts: .*cannot be used"
    ),
    "a log is empty": Case(damage=each(LOGS, empty), code=4, says=UNUSABLE),
    "a log is cut": Case(damage=newest(LOGS, cut), code=4, says=UNUSABLE),
    "a log is foreign": Case(damage=newest(LOGS, foreign), code=4, says=UNUSABLE),
    "a log lacks its beginning": Case(
        damage=without(f"{POSTS}/_delta_log/{0:020}.json"), code=4, says=UNUSABLE
    ),
    "a log is older than it was": Case(
        damage=newest(LOGS, None), code=4, says=r"newest version is 0, though 1 was seen before"
    ),
    "a data file is gone": Case(
        damage=newest(DATA, None), code=4, says=rf"{NOT_AS_LOGGED} is gone, of [\d,]+ bytes"
    ),
    "a data file is empty": Case(damage=newest(DATA, empty), code=4, says=NOT_AS_LOGGED),
    "a data file is cut": Case(damage=newest(DATA, cut), code=4, says=NOT_AS_LOGGED),
    "a data file is foreign": Case(damage=newest(DATA, foreign), code=4, says=NOT_AS_LOGGED),
    "the database is gone": Case(
        damage=without("operations.db"), code=4, says=LOST_DATABASE, **SQLITE
    ),
    "the database is empty": Case(
        damage=each("operations.db", empty), code=4, says=LOST_DATABASE, **SQLITE
    ),
    "the database is cut": Case(
        damage=each("operations.db", cut), code=4, says=BROKEN_FILE, **SQLITE
    ),
    "the database is foreign": Case(
        damage=each("operations.db", foreign), code=4, says=BROKEN_FILE, **SQLITE
    ),
    "the database is another program's": Case(
        damage=of_another_program, code=4, says=r"operations\.db: .*of another program", **SQLITE
    ),
    "a folder lies in the database's place": Case(
        damage=folder_for_file("operations.db"),
        code=4,
        says=r"operations\.db: unable to open",
        **SQLITE,
    ),
    "nothing was published": Case(
        damage=without("serve"), code=3, says=r"nothing was published yet", command=ANSWER, **SERVE
    ),
    "the published file is gone": Case(
        damage=without("serve/layers-000001.duckdb"),
        code=4,
        says=r"the newest generation, .*layers-000001\.duckdb, is gone.*layers-pipeline publish",
        command=ANSWER,
        **SERVE,
    ),
    "the published file is empty": Case(
        damage=each("serve/layers-*.duckdb", empty),
        code=4,
        says=UNREADABLE,
        command=ANSWER,
        **SERVE,
    ),
    "the published file is cut": Case(
        damage=each("serve/layers-*.duckdb", cut), code=4, says=UNREADABLE, command=ANSWER, **SERVE
    ),
    "the published file is foreign": Case(
        damage=each("serve/layers-*.duckdb", foreign),
        code=4,
        says=UNREADABLE,
        command=ANSWER,
        **SERVE,
    ),
    "the published file is another program's": Case(
        damage=published_by_another_program,
        code=2,
        says=r"query: .*platform_posts does not exist",
        command=ANSWER,
        **SERVE,
    ),
    "a folder lies in the link's place": Case(
        damage=folder_for_file("serve/layers.duckdb"),
        code=4,
        says=r"query: .*Is a directory",
        command=ANSWER,
        **SERVE,
    ),
    "Dagster's records are foreign": Case(
        damage=each("dagster/storage/**/*.db", foreign),
        code=4,
        says=r"Dagster's records in .* hold the history of runs and no data",
        command=("publish",),
        harmed="dagster",
    ),
    "a file lies in the place of Dagster's records": Case(
        damage=file_for_folder("dagster"),
        code=4,
        says=r"DAGSTER_HOME: .*cannot be used for Dagster's records",
        command=("publish",),
        harmed="dagster",
    ),
    "a file lies in the locks' place": Case(
        damage=file_for_folder("locks"),
        code=4,
        says=r"the lock .* cannot be taken",
        command=("publish",),
        harmed="locks",
    ),
    "the clock went back": Case(
        damage=clock_was_ahead,
        code=4,
        says=r"this machine's clock says 20\d\d-.* UTC: it said 3000-01-01 00:00 before.*Set the",
        harmed="seen",
    ),
}
