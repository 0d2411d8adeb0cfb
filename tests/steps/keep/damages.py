"""Damages of a deployment that look like nothing from outside, one function each.

Belongs here: how a store is damaged.
Does not belong here: what is found (``test_verify``); damages that stop a command at once
(``tests.cli.damages``).
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from layers_pipeline.lake import catalog
from layers_pipeline.operations.database import newest_revision


def log_of(home: Path, table: str) -> list[Path]:
    return sorted((home / "lake" / table / "_delta_log").glob("*.json"))


def data_of(home: Path, table: str) -> Path:
    return min((home / "lake" / table).rglob("*.parquet"))


def a_data_file_is_gone(home: Path) -> None:
    data_of(home, "platform_post_metrics").unlink()


def a_data_file_is_cut(home: Path) -> None:
    path = data_of(home, "organic_scores")
    path.write_bytes(path.read_bytes()[:-7])


def a_data_file_has_turned_bits(home: Path) -> None:
    """As long as before: only reading it tells."""
    path = data_of(home, "platform_posts")
    body = bytearray(path.read_bytes())
    body[4 : len(body) // 2] = bytes(len(body) // 2 - 4)
    path.write_bytes(bytes(body))


def a_data_file_holds_other_rows(home: Path) -> None:
    """A whole file of the same size in the log, with rows missing."""
    path = data_of(home, "raw_sift__posts")
    pl.read_parquet(path, hive_partitioning=False).head(2).write_parquet(path)
    log = next(one for one in log_of(home, "raw_sift__posts") if path.name in one.read_text())
    said = log.read_text()
    before = said.split('"size":')[1].split(",")[0]
    log.write_text(said.replace(f'"size":{before}', f'"size":{path.stat().st_size}'))


def a_commit_is_gone(home: Path) -> None:
    """One that is neither the first nor the last."""
    of_tables = (log_of(home, table.name) for table in catalog.TABLES)
    next(log for log in of_tables if len(log) > 2)[1].unlink()


def the_newest_commit_is_gone(home: Path) -> None:
    log_of(home, "raw_instagram__responses")[-1].unlink()


def a_table_is_gone(home: Path) -> None:
    shutil.rmtree(home / "lake/ads_content")


def a_log_is_foreign(home: Path) -> None:
    log_of(home, "content_containers")[-1].write_text("no log\n")


def a_table_is_older_than_its_reader(home: Path) -> None:
    """It read a version that its source never came to, as from another backup."""
    table = DeltaTable(home / "lake/stg_sift__posts")
    ahead = CommitProperties(app_transactions=[Transaction("raw_sift__posts", 99)])
    empty = catalog.STG_SIFT__POSTS.empty()
    write_deltalake(table, empty, mode="append", commit_properties=ahead)


def snapshots_have_lost_their_posts(home: Path) -> None:
    DeltaTable(home / "lake/platform_posts").delete("platform_post_id = 'p1'")


def scores_have_lost_their_content(home: Path) -> None:
    DeltaTable(home / "lake/ads_content").delete("ads_content_id = 'brand/tiktok:p2'")


def a_column_has_another_type(home: Path) -> None:
    rows = pl.read_delta(str(home / "lake/projects")).with_columns(is_active=pl.lit("yes"))
    rows.write_delta(
        str(home / "lake/projects"),
        mode="overwrite",
        delta_write_options={"schema_mode": "overwrite"},
    )


def database(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "operations.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def a_page_of_the_database_is_torn(home: Path) -> None:
    path = home / "operations.db"
    database(home, "pragma wal_checkpoint(truncate)")
    body = bytearray(path.read_bytes())
    body[4096 * 8 : 4096 * 12] = b"x" * (4096 * 4)
    path.write_bytes(bytes(body))


def the_database_is_gone(home: Path) -> None:
    for path in home.glob("operations.db*"):
        path.unlink()


def a_row_names_a_row_that_is_gone(home: Path) -> None:
    database(home, "pragma foreign_keys = off", "delete from projects")


def an_account_is_gone(home: Path) -> None:
    database(
        home,
        "delete from account_tokens",
        "delete from platform_accounts where account_id = 'instagram:own'",
    )


def a_table_of_the_database_is_gone(home: Path) -> None:
    database(home, "drop table safety_reviews")


def the_database_is_older(home: Path) -> None:
    database(home, f"update alembic_version set version_num = '{int(newest_revision()) - 1:04}'")


def the_newest_generation_is_gone(home: Path) -> None:
    (home / "serve/layers-000001.duckdb").unlink()


def a_generation_is_cut(home: Path) -> None:
    path = home / "serve/layers-000001.duckdb"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:20_000])


def a_file_of_a_view_is_gone(home: Path) -> None:
    """The table has gone on to other files; the view shows the old one."""
    path = data_of(home, "ad_eligibility")
    path.rename(path.with_name(f"moved-{path.name}"))


def a_restore_was_cut(home: Path) -> None:
    (home / "restoring").write_text("20250514T120000Z")
