"""Reports of ads, imported: what is kept, what is known when, what a repeat or a crash changes.

Belongs here: the step, on real files and a real lake.
Does not belong here: reading one file (``test_ad_files``), the commands (``test_import_commands``).
"""

import csv
import json
import threading
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers_pipeline import tables
from layers_pipeline.clock import SystemClock
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.steps.ad_imports import derive_ad_metrics, import_ad_metrics
from layers_pipeline.steps.posts import derive_known
from layers_pipeline.steps.publication import maintain, publish
from tests.creative_builders import ad, ads, daily, spent
from tests.data_builders import (
    AS_OF,
    NOW,
    hours,
    later,
    lost,
    make_stores,
    rows_of,
    temporary_stores,
)
from tests.shared_data import SHARED
from transforms.spend import trailing_spend

HISTORY, STAGED = tables.AD_DAILY_METRICS, tables.STG_IMPORT__AD_METRICS
WRITTEN = (HISTORY, STAGED, tables.QUARANTINE, tables.IMPORT_FILES)
DAY = date(2025, 5, 13)
KAG = SHARED / "data/ads_facebook_kag/ads.csv"
needs_kag = pytest.mark.skipif(
    not KAG.is_file(), reason=f"{KAG} is absent: set LAYERS_SHARED to the folder of shared data"
)


@pytest.fixture
def stores(tmp_path):
    opened = make_stores(tmp_path / "home")
    yield opened
    opened.operations.close()


def told(ad_id="ad", spend="1.43", *, day=DAY, **more):
    return {"ad_id": ad_id, "date": f"{day:%Y-%m-%d}", "spend": spend} | more


def write(stores, rows, *, name="ads"):
    path = stores.settings.home / f"{name}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def bring(stores, *rows, name="ads", **how):
    """Import rows through a file."""
    return import_ad_metrics(
        stores,
        [write(stores, rows, name=name)],
        **{"ad_platform": "meta", "run_id": name} | how,
    )


def whole(stores):
    return {table.name: rows_of(stores, table).to_dicts() for table in WRITTEN}


def history(stores):
    """Known at and cents of every row of the history, in the order in which they were known."""
    rows = rows_of(stores, HISTORY).sort("known_at", "ad_id")
    return rows.select("known_at", "spend_cents").rows()


# What comes in, and since when it is known.


@dataclass
class Ticking:
    """A clock that goes on by a second whenever somebody looks at it."""

    at: datetime = NOW

    def now(self):
        self.at += timedelta(seconds=1)
        return self.at


def test_a_row_is_known_since_the_commit_not_since_the_file_was_read(tmp_path):
    clock = Ticking()
    stores = replace(make_stores(tmp_path / "home"), clock=clock)
    before = clock.at
    bring(stores, told(), told("other"), told("third", known_at="2025-05-14T09:00:00Z"))
    known = {row["ad_id"]: row["known_at"] for row in rows_of(stores, HISTORY).to_dicts()}
    assert before + timedelta(seconds=1) < known["ad"] == known["other"] <= clock.at
    assert known["third"] == hours(-3)
    stores.operations.close()


def test_history_is_known_when_its_day_was_over(stores):
    bring(stores, told(), is_history=True)
    assert history(stores) == [(hours(-12), 143)]


def test_a_restatement_is_a_row_of_its_own_and_an_equal_one_is_none(stores):
    for days, spend in enumerate(("1.00", "1.00", "0.90", "0.90")):
        now = later(stores, NOW + timedelta(days=days))
        written = bring(now, told(spend=spend), name=f"report{days}").history
        assert written.inserted == (days in (0, 2))
    assert history(stores) == [(NOW, 100), (NOW + timedelta(days=2), 90)]


def test_history_between_two_equal_reports_leaves_what_was_known_after_it(stores):
    day = date(2025, 5, 10)
    for lands in (-30, -20):
        row = told(spend="10", day=day, campaign=lands)
        bring(later(stores, hours(lands)), row, name=f"report{lands}")
    at = f"{hours(-25):%Y-%m-%dT%H:%MZ}"
    bring(stores, told(spend="20", day=day, known_at=at), name="between")
    assert history(stores) == [(hours(-30), 1000), (hours(-25), 2000), (hours(-20), 1000)]


