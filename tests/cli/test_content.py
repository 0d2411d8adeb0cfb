"""``layers-pipeline content``: what it stores, says, refuses and lists.

Belongs here: the commands within this process, over real stores; files of creatives.
Does not belong here: storing (``tests.operations``), what follows in the lake (``tests.steps``).
"""

import getpass
import re
import shutil
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from layers_pipeline.operations.store import Operations
from tests.cli.program import Program
from tests.worlds.data_builders import allow, capture, derive, make_stores

POST = "tiktok:7501"
MADE = "2025-05-01T08:00:00+00:00"
ADD = ("add", "generated", "one", "--project", "brand")


class Commands(Program):
    """The commands over one folder."""

    def stored(self, what: str) -> list[Any]:
        """Rows of a listing of the operational database, such as ``ads.all``."""
        operations = Operations(f"sqlite:///{self.home}/operations.db")
        try:
            return attrgetter(what)(operations)()
        finally:
            operations.close()


@pytest.fixture(scope="module")
def made_home(tmp_path_factory) -> Path:
    """Projects ``brand`` and ``other``, and one post that has come in; to be copied."""
    home = tmp_path_factory.mktemp("made") / "home"
    stores = make_stores(home)
    allow(stores, "ada")
    stores.operations.projects.add("other", name="Other", time_zone="UTC", now=datetime.now(UTC))
    derive(stores, [capture("7501", views=100)])
    stores.operations.close()
    return home


@pytest.fixture
def commands(made_home, tmp_path) -> Commands:
    """Commands over a copy of the home."""
    return Commands(shutil.copytree(made_home, tmp_path / "home"), group=("content",))


@pytest.fixture
def filled(commands) -> Commands:
    """The same, with a generated creative."""
    commands.said(*ADD, "--created-at", MADE, "--prompt", "a cat")
    return commands


# Adding


def test_a_creative_is_added_as_given(commands):
    options = ("--influencer", "Ada", "--media-source", "https://m/1.mp4", "--created-at", MADE)
    said = commands.said(*ADD, "--prompt", "a [b]cat", *options)
    assert said == "Creative generated:one added to project 'brand'.\n"
    (row,) = commands.stored("creatives.all")
    assert (row.container_id, row.kind, row.prompt) == ("generated:one", "generated", "a [b]cat")
    assert (row.influencer, row.media_source) == ("Ada", "https://m/1.mp4")
    assert row.created_at.isoformat() == MADE


def test_adding_again_changes_nothing(filled):
    assert "was there already: unchanged" in filled.said(*ADD)
    assert len(filled.stored("creatives.all")) == 1


def test_another_project_need_not_repeat_what_is_known(filled):
    filled.said("add", "generated", "one", "--project", "other")
    assert {(row.prompt, row.created_at.isoformat()) for row in filled.stored("creatives.all")} == {
        ("a cat", MADE)
    }


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((*ADD[:3], "--project", "nobody"), 3, "project 'nobody' does not exist"),
        (("add", "manual", "a b", "--project", "brand"), 2, "is not a slug"),
        ((*ADD, "--created-at", "yesterday"), 2, "'yesterday' is no moment: write ISO 8601"),
        ((*ADD, "--created-at", "2025-05-01"), 2, "with an offset"),
        ((*ADD, "--created-at", "2020-01-01T00:00Z"), 2, "created_at is 2025-05"),
        ((*ADD, "--prompt", "a dog"), 2, "prompt is 'a cat'"),
    ],
)
def test_a_wrong_creative_is_refused(filled, arguments, code, message):
    assert message in filled.refused(*arguments, code=code)
    assert len(filled.stored("creatives.all")) == 1


# Files


ROWS = [
    {"project_id": "brand", "kind": "generated", "slug": "one", "created_at": MADE, "prompt": "p"},
    {"project_id": "other", "kind": "generated", "slug": "one", "created_at": MADE, "prompt": "p"},
    {"project_id": "brand", "kind": "manual", "slug": "7", "created_at": None, "prompt": None},
]


