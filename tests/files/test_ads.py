import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ads import AdReading, read_ad_file
from layers_pipeline.files.raw_file import BATCH_ROWS
from layers_pipeline.progress import reporting
from transforms.contracts.ads import StgImportAdMetrics
from transforms.contracts.captures import Quarantine

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)
HEADER = "ad_id,date,spend,clicks"
READING = AdReading(ad_platform="meta", spent_on=None, is_history=False, read_at=NOW, run_id="r")
WITHOUT_DATE = replace(READING, spent_on=date(2025, 5, 13))


def line(ad="a1", day="2025-05-13", spend="1.43", clicks="2"):
    return f"{ad},{day},{spend},{clicks}"


@pytest.fixture
def csv(tmp_path):
    def write(*lines, header=HEADER, name="ads.csv"):
        path = tmp_path / name
        path.write_bytes("\n".join([header, *lines, ""]).encode())
        return path

    return write


def refusal(path, reading=READING):
    with pytest.raises(InputRefusedError) as refused:
        read_ad_file(path, reading)
    return str(refused.value)


def test_every_format_gives_the_same_days(csv, tmp_path):
    plain = csv(line("7501234567890123456", spend="1.429999948"), line("a2", clicks=""))
    rows = pl.read_csv(plain, infer_schema=False)
    rows.write_ndjson(tmp_path / "a.ndjson")
    rows.write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "a.ndjson.gz").write_bytes(gzip.compress((tmp_path / "a.ndjson").read_bytes()))
    (tmp_path / "bom.csv").write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    expected = read_ad_file(plain, READING).sound.drop("file_id", "line_number")
    assert expected.select("ad_id", "spend_cents", "clicks", "spent_in").rows() == [
        ("7501234567890123456", 143, 2, "2025-05"),
        ("a2", 143, None, "2025-05"),
    ]
    for name in ("a.ndjson", "a.parquet", "a.csv.gz", "a.ndjson.gz", "bom.csv"):
        found = read_ad_file(tmp_path / name, READING).sound
        assert found.drop("file_id", "line_number").equals(expected)


def test_a_typed_table_gives_the_same_days(tmp_path):
    path = tmp_path / "ads.parquet"
    typed = {"ad_id": [7501234567890123456], "date": [date(2025, 5, 13)], "spend": [1.43]}
    pl.DataFrame(typed | {"clicks": [2], "nothing": [None]}).write_parquet(path)
    days = read_ad_file(path, READING).sound
    assert days.select("ad_id", "spent_on", "spend_cents", "clicks").rows() == [
        ("7501234567890123456", date(2025, 5, 13), 143, 2)
    ]


def test_a_file_is_split_by_the_contract(csv):
    found = read_ad_file(csv(line(), line("a2", spend="1_43")), READING)
    assert (found.rows, found.sound.height) == (2, 1)
    assert StgImportAdMetrics.is_valid(found.sound)
    assert Quarantine.is_valid(found.quarantined)
    assert found.quarantined.select("table_name", "origin", "broken_rules").rows() == [
        ("stg_import__ad_metrics", f"{found.file_id}:3", "spend_cents|unreadable_money")
    ]
    assert json.loads(found.quarantined["row"][0])["spend"] == "1_43"


def test_an_ad_that_has_a_day_twice_is_set_aside_wherever_its_rows_stand(tmp_path):
    path = tmp_path / "ads.parquet"
    ads = pl.select(ad_id=pl.int_range(BATCH_ROWS + 1) % BATCH_ROWS)
    ads.with_columns(spend=pl.lit(1)).write_parquet(path)
    reports = []
    with reporting(lambda _what, *rows: reports.append(rows)):
        found = read_ad_file(path, WITHOUT_DATE)
    assert reports == [(BATCH_ROWS, BATCH_ROWS + 1), (BATCH_ROWS + 1, BATCH_ROWS + 1)]
    assert found.quarantined["broken_rules"].to_list() == ["primary_key"] * 2
    assert found.quarantined["origin"].str.split(":").list.last().to_list() == [
        "1",
        str(BATCH_ROWS + 1),
    ]


