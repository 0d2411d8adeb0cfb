"""The shared samples of exports, and the shared inputs that once came in wrong; skipped if absent.

Belongs here: what each gives as it lies there.
Does not belong here: our own samples (``test_exports``) and cases (``test_cases``).
"""

from datetime import date

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.files.ads import AdReading
from layers_pipeline.files.inspection import inspect_file
from layers_pipeline.files.options import told_of
from layers_pipeline.lake import catalog
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.imports import import_captures
from tests.files.samples import NOW
from tests.shared_data import SHARED
from tests.worlds.data_builders import make_stores, rows_of

FILES, CASES = SHARED / "files", SHARED / "cases"
pytestmark = pytest.mark.skipif(not FILES.is_dir() or not CASES.is_dir(), reason="not here")

GIVEN = {"captured_at": "2026-03-01"}
OWNED = GIVEN | {"account": "oak.and.lamp"}
BERLIN = GIVEN | {"time_zone": "Europe/Berlin"}
CAPTURES = {
    "4cat_tiktok.csv": (GIVEN, "4cat-tiktok", 0, [119600, 119600]),
    "apify_instagram_scraper.csv": (GIVEN, "apify-instagram", 1, [None, None, 20500]),
    "apify_instagram_scraper.json": (GIVEN, "apify-instagram", 1, [None, None, 20500]),
    "apify_tiktok_scraper.csv": (GIVEN, "apify-tiktok", 1, [119600, 1400000]),
    "apify_tiktok_scraper.json": (GIVEN, "apify-tiktok", 1, [119600, 1400000]),
    "apify_tiktok_scraper.jsonl": (GIVEN, "apify-tiktok", 1, [119600, 1400000]),
    "crowdtangle_instagram.csv": (GIVEN, "crowdtangle", 0, [None, 20500]),
    "hootsuite_post_performance.csv": (OWNED, "hootsuite", 0, [4800]),
    "instaloader_post.json": (GIVEN, "instaloader", 0, [20500]),
    "later_posts.csv": (BERLIN, "later", 0, [2900]),
    "meta_business_suite_instagram_content.csv": (
        GIVEN, "business-suite", 0, [12400, 12711, 13022, 420, 13644],
    ),
    "meta_content_library_instagram.csv": (GIVEN, "content-library", 0, [20500]),
    "pyktok.csv": (GIVEN, "pyktok", 0, [119600, 119600]),
    "tiktok_research_api.json": (GIVEN, "tiktok-research", 0, [119600, 119600]),
    "tiktok_studio_content.csv": ({}, "tiktok-studio", 0, [191265, 154414, 14273]),
    "tiktok_web_item.json": (GIVEN, "tiktok-item", 0, [1776621]),
    "yt_dlp_tiktok.info.json": ({}, "yt-dlp", 0, [119600]),
    "yt_dlp_tiktok_dump.jsonl": ({}, "yt-dlp", 0, [119600, 119600]),
    "zeeschuimer_instagram.ndjson": ({}, "zeeschuimer-instagram", 0, [None, None, None]),
    "zeeschuimer_tiktok.ndjson": ({}, "zeeschuimer-tiktok", 0, [119600, 119600]),
}  # fmt: skip
SPENT = {
    "meta_ads_manager_ads_by_day.csv": ("USD", [148631, 980, 0], 0, 0),
    "meta_ads_manager_ads_by_day_es.csv": ("EUR", [148631, 980, 0], 0, 0),
    "meta_ads_manager_ads_by_day_summary_row.csv": ("USD", [148631, 980, 0], 1, 0),
    "tiktok_ads_manager_ads_by_day.csv": ("USD", [148631, 980], 1, 0),
    # Its total is that of two ads, and it holds one.
    "tiktok_ads_manager_ads_by_day.xlsx": ("USD", [148631], 0, 1),
}
REFUSED = {
    "meta_ads_manager_by_day_de_excel.csv": "ids rounded by a spreadsheet",
    "meta_ads_manager_default_no_ids_total_period.csv": "lacks ad_id",
    "meta_business_suite_instagram_content_daily.csv": "counts are of single days",
    "tiktok_studio_follower_history.csv": "import listings --account",
    "tiktok_studio_overview.csv": "tells what an account had by day",
}
DAY = {"platform": "tiktok", "day": "2025-08-13"}
SPENT_CASES = {
    "totals_row.csv": (DAY, "USD", [148631, 980], 2),
    "thousands_in_money.csv": (DAY, "USD", [148631, 980], 0),
    "euros_in_header.csv": ({"platform": "meta"}, "EUR", [148631, 980], 0),
}


def inspected(path, options):
    said = dict(options)
    zone, day, ad_platform = said.pop("time_zone", None), said.pop("day", None), None
    if day or said.get("platform") == "meta":
        ad_platform = said.pop("platform")
    reading = AdReading(
        ad_platform=ad_platform,
        spent_on=date.fromisoformat(day) if day else None,
        is_history=False,
        read_at=NOW,
        run_id="r",
        told=told_of(said, time_zone=zone, now=NOW),
    )
    (one,) = inspect_file(path, reading, time_zone=zone)
    return one.file


