"""Exports: files that hold what the filter keeps, and manifests that say so.

Belongs here: writing, checking, pruning; one round over saved views.
Does not belong here: which rows a filter keeps (``test_content``), the schedule (``tests/assets``).
"""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from layers_pipeline.errors import StoreError
from layers_pipeline.operations.saved_views import SavedView
from layers_pipeline.views.content import count, stream_csv
from layers_pipeline.views.exports import exports_in, problems_of, prune_exports, write_export
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.saved import export_all
from tests.oracles.content_lists import kept_rows
from tests.worlds.content_lists import PROJECT, PUBLISHED_AT, contents

KEPT = ContentFilter(
    project_id=PROJECT,
    platforms=("tiktok",),
    sort=("views", True),
    columns=("ads_content_id", "caption", "views", "published_at", "organic_score", "is_eligible"),
)
NOW = PUBLISHED_AT + timedelta(minutes=5)


def view(name: str, *, query: str = KEPT.to_query(), export_as="csv") -> SavedView:
    return SavedView(
        project_id=PROJECT,
        name=name,
        known_at=NOW,
        query=query,
        export_as=export_as,
        is_forgotten=False,
        changed_by="ann",
    )


@pytest.fixture
def reader(views):
    with views.reading() as reading:
        yield reading


def export(reader, folder, *, form="csv", kept=KEPT):
    return write_export(reader, kept, folder, name="best", form=form, now=NOW)


def test_a_csv_and_its_manifest_say_what_the_query_gives(reader, tmp_path):
    made = export(reader, tmp_path)

    content = (tmp_path / "brand/best/20250514T120000Z.csv").read_bytes()
    assert content == b"".join(stream_csv(reader, KEPT))
    said = json.loads((tmp_path / "brand/best/20250514T120000Z.csv.manifest.json").read_text())
    assert said["rows"] == len(kept_rows(contents(), KEPT)) > 50
    assert said["sha256"] == hashlib.sha256(content).hexdigest()
    assert said["as_of"] == "2025-05-14T12:00:00+00:00"
    assert ContentFilter.from_query(said["query"], project_id=said["project_id"]) == KEPT
    assert exports_in(tmp_path) == [made]
    assert problems_of(reader, KEPT, made, tmp_path) == []


def test_parquet_keeps_types_and_texts_as_they_are(reader, tmp_path):
    made = export(reader, tmp_path, form="parquet")

    found = pl.read_parquet(tmp_path / "brand/best" / made.file)
    expected = [{name: row[name] for name in KEPT.columns} for row in kept_rows(contents(), KEPT)]
    assert found.to_dicts() == expected
    assert "=HYPERLINK(0)" in found["caption"].to_list()
    assert problems_of(reader, KEPT, made, tmp_path) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_is_not_what_the_query_gives_is_told(reader, tmp_path, form):
    made = export(reader, tmp_path, form=form)
    path = tmp_path / "brand/best" / made.file
    other = write_export(
        reader, replace(KEPT, search="sale"), tmp_path / "x", name="best", form=form, now=NOW
    )
    path.write_bytes((tmp_path / "x/brand/best" / other.file).read_bytes())

    found = problems_of(reader, KEPT, made, tmp_path)

    assert any("sha256 is" in problem for problem in found)
    assert any("its rows are not those of the query" in problem for problem in found)
    path.unlink()
    assert problems_of(reader, KEPT, made, tmp_path) == [f"{path} is gone"]


def test_a_manifest_of_another_filter_is_told(reader, tmp_path):
    made = export(reader, tmp_path)
    wider = replace(KEPT, platforms=())

    found = problems_of(reader, wider, made, tmp_path)

    assert count(reader, wider) > made.rows
    assert any(problem.startswith("query is ") for problem in found)
    assert any(problem.startswith(f"rows is {made.rows} in the manifest") for problem in found)


def test_a_folder_that_cannot_be_written_is_named(reader, tmp_path):
    (tmp_path / "brand").write_text("a file")

    with pytest.raises(StoreError, match=r"export 'best': .*brand/best/"):
        export(reader, tmp_path)


def test_a_round_exports_what_asks_for_it_and_one_bad_view_keeps_no_other(views, tmp_path):
    wanted = [
        view("bad", query="platform=youtube"),
        view("best"),
        view("plain", export_as=None),
        view("whole", query="", export_as="parquet"),
    ]

    done = export_all(views, wanted, tmp_path, kept=3, now=NOW)

    assert [(one.name, one.format) for one in done.exports] == [
        ("best", "csv"),
        ("whole", "parquet"),
    ]
    (problem,) = done.problems
    assert problem.startswith("view 'bad' of project 'brand': filter platform: 'youtube'")
    assert [one.name for one in exports_in(tmp_path)] == ["best", "whole"]


def test_only_the_newest_exports_of_each_name_are_kept(reader, tmp_path):
    home = tmp_path / "brand/best"
    made = export(reader, tmp_path)
    for day in (11, 12, 13):
        older = home / f"202505{day}T120000Z.csv"
        older.write_bytes(b"old")
        told = replace(made, file=older.name)
        older.with_name(f"{older.name}.manifest.json").write_text(json.dumps(told.__dict__))

    gone = prune_exports(tmp_path, kept=2)

    assert [path.name for path in gone] == ["20250511T120000Z.csv", "20250512T120000Z.csv"]
    assert sorted(path.name for path in home.glob("*.csv")) == [
        "20250513T120000Z.csv",
        "20250514T120000Z.csv",
    ]
    assert len(exports_in(tmp_path)) == 2
