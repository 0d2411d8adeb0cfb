"""Reports of ads, imported: what is kept, and since when it is known.

Belongs here: the step, on real files and a real lake.
Does not belong here: repeats, crashes and orders (``test_ad_import_repeats``), reading one file
(``tests.files``), the commands (``tests.cli``).
"""

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.publish.publication import publish
from tests.worlds.ad_reports import (
    DAY,
    HISTORY,
    KAG,
    ad_row,
    bring,
    history,
    needs_kag,
    whole,
    write,
)
from tests.worlds.data_builders import (
    NOW,
    hours,
    later,
    make_stores,
    rows_of,
)


@pytest.fixture
def stores(tmp_path):
    opened = make_stores(tmp_path / "home")
    yield opened
    opened.operations.close()


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
    bring(stores, ad_row(), ad_row("other"), ad_row("third", known_at="2025-05-14T09:00:00Z"))
    known = {row["ad_id"]: row["known_at"] for row in rows_of(stores, HISTORY).to_dicts()}
    assert before + timedelta(seconds=1) < known["ad"] == known["other"] <= clock.at
    assert known["third"] == hours(-3)
    stores.operations.close()


def test_history_is_known_when_its_day_was_over(stores):
    bring(stores, ad_row(), is_history=True)
    assert history(stores) == [(hours(-12), 143)]


def test_a_restatement_is_a_row_of_its_own_and_an_equal_one_is_none(stores):
    for days, spend in enumerate(("1.00", "1.00", "0.90", "0.90")):
        now = later(stores, NOW + timedelta(days=days))
        written = bring(now, ad_row(spend=spend), name=f"report{days}").written[HISTORY.name]
        assert written.inserted == (days in (0, 2))
    assert history(stores) == [(NOW, 100), (NOW + timedelta(days=2), 90)]


def test_history_between_two_equal_reports_leaves_what_was_known_after_it(stores):
    day = date(2025, 5, 10)
    for lands in (-30, -20):
        row = ad_row(spend="10", day=day, campaign=lands)
        bring(later(stores, hours(lands)), row, name=f"report{lands}")
    at = f"{hours(-25):%Y-%m-%dT%H:%MZ}"
    bring(stores, ad_row(spend="20", day=day, known_at=at), name="between")
    assert history(stores) == [(hours(-30), 1000), (hours(-25), 2000), (hours(-20), 1000)]


def test_one_moment_reported_in_two_ways_has_the_larger_value_in_either_order(stores):
    at = "2025-05-14T09:00:00Z"
    for name, spend in (("one", "2.00"), ("two", "5.00"), ("three", "3.00")):
        bring(stores, ad_row(spend=spend, known_at=at), name=name)
    assert history(stores) == [(hours(-3), 500)]


def test_the_report_counts_ads_days_and_cents(stores):
    found = bring(
        stores, ad_row(), ad_row(day=date(2025, 5, 11)), ad_row("b", "-1"), ad_row("c", "2")
    )
    assert (found.ads, found.first_day, found.last_day) == (2, date(2025, 5, 11), DAY)
    assert (found.spend_cents, found.written[HISTORY.name].inserted) == (486, 3)
    assert found.files[0].reasons == {"spend_cents|min": 1}


def test_an_imported_report_is_registered_without_a_project(stores):
    bring(stores, ad_row(), ad_row("bad", "x"), name="may")
    row = rows_of(stores, catalog.IMPORT_FILES).drop("import_id", "file_id").row(0, named=True)
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
        pytest.param({"currency": "EURO"}, "currency|unknown_currency", id="no currency"),
        pytest.param({"ad_platform": "x"}, "ad_platform|unknown_ad_platform", id="platform"),
        pytest.param({"known_at": "2025-05-14 09:00"}, "known_at|no_time_zone", id="no zone"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_rule_and_line(stores, bad, rule):
    found = bring(stores, ad_row(), ad_row("b") | bad)
    assert (found.files[0].quarantined, found.files[0].reasons) == (1, {rule: 1})
    aside = rows_of(stores, catalog.QUARANTINE).row(0, named=True)
    assert (aside["table_name"], aside["broken_rules"]) == ("stg_import__ad_metrics", rule)
    assert aside["origin"].endswith(":2")
    assert rows_of(stores, HISTORY)["ad_id"].to_list() == ["ad"]


def test_a_refused_report_leaves_nothing_of_its_neighbours(stores, tmp_path):
    good = write(stores, [ad_row()], name="good")
    bad = tmp_path / "bad.csv"
    bad.write_text("ad_id\n1\n")
    with pytest.raises(InputRefusedError, match="required columns are missing"):
        import_ad_metrics(stores, [good, bad], ad_platform="meta", run_id="r")
    assert not any(whole(stores).values())


# Real ads, and what analysts see.


@needs_kag
def test_a_real_export_is_imported_to_the_cent(stores):
    with KAG.open(newline="") as file:
        rows_of_csv = list(csv.DictReader(file))
    cents = {
        row["ad_id"]: int(Decimal(row["spend"]).quantize(Decimal("0.01")) * 100)
        for row in rows_of_csv
    }
    found = import_ad_metrics(stores, [KAG], ad_platform="meta", spent_on=DAY, run_id="r")
    rows = rows_of(stores, HISTORY)
    assert dict(rows.select("ad_id", "spend_cents").rows()) == cents
    assert (rows.height, found.spend_cents, sum(cents.values())) == (1143, 5_870_523, 5_870_523)
    assert rows["conversions"].sum() == sum(int(row["total_conversion"]) for row in rows_of_csv)
    assert (found.files[0].quarantined, found.first_day) == (0, DAY)


@needs_kag
def test_one_export_of_two_days_is_two_reports(stores):
    for day in (DAY, DAY - timedelta(days=1)):
        found = import_ad_metrics(stores, [KAG], ad_platform="meta", spent_on=day, run_id="r")
        assert found.written[HISTORY.name].inserted == 1143


def asked(path, query):
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.sql(query).pl().to_dicts()


def test_analysts_see_the_history_and_the_newest_known_row_of_each_day(stores):
    for place, (spend, clicks) in enumerate([("9.00", 4), ("5.00", 3), ("7.00", None)]):
        now = later(stores, hours(place, after=NOW))
        bring(now, ad_row(spend=spend, clicks=clicks), name=f"report{place}")
    bring(stores, ad_row(day=date(2025, 4, 30)), ad_row("b"), name="others")
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
    bring(stores, *(ad_row(day=day) for day in days))
    assert rows_of(stores, HISTORY)["spent_in"].to_list() == ["2025-04", "2025-05"]
    now = later(stores, hours(1, after=NOW))
    assert (
        bring(now, *(ad_row(spend="2", day=day) for day in days), name="2")
        .written[HISTORY.name]
        .inserted
        == 2
    )
