import gzip
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.captures import read_capture_file
from layers_pipeline.files.raw_file import BATCH_ROWS
from layers_pipeline.progress import reporting
from transforms.contracts.captures import Quarantine, StgImportCaptures
from transforms.staging.captures import read_captures

NOW = datetime(2025, 12, 1, tzinfo=UTC)
AT = "2025-05-14T08:55:00Z"
HEADER = "platform,account_key,post_key,captured_at,views,caption"
SHARED = Path(os.environ.get("LAYERS_SHARED", Path(__file__).parents[2] / ".." / "shared"))
TIKTOK = SHARED / "data" / "tiktok_vn_2025"
needs_shared = pytest.mark.skipif(
    not TIKTOK.exists(), reason=f"{TIKTOK} is absent: set LAYERS_SHARED to the shared folder"
)


def line(post="p1", *, account="a", at=AT, views="1", caption="x"):
    return f"tiktok,{account},{post},{at},{views},{caption}"


def read(path, *, time_zone=None, **options):
    return read_capture_file(path, time_zone=time_zone, now=NOW, run_id="r", **options)


@pytest.fixture
def csv(tmp_path):
    def write(*lines, header=HEADER, name="captures.csv"):
        path = tmp_path / name
        path.write_bytes("\n".join([header, *lines, ""]).encode())
        return path

    return write


@pytest.fixture
def parquet(tmp_path):
    def write(**columns):
        path = tmp_path / "captures.parquet"
        row = dict(zip(HEADER.split(","), line().split(","), strict=True))
        pl.DataFrame([row]).with_columns(**columns).write_parquet(path)
        return path

    return write


@pytest.fixture
def ndjson(tmp_path):
    def write(*rows):
        path = tmp_path / "captures.ndjson"
        texts = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path.write_text("\n".join([*texts, ""]))
        return path

    return write


def refusal(path, **options):
    with pytest.raises(InputRefusedError) as refused:
        read(path, **options)
    return str(refused.value)


def test_every_format_gives_the_same_captures(csv, tmp_path):
    lines = [line("7501234567890123456", views="541.2K"), line("p2", views="--")]
    plain = csv(*lines)
    rows = pl.read_csv(plain, infer_schema=False)
    rows.write_ndjson(tmp_path / "c.ndjson")
    rows.write_parquet(tmp_path / "c.parquet")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(plain.read_bytes()))
    expected = read(plain).sound.drop("file_id", "line_number")
    assert expected["views"].to_list() == [541_200, None]
    for name in ("c.ndjson", "c.parquet", "c.csv.gz"):
        assert read(tmp_path / name).sound.drop("file_id", "line_number").equals(expected)


def test_a_file_is_split_by_the_contract(csv):
    found = read(csv(line("p1"), line("p2", views="12abc"), line("")))
    assert found.sound.select("platform_post_id", "views").rows() == [("p1", 1), ("p2", None)]
    assert (found.rows, found.rows_set_aside.height, found.odd_values.height) == (3, 1, 1)
    assert StgImportCaptures.is_valid(found.sound)
    assert Quarantine.is_valid(found.quarantined)
    assert found.quarantined.select("origin", "broken_rules").rows() == [
        (f"{found.file_id}:4", "platform_post_id|nullability"),
        (f"{found.file_id}:3", "views|unreadable_count"),
    ]
    assert json.loads(found.odd_values["row"][0]) == {"views": "12abc"}


def test_lines_are_counted_as_an_editor_counts_them(csv):
    path = csv(line("p1", caption='"two\nlines"'), "", line("p2"), "", "")
    assert read(path).sound["line_number"].to_list() == [2, 5]


def test_numbers_in_json_keep_every_digit(ndjson):
    row = {"platform": "tiktok", "account_key": "a", "post_key": 7501234567890123457}
    found = read(ndjson(row | {"captured_at": AT}, "", row | {"captured_at": AT, "views": 3.0}))
    assert found.sound["platform_post_id"].to_list() == ["7501234567890123457"] * 2
    assert found.sound["views"].to_list() == [None, 3]
    assert found.sound["line_number"].to_list() == [1, 3]


def test_unknown_columns_are_ignored_by_name(csv):
    found = read(csv(line() + ",1,2", header=f"{HEADER},wave,line_number"))
    assert found.ignored_columns == ("wave", "line_number")


def test_the_same_content_has_the_same_id(csv):
    first, again = (read(csv(line(), name=name)).file_id for name in ("a.csv", "b.csv"))
    assert first == again
    assert len(first) == 16
    assert read(csv(line("p2"))).file_id != first


