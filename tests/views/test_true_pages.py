"""Every number of the pages, asked for and drawn, against plain Python over the sandbox's truth.

Belongs here: one deployment in zones with daylight saving, page by page, number by number.
Does not belong here: browsers, content (``test_content``), marts (``tests.serving``).
"""

from collections import defaultdict
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from layers_pipeline.dashboard import routing
from layers_pipeline.dashboard.app import create_app
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.pages import PAGES
from layers_pipeline.errors import NotFoundError
from layers_pipeline.serving.statements import rendered
from layers_pipeline.steps.pay.statements import statement_of
from layers_pipeline.steps.publish.publication import publish
from layers_pipeline.views.content import stream_csv
from layers_pipeline.views.creators import creator_report, creators_of, ugc_kinds
from layers_pipeline.views.dictionary import read_dictionary
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.health import accounts_shown, freshness, metrics_covered
from layers_pipeline.views.kpis import project_kpis
from layers_pipeline.views.opening import open_views
from layers_pipeline.views.periods import Period, last_days
from layers_pipeline.views.projects import all_projects, project_day
from tests.dashboard.drawn import named, rows, text
from tests.oracles import mart_totals, pages
from tests.worlds.true_lives import NOW, SPEND, ZONES, live
from tests.worlds.true_pages import add_creatives_and_pay

PERIODS = {
    "the day on which clocks go forward": Period(first=date(2025, 3, 30), last=date(2025, 3, 30)),
    "two days across it": Period(first=date(2025, 3, 30), last=date(2025, 3, 31)),
    "the days that are shown first": last_days(7, today=date(2025, 4, 2)),
    "long before anything": Period(first=date(2024, 2, 1), last=date(2024, 2, 29)),
}
EACH_PERIOD = pytest.mark.parametrize("period", PERIODS.values(), ids=PERIODS)
EACH_PROJECT = pytest.mark.parametrize("project", ZONES)


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    lived = live(tmp_path_factory.mktemp("true") / "home")
    add_creatives_and_pay(lived.stores)
    publish(lived.stores)
    yield lived
    lived.stores.operations.close()


