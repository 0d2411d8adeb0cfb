"""Two projects in two zones over the change of clocks, whose creators are paid.

Belongs here: the scenario, and bringing it into real stores.
Does not belong here: what is right (``tests.oracles.payouts``), assertions.
"""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.payout_configs import PayoutTerms
from layers_pipeline.steps.stores import Stores
from tests.oracles.payouts import CreatorWorld, Telling
from tests.worlds.ad_reports import bring
from tests.worlds.data_builders import capture, import_rows, later

ZONES = {"berlin": "Europe/Berlin", "york": "America/New_York"}
BEGAN = datetime(2025, 10, 1, tzinfo=UTC)
WEEKLY = {
    "effective_from": date(2025, 10, 13),
    "period": "week",
    "currency": "EUR",
    "base_mode": "prorata",
    "base_amount_cents": 10_001,
    "required_posts": 3,
    "per_1000_views_cents": 55,
    "views_cap_per_post_cents": 300,
    "spend_share_bps": 333,
    "spend_cap_cents": 150,
}
MONTHLY = {
    "effective_from": date(2025, 10, 1),
    "period": "month",
    "currency": "USD",
    "base_mode": "all_or_nothing",
    "base_amount_cents": 25_000,
    "required_posts": 4,
    "per_1000_views_cents": 25,
    "views_cap_cents": 500,
    "spend_share_bps": 500,
    "conversion_cents": 150,
    "conversions_cap_cents": 900,
    "cap_cents": 26_000,
}
CHANGED = WEEKLY | {"effective_from": date(2025, 11, 3), "per_1000_views_cents": 80}
CONFIGS = {"berlin": [WEEKLY, CHANGED], "york": [MONTHLY]}
ACCOUNTS = {"ada": 6, "bob": 4, "cid": 3}


def at(day: int, hour: float = 12, *, month: int = 10) -> datetime:
    return datetime(2025, month, day, tzinfo=UTC) + timedelta(hours=hour)


def made_world(seed: int = 12) -> CreatorWorld:
    """Posts at midnights of both zones, looks at them, ads in two currencies, restated days."""
    random_ = random.Random(seed)
    posts, seen, told, links = {}, [], [], []
    for account, number in ACCOUNTS.items():
        for place in range(number):
            post = f"{account}{place}"
            midnight = random_.choice(
                [at(26, -2), at(26, -1.5), at(26, 23.5), at(1, 3.75, month=11)]
            )
            published = midnight + timedelta(days=random_.randint(-20, 8), minutes=place)
            posts[post] = (account, published)
            views, look = (
                random_.randint(0, 400),
                published + timedelta(hours=random_.randint(1, 40)),
            )
            while look < at(20, month=11):
                seen.append((post, look, views))
                views = max(0, views + random_.randint(-300, 4_000))
                look += timedelta(hours=random_.randint(20, 150))
    for number in range(8):
        ad = f"ad{number}"
        currency = "EUR" if number % 2 else "USD"
        for day in range(0, 40, random_.randint(1, 3)):
            on = date(2025, 10, 5) + timedelta(days=day)
            known = datetime.combine(on, datetime.min.time(), UTC) + timedelta(days=1, hours=2)
            for _ in range(random_.randint(1, 3)):
                spend, brought = random_.randint(0, 9_000), random_.choice([None, 0, 1, 4])
                told.append(Telling(ad, on, known, spend, brought, currency))
                known += timedelta(days=random_.randint(1, 15))
    for number, (project, post, when) in enumerate(
        [
            ("berlin", "ada0", at(6)),
            ("york", "ada1", at(6)),
            ("berlin", "bob0", at(7)),
            ("berlin", "nobody", at(7)),
            ("york", "cid1", at(20)),
            ("york", "ada2", at(8)),
            ("berlin", "ada2", at(8)),
        ]
    ):
        links.append((f"ad{number}", when, project, post))
    links.append(("ad2", at(2, month=11), "berlin", "ada3"))
    allowed = [
        ("berlin", "ada", BEGAN, None),
        ("berlin", "bob", BEGAN, at(25, 22)),
        ("york", "ada", at(10), None),
        ("york", "cid", BEGAN, None),
    ]
    return CreatorWorld(ZONES, posts, seen, allowed, links, told, CONFIGS)


def bring_world(stores: Stores, folder: Path, world: CreatorWorld) -> None:
    """Bring everything in as it became known: of each moment what was known then."""
    operations = stores.operations
    for project, zone in ZONES.items():
        operations.projects.add(project, name=project, time_zone=zone, now=BEGAN)
    accounts = [
        NewAccount(platform="tiktok", account_key=key, connection="external") for key in ACCOUNTS
    ]
    operations.accounts.add(accounts, now=BEGAN)
    for project, account, since, until in world.allowed:
        key = f"tiktok:{account}"
        entry = NewCreator(creator_id=key, display_name=account, account_ids=(key,))
        operations.allowlist.allow(project, [entry], allowed_from=since)
        if until:
            operations.allowlist.disallow(project, [key], now=until)
    rows = [
        capture(
            post,
            account_key=world.posts[post][0],
            published_at=world.posts[post][1],
            captured_at=when,
            known_at=when,
            views=views,
        )
        for post, when, views in world.seen
    ]
    import_rows(stores, folder, rows, project="imported")
    for ad, when, project, post in world.links:
        shows = NewAd(ad_platform="meta", ad_id=ad, ads_content_id=f"{project}/tiktok:{post}")
        operations.ads.connect([shows], now=when)
    bring(stores, *map(told_row, world.told), name="told")


def told_row(telling: Telling) -> dict:
    row = {"ad_id": telling.ad, "date": f"{telling.day}", "currency": telling.currency}
    row |= {"spend": f"{telling.spend / 100:.2f}", "known_at": telling.known_at.isoformat()}
    return row if telling.conversions is None else row | {"conversions": telling.conversions}


def set_configs(stores: Stores, configs: dict[str, Iterable[dict]] = CONFIGS) -> None:
    entries = [(name, PayoutTerms(**terms)) for name, own in configs.items() for terms in own]
    stores.operations.payout_configs.set(entries, changed_by="ann", now=BEGAN)


def restated(world: CreatorWorld, project: str, *, known_at: datetime) -> CreatorWorld:
    """The same with every day of the project's ads told once more, otherwise."""
    ads = {ad for ad, _, of, _ in world.links if of == project}
    again = [
        replace(telling, known_at=known_at, spend=telling.spend // 3 + 7)
        for telling in world.newest(known_at)
        if telling.ad in ads
    ]
    return replace(world, told=[*world.told, *again])


def moved(stores: Stores, now: datetime) -> Stores:
    """The same stores at a later moment."""
    return later(stores, now)