def write(path: Path, rows: list[dict]) -> Path:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    match path.suffix:
        case ".csv":
            frame.write_csv(path)
        case ".ndjson":
            frame.write_ndjson(path)
        case _:
            moments = pl.col("created_at").str.to_datetime(time_zone="UTC")
            frame.with_columns(moments).write_parquet(path)
    return path


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
def test_a_file_of_creatives_is_added_once(commands, tmp_path, suffix):
    path = str(write(tmp_path / f"creatives.{suffix}", ROWS))
    assert f"creatives.{suffix}: 3 creatives, 3 of them new." in commands.said("import", path)
    assert "3 creatives, 0 of them new." in commands.said("import", path)
    rows = [
        (row.project_id, row.container_id, row.prompt) for row in commands.stored("creatives.all")
    ]
    assert rows == [
        ("brand", "generated:one", "p"),
        ("brand", "manual:7", None),
        ("other", "generated:one", "p"),
    ]
    assert commands.stored("creatives.all")[0].created_at.isoformat() == MADE


def test_other_columns_are_named(commands, tmp_path):
    path = write(tmp_path / "c.csv", [ROWS[0] | {"campaign": "summer"}])
    said = commands.said("import", str(path))
    assert "Columns that are no part of a creative: campaign." in said


def test_every_bad_line_is_named_and_nothing_is_written(filled, tmp_path):
    good = {"project_id": "brand", "kind": "manual", "slug": "x", "created_at": ""}
    rows = [
        good,
        good | {"kind": "drawn"},
        good | {"slug": ""},
        good | {"project_id": "nobody"},
        good | {"created_at": "2025-05-01 08:00"},
        good | {"kind": "generated", "slug": "one", "created_at": "2020-01-01T00:00:00Z"},
        good | {"slug": "y"},
    ]
    path = write(tmp_path / "c.csv", rows)
    said = filled.refused("import", str(path))
    assert "c.csv: 5 of 7 lines are wrong, so nothing was added." in said
    reasons = (
        "Line 3: kind of creative 'drawn' is not known.",
        "Line 4: slug is empty.",
        "Line 5: project 'nobody' does not exist.",
        "Line 6: created_at '2025-05-01 08:00' is no moment: write ISO 8601",
        "Line 7: creative generated:one: created_at is 2025",
    )
    assert [reason for reason in reasons if reason not in said] == []
    assert len(filled.stored("creatives.all")) == 1


def test_of_many_bad_lines_each_has_its_number(commands, tmp_path):
    rows = [{"project_id": "brand", "kind": "manual", "slug": f"no {n}"} for n in range(30)]
    said = commands.refused("import", str(write(tmp_path / "c.csv", rows)))
    assert all(re.search(rf"\b{line}\b", said) for line in range(2, 32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("kind,slug\nmanual,x\n", "has no column project_id. Columns are project_id, kind, slug"),
        ("", "is empty"),
        ('project_id,kind,slug\n"brand,manual,x\n', "line 2"),
    ],
)
def test_a_file_that_is_none_is_refused(commands, tmp_path, content, message):
    path = tmp_path / "c.csv"
    path.write_text(content)
    assert message in commands.refused("import", str(path))


# What people say


@pytest.mark.parametrize("container", ["generated:one", POST])
def test_a_review_is_stored(filled, container):
    said = filled.said("review", container, "--failed", "--note", "alcohol", "--by", "ann")
    assert f"Safety review of {container}: failed" in said
    assert "passed" in filled.said("review", container, "--passed", "--by", "ann")
    rows = [
        (row.safety_failed, row.note, row.reviewed_by) for row in filled.stored("verdicts.reviews")
    ]
    assert rows == [(True, "alcohol", "ann"), (False, None, "ann")]


def test_a_review_says_how_it_ended(filled):
    assert filled("review", POST).code == 2
    assert filled.stored("verdicts.reviews") == []


@pytest.mark.parametrize(
    ("word", "stored"), [("include", "include"), ("exclude", "exclude"), ("none", None)]
)
def test_an_override_is_stored(filled, word, stored):
    said = filled.said("override", POST, word, "--project", "brand", "--note", "why", "--by", "ann")
    assert f"Override of brand/{POST}: {word}" in said
    (row,) = filled.stored("verdicts.overrides")
    assert (row.ads_content_id, row.override, row.note) == (f"brand/{POST}", stored, "why")


def test_an_override_needs_a_note(filled):
    assert filled("override", POST, "include", "--project", "brand").code == 2
    words = ("override", POST, "include", "--project", "brand")
    assert "note is empty" in filled.refused(*words, "--note", " ")


