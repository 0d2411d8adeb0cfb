"""A deployment whose every capture is what the sandbox's truth shows at that moment.

Belongs here: staging the truth of invented accounts, projects in zones with daylight saving, ads.
Does not belong here: assertions, what marts must say (``tests.oracles``).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.stores import Stores
from sandbox import Plan, generated_truth
from sandbox.simulation.dataset import Dataset
from tests.oracles.mart_days import Facts, Listed, Look, Post
from tests.worlds.data_builders import make_stores, score
from transforms.contracts.columns import METRICS

BEGIN = datetime(2025, 3, 28, 5, 30, tzinfo=UTC)
"""Two days before clocks are put forward in Berlin."""
NOW = BEGIN + timedelta(days=5, hours=3)
MOMENTS = [BEGIN + timedelta(hours=7 * step, minutes=13 * step) for step in range(17)]
SKIPPED = MOMENTS[8:11]
"""Nobody looks at TikTok then: a day is missing."""
ZONES = {"brand": "Europe/Berlin", "rival": "America/New_York"}
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
PLAN = Plan(
    instagram=2, tiktok=3, posts=7, stories=1, deletions=0, days=4, history=timedelta(days=9)
)
SPEND = [
    ("1", date(2025, 3, 29), "EUR", 1200, 1000, 17, 3, 4500),
    ("1", date(2025, 3, 30), "EUR", 800, 500, 0, 0, None),
    ("2", date(2025, 3, 30), "USD", 50, 10, 1, None, 10),
    ("2", date(2025, 3, 31), None, 70, None, None, 2, 0),
]


class TrueLife(NamedTuple):
    """Open stores, and the facts that were put into them."""

    stores: Stores
    facts: Facts


def live(home: Path) -> TrueLife:
    """Stores that hold what the truth showed: one project's own accounts, creators of two."""
    truth = generated_truth(7, start=BEGIN, plan=PLAN)
    stores = make_stores(home, now=NOW)
    accounts = _add_people(stores, truth)
    looks, posts, rows = _looks(truth)
    for platform, table in (
        ("instagram", catalog.STG_INSTAGRAM__POSTS),
        ("tiktok", catalog.STG_TIKTOK__POSTS),
    ):
        staged = pl.DataFrame(
            [row for row in rows if row["platform"] == platform], schema=table.empty().schema
        )
        stores.lake.insert_absent(table, staged)
    bring_up_to_date(stores)
    score(stores, [datetime(2025, 3, day, 12, tzinfo=UTC) for day in (29, 30, 31)])
    spend = _add_ads(stores)
    bring_up_to_date(stores)
    followers = [
        (row["platform"], row["account_key"], row["captured_at"], row["followers"])
        for row in rows
        if row["followers"] is not None
    ]
    facts = Facts(
        zones=ZONES, accounts=accounts, posts=posts, looks=looks, followers=followers, spend=spend
    )
    return TrueLife(stores, facts)


def _add_people(stores: Stores, truth: Dataset) -> list[Listed]:
    """The first account of each platform is the brand's own; the others are creators'."""
    for project, zone in ZONES.items():
        stores.operations.projects.add(project, name=project, time_zone=zone, now=LONG_AGO)
    listed: list[Listed] = []
    for place, (platform, key) in enumerate(truth.accounts):
        is_own = place in {0, 2}
        account = NewAccount(
            platform=platform,
            account_key=key,
            connection="oauth" if is_own else "external",
            project_id="brand" if is_own else None,
            status="paused",
        )
        stores.operations.accounts.add([account], now=LONG_AGO)
        if is_own:
            listed.append(Listed(project="brand", platform=platform, account=key, is_own=True))
            continue
        creator = NewCreator(
            creator_id=f"c{place}", display_name="", account_ids=(account.account_id,)
        )
        for project in ZONES:
            stores.operations.allowlist.allow(project, [creator], allowed_from=LONG_AGO)
            listed.append(
                Listed(project=project, platform=platform, account=key, creator=f"c{place}")
            )
    return listed


def _looks(truth: Dataset) -> tuple[list[Look], dict[tuple[str, str], Post], list[dict]]:
    looks, posts, rows = [], {}, []
    items = [item for account in truth.accounts for item in truth.every_item(account)]
    for at in MOMENTS:
        for item in (one for one in items if one.lives(at)):
            platform, key = item.account
            if platform == "tiktok" and at in SKIPPED:
                continue
            metrics = {k: v for k, v in item.metrics(at).items() if k in METRICS}
            posts[platform, item.item_id] = Post(
                account=key, published_at=item.published_at, media_type=item.media_type
            )
            source = "tiktok_business" if platform == "tiktok" else "instagram_graph"
            looks.append(
                Look(platform=platform, post=item.item_id, at=at, source=source, metrics=metrics)
            )
            rows.append(_staged(looks[-1], posts[platform, item.item_id], truth))
    return looks, posts, rows


def _staged(look: Look, post: Post, truth: Dataset) -> dict:
    table = catalog.STG_TIKTOK__POSTS
    row = dict.fromkeys(table.columns) | look.metrics
    return row | {
        "landing_id": f"{look.post}@{look.at.isoformat()}",
        "platform": look.platform,
        "account_key": post.account,
        "platform_post_id": look.post,
        "captured_at": look.at,
        "known_at": look.at,
        "source": look.source,
        "run_id": "truth",
        "published_at": post.published_at,
        "media_type": post.media_type,
        "followers": 1000 + look.at.day * (7 if look.platform == "tiktok" else -3),
        "landed_on": look.at.date(),
    }


def _add_ads(stores: Stores) -> list[dict]:
    """Two ads on the brand's best contents, with figures in two currencies."""
    contents = stores.lake.read(catalog.ADS_CONTENT).filter(pl.col("project_id") == "brand")
    ids = contents.collect()["ads_content_id"].sort().to_list()[:2]
    stores.operations.ads.connect(
        [
            NewAd(ad_platform="meta", ad_id=str(place), ads_content_id=content)
            for place, content in enumerate(ids, start=1)
        ],
        now=BEGIN,
    )
    names = ("ad_id", "spent_on", "currency", "spend_cents", "impressions", "clicks")
    names += ("conversions", "conversion_value_cents")
    rows = [dict(zip(names, figures, strict=True)) for figures in SPEND]
    filled = [
        dict.fromkeys(catalog.AD_DAILY_METRICS.columns)
        | {"ad_platform": "meta", "run_id": "ads", "known_at": NOW, "spent_in": "2025-03"}
        | row
        for row in rows
    ]
    stores.lake.insert_absent(
        catalog.AD_DAILY_METRICS,
        pl.DataFrame(filled, schema=catalog.AD_DAILY_METRICS.empty().schema),
    )
    return [row | {"project_id": "brand", "day_on": row["spent_on"]} for row in rows]