@pytest.fixture(scope="module")
def views(life):
    opened = open_views(life.stores.settings, clock=life.stores.clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def latest(life):
    return mart_totals.latest(life.facts)


def same(actual, expected):
    """Equal, rates to nine digits."""
    close = pytest.approx(expected, rel=1e-9) if isinstance(expected, float) else expected
    return actual == close


def wrong(kpis, expected):
    """Figures that are not what the truth gives, by period."""
    return [
        (kpi.measure.name, period, told, row.get(kpi.measure.name))
        for kpi in kpis
        for period, told in (("now", kpi.figure.now), ("before", kpi.figure.before))
        for row in [expected.get(period, {})]
        if not same(told, row.get(kpi.measure.name))
    ]


@EACH_PROJECT
@EACH_PERIOD
def test_every_figure_of_a_project_is_what_the_truth_gives(life, views, latest, project, period):
    shown = project_kpis(views, project, period)
    expected = pages.figures(life.facts, latest, project, period.first, period.last)

    told = (*shown.organic, *shown.published, shown.followers, *shown.all_ads)
    assert wrong(told, expected) == []
    for name in ("days_looked_at", "accounts_with_followers"):
        figure = getattr(shown, name)
        assert (figure.now, figure.before) == (expected["now"][name], expected["before"][name])


@EACH_PROJECT
@EACH_PERIOD
def test_money_of_each_currency_is_what_the_truth_gives(life, views, project, period):
    expected = pages.money(life.facts, project, period.first, period.last)
    shown = project_kpis(views, project, period).ads

    assert set(shown) == set(expected)
    assert [
        wrong(kpis, expected[currency])
        for currency, kpis in shown.items()
        if wrong(kpis, expected[currency])
    ] == []


def test_the_days_of_a_figure_are_those_of_a_period_of_one_day(life, views, latest):
    period = PERIODS["the days that are shown first"]
    alone = [pages.figures(life.facts, latest, "brand", day, day)["now"] for day in period]
    for kpi in project_kpis(views, "brand", period).organic:
        assert [day for day, _ in kpi.days] == list(period)
        told = zip((value for _, value in kpi.days), alone, strict=True)
        assert all(same(value, row[kpi.measure.name]) for value, row in told)


def test_spend_today_is_that_of_the_project_s_day(views):
    shown = project_kpis(views, "brand", PERIODS["two days across it"])
    told = defaultdict(int)
    for _, day, currency, cents, *_ in SPEND:
        told[day, currency or "USD"] += cents

    assert shown.project.today == date(2025, 4, 2)
    assert shown.spend_today == {}
    assert sum(cents for (day, _), cents in told.items() if day >= date(2025, 4, 1)) == 0


@EACH_PROJECT
@EACH_PERIOD
def test_every_creator_did_what_the_truth_gives(life, views, project, period):
    expected = pages.creator_activity(life.facts, project, period.first, period.last)
    shown = {one.creator_id: one for one in creators_of(views, project, period)}

    assert set(expected) <= set(shown)
    for creator, periods in expected.items():
        names = ("posts_synced", *(f"{name}_change" for name in pages.COUNTS))
        told = {
            "now": {name: shown[creator].activity[name].now for name in names},
            "before": {name: shown[creator].activity[name].before for name in names},
        }
        for when, row in told.items():
            known = {name: value for name, value in row.items() if value is not None}
            assert {k: v for k, v in known.items() if k != "posts_synced" or v} == periods[when]


@EACH_PERIOD
def test_spend_of_creators_and_of_nobody_is_that_of_the_project(life, views, period):
    expected = pages.money(life.facts, "brand", period.first, period.last)
    summed = defaultdict(int)
    for one in creators_of(views, "brand", period):
        for currency, figures in one.ads.items():
            for when in ("now", "before"):
                summed[currency, when] += getattr(figures["spend_cents"], when) or 0

    wanted = {
        (currency, when): row["spend_cents"] or 0
        for currency, periods in expected.items()
        for when, row in periods.items()
    }
    assert {key: cents for key, cents in summed.items() if cents} == {
        key: cents for key, cents in wanted.items() if cents
    }


def test_a_creator_s_report_has_the_days_of_the_truth(life, views):
    period = Period(first=date(2025, 3, 26), last=date(2025, 4, 2))
    for creator in {one.creator for one in life.facts.accounts if one.creator}:
        report = creator_report(views, "brand", creator, period)
        told = {day: value for day, value in report.days["views_change"] if value is not None}
        assert told == pages.creator_days(life.facts, "brand", creator)


def test_pay_is_that_of_the_ledger(life, views):
    lines = life.stores.operations.payout_ledger.lines()
    assert lines
    for creator in {line.creator_id for line in lines}:
        report = creator_report(views, "brand", creator, PERIODS["two days across it"])
        earned = defaultdict(int)
        for line in lines:
            if line.creator_id == creator:
                earned[line.period_starts_on, line.currency] += line.amount_cents
        assert {(row.starts_on, row.currency): row.earned_cents for row in report.earned} == earned
        assert [(row.currency, row.owed_cents) for row in report.owed] == [
            ("EUR", sum(earned.values()))
        ]


def test_an_unknown_creator_is_refused_with_a_remedy(views):
    with pytest.raises(NotFoundError, match="creator 'nobody' is not known in project 'brand'"):
        creator_report(views, "brand", "nobody", PERIODS["two days across it"])


def test_ugc_is_what_the_contents_give(life, views, latest):
    found = {(row.platform, row.media_type): row for row in ugc_kinds(views, "brand")}
    listed = {
        (one.platform, one.account)
        for one in life.facts.accounts
        if one.project == "brand" and not one.is_own
    }
    grouped = defaultdict(list)
    for (platform, post), about in life.facts.posts.items():
        if (platform, about.account) in listed:
            grouped[platform, about.media_type or "unknown"].append(latest[platform, post])
    assert {key: (row.posts, row.views) for key, row in found.items()} == {
        key: (len(rows), pages.known_sum(row["views"] for row in rows))
        for key, rows in grouped.items()
    }


def test_projects_are_listed_with_their_day(views):
    shown = {one.project_id: one for one in all_projects(views)}

    assert {name: one.time_zone for name, one in shown.items()} == ZONES
    assert {name: one.own_accounts for name, one in shown.items()} == {"brand": 2, "rival": 0}
    assert {name: one.listed_creators for name, one in shown.items()} == {"brand": 3, "rival": 3}


def test_an_unknown_project_is_refused_with_those_there_are(views):
    with pytest.raises(NotFoundError, match=r"project 'brnd' .* Known: brand, rival"):
        project_day(views, "brnd")


def test_coverage_is_what_captures_showed(life, views):
    found = {
        (row.platform, row.media_type, row.metric): (row.first_shown_on, row.captures_with_it)
        for row in metrics_covered(views)
    }
    assert found == {
        key: (row["first_shown_on"], row["captures_with_it"])
        for key, row in mart_totals.coverage(life.facts).items()
    }


def test_accounts_of_a_project_are_those_that_it_shows(life, views):
    shown = {(row.platform, row.account_key) for row in accounts_shown(views, "rival")}

    assert shown == {
        (one.platform, one.account) for one in life.facts.accounts if one.project == "rival"
    }
    assert {row.standing for row in accounts_shown(views)} == {"paused"}


def test_freshness_says_when_posts_were_looked_at(life, views):
    newest = {
        row.part: row.newest_at for row in freshness(views) if row.subject == "counts of posts"
    }

    assert newest == {
        platform: max(one.at for one in life.facts.looks if one.platform == platform)
        for platform in ("instagram", "tiktok")
    }


def test_a_page_stays_on_one_generation(life, views):
    with views.reading() as reader:
        publish(life.stores)
        assert project_kpis(reader, "brand", last_days(7, today=NOW.date())).as_of == reader.as_of
        assert views.publication().generation == reader.generation + 1


def test_every_figure_has_its_meaning(views):
    shown = project_kpis(views, "brand", last_days(7, today=NOW.date() + timedelta(days=1)))
    kpis = (*shown.organic, *shown.published, shown.followers, *shown.all_ads)

    assert [kpi.measure.name for kpi in kpis if len(kpi.meaning) < 10] == []


def test_the_dictionary_is_what_the_file_says_of_itself(views, life):
    said = read_dictionary(views)
    path = life.stores.settings.serve_location / "layers.duckdb"
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() union all select view_name from duckdb_views() "
            "where not internal"
        ).fetchall()
    assert [relation.name for relation in said.relations] == sorted(name for (name,) in names)
    assert all(relation.says and relation.columns for relation in said.relations)
    assert {"posts_as_of", "clamp"} & {macro.name for macro in said.macros}


