"""Reports of ads imported twice, at once, after a crash, and in any order.

Belongs here: what must not change what is known.
Does not belong here: what one import gives (``test_ad_imports``).
"""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.clock import SystemClock
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.steps.publish.upkeep import maintain
from tests.hypothesis_profiles import examples
from tests.worlds.ad_reports import (
    HISTORY,
    STAGING,
    ad_row,
    bring,
    history,
    whole,
    write,
)
from tests.worlds.creative_builders import ad, ads, daily, spent
from tests.worlds.data_builders import (
    AS_OF,
    NOW,
    hours,
    later,
    lost,
    make_stores,
    rows_of,
    temporary_stores,
)
from transforms.facts.spend import trailing_spend


@pytest.fixture
def stores(tmp_path):
    opened = make_stores(tmp_path / "home")
    yield opened
    opened.operations.close()


# Twice, at once, and after a crash.


def test_importing_a_report_twice_changes_nothing(stores):
    rows = [ad_row(), ad_row("bad", "x")]
    bring(stores, *rows)
    before = whole(stores)
    again = bring(later(stores, NOW + timedelta(days=1)), *rows)
    assert [file.already_there for file in again.files] == [True]
    assert again.written[HISTORY.name].inserted == 0
    assert whole(stores) == before


def test_one_report_named_twice_in_one_import_is_there_once(stores):
    path = write(stores, [ad_row()])
    found = import_ad_metrics(stores, [path, path], ad_platform="meta", run_id="r")
    assert [file.already_there for file in found.files] == [False, True]
    assert history(stores) == [(NOW, 143)]


@pytest.mark.parametrize("names", [("same", "same"), ("one", "other")], ids=["one file", "two"])
def test_two_imports_at_once_double_nothing(tmp_path, names):
    rows = [ad_row(f"ad{number}") for number in range(20)]
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
    pytest.param((HISTORY, catalog.IMPORT_FILES), id="before the registration"),
    pytest.param((HISTORY, catalog.IMPORT_FILES, STAGING), id="after the quarantine"),
    pytest.param((HISTORY, catalog.IMPORT_FILES, STAGING, catalog.QUARANTINE), id="at the start"),
]


@pytest.mark.parametrize("gone", CRASHES)
def test_a_crash_heals_with_the_next_import(stores, gone):
    rows = [ad_row(spend="2.00"), ad_row("bad", "x")]
    bring(stores, ad_row(), name="before")
    with lost(stores, *gone):
        bring(later(stores, hours(1, after=NOW)), *rows)
    bring(later(stores, hours(1, after=NOW)), *rows)
    healed = whole(stores)
    with temporary_stores() as clean:
        bring(clean, ad_row(), name="before")
        bring(later(clean, hours(1, after=NOW)), *rows)
        assert healed == whole(clean)


@pytest.mark.parametrize("heal", [bring_up_to_date, publish], ids=["a tick", "a publication"])
def test_a_crash_before_the_history_heals_without_an_import(stores, heal):
    with lost(stores, HISTORY):
        bring(stores, ad_row())
    heal(later(stores, hours(9, after=NOW)))
    assert history(stores) == [(NOW, 143)]


def test_deriving_again_changes_nothing(stores):
    bring(stores, ad_row())
    version = stores.lake.version(HISTORY)
    assert bring_up_to_date(stores)[HISTORY.name].inserted == 0
    assert stores.lake.version(HISTORY) == version


def test_upkeep_changes_nothing(stores):
    for number in range(3):
        bring(stores, ad_row(f"ad{number}"), name=f"{number}")
    before = whole(stores)
    stores.lake.compact(STAGING)
    bring_up_to_date(stores)
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


def as_ad_row(row):
    """A row in a report's words."""
    return ad_row(
        row["ad_id"],
        f"{row['spend_cents'] / 100:.2f}",
        day=row["spent_on"],
        known_at=row["known_at"].isoformat(),
    )


@examples(0.6)
@given(pieces=PIECES, order=st.randoms(use_true_random=False))
def test_restatements_in_any_order_and_any_files_give_the_same_spend(pieces, order):
    everything = [row for piece in pieces for row in piece]
    expected = spend_known(daily(everything))
    with temporary_stores() as stores:
        for place, piece in enumerate(order.sample(pieces, len(pieces))):
            bring(stores, *map(as_ad_row, piece), name=f"piece{place}", is_history=True)
            bring(stores, *map(as_ad_row, piece), name=f"again{place}", is_history=True)
        assert spend_known(stores.lake.read(HISTORY)) == expected


@examples(0.4)
@given(reports=PIECES, before=ROW)
def test_a_report_changes_nothing_that_was_known_before_it(reports, before):
    with temporary_stores() as stores:
        bring(stores, as_ad_row(before), name="before")
        known = spend_known(stores.lake.read(HISTORY))
        for place, report in enumerate(reports):
            rows = {(row["ad_id"], row["spent_on"]): row for row in report}.values()
            given = [as_ad_row(row) for row in rows]
            for row in given:
                del row["known_at"]
            bring(later(stores, hours(place, after=NOW)), *given, name=f"report{place}")
        assert spend_known(stores.lake.read(HISTORY)) == known
