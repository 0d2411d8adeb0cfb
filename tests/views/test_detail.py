"""One content in full, against the sandbox's truth: each section says what is known of it.

Belongs here: the panel's sections over one deployment in zones with daylight saving.
Does not belong here: marts and macros themselves (``tests/serving``).
"""

from datetime import date, timedelta
from itertools import pairwise

import duckdb
import polars as pl
import pytest

from layers_pipeline.errors import NotFoundError
from layers_pipeline.lake import catalog
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.views.detail import detail
from layers_pipeline.views.detail_questions import explained
from layers_pipeline.views.opening import open_views
from tests.oracles import mart_days
from tests.worlds.true_lives import SPEND, live
from transforms.contracts.columns import METRICS
from transforms.sql import sql_of


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    lived = live(tmp_path_factory.mktemp("detail") / "home")
    yield lived
    lived.stores.operations.close()


@pytest.fixture(scope="module")
def advertised(life):
    """The content that the first ad shows."""
    links = life.stores.lake.read(catalog.AD_CONTENT).collect()
    return dict(links.select("ad_id", "ads_content_id").rows())["1"]


@pytest.fixture(scope="module")
def views(life, advertised):
    verdicts, now = life.stores.operations.verdicts, life.stores.clock.now()
    for override, note, who in (("exclude", "Old <b>logo</b>", "ann"), (None, "Redrawn", "bob")):
        verdicts.override(advertised, override, note=note, changed_by=who, now=now)
    publish(life.stores)
    opened = open_views(life.stores.settings, clock=life.stores.clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def details(views):
    """Some posts that both projects show, in full."""
    asked = "from content_detail where platform = 'tiktok' order by platform_post_id, project_id"
    with views.reading() as reader:
        found = [
            detail(reader, row["project_id"], row["ads_content_id"])
            for row in reader.rows(f"select project_id, ads_content_id {asked} limit 4")
        ]
    assert {one.content["project_id"] for one in found} == {"brand", "rival"}
    return found


@pytest.fixture(scope="module")
def ours(views, advertised):
    return detail(views, "brand", advertised)


POST = {"project_id": "p", "platform": "tiktok", "platform_post_id": "1"}
NULLS = """
    (select
        'p' as project_id, 'tiktok' as platform, '1' as platform_post_id,
        null::timestamptz as last_checked_at, null::double as age_days, 1 as likes, 1 as comments,
        1 as shares, 1 as saves, 1 as reach, 0 as views_change, 0 as likes_change,
        0 as comments_change, 0 as shares_change, 0 as saves_change)
"""


def looks_at(life, content):
    """What was shown of a post, in the order of time."""
    post = content["platform"], content["platform_post_id"]
    found = [look for look in life.facts.looks if (look.platform, look.post) == post]
    return sorted(found, key=lambda look: look.at)


def test_metrics_are_the_last_known_with_the_capture_since_which_they_stand(life, details):
    for one in details:
        looks = looks_at(life, one.content)
        shown = {metric.name: (metric.value, metric.since) for metric in one.metrics}
        expected = {}
        for name in METRICS:
            runs = [(look.metrics[name], look.at) for look in looks if name in look.metrics]
            for value, at in runs:
                if expected.get(name, (None,))[0] != value:
                    expected[name] = (value, at)

        assert shown == expected
        assert {metric.checked_at for metric in one.metrics} == {looks[-1].at}


def test_days_are_the_projects_and_those_without_a_look_are_gaps(life, details):
    trends = mart_days.trends(life.facts)
    for one in details:
        content = one.content
        key = content["project_id"], content["platform"], content["platform_post_id"]
        expected = {place[3]: row for place, row in trends.items() if place[:3] == key}
        looked = {row["day_on"]: row for row in one.by_day if row["checks"]}

        assert all(b["day_on"] - a["day_on"] == timedelta(days=1) for a, b in pairwise(one.by_day))
        assert set(looked) == set(expected)
        for day, row in looked.items():
            shown = [name for name in row if name in expected[day] and name != "age_days"]
            assert {name: row[name] for name in shown} == {
                name: expected[day][name] for name in shown
            }
            assert "views_change" in shown


@pytest.mark.parametrize(("axis", "column"), [("by_day", "day_on"), ("by_age", "age_day")])
def test_a_day_without_a_look_is_a_row_without_values(axis, column):
    looks = [
        {"day_on": date(2025, 3, day), "age_day": day - 10, "checks": 2, "views": day * 10}
        for day in (28, 31, 29)
    ]
    with duckdb.connect() as connection:
        connection.register("trends", pl.DataFrame(looks))
        for name in ("post_metric_trends", "post_metric_trends_by_age"):
            connection.execute(f"create table {name} as from trends, {NULLS}")
        question = sql_of("views", f"detail_{axis}")
        found = connection.sql(question, params=POST).pl().to_dicts()

    assert [row["views"] for row in found] == [280, 290, None, 310]
    assert found[2] == dict.fromkeys(found[2]) | {
        column: found[2][column],
        **({"checks": 0} if axis == "by_day" else {}),
    }


def test_ages_are_whole_days_and_those_without_a_look_are_gaps(life, details):
    by_age = mart_days.trends_by_age(life.facts)
    for one in details:
        content = one.content
        key = content["project_id"], content["platform"], content["platform_post_id"]
        expected = {place[3]: row["views"] for place, row in by_age.items() if place[:3] == key}
        ages = [row["age_day"] for row in one.by_age]

        assert ages == list(range(min(expected), max(expected) + 1))
        assert {row["age_day"]: row["views"] for row in one.by_age} == {
            age: expected.get(age) for age in ages
        }


def test_shares_of_the_mix_are_those_of_the_counts_shown(details):
    for one in details:
        metrics = {metric.name: metric.value for metric in one.metrics}
        counts = [metrics.get(name) or 0 for name in ("likes", "comments", "shares", "saves")]
        assert one.mix is not None
        for name in ("likes", "comments", "shares"):
            share = one.mix[f"{name}_share_ratio"]
            assert share == pytest.approx(metrics[name] / sum(counts))


def test_points_of_the_score_add_up_and_its_history_ends_with_it(ours):
    parts = [row for row in ours.score if row["section"] == "score"]
    *points, total = [row["points"] for row in parts]

    assert sum(points) == pytest.approx(total)
    assert total == pytest.approx(ours.content["organic_score"])
    assert ours.history[-1]["organic_score"] == pytest.approx(total)
    moments = [row["scored_at"] for row in ours.history]
    assert moments == sorted(moments)
    assert {row["section"] for row in ours.score} == {"score", "input", "verdict"}


def test_what_people_said_comes_newest_first_as_they_wrote_it(ours):
    said = [(row["what"], row["says"], row["note"], row["said_by"]) for row in ours.decisions]

    assert said == [
        ("override", "none", "Redrawn", "bob"),
        ("override", "exclude", "Old <b>logo</b>", "ann"),
    ]


def test_ads_tell_what_they_spent_in_their_currency(ours):
    (ad,) = ours.ads
    of_ad = [row for row in SPEND if row[0] == "1"]

    assert (ad["ad_platform"], ad["ad_id"], ad["currency"]) == ("meta", "1", "EUR")
    assert ad["spend_cents"] == sum(row[3] for row in of_ad)
    assert (ad["first_day_on"], ad["last_day_on"]) == (of_ad[0][1], of_ad[-1][1])


def test_why_it_does_not_run_names_the_first_blocker_with_its_remedy(ours):
    assert [row["place"] for row in ours.why] == list(range(1, len(ours.why) + 1))
    assert ours.why[0]["blocker"] == "no_layer"
    assert all(row["words"] and row["remedy"] for row in ours.why)
    assert {row["project_id"] for row in ours.why} == {"brand"}


def test_content_of_another_project_is_not_shown(views, advertised):
    with pytest.raises(NotFoundError, match="project 'rival' has none of that id"):
        detail(views, "rival", advertised)


def test_score_blockers_and_history_are_what_the_macros_say(views):
    asked = {
        "score": "from score_explain($content) order by place",
        "why": "from why_not_running($content) order by place",
        "history": "from score_history where ads_content_id = $content "
        "order by scored_at, scoring_version",
    }
    with views.reading() as reader:
        contents = reader.rows(
            "select project_id, ads_content_id from content_detail order by hash(ads_content_id) "
            "limit 6"
        )
        for content in contents:
            key = content["ads_content_id"]
            found = detail(reader, content["project_id"], key)

            for name, question in asked.items():
                assert list(getattr(found, name)) == reader.rows(question, {"content": key})


def test_a_macro_stands_in_a_question_once_however_many_ask_it():
    text = explained()

    for name in ("eligibility_as_of", "effective_score", "contents_of"):
        assert text.count(f"{name} as materialized") == 1
        assert f"{name}(" not in text