@pytest.fixture(scope="module")
def deployment(life, views):
    stores = life.stores
    return Deployment(
        settings=stores.settings, clock=stores.clock, views=views, operations=stores.operations
    )


@pytest.fixture(scope="module")
def show(deployment):
    """Draws a page at an address, without a browser."""

    def drawn(path, query=""):
        return routing.drawn(PAGES, deployment, path, query)

    return drawn


def counted(value):
    return "\N{EN DASH}" if value is None else f"{value:,}"


def rated(value):
    return "\N{EN DASH}" if value is None else f"{value * 100:.2f}\N{NARROW NO-BREAK SPACE}%"


@EACH_PROJECT
def test_the_cards_of_a_project_say_what_the_truth_gives(life, latest, show, project):
    told = pages.figures(life.facts, latest, project, date(2025, 3, 26), date(2025, 4, 1))["now"]
    cards = {
        (text(one.children[0].children[0]), text(one.children[4])): text(one.children[1])
        for one in named(show(f"/project/{project}"), "kpi")
        if len(one.children) > 4
    }
    for name in pages.COUNTS:
        active = cards[name.capitalize(), "activity in the period"]
        lifetime = cards[name.capitalize(), "lifetime so far of posts published in it"]
        assert active == counted(told[f"{name}_change"])
        assert lifetime == counted(told[f"published_{name}"])
    assert cards["Posts", "activity in the period"] == counted(told["published_posts"])
    assert cards["Engagement rate", "activity in the period"] == rated(told["engagement_rate"])
    standing = cards["Followers", "as it stood at the end of the period"]
    assert standing == counted(told["followers"])


