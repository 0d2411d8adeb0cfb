"""Keys as people write them, and what was read elsewhere, through the command line.

Belongs here: one account and one post whatever is written; own accounts; listings; hostile files.
Does not belong here: how single values are read (``tests.transforms.staging``).
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.cli.program import Program
from tests.files.samples import SAMPLES

POST = "7527622999746704844"
ROW = {
    "platform": "tiktok",
    "account_key": "oak.and.lamp",
    "post_key": POST,
    "captured_at": "2026-02-28T13:00:00Z",
    "views": 120,
}
AS_WRITTEN = (
    {
        "account_key": "@Oak.And.Lamp",
        "post_key": f"https://www.tiktok.com/@oak.and.lamp/video/{POST}",
    },
    {"account_key": "oak.and.lamp", "captured_at": "2026-02-28T12:00:00Z", "views": 100},
    {"account_key": "nan"},
    {"account_key": {"name": "x"}, "post_key": 7527622999746704845},
)


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Program:
    return Program(tmp_path_factory.mktemp("keys") / "home")


def lines(path: Path, rows: Sequence[dict]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(ROW | row) for row in rows) + "\n")
    return path


def test_one_account_and_one_post_whatever_is_written(program):
    path = lines(program.home.parent / "keys.ndjson", AS_WRITTEN)
    said = program.said("import", "captures", path, "--project", "p")
    assert "2 set aside in quarantine (account_key|no_key: 1, account_key|not_a_key: 1)" in said
    assert "1 posts of 1 accounts" in said
    assert "1 posts, 2 snapshots" in said


def test_a_listing_that_lacks_a_post_twice_deletes_it(program):
    folder = program.home.parent
    old = {"post_key": "7527622999746704899", "captured_at": "2026-02-20T12:00:00Z"}
    old |= {"published_at": "2026-02-19T12:00:00Z", "account_key": "elm"}
    new = [
        old | {"post_key": "7527622999746704900", "captured_at": f"2026-02-{day}T12:00:00Z"}
        for day in (20, 21, 22)
    ]
    path = lines(folder / "listed.ndjson", [old, *new])
    program.said("import", "captures", path, "--project", "elm")
    listings = folder / "listings.csv"
    header = "platform,account_key,started_at,is_complete,reaches_back_to,followers"
    told = [
        f"tiktok,@Elm,2026-02-{day}T12:00:00Z,yes,2026-02-01T00:00:00Z,{day}" for day in (21, 22)
    ]
    listings.write_text("\n".join([header, *told, ""]))
    assert "2 listings, 2 of them complete; 2 are new." in program.said(
        "import", "listings", listings
    )
    assert "0 are new" in program.said("import", "listings", listings)
    program.said("publish")
    sql = "select platform_post_id, confirmed_at from post_absences where confirmed_at is not null"
    assert json.loads(program.said("query", sql, "--format", "json")) == [
        {"platform_post_id": "7527622999746704899", "confirmed_at": "2026-02-22 12:00:00+00:00"}
    ]
    sql = "select followers from platform_account_metrics where account_key = 'elm' order by all"
    assert (
        program.said("query", sql, "--format", "json") == '[{"followers": 21}, {"followers": 22}]\n'
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("tiktok,elm,2026-02-21T12:00:00Z,maybe", "line 2: is_complete 'maybe'"),
        ("tiktok,nan,2026-02-21T12:00:00Z,yes", "line 2: account_key names no account"),
        ("tiktok,elm,2026-02-21T12:00:00,yes", "line 2: started_at no_time_zone"),
        ("tiktok,elm,2999-02-21T12:00:00Z,yes", "in the future"),
        ("tiktok,nobody.at.all,2026-02-21T12:00:00Z,yes", "do not exist"),
    ],
)
def test_a_listing_that_cannot_be_read_is_refused(program, line, words):
    path = program.home.parent / "wrong.csv"
    path.write_text(f"platform,account_key,started_at,is_complete\n{line}\n")
    said = program("import", "listings", path)
    assert said.code in {2, 3}
    assert words in said.err


def test_an_account_of_the_projects_own_joins_no_pool(program):
    keys = {"LAYERS_TOKEN_KEYS": "A" * 43 + "=", "LAYERS_TOKEN": "act.1"}
    program.said("project", "add", "own")
    program.said("account", "add", "instagram:17841400000000001", "--project", "own", **keys)
    row = {"platform": "instagram", "account_key": "17841400000000001", "post_key": "DAAAAAAAAAB"}
    path = lines(program.home.parent / "own.ndjson", [row])
    said = program.said("import", "captures", path, "--project", "own")
    assert "instagram:17841400000000001: read by this project's own token" in said
    program.said("publish")
    sql = "select count(*) as posts from ads_content where project_id = 'own'"
    assert program.said("query", sql, "--format", "json") == '[{"posts": 0}]\n'


def nested(depth: int) -> str:
    return '{"x": ' + "[" * depth + "]" * depth + "}"


HOSTILE = {
    "half a character in a key": json.dumps(ROW | {"account_key": "x\ud800y"}),
    "lists without end": nested(100_000),
    "the year 0": json.dumps(ROW | {"captured_at": "0000-01-01T00:00:00Z"}),
    "the year 1 in an eastern zone": json.dumps(ROW | {"captured_at": "0001-01-01T00:00:00+14:00"}),
    "a bell in a key": json.dumps(ROW | {"account_key": "a\u0007b"}),
    "a key without end": json.dumps(ROW | {"account_key": "a" * 100_000}),
    "a post that is no post": json.dumps(ROW | {"post_key": "75\u202e27"}),
}


@pytest.mark.parametrize("row", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_row_is_told_of_and_leaves_no_project(program, row):
    path = program.home.parent / "hostile.ndjson"
    path.write_text(row + "\n")
    assert "line 1" in program.refused("import", "captures", path, "--project", "hostile")
    assert "hostile" not in program.said("project", "list")


def test_half_a_character_in_a_caption_loses_no_capture(program):
    path = lines(
        program.home.parent / "cut.ndjson", [{"caption": "a \ud83d b", "account_key": "cut"}]
    )
    assert "1 posts of 1 accounts" in program.said("import", "captures", path, "--project", "cut")


@pytest.mark.parametrize(
    ("type_of_time", "value", "words"),
    [
        (pa.timestamp("us", "+05:30"), 1_740_744_000_000_000, "time zone '+05:30'"),
        (pa.timestamp("us", "Mars/Base"), 1_740_744_000_000_000, "time zone 'Mars/Base'"),
        (pa.timestamp("us", "UTC"), 2**63 - 1, "row 1: captured_at"),
        (pa.timestamp("us", "UTC"), 1 - 2**63, "row 1: captured_at"),
        (pa.duration("us"), 5, "lengths of time"),
    ],
)
def test_odd_instants_of_parquet_are_refused(program, type_of_time, value, words):
    path = program.home.parent / "odd.parquet"
    plain = {name: [str(ROW[name])] for name in ("platform", "account_key", "post_key")}
    parquet.write_table(pa.table(plain | {"captured_at": pa.array([value], type_of_time)}), path)
    assert words in program.refused("import", "captures", path, "--project", "odd")
    assert pl.__version__


def test_a_history_of_followers_is_told_of_its_account(program):
    path = SAMPLES["tiktok studio zipped"].at(program.home.parent)
    program.said("import", "captures", path, "--project", "brand")
    told = ("import", "listings", path, "--account", "tiktok:@Ivy.and.Fern")
    said = program.said(*told)
    assert re.search(r"followers of 1 moments, (20\d\d)-02-26 23:59:59 .*; 1 are new", said)
    assert "0 are new" in program.said(*told)
    program.said("publish")
    sql = "select followers, captured_at::text as at from platform_account_metrics"
    sql += " where account_key = 'ivy.and.fern'"
    (row,) = json.loads(program.said("query", sql, "--format", "json"))
    assert (row["followers"], row["at"][4:]) == (152, "-02-26 23:59:59+00")
