from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples
from tests.shared_data import SHARED
from tests.worlds.data_builders import hours
from transforms.contracts.ads import AdDailyMetrics
from transforms.facts.ad_metrics import LINE, read_ad_metrics
from transforms.staging.parsing import read_cents
from transforms.staging.quarantine import split

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)
YESTERDAY = date(2025, 5, 13)
KAG = SHARED / "data/ads_facebook_kag" / "ads.csv"


def read(rows, **how):
    """Good rows and rows set aside, of raw rows given as dictionaries or a frame."""
    raw = pl.DataFrame(rows).with_row_index(LINE, offset=1)
    how = {"ad_platform": "meta", "spent_on": YESTERDAY, "now": NOW, "run_id": "r"} | how
    typed = read_ad_metrics(raw, **how)
    return split(
        AdDailyMetrics,
        typed,
        table_name="ad_daily_metrics",
        origin=pl.col(LINE),
        quarantined_at=NOW,
        run_id="r",
    )


def good(row, **how):
    rows, refused = read([row], **how)
    assert refused["broken_rules"].to_list() == []
    return rows.row(0, named=True)


def broken(row, **how):
    rows, refused = read([row], **how)
    assert rows.is_empty()
    return refused["broken_rules"].item()


def row(**changes):
    return {"ad_id": "708746", "spend": "1.43"} | changes


@pytest.mark.parametrize(
    ("spend", "cents"),
    [
        pytest.param("1.429999948", 143, id="single precision, as text"),
        pytest.param(1.429999948, 143, id="single precision, as a double"),
        pytest.param("1.820000023", 182, id="a little above"),
        pytest.param("0.0", 0, id="nothing spent"),
        pytest.param("1.25", 125, id="exact"),
        pytest.param("12", 1200, id="whole dollars"),
        pytest.param(12, 1200, id="whole dollars, as a number"),
        pytest.param(".5", 50, id="without a leading zero"),
        pytest.param(" 3.10 ", 310, id="with space around it"),
        pytest.param(0.1 + 0.2, 30, id="a sum of doubles"),
        pytest.param("32767.98", 3_276_798, id="the largest of single precision"),
        pytest.param("123456789.01", 12_345_678_901, id="large and exact"),
    ],
)
def test_money_becomes_exact_cents(spend, cents):
    assert good(row(spend=spend))["spend_cents"] == cents


