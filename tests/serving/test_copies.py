"""Copies of everything published: they need nothing else, and say the same.

Belongs here: a copy in another folder, once lake and original are gone.
Does not belong here: what is published (``test_publication``).
"""

import hashlib
import json
import shutil

import duckdb
import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError, StoreError
from layers_pipeline.serving.copies import copy_to_duckdb, copy_to_parquet
from layers_pipeline.steps.publish.publication import publish
from tests.worlds.true_lives import live

ASKED = (
    "from platform_posts order by all",
    "from platform_post_checks order by all",
    "from post_metric_trends order by all",
    "from post_metric_trends_by_age order by all",
    "from content_detail order by all",
    "from posts_as_of('2025-03-30 12:00:00+00') order by all",
    "select part, points from score_explain((select min(ads_content_id) from content_detail "
    "where organic_score > 0)) order by place",
)
COMMENTS = "select table_name, column_name, comment from duckdb_columns() where not internal"


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """Answers of a publication, and its copies, after all else is gone."""
    home = tmp_path_factory.mktemp("copies")
    lived = live(home / "home")
    path = publish(lived.stores).path
    answers = [asked(path, question) for question in (*ASKED, f"{COMMENTS} order by all")]
    copy_to_duckdb(path, home / "stick" / "all.duckdb", {})
    copy_to_parquet(path, home / "stick" / "all", {})
    lived.stores.operations.close()
    shutil.rmtree(home / "home")
    shutil.move(home / "stick", home / "elsewhere")
    return home / "elsewhere", answers


def asked(path, question) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(question).pl()


def test_a_duckdb_copy_answers_as_the_original_did(copied):
    folder, answers = copied

    found = [
        asked(folder / "all.duckdb", question) for question in (*ASKED, f"{COMMENTS} order by all")
    ]

    assert all(answer.height for answer in answers)
    assert [one.equals(other) for one, other in zip(found, answers, strict=True)] == [True] * 8


def test_parquet_lies_by_project_and_month_and_the_manifest_holds(copied):
    folder = copied[0] / "all"
    manifest = json.loads((folder / "manifest.json").read_text())
    trends = manifest["tables"]["post_metric_trends"]

    assert trends["divided_by"] == ["project_id", "month"]
    folders = {file["path"].rpartition("/")[0] for file in trends["files"]}
    assert "post_metric_trends/project_id=brand/month=2025-03" in folders
    assert "post_metric_trends/project_id=rival/month=2025-04" in folders
    for name, table in manifest["tables"].items():
        files = [folder / file["path"] for file in table["files"]]
        rows = sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in files)
        assert (name, rows) == (name, table["rows"])
        assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in files] == [
            file["sha256"] for file in table["files"]
        ]
        assert all(column["comment"] for column in table["columns"].values())


def test_parquet_has_the_rows_that_the_original_had(copied):
    folder, answers = copied

    files = f"'{folder}/all/post_metric_trends/**/*.parquet', hive_partitioning = false"
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        question = f"select * exclude (month) from read_parquet({files}) order by all"
        found = connection.sql(question).pl()

    assert found.equals(answers[2])


def test_what_lies_there_is_not_written_over(copied):
    folder = copied[0]

    with pytest.raises(InputRefusedError, match=r"all\.duckdb: something lies there"):
        copy_to_duckdb(folder / "all.duckdb", folder / "all.duckdb", {})


def test_what_is_no_generation_leaves_nothing_behind(tmp_path):
    (tmp_path / "x.duckdb").write_bytes(b"x" * 5000)

    with pytest.raises(StoreError, match=r"y: .* Make room, or name another place"):
        copy_to_parquet(tmp_path / "x.duckdb", tmp_path / "y", {})

    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]
