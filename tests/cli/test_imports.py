"""``import ad-metrics`` as people and scripts use it.

Belongs here: what the command says, refuses and leaves unsaid.
Does not belong here: the work behind it (``tests.steps``), ``import captures`` (``test_app``).
"""

import json
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.files.samples import SAMPLES, csv
from tests.files.test_ad_exports import HEADERS, PLAIN
from tests.worlds.ad_reports import KAG, needs_kag
from tests.worlds.homes import begun

ROWS = ("a1,1.429999948,2,F", "a2,20,0,M", "a3,x,1,F")


def report(path: Path, *rows: str, header: str = "ad_id,spend,clicks,gender") -> Path:
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


@pytest.fixture
def program(tmp_path) -> Program:
    return Program(begun(tmp_path / "home"))


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Program:
    """Two ads and a broken row of a day, imported."""
    folder = tmp_path_factory.mktemp("ads")
    program = Program(begun(folder / "home"))
    path = report(folder / "ads.csv", *ROWS)
    options = ("--platform", "meta", "--day", "2025-05-13")
    program.variables["IMPORTED"] = program.said("import", "ad-metrics", path, *options)
    return program


def test_an_import_says_what_it_counted(imported):
    assert imported.variables["IMPORTED"].splitlines() == [
        "ads.csv: 3 rows.",
        "  1 set aside in quarantine (spend_cents|unreadable_money: 1).",
        "  Columns that are no part of a report of ads: gender.",
        "2 ads, 2025-05-13 to 2025-05-13: $21.43 spent, restatements included.",
        "New in the lake: 2 rows of ads and days (equal repeats append nothing).",
        "The analysts' file does not show this yet. To publish it: layers-pipeline publish",
    ]


def test_an_import_of_the_same_report_says_that_nothing_changed(imported):
    path = imported.home.parent / "ads.csv"
    options = ("--platform", "meta", "--day", "2025-05-13")
    said = imported.said("import", "ad-metrics", path, *options)
    assert "ads.csv: 3 rows, imported before: nothing changed." in said
    assert "New in the lake: 0 rows" in said


def test_history_is_known_since_the_end_of_its_day(imported):
    path = report(imported.home.parent / "old.csv", "b1,2025-03-01,3", header="ad_id,date,spend")
    imported.said("import", "ad-metrics", path, "--platform", "tiktok", "--history")
    imported.said("publish")
    sql = "select known_at, spend_cents from ad_daily_metrics_current where ad_platform = 'tiktok'"
    assert json.loads(imported.said("query", sql, "--format", "json")) == [
        {"known_at": "2025-03-02 00:00:00+00:00", "spend_cents": 300}
    ]


DAY = ("--day", "2025-05-13")


@pytest.mark.parametrize(
    ("rows", "options", "reason"),
    [
        pytest.param(ROWS, (), "has no column date", id="no day"),
        pytest.param(ROWS, ("--day", "13.05.2025"), "--day '13.05.2025'", id="words"),
        pytest.param(ROWS, ("--day", "20250513"), "YYYY-MM-DD", id="without hyphens"),
        pytest.param(ROWS, ("--day", "2025-02-30"), "no such day", id="no such day"),
        pytest.param(ROWS, ("--day", "2999-01-01"), "has not begun", id="the future"),
        pytest.param((), DAY, "has no rows", id="no rows"),
        pytest.param(("a1,x,1,F",), DAY, "line 2: {", id="every row is bad"),
        pytest.param(("a1,#REF!,1,F",), DAY, "line 2: spend #REF!", id="spreadsheet"),
        pytest.param(("a1,1,1",), DAY, "line 2: has 3 values", id="cut off"),
    ],
)
def test_an_unusable_report_is_refused(program, rows, options, reason):
    path = report(program.home.parent / "a.csv", *rows)
    said = program("import", "ad-metrics", path, "--platform", "meta", *options).refused()
    assert reason in said


def test_an_unknown_platform_is_refused(program, tmp_path):
    path = report(tmp_path / "a.csv", *ROWS)
    said = program("import", "ad-metrics", path, "--platform", "x", *DAY)
    assert (said.code, said.out) == (2, "")
    assert "'x' is not one of 'meta', 'tiktok'" in said.err


@needs_kag
def test_a_real_export_is_reported_to_the_cent(program):
    said = program.said("import", "ad-metrics", KAG, "--platform", "meta", *DAY)
    assert "1,143 ads, 2025-05-13 to 2025-05-13: $58,705.23 spent" in said


def test_a_file_is_inspected_without_writing_and_imported_as_it_was_shown(tmp_path):
    program = Program(tmp_path / "home")
    path = SAMPLES["tiktok studio zipped"].at(tmp_path)
    shown = program.said("import", "inspect", path)
    assert "TikTok Studio, content (tiktok-studio)" in shown
    assert f"import captures {path}\n" in shown
    assert "2 rows: 2 to import, 0 to set aside." in shown
    assert "2 posts of 1 accounts" in shown
    assert not program.home.exists()
    said = program.said("import", "captures", path, "--project", "brand")
    assert "Content.csv (TikTok Studio, content): 2 rows." in said
    assert "2 posts of 1 accounts" in said
    assert "February 28 is 2026-02-28T23:59:59Z" in said
    assert "layers-pipeline publish" in said


def test_a_report_of_ads_is_inspected_in_its_currency(program, tmp_path):
    path = tmp_path / "ads.csv"
    path.write_bytes(csv(HEADERS["de"], *PLAIN))
    shown = program.said("import", "inspect", path)
    assert "Meta Ads Manager, ads by day (meta-ads)" in shown
    assert "2 ads, 2025-08-12 to 2025-08-13: EUR 1,496.11 spent." in shown
    (told,) = json.loads(program.said("import", "inspect", path, "--format", "json"))
    assert told["import"] == "ad-metrics"
    assert told["holds"] == {
        "ads": 2,
        "first_day": "2025-08-12",
        "last_day": "2025-08-13",
        "spent": {"EUR": 149_611},
    }


def test_programs_are_told_of_every_loss_and_of_the_file_s_format_by_another_option(
    program, tmp_path
):
    header = "platform,post_key,account_key,captured_at,views"
    row = "tiktok,75010000000000000{:02},oak,2025-05-13T10:00:00Z,{}"
    rows = [row.format(10, 100), *(row.format(number, -number) for number in range(20, 30))]
    path = report(tmp_path / "posts.csv", *rows, header=header)
    asked = ("import", "inspect", path, "--file-format", "own")
    (told,) = json.loads(program.said(*asked, "--format", "json"))
    assert (told["format"], told["import"], told["rows"]) == ("own", "captures", 11)
    assert [lost["line"] for lost in told["lost"]] == [str(line) for line in range(3, 13)]
    assert program.said(*asked, "--format", "csv").splitlines() == [
        "file,format,import,rows,to_import,set_aside",
        f"{path},own,captures,11,{told['to_import']},{told['set_aside']}",
    ]


def test_formats_are_listed(program):
    shown = program.said("import", "formats")
    assert all(sample.format in shown for sample in SAMPLES.values())


def test_a_file_that_leaves_its_moment_open_is_asked_for(program, tmp_path):
    path = SAMPLES["pyktok"].at(tmp_path)
    said = program("import", "captures", path, "--project", "brand").refused()
    assert "--captured-at" in said