def test_money_is_shown_in_each_currency_and_in_no_other(life, show):
    told = pages.money(life.facts, "brand", date(2025, 3, 26), date(2025, 4, 1))
    cards = [
        text(one.children[1])
        for one in named(show("/project/brand"), "kpi")
        if text(one.children[0].children[0]) == "Spend"
    ]
    assert sorted(cards) == sorted(
        f"{row['now']['spend_cents'] / 100:,.2f} {currency}" for currency, row in told.items()
    )


def test_the_table_of_days_has_every_day_of_the_period(show):
    days = [row[0] for row in rows(show("/project/brand"), "Every figure by day")]
    assert days == [str(day) for day in last_days(7, today=date(2025, 4, 2))]


def test_creators_are_shown_with_what_the_truth_gives(life, show):
    expected = pages.creator_activity(life.facts, "brand", date(2025, 3, 26), date(2025, 4, 1))
    shown = {row[0]: row for row in rows(show("/project/brand/creators"), "Creators:")}

    for creator, periods in expected.items():
        gained = counted(periods["now"].get("views_change"))
        assert shown[creator][2].split()[0] == gained


@pytest.mark.parametrize(
    ("sort", "place", "descending"), [("views", 2, False), ("-views", 2, True), ("-likes", 4, True)]
)
def test_creators_are_ordered_by_a_column(show, sort, place, descending):
    found = rows(show("/project/brand/creators", f"sort={sort}"), "Creators:")
    numbers = [int(row[place].split()[0].replace(",", "")) for row in found]
    assert numbers == sorted(numbers, reverse=descending)
    assert len(set(numbers)) > 1


def test_a_statement_shows_every_line_of_the_ledger(life, show):
    lines = [line for line in life.stores.operations.payout_ledger.lines() if line.amount_cents]
    creator, start = lines[0].creator_id, lines[0].period_starts_on
    drawing = show(f"/project/brand/creator/{creator}/statement", f"period={start}")
    own = [one for one in lines if (one.creator_id, one.period_starts_on) == (creator, start)]
    amounts = [row[-1] for row in rows(drawing, "Earned")]
    assert sorted(one for one in amounts if not one.startswith("0.00")) == sorted(
        f"{line.amount_cents / 100:.2f} EUR" for line in own
    )


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/project/nobody", "", "project 'nobody' is not in the analysts' file"),
        ("/project/brand", "days=x", "period days: 'x': write a whole number"),
        ("/project/brand/creators", "sort=luck", "sort: 'luck': there is no such order"),
        ("/project/brand/creators", "page=0", "page: '0': write a whole number"),
        ("/project/brand/creator/nobody", "", "creator 'nobody' is not known"),
        ("/project/brand/creator/c1/statement", "", "period: it is missing"),
        ("/project/brand/library", "pool=luck", "filter pool: 'luck'"),
        ("/project/nobody/syncs", "", "project 'nobody'"),
        ("/dictionary", "table=nothing", "table 'nothing' is not in the file"),
        ("/nowhere", "", "there is no such page"),
    ],
)
def test_what_cannot_be_shown_is_said_with_a_remedy(show, path, query, said):
    drawing = show(path, query)
    assert named(drawing, "state-failed")
    assert said in text(drawing)
    assert [title.order for title in named(drawing, "Title")] == [1]


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("/project/brand", "from=2024-01-01&until=2024-01-07", "Nothing is known of these days"),
        ("/project/brand/creators", "search=zzz", "No creator has that in its name"),
        ("/project/rival/library", "", "No creative yet"),
        ("/project/brand/library", "search=x", "No creative is like that"),
        ("/dictionary", "search=zzzz", "Nothing says that"),
        ("/syncs", "standing=waiting", "No account stands like that"),
    ],
)
def test_where_nothing_is_people_are_told_what_to_do(show, path, query, said):
    drawing = show(path, query)
    assert said in text(named(drawing, "state-empty"))