def test_progress_is_reported_after_each_batch(tmp_path):
    path, total = tmp_path / "captures.parquet", BATCH_ROWS + 1
    posts = pl.select(post_key=pl.int_range(total))
    at = datetime(2025, 5, 14, tzinfo=UTC)
    constants = pl.DataFrame({"platform": ["tiktok"], "account_key": ["a"], "captured_at": [at]})
    posts.join(constants, how="cross").write_parquet(path)
    reports = []
    with reporting(lambda *progress: reports.append(progress)):
        found = read(path)
    what = "reading captures.parquet"
    assert reports == [(what, BATCH_ROWS, total), (what, total, total)]
    assert found.sound["line_number"].n_unique() == total


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        pytest.param([line("7.50E+18")], HEADER, ["line 2", "post_key 7.50E+18"], id="mangled"),
        pytest.param([line(), line(account="7,50E+18")], HEADER, ["values"], id="comma in an id"),
        pytest.param([line(), line(account="7.5e18")], HEADER, ["line 3", "account_key"], id="acc"),
        pytest.param([line(views="#NAME?")], HEADER, ["line 2", "#NAME?"], id="spreadsheet error"),
        pytest.param([line(at="2025-05-14 08:55:00")], HEADER, ["--timezone"], id="naive time"),
        pytest.param([line(at="1747212900")], HEADER, ["epoch", "line 2"], id="epoch"),
        pytest.param([line(), "tiktok,a"], HEADER, ["line 3", "2 values"], id="cut off"),
        pytest.param([line(), 'tiktok,a,p,t,1,"abc'], HEADER, ["line 3"], id="open quote"),
        pytest.param([line(views="1,234")], HEADER, ["line 2", "quotes"], id="bare comma"),
        pytest.param([], HEADER, ["no rows"], id="only a header"),
        pytest.param(["1,2"], "a,b", ["missing", "platform", "found: a, b"], id="other columns"),
        pytest.param([line()], HEADER.replace("caption", "views"), ["twice"], id="column twice"),
        pytest.param(
            [line(account=""), line("")],
            HEADER,
            ["none of its 2 rows", "account_key|nullability (1)", "line 2"],
            id="every row is bad",
        ),
    ],
)
def test_a_file_is_refused_with_line_value_and_reason(csv, lines, header, words):
    path = csv(*lines, header=header)
    message = refusal(path)
    assert [word for word in [str(path), *words] if word not in message] == []


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        pytest.param({"post_key": pl.lit(7.5e18)}, "floating-point", id="float ids"),
        pytest.param({"captured_at": pl.lit(1_747_212_900)}, "epoch", id="epoch"),
        pytest.param({"captured_at": pl.lit(date(2025, 5, 14))}, "time of day", id="dates"),
        pytest.param(
            {"captured_at": pl.lit("2025-05-14").str.to_datetime()}, "--timezone", id="naive"
        ),
        pytest.param({"views": pl.lit([1])}, "type", id="lists"),
    ],
)
def test_types_that_lose_something_are_refused(parquet, columns, word):
    assert word in refusal(parquet(**columns))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("c.xlsx", b"x", id="unknown suffix"),
        pytest.param("c.csv", b"", id="empty CSV"),
        pytest.param("c.csv", b"\n\n", id="blank CSV"),
        pytest.param("c.csv", HEADER.encode() + b"\n\xe9", id="not UTF-8"),
        pytest.param("c.csv.gz", gzip.compress(b"a,b\n" * 99)[:-9], id="cut gzip"),
        pytest.param("c.parquet", b"", id="empty Parquet"),
        pytest.param("c.parquet", b"PAR1 and no more", id="cut Parquet"),
        pytest.param("c.ndjson", b'{"platform": "tik', id="cut NDJSON"),
        pytest.param("c.ndjson", b"[1]\n", id="no objects"),
    ],
)
def test_damage_is_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.csv")


def test_float_ids_in_json_are_refused(ndjson):
    row = dict(zip(HEADER.split(","), line().split(","), strict=True))
    assert "line 2: post_key 7.5e+18" in refusal(ndjson(row, row | {"post_key": 7.5e18}))


@pytest.mark.parametrize("zone", ["Mars/X", "", "+07:00", "../UTC"])
def test_an_unknown_zone_is_refused(csv, zone):
    assert "IANA" in refusal(csv(line()), time_zone=zone)


@needs_shared
def test_the_real_captures_are_read():
    found = read(TIKTOK / "captures_dev_w1w2.parquet", time_zone="UTC")
    assert (found.sound.height, found.quarantined.height) == (26_103, 119)
    # Seven posts with up to 766,400 likes show no views.
    counted = found.quarantined.group_by("broken_rules").len().rows()
    assert sorted(counted) == [("account_key|nullability", 112), ("views|not_shown", 7)]
    assert "views_raw" in found.ignored_columns


@needs_shared
def test_shown_counts_are_read_as_their_collectors_read_them():
    path = TIKTOK / "captures_dev_w1w2.parquet"
    real = pl.read_parquet(path)
    counts = ("views", "likes", "comments", "shares", "saves", "followers")
    shown = real.with_columns(pl.col(f"{name}_raw").alias(name) for name in counts)
    found = read_captures(
        shown.with_row_index("line_number"), time_zone="UTC", now=NOW, file_id="f", run_id="r"
    )
    unseen = (pl.col("views") == 0) & (pl.col("likes") > 0)
    assert found["breaches"].list.len().sum() == real.filter(unseen).height
    views = pl.when(unseen.fill_null(value=False)).then(None).otherwise("views")
    assert found.select(counts).equals(real.with_columns(views=views).select(counts))


@needs_shared
def test_a_file_that_a_spreadsheet_saved_is_refused():
    message = refusal(TIKTOK / "excel_mangled_sample.csv", time_zone="UTC")
    assert message.index("vid_id 7.50E+18") < message.index("missing: platform")
    assert "lines 2, 3, 4 and 197 more" in message
