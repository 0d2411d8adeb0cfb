"""Importing exports as people have them, into real stores.

Belongs here: that repeats and orders change nothing, and what an import says afterwards.
Does not belong here: reading of each format (``tests.files``).
"""

import random

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.ingest.imports import import_captures
from tests.files.samples import GIVEN, NOW, SAMPLES, csv
from tests.files.test_ad_exports import HEADERS, PLAIN
from tests.worlds.data_builders import make_stores, rows_of, score

NAMES = (
    "tiktok studio zipped", "business suite", "apify tiktok", "yt-dlp lines",
    "zeeschuimer instagram", "zeeschuimer tiktok", "4cat instagram",
)  # fmt: skip


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home", now=NOW)


def import_sample(stores, folder, name, *, project="brand"):
    sample = SAMPLES[name]
    at = folder / name.replace(" ", "_")
    at.mkdir(exist_ok=True)
    report = import_captures(
        stores,
        [sample.at(at)],
        project_id=project,
        time_zone=sample.options.get("time_zone"),
        run_id="r",
        options={key: word for key, word in sample.options.items() if key != "time_zone"},
    )
    bring_up_to_date(stores)
    return report


def tables(stores):
    wanted = (
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_POST_METRICS,
        catalog.PLATFORM_POST_METRICS_LATEST,
        catalog.STG_IMPORT__CAPTURES,
        catalog.QUARANTINE,
        catalog.ADS_CONTENT,
    )
    passing = ("created_at", "quarantined_at", "run_id")
    found = {}
    for table in wanted:
        rows = rows_of(stores, table).drop(passing, strict=False)
        found[table.name] = rows.sort(pl.all()).to_dicts() if rows.height else []
    return found


def test_samples_give_the_same_tables_in_any_order_and_again(tmp_path):
    found = []
    for seed in (1, 2):
        stores = make_stores(tmp_path / str(seed), now=NOW)
        names = list(NAMES)
        random.Random(seed).shuffle(names)
        for name in names:
            import_sample(stores, tmp_path, name)
        found.append(tables(stores))
        for name in names[:3]:
            report = import_sample(stores, tmp_path, name)
            assert all(file.already_there and not file.is_new_here for file in report.files)
        assert tables(stores) == found[-1]
    # Which captures are kept as snapshots may differ by equal repeats (R9).
    for tables_of_one in found:
        del tables_of_one["platform_post_metrics"]
    assert found[0] == found[1]


def test_an_import_names_the_ticks_that_were_scored_without_it(stores, tmp_path):
    import_sample(stores, tmp_path, "apify tiktok")
    ticks = [GIVEN.replace(day=day, hour=hour) for day in (1, 2) for hour in (0, 4)]
    score(stores, ticks)
    again = import_sample(stores, tmp_path, "apify tiktok")
    assert again.outdated is None
    report = import_sample(stores, tmp_path, "apify tiktok", project="other")
    assert report.outdated is not None
    assert (report.outdated.ticks, report.outdated.first) == (4, "2026-03-01-00:00")
    assert [(file.already_there, file.is_new_here) for file in report.files] == [(True, True)]
    assert report.allowed == 1


def test_an_account_of_business_suite_that_is_read_by_token_keeps_its_id(stores, tmp_path):
    stores.operations.projects.add("brand", name="brand", time_zone="UTC", now=NOW)
    account = NewAccount(
        platform="instagram",
        account_key="17841400000000001",
        connection="oauth",
        project_id="brand",
    )
    stores.operations.accounts.add([account], now=NOW)
    import_sample(stores, tmp_path, "business suite")
    keys = rows_of(stores, catalog.PLATFORM_POSTS)["account_key"].unique().to_list()
    assert keys == ["17841400000000001"]


def test_reports_of_ads_count_each_currency_by_itself(stores, tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    paths[0].write_bytes(csv(HEADERS["en"], *PLAIN))
    paths[1].write_bytes(csv(HEADERS["de"].replace("EUR", "CHF"), *PLAIN))
    report = import_ad_metrics(stores, paths, ad_platform=None, run_id="r")
    assert dict(report.spent) == {"CHF": 149_611, "EUR": 149_611}
    again = import_ad_metrics(stores, paths, ad_platform=None, run_id="r2")
    assert [file.already_there for file in again.files] == [True, True]