def test_accounts_say_when_they_were_looked_at_in_the_project_s_zone(life, show):
    found = {row[0]: row for row in rows(show("/project/rival/syncs"), "Accounts")}
    newest = defaultdict(lambda: life.facts.looks[0].at)
    for look in life.facts.looks:
        key = f"{look.platform}:{life.facts.posts[look.platform, look.post].account}"
        newest[key] = max(newest[key], look.at)
    for account, row in found.items():
        local = newest[account].astimezone(ZoneInfo("America/New_York"))
        assert row[6].startswith(f"{local:%Y-%m-%d %H:%M}")


def test_metrics_say_since_when_they_exist(life, show):
    found = {row[0].split()[0]: row for row in rows(show("/coverage"), "Metrics by platform")}
    kinds = sorted({key[:2] for key in mart_totals.coverage(life.facts)})
    for (platform, kind, metric), row in mart_totals.coverage(life.facts).items():
        cell = found[metric][1 + kinds.index((platform, kind))]
        assert cell.startswith(f"since {row['first_shown_on']}")


def test_the_dictionary_shows_each_column_of_a_table(show):
    drawing = show("/dictionary", "table=projects")
    assert [row[0] for row in rows(drawing, "Columns of projects")] == [
        "project_id",
        "name",
        "time_zone",
        "is_active",
        "created_at",
    ]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["generated:mug", "manual:cut"]),
        ("pool=manual", ["manual:cut"]),
        ("search=mira", ["manual:cut"]),
        ("search=%3Cb%3E", ["generated:mug"]),
    ],
)
def test_the_library_and_its_csv_have_the_creatives_that_are_asked_for(views, show, query, shown):
    drawing = show("/project/brand/library", query)
    assert sorted(text(one) for one in named(drawing, "card-title")) == shown

    address = next(one.href for one in named(drawing, "A") if one.children == "These as CSV")
    kept = ContentFilter.from_query(address.partition("?")[2], project_id="brand")
    csv = b"".join(stream_csv(views, kept)).decode()
    assert sorted(line.split(",")[0] for line in csv.splitlines()[1:]) == shown


def test_a_prompt_is_text_on_its_card(show):
    assert text(named(show("/project/brand/library"), "prompt")[0]) == "<b>=1+1</b> mug"


@pytest.mark.parametrize("form", ["html", "markdown", "csv"])
def test_a_statement_s_file_is_the_one_of_the_command_line(deployment, form):
    line = deployment.operations.payout_ledger.lines()[0]
    period = str(line.period_starts_on)
    at = f"/project/brand/creator/{line.creator_id}/statement"
    ending = {"markdown": "md"}.get(form, form)
    client = create_app(deployment).server.test_client()
    answer = client.get(f"{at}.{ending}?period={period}", headers={"Host": "127.0.0.1"})

    statement = statement_of(deployment.operations, "brand", line.creator_id, period)
    assert answer.status_code == 200
    assert answer.text == rendered(statement, form)
    assert "attachment" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/project/brand/creator/c1/statement.exe?period=2025-03", 400),
        ("/project/brand/creator/c1/statement.csv", 400),
        ("/project/brand/creator/c1/statement.csv?period=yesterday", 400),
        ("/project/brand/creator/nobody/statement.csv?period=2025-03", 404),
    ],
)
def test_a_file_that_is_not_there_is_refused(deployment, address, status):
    client = create_app(deployment).server.test_client()
    assert client.get(address, headers={"Host": "127.0.0.1"}).status_code == status