def test_one_moment_told_in_two_ways_has_the_larger_value_in_either_order(stores):
    at = "2025-05-14T09:00:00Z"
    for name, spend in (("one", "2.00"), ("two", "5.00"), ("three", "3.00")):
        bring(stores, told(spend=spend, known_at=at), name=name)
    assert history(stores) == [(hours(-3), 500)]


def test_the_report_counts_ads_days_and_cents(stores):
    found = bring(stores, told(), told(day=date(2025, 5, 11)), told("b", "-1"), told("c", "2"))
    assert (found.ads, found.first_day, found.last_day) == (2, date(2025, 5, 11), DAY)
    assert (found.spend_cents, found.history.inserted) == (486, 3)
    assert found.files[0].reasons == {"spend_cents|min": 1}


def test_an_imported_report_is_registered_without_a_project(stores):
    bring(stores, told(), told("bad", "x"), name="may")
    row = rows_of(stores, tables.IMPORT_FILES).drop("import_id", "file_id").row(0, named=True)
    assert row == {
        "project_id": None,
        "file_name": "may.ndjson",
        "rows_read": 2,
        "rows_quarantined": 1,
        "imported_at": NOW,
    }


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        pytest.param({"ad_id": ""}, "ad_id|nullability", id="no ad"),
        pytest.param({"ad_id": "2.3E+16"}, "ad_id|rounded_id", id="a rounded id"),
        pytest.param({"spend": "1.4271"}, "spend_cents|part_of_a_cent", id="part of a cent"),
        pytest.param({"spend": "-1"}, "spend_cents|min", id="negative spend"),
        pytest.param({"spend": "$1"}, "spend_cents|unreadable_money", id="no number"),
        pytest.param({"clicks": "-1"}, "clicks|unreadable_count", id="negative clicks"),
        pytest.param({"clicks": "x1"}, "clicks|unreadable_count", id="no count"),
        pytest.param({"date": "13.05.2025"}, "spent_on|unreadable_date", id="no date"),
        pytest.param({"date": "2999-01-01"}, "spent_on|in_the_future", id="a day to come"),
        pytest.param({"currency": "EUR"}, "currency|not_usd", id="euros"),
        pytest.param({"ad_platform": "x"}, "ad_platform|unknown_ad_platform", id="platform"),
        pytest.param({"known_at": "2025-05-14 09:00"}, "known_at|no_time_zone", id="no zone"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_rule_and_line(stores, bad, rule):
    found = bring(stores, told(), told("b") | bad)
    assert (found.files[0].quarantined, found.files[0].reasons) == (1, {rule: 1})
    aside = rows_of(stores, tables.QUARANTINE).row(0, named=True)
    assert (aside["table_name"], aside["broken_rules"]) == ("stg_import__ad_metrics", rule)
    assert aside["origin"].endswith(":2")
    assert rows_of(stores, HISTORY)["ad_id"].to_list() == ["ad"]


def test_a_refused_report_leaves_nothing_of_its_neighbours(stores, tmp_path):
    good = write(stores, [told()], name="good")
    bad = tmp_path / "bad.csv"
    bad.write_text("ad_id\n1\n")
    with pytest.raises(InputRefusedError, match="required columns are missing"):
        import_ad_metrics(stores, [good, bad], ad_platform="meta", run_id="r")
    assert not any(whole(stores).values())


# Twice, at once, and after a crash.


def test_importing_a_report_twice_changes_nothing(stores):
    rows = [told(), told("bad", "x")]
    bring(stores, *rows)
    before = whole(stores)
    again = bring(later(stores, NOW + timedelta(days=1)), *rows)
    assert [file.already_there for file in again.files] == [True]
    assert again.history.inserted == 0
    assert whole(stores) == before


def test_one_report_named_twice_in_one_import_is_there_once(stores):
    path = write(stores, [told()])
    found = import_ad_metrics(stores, [path, path], ad_platform="meta", run_id="r")
    assert [file.already_there for file in found.files] == [False, True]
    assert history(stores) == [(NOW, 143)]


@pytest.mark.parametrize("names", [("same", "same"), ("one", "other")], ids=["one file", "two"])
def test_two_imports_at_once_double_nothing(tmp_path, names):
    rows = [told(f"ad{number}") for number in range(20)]
    opened = [replace(make_stores(tmp_path / "home"), clock=SystemClock()) for _ in names]
    paths = [
        # The second content differs, but tells the same.
        write(opened[0], rows if name != "other" else rows[::-1], name=name)
        for name in names
    ]
    start, reports = threading.Barrier(2), []

    def work(stores, path):
        start.wait()
        reports.append(import_ad_metrics(stores, [path], ad_platform="meta", run_id="r"))

    threads = [threading.Thread(target=work, args=pair) for pair in zip(opened, paths, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert rows_of(opened[0], HISTORY)["ad_id"].sort().to_list() == sorted(
        row["ad_id"] for row in rows
    )
    found = sorted(report.files[0].already_there for report in reports)
    assert found == [False, names[0] == names[1]]
    for stores in opened:
        stores.operations.close()


CRASHES = [
    pytest.param((HISTORY,), id="before the history"),
    pytest.param((HISTORY, tables.IMPORT_FILES), id="before the registration"),
    pytest.param((HISTORY, tables.IMPORT_FILES, STAGED), id="after the quarantine"),
    pytest.param((HISTORY, tables.IMPORT_FILES, STAGED, tables.QUARANTINE), id="at the start"),
]


@pytest.mark.parametrize("gone", CRASHES)
def test_a_crash_heals_with_the_next_import(stores, gone):
    rows = [told(spend="2.00"), told("bad", "x")]
    bring(stores, told(), name="before")
    with lost(stores, *gone):
        bring(later(stores, hours(1, after=NOW)), *rows)
    bring(later(stores, hours(1, after=NOW)), *rows)
    healed = whole(stores)
    with temporary_stores() as clean:
        bring(clean, told(), name="before")
        bring(later(clean, hours(1, after=NOW)), *rows)
        assert healed == whole(clean)


@pytest.mark.parametrize("heal", [derive_known, publish], ids=["a tick", "a publication"])
def test_a_crash_before_the_history_heals_without_an_import(stores, heal):
    with lost(stores, HISTORY):
        bring(stores, told())
    heal(later(stores, hours(9, after=NOW)))
    assert history(stores) == [(NOW, 143)]


def test_deriving_again_changes_nothing(stores):
    bring(stores, told())
    version = stores.lake.version(HISTORY)
    assert derive_ad_metrics(stores).inserted == 0
    assert stores.lake.version(HISTORY) == version


def test_upkeep_changes_nothing(stores):
    for number in range(3):
        bring(stores, told(f"ad{number}"), name=f"{number}")
    before = whole(stores)
    stores.lake.compact(STAGED)
    derive_ad_metrics(stores)
    maintain(stores)
    assert whole(stores) == before


# Any order gives the same answers.


SHOWN = [ad("one"), ad("two"), ad("three", "other/manual:m")]
MOMENTS = [hours(number) for number in (-60, -30, -2, 0, 30)]
ROW = st.builds(
    spent,
    st.integers(0, 3),
    st.integers(0, 3).map(lambda days: AS_OF.date() - timedelta(days=days)),
    ad_id=st.sampled_from(["one", "two", "three"]),
    known_at=st.integers(-6, 2).map(lambda step: hours(step * 10)),
)
PIECES = st.lists(
    st.lists(
        ROW,
        min_size=1,
        max_size=8,
        unique_by=lambda row: (row["ad_id"], row["spent_on"], row["known_at"]),
    ),
    min_size=1,
    max_size=4,
)


def spend_known(rows):
    """What each content's ads spent in 30 days, as known at each of the moments."""
    sums = [trailing_spend(rows, ads(SHOWN), as_of=moment, days=30) for moment in MOMENTS]
    return [
        dict(found.collect().select("ads_content_id", "spend_30d_cents").rows()) for found in sums
    ]


def as_told(row):
    """A row in a report's words."""
    return told(
        row["ad_id"],
        f"{row['spend_cents'] / 100:.2f}",
        day=row["spent_on"],
        known_at=row["known_at"].isoformat(),
    )


@settings(max_examples=12, deadline=None)
@given(pieces=PIECES, order=st.randoms(use_true_random=False))
def test_restatements_in_any_order_and_any_files_give_the_same_spend(pieces, order):
    everything = [row for piece in pieces for row in piece]
    expected = spend_known(daily(everything))
    with temporary_stores() as stores:
        for place, piece in enumerate(order.sample(pieces, len(pieces))):
            bring(stores, *map(as_told, piece), name=f"piece{place}", is_history=True)
            bring(stores, *map(as_told, piece), name=f"again{place}", is_history=True)
        assert spend_known(stores.lake.read(HISTORY)) == expected


@settings(max_examples=8, deadline=None)
@given(reports=PIECES, before=ROW)
def test_a_report_changes_nothing_that_was_known_before_it(reports, before):
    with temporary_stores() as stores:
        bring(stores, as_told(before), name="before")
        known = spend_known(stores.lake.read(HISTORY))
        for place, report in enumerate(reports):
            rows = {(row["ad_id"], row["spent_on"]): row for row in report}.values()
            given = [as_told(row) for row in rows]
            for row in given:
                del row["known_at"]
            bring(later(stores, hours(place, after=NOW)), *given, name=f"report{place}")
        assert spend_known(stores.lake.read(HISTORY)) == known


# Real ads, and what analysts see.


@needs_kag
def test_a_real_export_is_imported_to_the_cent(stores):
    with KAG.open(newline="") as file:
        told_by_csv = list(csv.DictReader(file))
    cents = {
        row["ad_id"]: int(Decimal(row["spend"]).quantize(Decimal("0.01")) * 100)
        for row in told_by_csv
    }
    found = import_ad_metrics(stores, [KAG], ad_platform="meta", spent_on=DAY, run_id="r")
    rows = rows_of(stores, HISTORY)
    assert dict(rows.select("ad_id", "spend_cents").rows()) == cents
    assert (rows.height, found.spend_cents, sum(cents.values())) == (1143, 5_870_523, 5_870_523)
    assert rows["conversions"].sum() == sum(int(row["total_conversion"]) for row in told_by_csv)
    assert (found.files[0].quarantined, found.first_day) == (0, DAY)


@needs_kag
def test_one_export_of_two_days_is_two_reports(stores):
    for day in (DAY, DAY - timedelta(days=1)):
        found = import_ad_metrics(stores, [KAG], ad_platform="meta", spent_on=day, run_id="r")
        assert found.history.inserted == 1143


def asked(path, query):
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(query).pl().to_dicts()


def test_analysts_see_the_history_and_the_newest_known_row_of_each_day(stores):
    for place, (spend, clicks) in enumerate([("9.00", 4), ("5.00", 3), ("7.00", None)]):
        now = later(stores, hours(place, after=NOW))
        bring(now, told(spend=spend, clicks=clicks), name=f"report{place}")
    bring(stores, told(day=date(2025, 4, 30)), told("b"), name="others")
    path = publish(stores).path
    assert asked(path, "select count(*) as n from ad_daily_metrics") == [{"n": 5}]
    current = asked(path, "select * from ad_daily_metrics_current order by ad_id, spent_on")
    assert [(row["ad_id"], row["spent_on"], row["spend_cents"]) for row in current] == [
        ("ad", date(2025, 4, 30), 143),
        ("ad", DAY, 700),
        ("b", DAY, 143),
    ]
    assert (current[1]["clicks"], current[1]["known_at"]) == (None, hours(2, after=NOW))


def test_a_restated_day_is_found_in_the_month_of_its_own(stores):
    days = [date(2025, 4, 30), date(2025, 5, 1)]
    bring(stores, *(told(day=day) for day in days))
    assert rows_of(stores, HISTORY)["spent_in"].to_list() == ["2025-04", "2025-05"]
    now = later(stores, hours(1, after=NOW))
    assert bring(now, *(told(spend="2", day=day) for day in days), name="2").history.inserted == 2
