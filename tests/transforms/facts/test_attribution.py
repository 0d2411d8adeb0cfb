"""Attribution: what ads spend is what creators and the unattributed have, to the minor unit.

Belongs here: laws of sums, by day, project, currency and zone.
Does not belong here: whole deployments (``tests.steps.pay``).
"""

from collections import defaultdict
from datetime import date, timedelta
from zoneinfo import available_timezones

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.data_builders import AS_OF, capture, captures, interval, intervals
from transforms.contracts.ads import AdAccounts, AdContent, AdDailyMetrics, AdStates
from transforms.contracts.scoring import AdsContent
from transforms.contracts.selection import AdSets, Layers
from transforms.facts.ads_shown import ads_shown
from transforms.facts.attribution import (
    attributed_ads,
    by_content,
    by_creator,
    creators_of_posts,
    days_known,
)
from transforms.facts.creator_days import counts_by_day, posts_by_day
from transforms.facts.creator_reports import creator_days, organic_days
from transforms.facts.payout_findings import unequal_spend
from transforms.vocabulary import NO_PROJECT

ZONES = sorted(available_timezones())
POSTS = ("p0", "p1", "p2", "unknown")
ALLOWED = [
    interval(creator_id="ada"),
    interval("bob", creator_id="bob", project_id="other"),
    interval("ada", creator_id="ada", project_id="other", allowed_from=AS_OF - timedelta(hours=5)),
]


def posts():
    """Posts of ada, of ada and of bob."""
    rows = [("p0", "ada"), ("p1", "ada"), ("p2", "bob")]
    schema = {"platform": pl.String, "platform_post_id": pl.String, "account_key": pl.String}
    known = pl.DataFrame([("tiktok", *row) for row in rows], schema=schema, orient="row")
    return known.lazy().with_columns(
        first_seen_at=pl.lit(AS_OF - timedelta(days=9)),
        published_at=pl.lit(AS_OF - timedelta(days=9)),
        deleted_at=pl.lit(None, pl.Datetime("us", "UTC")),
    )


told = st.fixed_dictionaries(
    {
        "ad_id": st.sampled_from(["a", "b", "c", "d"]),
        "spent_on": st.integers(0, 3).map(lambda days: date(2025, 5, 10) + timedelta(days=days)),
        "known_at": st.integers(-60, 20).map(lambda hour: AS_OF + timedelta(hours=hour)),
        "spend_cents": st.integers(0, 10**9),
        "currency": st.sampled_from(["USD", "EUR", "JPY", None]),
        "conversions": st.none() | st.integers(0, 50),
    }
)
linked = st.fixed_dictionaries(
    {
        "ad_id": st.sampled_from(["a", "b", "c", "never_spent"]),
        "known_at": st.integers(-60, 20).map(lambda hour: AS_OF + timedelta(hours=hour)),
        "ads_content_id": st.builds(
            "{}/tiktok:{}".format, st.sampled_from(["brand", "other"]), st.sampled_from(POSTS)
        ),
    }
)


def rows_of(schema, rows, key):
    """Rows with everything else null, one per key and moment."""
    unique = {tuple(row[name] for name in key): row for row in rows}
    empty = dict.fromkeys(schema.column_names()) | {"ad_platform": "meta"}
    filled = [empty | row for row in unique.values()]
    return pl.DataFrame(filled, schema=dict(schema.create_empty().schema)).lazy()


def newest(rows):
    """By ad and day: the newest telling that is known, by hand."""
    found = {}
    unique = {(row["ad_id"], row["spent_on"], row["known_at"]): row for row in rows}
    for row in sorted(unique.values(), key=lambda one: one["known_at"]):
        if row["known_at"] <= AS_OF:
            found[row["ad_id"], row["spent_on"]] = row
    return found.values()


@given(
    rows=st.lists(told, max_size=25),
    links=st.lists(linked, max_size=8),
    zones=st.tuples(*[st.sampled_from(ZONES)] * 2),
)
def test_spend_of_ads_is_spend_of_creators_and_the_unattributed(rows, links, zones):
    daily = rows_of(AdDailyMetrics, rows, ("ad_id", "spent_on", "known_at"))
    shown_rows = rows_of(AdContent, links, ("ad_id", "known_at"))
    known = shown_rows.filter(pl.col("known_at") <= AS_OF)
    owners = creators_of_posts(posts(), intervals(ALLOWED), as_of=AS_OF)
    whose = attributed_ads(daily, shown_by(known), owners)
    days = days_known(daily, as_of=AS_OF)
    projects = {row["ad_id"]: row["project_id"] for row in whose.collect().to_dicts()}
    expected = defaultdict(int)
    for row in newest(rows):
        project = projects.get(row["ad_id"], NO_PROJECT)
        expected[project, row["spent_on"], row["currency"] or "USD"] += row["spend_cents"]
    zoned = dict(zip(("brand", "other"), zones, strict=True))
    organic = organic_of(owners, zoned)
    told_days = creator_days(organic, by_creator(days, whose))
    for table, day in ((by_content(days, whose), "spent_on"), (told_days, "day_on")):
        spent = table.filter(pl.col("spend_cents").is_not_null())
        summed = spent.group_by("project_id", day, "currency").agg(pl.col("spend_cents").sum())
        assert {row[:3]: row[3] for row in summed.collect().rows()} == dict(expected)
    assert unequal_spend(daily, told_days, as_of=AS_OF).collect().is_empty()


def shown_by(links):
    """What ads show of which no platform told: what people linked."""
    none = {
        "states": AdStates,
        "accounts": AdAccounts,
        "layers": Layers,
        "ad_sets": AdSets,
        "contents": AdsContent,
    }
    empty = {name: schema.create_empty().lazy() for name, schema in none.items()}
    return ads_shown(empty.pop("states"), links=links, as_of=AS_OF, **empty)


def organic_of(owners, zones):
    looks = captures([capture("p0", -30, views=5), capture("p0", -3, views=9)])
    scores = pl.LazyFrame(
        schema={"project_id": pl.String, "container_id": pl.String, "organic_score": pl.Float64}
    )
    published = posts_by_day(posts(), owners, scores, zones=zones, threshold=4.0)
    return organic_days(published, counts_by_day(looks, owners, zones=zones))


@given(zone=st.sampled_from(ZONES), hour=st.integers(-9_000, 9_000))
def test_a_post_is_counted_on_its_day_in_every_zone(zone, hour):
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - here alone

    born = AS_OF + timedelta(hours=hour, minutes=17)
    known = posts().with_columns(published_at=pl.lit(born))
    owners = creators_of_posts(known, intervals(ALLOWED), as_of=AS_OF)
    zones = {"brand": zone}
    scores = AdsContent.create_empty().lazy()
    days = posts_by_day(known, owners, scores, zones=zones, threshold=4.0).collect()
    assert days["day_on"].to_list() == [born.astimezone(ZoneInfo(zone)).date()]
    assert days["posts_synced"].to_list() == [2]