def test_an_approval_is_stored(filled):
    assert "approved" in filled.said(
        "approve", POST, "approved", "--project", "brand", "--by", "ann"
    )
    assert [(row.approval, row.changed_by) for row in filled.stored("verdicts.approvals")] == [
        ("approved", "ann")
    ]


def test_the_user_of_the_machine_decides_unless_named(filled):
    filled.said("approve", POST, "pending", "--project", "brand")
    assert filled.stored("verdicts.approvals")[0].changed_by == getpass.getuser()


def test_an_ad_is_connected_once(filled):
    ad = ("ad", "generated:one", "meta:123", "--project", "brand")
    assert filled.said(*ad) == "Ad meta:123 shows brand/generated:one.\n"
    assert "nothing changed" in filled.said(*ad)
    assert [row.ads_content_id for row in filled.stored("ads.all")] == ["brand/generated:one"]


@pytest.mark.parametrize("ad", ["123", "google:1", "meta:", ":1"])
def test_an_ad_that_is_no_ad_is_refused(filled, ad):
    said = filled.refused("ad", "generated:one", ad, "--project", "brand")
    assert "write meta:AD_ID or tiktok:AD_ID" in said


SAYINGS = {
    "override": ("override", "{container}", "include", "--project", "{project}", "--note", "n"),
    "approve": ("approve", "{container}", "approved", "--project", "{project}"),
    "ad": ("ad", "{container}", "tiktok:1", "--project", "{project}"),
    "review": ("review", "{container}", "--failed"),
    "history": ("history", "{container}"),
}


def saying(name: str, *, project: str = "brand", container: str) -> list[str]:
    return [word.format(project=project, container=container) for word in SAYINGS[name]]


@pytest.mark.parametrize("name", SAYINGS)
@pytest.mark.parametrize(
    ("container", "code", "message"),
    [
        ("generated:two", 3, "creative generated:two does not exist"),
        ("tiktok:7502", 3, "content tiktok:7502: no such post has come in. Check the id"),
        ("7501", 2, "'7501' is no container. Write generated:SLUG"),
    ],
)
def test_nothing_is_said_of_what_nobody_knows(filled, name, container, code, message):
    said = filled.refused(*saying(name, container=container), code=code)
    assert message in said


@pytest.mark.parametrize("name", ["override", "approve", "ad"])
def test_a_creative_is_spoken_of_in_its_projects_only(filled, name):
    words = saying(name, project="other", container="generated:one")
    assert "not in project 'other', but in brand" in filled.refused(*words, code=3)
    unknown = saying(name, project="nobody", container=POST)
    assert "'nobody' does not exist" in filled.refused(*unknown, code=3)


# Looking


def test_creatives_are_listed_with_what_stands(filled):
    filled.said("add", "manual", "two", "--project", "other")
    filled.said("review", "generated:one", "--failed")
    filled.said("override", "generated:one", "include", "--project", "brand", "--note", "n")
    filled.said("override", "generated:one", "exclude", "--project", "brand", "--note", "n")
    filled.said("approve", "generated:one", "rejected", "--project", "brand")
    said = filled.said("list")
    assert re.search(r"brand +│ generated:one .*failed +│ exclude +│ rejected", said)
    assert "manual:two" in said
    assert "manual:two" not in filled.said("list", "--project", "brand")
    assert "'nobody'" in filled.refused("list", "--project", "nobody", code=3)


def test_the_history_shows_everything_that_was_said(filled):
    filled.said("review", POST, "--failed", "--note", "alcohol", "--by", "ann")
    filled.said(
        "override", POST, "include", "--project", "brand", "--note", "[b]why\u202e", "--by", "bob"
    )
    filled.said("override", POST, "none", "--project", "other", "--note", "no", "--by", "bob")
    filled.said("approve", POST, "approved", "--project", "brand", "--by", "cleo")
    filled.said(
        "override", "generated:one", "exclude", "--project", "brand", "--note", "another thing"
    )
    lines = [line for line in filled.said("history", POST).splitlines() if line.startswith("│")]
    words = ("failed .*alcohol .*ann", r"brand .*include .*\[b\]why", "other .*none", "cleo")
    assert [bool(re.search(word, line)) for word, line in zip(words, lines, strict=True)] == [
        True,
        True,
        True,
        True,
    ]


def test_the_history_of_a_creative_begins_with_its_projects(filled):
    said = filled.said("history", "generated:one")
    assert re.search(r"brand +│ added +│ generated", said)
