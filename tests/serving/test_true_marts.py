"""Every number of the marts against plain Python over the sandbox's truth.

Belongs here: one deployment in zones with daylight saving, mart by mart, number by number.
Does not belong here: which days a publication makes anew (``test_mart_days``), single cases
(``tests.transforms.marts``).
"""

import duckdb
import polars as pl
import pytest

from layers_pipeline.steps.publish.publication import publish
from tests.oracles import mart_days, mart_totals
from tests.worlds.true_lives import NOW, SKIPPED, live
from transforms.sql.models import models

KEYS = {model.name: model.key for model in models()}


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    lived = live(tmp_path_factory.mktemp("true") / "home")
    yield lived
    lived.stores.operations.close()


@pytest.fixture(scope="module")
def path(life):
    return publish(life.stores).path


@pytest.fixture(scope="module")
def contents(path):
    """What is said of each content; its score and eligibility are held to oracles elsewhere."""
    return list(mart(path, "content_detail").values())


def mart(path, name) -> dict[tuple, dict]:
    """Rows of a mart by their key, instants in UTC."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'America/Caracas'")  # must not matter
        rows = connection.sql(f"from {name}").pl()

    shown = rows.with_columns(pl.selectors.datetime().dt.convert_time_zone("UTC"))
    found = {tuple(row[column] for column in KEYS[name]): row for row in shown.to_dicts()}
    assert len(found) == rows.height
    return found


def assert_same(actual: dict[tuple, dict], expected: dict[tuple, dict]) -> None:
    """Every row is there and no other, and every number that the oracle gives is the same."""
    assert set(actual) == set(expected)
    assert expected
    wrong = [
        (key, name, actual[key][name], value)
        for key, row in expected.items()
        for name, value in row.items()
        if not is_same(actual[key][name], value)
    ]
    assert wrong == []


def is_same(actual: object, expected: object) -> bool:
    if isinstance(actual, float) and isinstance(expected, int | float):
        return actual == pytest.approx(expected, rel=1e-9)
    return actual == expected


OF_DAYS = {
    "post_metric_trends": mart_days.trends,
    "post_metric_trends_by_age": mart_days.trends_by_age,
    "account_activity_daily": mart_days.account_activity,
    "project_followers_daily": mart_days.followers,
    "project_spend_daily": mart_days.spend,
    "post_engagement_mix": mart_totals.engagement_mix,
    "metric_coverage_daily": mart_totals.coverage_by_day,
    "metric_coverage": mart_totals.coverage,
}


@pytest.mark.parametrize("name", OF_DAYS)
def test_every_number_is_what_the_truth_gives(life, path, name):
    assert_same(mart(path, name), OF_DAYS[name](life.facts))


@pytest.mark.parametrize("name", ["project_posts_published_daily", "project_kpis_daily"])
def test_every_number_of_a_project_is_what_the_truth_gives(life, path, name):
    oracle = {"project_kpis_daily": mart_days.kpis}.get(name, mart_days.published)
    assert_same(mart(path, name), oracle(life.facts, mart_totals.latest(life.facts)))


def test_every_number_of_a_content_is_what_the_truth_gives(life, contents):
    latest = mart_totals.latest(life.facts)
    wanted = {
        (f"{one.project}/{platform}:{post}", platform, post): latest[platform, post]
        for one in life.facts.accounts
        for (platform, post), about in life.facts.posts.items()
        if (platform, about.account) == (one.platform, one.account) and not one.is_own
    }
    shown = {
        (row["ads_content_id"], row["platform"], row["platform_post_id"]): row for row in contents
    }
    assert_same(shown, wanted)
    assert [
        row
        for row in contents
        if row["published_on"] != life.facts.local(row["project_id"], row["published_at"])
    ] == []


def test_every_number_of_a_creator_is_what_the_truth_gives(life, path, contents):
    expected = mart_totals.leaderboard(life.facts, contents, as_of=NOW)
    assert_same(mart(path, "creator_leaderboard"), expected)


def test_every_number_of_the_overview_is_what_the_contents_give(path, contents):
    assert_same(mart(path, "ugc_overview"), mart_totals.ugc(contents))


def test_the_world_has_what_makes_it_hard(life):
    days = mart_days.trends(life.facts).values()
    assert any(row["views_change"] is None for row in days)
    assert any(row["age_day"] == 0 for row in days)
    assert SKIPPED
    assert {one.project for one in life.facts.accounts} == {"brand", "rival"}


def test_a_day_of_a_mart_is_the_day_that_the_macro_gives(path):
    query = """
        select count(*) from post_engagement_daily('brand') as macro
        full outer join (from post_metric_trends where project_id = 'brand') as mart
            using (platform, platform_post_id, day_on)
        where
            macro.checks > 0
            and (macro.views, macro.reach, macro.views_change, macro.saves_change)
            is distinct from (mart.views, mart.reach, mart.views_change, mart.saves_change)
    """
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute(query).fetchall() == [(0,)]