def test_columns_that_mean_nothing_are_named(csv):
    found = read_ad_file(csv(line() + ",18-24,F", header=f"{HEADER},age,gender"), READING)
    assert found.ignored_columns == ("age", "gender")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"spent_on": date(2025, 5, 12)}, id="another day"),
        pytest.param({"ad_platform": "tiktok"}, id="another platform"),
        pytest.param({"is_history": True}, id="as history"),
    ],
)
def test_the_same_content_read_in_another_way_is_another_file(csv, changes):
    path = csv("a1,1.43", header="ad_id,spend")
    first, again, other = (
        read_ad_file(path, reading).file_id
        for reading in (WITHOUT_DATE, WITHOUT_DATE, replace(WITHOUT_DATE, **changes))
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        pytest.param([line(spend="#VALUE!")], HEADER, ["line 2", "#VALUE!"], id="spreadsheet"),
        pytest.param([line(clicks="####")], HEADER, ["line 2", "####"], id="too narrow a column"),
        pytest.param([line(), "a2,2025"], HEADER, ["line 3", "2 values"], id="cut off"),
        pytest.param([line(spend="1,43")], HEADER, ["line 2", "quotes"], id="a bare comma"),
        pytest.param([line(), 'a2,"x'], HEADER, ["line 3"], id="an open quote"),
        pytest.param([], HEADER, ["no rows"], id="only a header"),
        pytest.param(["1,2"], "a,b", ["missing: ad_id, spend", "found: a, b"], id="columns"),
        pytest.param([line()], HEADER.replace("clicks", "spend"), ["twice"], id="column twice"),
        pytest.param(["a1,1"], "ad_id,spend", ["no column date", "--day"], id="no day"),
        pytest.param(
            [line("2.385E+16"), line("7.5")],
            HEADER,
            ["none of its 2 rows", "ad_id|rounded_id (2)", "line 2", "2.385E+16"],
            id="ids of a spreadsheet",
        ),
        pytest.param(
            [line(day="13.05.2025", spend="x")],
            HEADER,
            ["spend_cents|unreadable_money (1)", "spent_on|unreadable_date (1)", "13.05.2025"],
            id="every row is bad",
        ),
    ],
)
def test_a_report_is_refused_with_line_value_and_reason(csv, lines, header, words):
    path = csv(*lines, header=header)
    message = refusal(path)
    assert [word for word in [str(path), *words] if word not in message] == []


@pytest.mark.parametrize(
    ("day", "header", "word"),
    [
        pytest.param(date(2025, 5, 13), HEADER, "Leave --day out", id="beside dates"),
        pytest.param(date(2025, 5, 16), "ad_id,a,spend,b", "has not begun", id="in the future"),
    ],
)
def test_a_day_that_cannot_be_the_files_is_refused(csv, day, header, word):
    assert word in refusal(csv(line(), header=header), replace(READING, spent_on=day))


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        pytest.param({"ad_id": [1.5]}, "ad_id|rounded_id", id="ids with decimals"),
        pytest.param({"spend": [[1]]}, "type List", id="lists"),
        pytest.param({"spend": [True]}, "type Boolean", id="truths"),
        pytest.param({"spend": [b"1"]}, "type Binary", id="bytes"),
        pytest.param({"spend": [None]}, "spend_cents|nullability", id="nothing"),
        pytest.param({"date": [1_747_094_400]}, "spent_on|unreadable_date", id="epoch"),
        pytest.param({"date": [None]}, "spent_on|nullability", id="no date"),
        pytest.param(
            {"date": [datetime(2025, 5, 13, 8)]},  # noqa: DTZ001 - as files hold it
            "spent_on|unreadable_date",
            id="a time of day",
        ),
        pytest.param({"known_at": [1]}, "known_at|epoch_number", id="known at an epoch"),
    ],
)
def test_types_that_say_nothing_are_refused(tmp_path, columns, word):
    path = tmp_path / "ads.parquet"
    row = {"ad_id": ["a"], "date": ["2025-05-13"], "spend": ["1"]}
    pl.DataFrame(row | columns).write_parquet(path)
    assert word in refusal(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.xlsx", b"x", id="unknown suffix"),
        pytest.param("a.csv", b"", id="empty"),
        pytest.param("a.csv", HEADER.encode() + b"\n\xe9", id="not UTF-8"),
        pytest.param("a.csv", HEADER.encode("utf-16"), id="UTF-16"),
        pytest.param("a.csv.gz", gzip.compress(b"a,b\n" * 99)[:-9], id="cut gzip"),
        pytest.param("a.parquet", b"PAR1 and no more", id="cut Parquet"),
        pytest.param("a.ndjson", b'{"ad_id": "1', id="cut NDJSON"),
    ],
)
def test_damage_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_a_report_that_is_not_there_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.csv")
