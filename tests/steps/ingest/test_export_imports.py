"""Importing exports as people have them, into real stores.

Belongs here: that repeats and orders change nothing, and what an import says afterwards.
Does not belong here: reading of each format (``tests.files``).
"""

import io
from csv import reader as csv_rows
from csv import writer as csv_writer

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.ingest.imports import import_captures
from tests.files.samples import GIVEN, NOW, SAMPLES, csv
from tests.files.test_ad_exports import HEADERS, PLAIN
from tests.hypothesis_profiles import examples
from tests.worlds.data_builders import make_stores, rows_of, score

NAMES = (
    "tiktok studio zipped", "business suite", "apify tiktok", "yt-dlp lines",
    "zeeschuimer instagram", "zeeschuimer tiktok", "4cat instagram",
)  # fmt: skip
DERIVED_BETWEEN = 0.2


@pytest.fixture
def stores(tmp_path):
    return make_stores(tmp_path / "home", now=NOW)


def import_paths(stores, sample, paths, *, project="brand"):
    return import_captures(
        stores,
        paths,
        project_id=project,
        time_zone=sample.options.get("time_zone"),
        run_id="r",
        options={key: word for key, word in sample.options.items() if key != "time_zone"},
    )


def import_sample(stores, folder, name, *, project="brand"):
    sample = SAMPLES[name]
    at = folder / name.replace(" ", "_")
    at.mkdir(exist_ok=True)
    return import_paths(stores, sample, [sample.at(at)], project=project)


def tables(stores):
    """What was derived, and what was set aside, whatever files it came in."""
    bring_up_to_date(stores)
    wanted = (
        catalog.PLATFORM_POSTS,
        catalog.PLATFORM_POST_METRICS_LATEST,
        catalog.PLATFORM_ACCOUNT_METRICS,
        catalog.QUARANTINE,
        catalog.ADS_CONTENT,
    )
    # Named by the file and by the moment of the import.
    passing = ("created_at", "quarantined_at", "run_id", "origin", "quarantine_id")
    found = {}
    for table in wanted:
        rows = rows_of(stores, table).drop(passing, strict=False)
        if table is catalog.PLATFORM_ACCOUNT_METRICS:
            # Equal repeats say nothing (R9): which of them are stored is left open.
            before = pl.col("followers").shift().over("platform", "account_key")
            rows = rows.sort("captured_at").filter(pl.col("followers").ne_missing(before))
        found[table.name] = rows.sort(pl.all()).to_dicts() if rows.height else []
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Every sample imported as it is: where, with what stores, and the tables."""
    folder = tmp_path_factory.mktemp("whole")
    stores = make_stores(folder / "home", now=NOW)
    for name in NAMES:
        import_sample(stores, folder, name)
    return folder, stores, tables(stores)


def test_samples_that_are_imported_again_change_nothing(whole):
    folder, stores, before = whole
    for name in NAMES:
        report = import_sample(stores, folder, name)
        assert all(file.already_there and not file.is_new_here for file in report.files)
    assert tables(stores) == before


def rows_of_sample(sample):
    """A sample's text as its rows, and what stands above them; nothing: it cannot be split."""
    if sample.name.endswith(".csv"):
        head, *body = csv_rows(io.StringIO(sample.content.decode("utf-8-sig")))
        return head, body
    is_lines = sample.name.endswith((".jsonl", ".ndjson"))
    return None, sample.content.decode().splitlines() if is_lines else []


def written(sample, folder, head, rows):
    """Some of a sample's rows as a file of its name."""
    folder.mkdir()
    path = folder / sample.name
    text = io.StringIO()
    if head is None:
        text.write("\n".join(rows) + "\n")
    else:
        csv_writer(text).writerows([head, *rows])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@examples(0.2)
@given(st.randoms(use_true_random=False))
def test_any_order_and_any_split_of_samples_give_the_same_tables(whole, tmp_path_factory, chance):
    folder, _, before = whole
    at = tmp_path_factory.mktemp("split")
    stores = make_stores(at / "home", now=NOW)
    imports = []
    for name in NAMES:
        sample = SAMPLES[name]
        head, rows = rows_of_sample(sample)
        chance.shuffle(rows)
        cut = chance.randint(0, len(rows))
        parts = [part for part in (rows[:cut], rows[cut:]) if part]
        imports += [
            (sample, written(sample, at / f"{name} {number}", head, part))
            for number, part in enumerate(parts)
        ] or [(sample, folder / name.replace(" ", "_") / sample.name)]
    chance.shuffle(imports)
    for sample, path in imports:
        import_paths(stores, sample, [path])
        if chance.random() < DERIVED_BETWEEN:
            bring_up_to_date(stores)
    assert tables(stores) == before


def test_an_import_names_the_ticks_that_were_scored_without_it(stores, tmp_path):
    import_sample(stores, tmp_path, "apify tiktok")
    bring_up_to_date(stores)
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
    bring_up_to_date(stores)
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
