import math
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.contracts.captures import StgImportCaptures
from transforms.staging.captures import LINE, read_captures
from transforms.staging.readings import BREACHES

NOW = datetime(2025, 6, 1, tzinfo=UTC)
ROW = {
    "platform": "tiktok",
    "account_key": "a",
    "post_key": "p",
    "captured_at": "2025-05-14T08:55:00Z",
}


def read(*rows, time_zone=None, **columns):
    raw = pl.DataFrame([ROW | row for row in rows or [{}]], infer_schema_length=None)
    numbered = raw.with_columns(**columns).with_row_index(LINE, offset=1)
    return read_captures(numbered, time_zone=time_zone, now=NOW, file_id="f", run_id="r")


def only(column, row=None, **given_columns):
    captures = read(row or {}, **given_columns)
    return captures[column][0], captures[BREACHES][0].to_list()


@pytest.mark.parametrize(
    ("shown", "count"),
    [
        pytest.param("541.2K", 541_200, id="thousands"),
        pytest.param("1.1M", 1_100_000, id="millions"),
        pytest.param("2B", 2_000_000_000, id="billions"),
        pytest.param("1.25k", 1_250, id="small letter"),
        pytest.param("1,234", 1_234, id="grouped"),
        pytest.param("12.0", 12, id="whole number of a table program"),
        pytest.param(" 0 ", 0, id="zero stays zero"),
        pytest.param("--", None, id="dashes"),
        pytest.param("", None, id="empty"),
        pytest.param("Share", None, id="label"),
        pytest.param("Thích", None, id="label in Vietnamese"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_count_is_read_as_it_is_shown(shown, count):
    assert only("views", {"views": shown}) == (count, [])


@pytest.mark.parametrize(
    "shown",
    ["12abc", "1.2.3K", "-5", "1e5", "3.7", "1.2345K", "1,23", "1.000", "12 345", "٣", "9" * 19],
)
def test_digits_that_are_no_count_break_a_rule(shown):
    assert only("views", {"views": shown}) == (None, ["views|unreadable_count"])


@pytest.mark.parametrize(
    ("number", "dtype", "expected"),
    [
        pytest.param(3.0, pl.Float64, (3, []), id="whole float"),
        pytest.param(math.nan, pl.Float64, (None, []), id="NaN was not shown"),
        pytest.param(3.5, pl.Float64, (None, ["views|unreadable_count"]), id="fraction"),
        pytest.param(math.inf, pl.Float64, (None, ["views|unreadable_count"]), id="infinity"),
        pytest.param(2**64 - 1, pl.UInt64, (None, ["views|unreadable_count"]), id="too large"),
        pytest.param(-2, pl.Int32, (-2, []), id="negative is left to the contract"),
        pytest.param(Decimal(7), pl.Decimal(10, 2), (7, []), id="decimal"),
    ],
)
def test_a_number_is_read_exactly(number, dtype, expected):
    assert only("views", views=pl.lit(number, dtype)) == expected


@given(
    thousandths=st.integers(0, 9_999_999),
    unit=st.sampled_from([("K", 10**3), ("M", 10**6), ("B", 10**9)]),
    places=st.integers(0, 3),
)
def test_a_rendered_count_is_read_back_within_rounding(thousandths, unit, places):
    letter, size = unit
    count = thousandths * size // 1000
    shown = f"{Decimal(count) / size:.{places}f}"
    value, broken = only("views", {"views": f"{shown}{letter}"})
    assert broken == []
    assert value == Decimal(shown) * size
    assert abs(value - count) * 2 * 10**places <= size


@pytest.mark.parametrize(
    "shown",
    [
        "2025-05-14T08:55:00Z",
        "2025-05-14 08:55:00+00:00",
        "2025-05-14T08:55:00+0000",
        "2025-05-14T15:55:00+07:00",
        "2025-05-14T05:25:00.000000-03:30",
        "2025-05-14 08:55Z",
        "2025-05-14 08:55:00.000000001+00",
    ],
)
def test_every_way_to_write_an_instant_is_the_same_instant(shown):
    assert only("captured_at", {"captured_at": shown}) == (
        datetime(2025, 5, 14, 8, 55, tzinfo=UTC),
        [],
    )


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        ("2025-05-14 08:55:00", "no_time_zone"),
        ("2025-05-14", "date_without_time"),
        ("1747212900", "epoch_number"),
        ("2025-02-30T00:00:00Z", "unreadable_time"),
        ("2025-05-14T08:55:00+99:00", "unreadable_time"),
        ("6/10/2025 22:44", "unreadable_time"),
    ],
)
@pytest.mark.parametrize("column", ["captured_at", "published_at"])
def test_a_time_that_cannot_be_read_breaks_a_rule(column, shown, rule):
    assert only(column, {column: shown}) == (None, [f"{column}|{rule}"])


@pytest.mark.parametrize("column", ["captured_at", "published_at"])
@pytest.mark.parametrize(
    ("value", "rule"), [(date(2025, 5, 14), "date_without_time"), (1_747_212_900, "epoch_number")]
)
def test_dates_and_numbers_are_no_instants(column, value, rule):
    assert only(column, **{column: pl.lit(value)}) == (None, [f"{column}|{rule}"])


@pytest.mark.parametrize("native", [True, False], ids=["native", "text"])
@pytest.mark.parametrize(
    ("local", "expected"),
    [
        pytest.param("2025-01-01 01:00:00", datetime(2025, 1, 1, tzinfo=UTC), id="winter"),
        pytest.param("2025-03-30 02:30:00", None, id="skipped hour"),
        pytest.param("2024-10-27 02:30:00", None, id="repeated hour"),
    ],
)
def test_a_local_time_is_never_guessed(native, local, expected):
    shown = pl.lit(local).str.to_datetime() if native else pl.lit(local)
    captures = read(captured_at=shown, time_zone="Europe/Berlin")
    assert captures["captured_at"].to_list() == [expected]
    breaches = [] if expected else ["captured_at|clock_change"]
    assert captures[BREACHES][0].to_list() == breaches


def test_an_aware_time_keeps_its_instant_whatever_the_zone_says():
    aware = pl.lit(datetime(2025, 5, 14, 8, 55, tzinfo=UTC)).dt.convert_time_zone("Asia/Tokyo")
    captures = read(captured_at=aware, time_zone="Europe/Berlin")
    assert captures["captured_at"].to_list() == [datetime(2025, 5, 14, 8, 55, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("second", "broken"), [("00", []), ("01", ["captured_at|in_the_future"])], ids=["now", "later"]
)
def test_a_capture_after_now_breaks_a_rule(second, broken):
    assert only("run_id", {"captured_at": f"2025-06-01T00:00:{second}Z"})[1] == broken


def test_a_capture_was_known_when_it_was_captured():
    captures = read()
    assert captures["known_at"].to_list() == captures["captured_at"].to_list()


def test_text_is_trimmed_and_empty_text_is_null():
    captures = read({"post_key": " 75 ", "account_key": " ", "caption": "  ", "media_type": "Reel"})
    row = captures.row(0, named=True)
    assert (row["platform_post_id"], row["account_key"]) == ("75", None)
    assert (row["caption"], row["media_type"]) == (None, "reel")


def test_rows_have_the_shape_of_the_contract():
    captures = read({"caption": "x", "followers": "1.1M"})
    assert captures.select(StgImportCaptures.column_names()).pipe(StgImportCaptures.is_valid)
    assert captures["source"].to_list() == ["import"]


SHOWN = st.fixed_dictionaries(
    {
        "post_key": st.text(max_size=3),
        "views": st.sampled_from(["1K", "x1", "--", None]),
        "captured_at": st.sampled_from(["2025-05-14T08:55:00Z", "2025-05-14 08:55:00", "", None]),
    }
)


@given(rows=st.lists(SHOWN, min_size=1, max_size=6), cut=st.integers(0, 6), order=st.randoms())
def test_pieces_in_any_order_give_the_same_rows(rows, cut, order):
    schema = dict.fromkeys([*ROW, "views"], pl.String)
    raw = pl.DataFrame([ROW | row for row in rows], schema=schema).with_row_index(LINE, offset=1)
    shuffled = raw[order.sample(range(raw.height), raw.height)]
    args = {"time_zone": "Asia/Tokyo", "now": NOW, "file_id": "f", "run_id": "r"}
    pieces = [read_captures(piece, **args) for piece in (shuffled[:cut], shuffled[cut:])]
    assert pl.concat(pieces).sort(LINE).equals(read_captures(raw, **args))