@pytest.mark.parametrize(
    ("spend", "rule"),
    [
        pytest.param("1.4271", "spend_cents|part_of_a_cent", id="no whole cents"),
        pytest.param(0.005, "spend_cents|part_of_a_cent", id="half a cent"),
        pytest.param("131072.012", "spend_cents|part_of_a_cent", id="too large to tell"),
        pytest.param("1e13", "spend_cents|unreadable_money", id="ten trillion"),
        pytest.param(1e13, "spend_cents|part_of_a_cent", id="ten trillion, as a number"),
        pytest.param("$1.43", "spend_cents|unreadable_money", id="a currency"),
        pytest.param("1,43", "spend_cents|unreadable_money", id="a comma"),
        pytest.param("1.43e0", "spend_cents|unreadable_money", id="an exponent"),
        pytest.param("nan", "spend_cents|unreadable_money", id="a word"),
        pytest.param(float("inf"), "spend_cents|unreadable_money", id="infinity"),
        pytest.param(float("nan"), "spend_cents|unreadable_money", id="not a number"),
        pytest.param("-1.43", "spend_cents|min", id="negative"),
        pytest.param("", "spend_cents|nullability", id="nothing shown"),
        pytest.param(None, "spend_cents|nullability", id="null"),
    ],
)
def test_money_that_is_no_whole_number_of_cents_is_set_aside(spend, rule):
    rows, refused = read(pl.DataFrame([row(spend=spend)], strict=False))
    assert rows.is_empty()
    assert refused["broken_rules"].item() == rule


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"ad_id": None}, "ad_id|nullability", id="no ad"),
        pytest.param({"ad_id": 708746.0}, "ad_id|rounded_id", id="an id with decimals"),
        pytest.param({"ad_id": "2.385E+16"}, "ad_id|rounded_id", id="an id of a spreadsheet"),
        pytest.param({"date": "14.05.2025"}, "spent_on|unreadable_date", id="another form of date"),
        pytest.param({"date": "2025-02-30"}, "spent_on|unreadable_date", id="no such day"),
        pytest.param(
            {"date": "2025-05-13 08:00:00"}, "spent_on|unreadable_date", id="a time of day"
        ),
        pytest.param({"date": "2025-05-16"}, "spent_on|in_the_future", id="no day yet anywhere"),
        pytest.param({"currency": "EURO"}, "currency|unknown_currency", id="no such currency"),
        pytest.param({"ad_platform": "x"}, "ad_platform|unknown_ad_platform", id="platform"),
        pytest.param({"clicks": "many"}, None, id="a count in words is not shown"),
        pytest.param({"clicks": "1.5"}, "clicks|unreadable_count", id="half a click"),
        pytest.param({"known_at": "2025-05-14 11:00"}, "known_at|no_time_zone", id="no zone"),
        pytest.param({"known_at": "2025-05-14T13:00Z"}, "known_at|in_the_future", id="future"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside(changes, rule):
    _, refused = read([row(**changes)])
    assert refused["broken_rules"].to_list() == ([] if rule is None else [rule])


def test_a_row_is_set_aside_as_it_was_received():
    _, refused = read([row(spend="1,43", total_conversion="2")])
    assert refused["row"].item() == '{"ad_id":"708746","spend":"1,43","total_conversion":"2"}'


def test_a_row_without_a_day_is_set_aside():
    assert broken(row(), spent_on=None) == "spent_on|nullability"


def test_two_rows_of_one_ad_and_day_are_both_set_aside():
    rows, refused = read([row(), row(spend="2.00")])
    assert (rows.height, refused["broken_rules"].to_list()) == (0, ["primary_key"] * 2)


@pytest.mark.parametrize(
    "day",
    [
        pytest.param("2025-05-12", id="text"),
        pytest.param("2025-05-12 00:00:00", id="text at midnight"),
        pytest.param(date(2025, 5, 12), id="a date"),
        pytest.param(datetime(2025, 5, 12), id="midnight"),  # noqa: DTZ001 - as files hold it
    ],
)
def test_a_days_own_date_counts_before_the_files(day):
    assert good(row(date=day))["spent_on"] == date(2025, 5, 12)


@pytest.mark.parametrize(
    ("how", "changes", "known_at"),
    [
        pytest.param({}, {}, NOW, id="a report: now"),
        pytest.param({"is_history": True}, {}, hours(-12), id="history: when its day was over"),
        pytest.param({"is_history": True}, {"date": "2025-05-14"}, NOW, id="history of today"),
        pytest.param(
            {"is_history": True}, {"known_at": "2025-05-14T08:00Z"}, hours(-4), id="as stated"
        ),
    ],
)
def test_a_row_says_since_when_it_is_known(how, changes, known_at):
    assert good(row(**changes), **how)["known_at"] == known_at


def test_a_row_may_name_its_platform():
    assert good(row(ad_platform="TikTok"))["ad_platform"] == "tiktok"


def test_facebooks_word_for_conversions_is_known():
    actual = good(row(total_conversion="2", impressions="7,350", clicks=1))
    assert [actual[name] for name in ("impressions", "clicks", "conversions")] == [7350, 1, 2]


@examples(4)
@given(cents=st.integers(0, 3_276_799))
@example(cents=143)
def test_single_precision_loses_no_cent(cents):
    amounts = pl.DataFrame({"spend": [cents / 100]}).select(pl.col("spend").cast(pl.Float32))
    shown = [f"{amounts['spend'][0]:.9g}", float(amounts["spend"][0])]
    for actual in (amounts, pl.DataFrame({"spend": shown[:1]}), pl.DataFrame({"spend": shown[1:]})):
        reading = read_cents("spend", actual.schema["spend"])
        assert actual.select(reading.value).item() == cents


@examples(4)
@given(cents=st.integers(0, 10**13))
def test_two_decimals_are_exact_at_any_size(cents):
    actual = pl.DataFrame({"spend": [f"{cents // 100}.{cents % 100:02}"]})
    assert actual.select(read_cents("spend", pl.String()).value).item() == cents


@pytest.mark.skipif(not KAG.is_file(), reason=f"{KAG} is not there")
@pytest.mark.parametrize("kind", ["csv", "typed csv", "parquet"])
def test_every_ad_of_a_real_export_is_read_to_the_cent(kind, tmp_path):
    raw = pl.read_csv(KAG, infer_schema=kind != "csv")
    if kind == "parquet":
        raw.write_parquet(tmp_path / "ads.parquet")
        raw = pl.read_parquet(tmp_path / "ads.parquet")
    rows, refused = read(raw)
    assert refused.is_empty()
    assert (rows.height, rows["spend_cents"].sum()) == (1143, 5_870_523)
    assert rows["conversions"].sum() == 3264
    shown = pl.read_csv(KAG)["spend"]
    assert ((rows["spend_cents"] / 100 - shown).abs() < 1e-4).all()


def test_the_day_of_a_real_export_is_given_beside_it():
    assert good(row(), spent_on=YESTERDAY - timedelta(days=1))["spent_on"] == date(2025, 5, 12)