def test_every_shared_sample_is_spoken_of():
    assert {path.name for path in FILES.iterdir()} == {*CAPTURES, *SPENT, *REFUSED}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_shared_sample_gives_its_captures(name):
    options, export, aside, views = CAPTURES[name]
    file = inspected(FILES / name, options)
    assert (file.format, file.rows_set_aside.height) == (export, aside)
    assert file.sound["views"].to_list() == views
    assert set(file.sound["account_key"]) == {"oak.and.lamp"}
    assert file.sound["published_at"].null_count() == 0
    assert file.findings == ()


@pytest.mark.parametrize("name", SPENT)
def test_a_shared_report_gives_what_was_spent(name):
    currency, cents, totals, findings = SPENT[name]
    file = inspected(FILES / name, {})
    assert file.sound["spend_cents"].to_list() == cents
    assert set(file.sound["currency"]) == {currency}
    assert (len(file.notes), len(file.findings)) == (totals, findings)


@pytest.mark.parametrize("name", REFUSED)
def test_a_shared_file_that_holds_nothing_usable_is_refused(name):
    with pytest.raises(InputRefusedError, match=REFUSED[name]):
        inspected(FILES / name, GIVEN)


@pytest.mark.parametrize("name", SPENT_CASES)
def test_a_case_of_money_gives_the_right_amount(name):
    options, currency, cents, totals = SPENT_CASES[name]
    file = inspected(CASES / name, options)
    assert file.sound["spend_cents"].to_list() == cents
    # Our own format is in dollars where it names no currency.
    assert {value or "USD" for value in file.sound["currency"]} == {currency}
    assert len(file.notes) == totals


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("period_not_day.csv", {"platform": "meta", "day": "2025-08-31"}, "2025-08-01 to 2025-08"),
        ("rounded_ids.csv", {}, "digits cannot be recovered"),
    ],
)
def test_a_case_that_cannot_be_right_is_refused(name, options, words):
    with pytest.raises(InputRefusedError, match=words):
        inspected(CASES / name, options)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Every case of captures, each in a project of its own, and what came of it."""
    stores = make_stores(tmp_path_factory.mktemp("cases"), now=NOW)
    reports = {}
    for path in sorted(CASES.iterdir()):
        is_refused = path.name in {"README.md", "rounded_ids.csv", "period_not_day.csv"}
        if not is_refused and path.name not in SPENT_CASES:
            reports[path.stem] = import_captures(
                stores, [path], project_id=path.stem, time_zone=None, run_id="r"
            )
    bring_up_to_date(stores)
    return stores, reports


def pool_of(world, project):
    pool = rows_of(world[0], catalog.ADS_CONTENT).filter(project_id=project)
    return set(pool["container_id"])


def latest_of(world, post):
    latest = rows_of(world[0], catalog.PLATFORM_POST_METRICS_LATEST)
    return latest.filter(platform_post_id=post).select("views", "likes").rows()


def test_cases_of_counts_give_the_right_ones(world):
    assert latest_of(world, "DAAAAAAAAAB") == [(800, 12)]
    assert latest_of(world, "7501000000000000001") == [(1_776_621, 22_609)]
    read = rows_of(world[0], catalog.STG_IMPORT__CAPTURES).filter(platform_post_id="DAAAAAAAAAA")
    columns = ("account_key", "views", "likes")
    assert read.sort(*columns, nulls_last=True).select(columns).rows() == [
        ("cid", 50_000, 990),
        ("cid", None, 990),
        ("oak", 900, None),
    ]


def test_cases_of_keys_give_one_account_and_one_post(world):
    _, reports = world
    keys = reports["keys_as_written"]
    assert (keys.accounts, keys.files[0].quarantined) == (1, 2)
    (separated,) = reports["semicolons"].files
    assert (separated.rows, separated.quarantined) == (1, 0)
    one = [latest_of(world, post) for post in ("17890000000009999", "DJsj6pxV6v4")]
    assert sorted(map(len, one)) == [0, 1]


def test_a_case_of_a_collaboration_is_in_both_pools(world):
    pools = [pool_of(world, f"collab_post_{which}") for which in "ab"]
    assert pools[0] == pools[1]
    assert len(pools[0]) == 1


def test_a_case_of_unusable_values_keeps_its_captures(world):
    _, reports = world
    (file,) = reports["optional_unusable"].files
    assert (file.rows, file.quarantined) == (2, 0)
    assert sum(file.odd_values.values()) == 2
    posts = rows_of(world[0], catalog.PLATFORM_POSTS).filter(platform_post_id="DJsj6pxV6v5")
    assert posts["published_at"].dt.date().to_list() == [date(2025, 5, 16)]
