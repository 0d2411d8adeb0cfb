"""``content find``, ``show`` and ``schedule``, ``views`` and ``export``: what they say and refuse.

Belongs here: the commands within this process, over one published file and a real database.
Does not belong here: which rows a filter keeps (``tests/views``), storing (``tests/operations``).
"""

import csv
import io
import json
import shutil

import pytest

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.store import Operations
from layers_pipeline.views.filters import ContentFilter
from tests.cli.program import Program
from tests.oracles.content_lists import kept_rows
from tests.worlds.content_lists import PROJECT, PUBLISHED_AT, contents, publish_contents

BEST = "platform=tiktok&sort=-views&columns=caption%2Cviews"
FILE = """
project: brand
posts:
  - {post: may-1, account: "tiktok:ada", at: "2025-05-01T09:00", caption: Good morning}
  - {post: may-2, account: "tiktok:ada", at: "2025-05-02T09:00Z", caption: "007", media_type: reel}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project in Berlin with an account, and made-up content; to be copied."""
    home = tmp_path_factory.mktemp("views") / "home"
    publish_contents(home / "serve", contents())
    operations = Operations(f"sqlite:///{home}/operations.db")
    operations.migrate()
    operations.projects.add(PROJECT, name="B", time_zone="Europe/Berlin", now=PUBLISHED_AT)
    account = NewAccount(platform="tiktok", account_key="ada", connection="external")
    operations.accounts.add([account], now=PUBLISHED_AT)
    operations.close()
    return home


@pytest.fixture
def program(made, tmp_path) -> Program:
    return Program(shutil.copytree(made, tmp_path / "home", symlinks=True))


def test_finding_prints_a_page_and_how_much_there_is(program):
    kept = kept_rows(contents(), ContentFilter.from_query(BEST, project_id=PROJECT))

    said = program.said("content", "find", "--project", "brand", "--query", BEST, "--rows", "3")

    assert f"3 of {len(kept)}, as of 2025-05-14 12:00 UTC." in said
    assert f"{kept[0]['views']:,}" in said


def test_csv_and_json_have_every_row_of_a_saved_view(program):
    kept = kept_rows(contents(), ContentFilter.from_query(BEST, project_id=PROJECT))
    program.said("views", "save", "best", "--project", "brand", "--query", BEST, "--by", "ann")
    find = ("content", "find", "--project", "brand", "--view", "best", "--format")

    lines = list(csv.DictReader(io.StringIO(program.said(*find, "csv"), newline="")))
    listed = json.loads(program.said(*find, "json"))

    assert [line["views"] for line in lines] == [str(row["views"] or "") for row in kept]
    assert listed == [{"caption": row["caption"], "views": row["views"]} for row in kept]


def test_a_bad_filter_and_an_unknown_content_are_named(program):
    find = ("content", "find", "--project", "brand", "--query")
    assert "filter sort: 'virality': use" in program.refused(*find, "sort=virality")
    assert "project 'nobody' does not exist" in program.refused(
        "content", "find", "--project", "nobody", code=3
    )
    assert "has none of that id" in program.refused(
        "content", "show", "tiktok:0", "--project", "brand", code=3
    )


def test_a_view_is_saved_listed_shown_exported_and_forgotten(program, tmp_path):
    save = ("views", "save", "best", "--project", "brand", "--by", "ann", "--query", BEST)
    assert program.said(*save) == "View best of project 'brand': saved.\n"
    assert program.said(*save) == "View best of project 'brand': as it was.\n"
    assert "saved" in program.said(*save, "--export", "parquet")
    (row,) = json.loads(program.said("views", "list", "--format", "json"))
    assert (row["view"], row["export"], row["by"]) == ("best", "parquet", "ann")
    shown = json.loads(
        program.said("views", "show", "best", "--project", "brand", "--format", "json")
    )
    assert [one["export"] for one in shown] == [None, "parquet"]

    export = ("views", "export", "best", "--project", "brand", "--folder", tmp_path / "out")
    assert "best/20250514T120000Z.csv:" in program.said(*export)
    assert (tmp_path / "out/brand/best/20250514T120000Z.csv.manifest.json").exists()

    program.said("views", "forget", "best", "--project", "brand", "--by", "ann")
    assert "Known: none" in program.refused("views", "show", "best", "--project", "brand", code=3)


def test_posts_are_scheduled_listed_in_the_projects_time_and_cancelled(program, tmp_path):
    add = ("content", "schedule", "add", "teaser", "--project", "brand", "--by", "ann")
    what = ("--account", "tiktok:ada", "--caption", "=Spring")
    said = program.said(*add, *what, "--at", "2125-07-01T18:00")
    assert said == "Post teaser of project 'brand', 2125-07-01 16:00 UTC: stored.\n"
    assert "is skipped by the clocks of Europe/Berlin" in program.refused(
        *add, *what, "--at", "2025-03-30T02:30"
    )
    (tmp_path / "may.yaml").write_text(FILE)
    schedule = ("content", "schedule")
    imported = program.said(*schedule, "import", tmp_path / "may.yaml", "--by", "ann")
    assert imported == "may.yaml: 2 posts, 2 of them new or changed.\n"
    assert ", 0 of them" in program.said(*schedule, "import", tmp_path / "may.yaml", "--by", "ann")

    program.said(
        *schedule, "cancel", "may-2", "--project", "brand", "--note", "Rain", "--by", "bob"
    )

    listed = (*schedule, "list", "--project", "brand", "--format")
    rows = json.loads(program.said(*listed, "json", "--cancelled", "show"))
    assert [(row["post"], row["state"], row["local time"]) for row in rows] == [
        ("may-1", "past", "2025-05-01 09:00 CEST"),
        ("may-2", "cancelled", "2025-05-02 11:00 CEST"),
        ("teaser", "scheduled", "2125-07-01 18:00 CEST"),
    ]
    assert "'=Spring" in program.said(*listed, "csv")
    history = json.loads(
        program.said(*schedule, "history", "--project", "brand", "--format", "json")
    )
    assert [(row["post"], row["note"]) for row in history][-1] == ("may-2", "Rain")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("at:", "when:"), "line 4: 'when' is not known. Keys are post, account, at"),
        (("2025-05-01T09:00", "soon"), "line 4: post may-1: at 'soon' is no moment"),
        (("media_type: reel", "media_type: tweet"), "post may-2: media_type 'tweet' is not known"),
        (("may-2", "may-1"), "may-1 comes twice"),
        (("project: brand", "brand: x"), "'brand' is not known"),
    ],
)
def test_a_wrong_file_of_posts_is_refused_whole_with_its_line(program, tmp_path, change, told):
    (tmp_path / "may.yaml").write_text(FILE.replace(*change))
    schedule = ("content", "schedule")

    assert told in program.refused(*schedule, "import", tmp_path / "may.yaml", "--by", "ann")

    assert program.said(*schedule, "list", "--project", "brand", "--format", "json") == "[]\n"


def test_a_copy_is_made_of_everything_published_and_written_over_nothing(program, tmp_path):
    folder = tmp_path / "all"

    said = program.said("export", "parquet", folder)

    assert f"{folder}: 2 tables, 241 rows in" in " ".join(said.split())
    assert "as of 2025-05-14T12:00:00+00:00" in said
    assert "something lies there" in program.refused("export", "parquet", folder)
    assert "something lies there" in program.refused("export", "duckdb", folder)
