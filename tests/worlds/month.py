"""A month of two projects, lived through tick by tick: what happens, and a deployment in it.

Belongs here: what scoring reads, happening at random moments between ticks.
Does not belong here: ads and rights (``ad_month``), assertions.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    allow,
    capture,
    hours,
    land,
    land_reading,
    later,
    make_stores,
    score,
)

DAYS = int(os.environ.get("LAYERS_MONTH_DAYS", "3"))
"""Thirty are a month, and take minutes: live scoring opens every table at every tick."""
TICKS = [hours(4 * number) for number in range(1, 6 * DAYS + 1)]
END = TICKS[-1] + timedelta(hours=1)
CONTENT = tuple(
    f"{project}/{name}"
    for project in ("brand", "other")
    for name in ("tiktok:p0", "tiktok:p3", "instagram:i1", "generated:g0", "manual:m1")
)
KINDS = ("generated", "manual")
Event = tuple[datetime, str, int]


class Month:
    """What happens in a month of two projects, and a deployment that lives through it."""

    def __init__(self, home: Path) -> None:
        self.dice = Random(20250514)
        self.stores = make_stores(home, now=hours(0))
        self.reports = 0
        allow(self.stores, "ada", "bob")
        allow(self.stores, "bob", project="other")
        self.connect("eve")
        self.listed = [f"i{number}" for number in range(6)]

    def connect(self, key: str) -> None:
        """An Instagram account whose posts are in the pool of brand."""
        accounts = [NewAccount(platform="instagram", account_key=key, connection="external")]
        self.stores.operations.accounts.add(accounts, now=hours(-9999))
        allow_account(self.stores, f"instagram:{key}")

    def events(self) -> list[Event]:
        """Moments between ticks, and what happens at each."""
        # A report brings every table up to date, which is what takes the time.
        often = {"scrape": 70, "listing": 40, "say": 60, "make": 16, "spend": max(12, DAYS)}
        found = [
            (hours(self.dice.uniform(0.1, 24 * DAYS)), what, number)
            for what, count in often.items()
            for number in range(count)
        ]
        return sorted(found)

    def live(self) -> Iterator[datetime]:
        """Live through the month; yields each tick once it has been scored."""
        events = self.events()
        for tick in TICKS:
            while events and events[0][0] <= tick:
                at, what, number = events.pop(0)
                getattr(self, what)(later(self.stores, at), number)
            now = later(self.stores, tick)
            score(now, [tick])
            yield tick

    def scrape(self, stores: Stores, number: int) -> None:
        """Some captures land, late, out of order, some of them long after they were made."""
        now = stores.clock.now()
        rows = [
            self.shown(f"p{self.dice.randrange(14)}", now - self.lateness(), source="sift")
            for _ in range(self.dice.randrange(1, 9))
        ]
        moments = {(row["platform_post_id"], row["captured_at"]): row for row in rows}
        land(stores, list(moments.values()), job=f"job{number}")

    def listing(self, stores: Stores, number: int) -> None:
        """An Instagram account is read in full; some days posts are missing, and come back."""
        now = stores.clock.now()
        if self.dice.random() < 0.4:
            self.listed = sorted(self.dice.sample([f"i{one}" for one in range(6)], 4))
        rows = [
            self.shown(post, now, platform="instagram", account_key="eve") for post in self.listed
        ]
        land_reading(stores, f"reading{number}", rows, account="eve")

    def say(self, stores: Stores, number: int) -> None:
        """A review, or an override; minds change."""
        now, content = stores.clock.now(), self.dice.choice(CONTENT)
        if number % 2:
            stores.operations.verdicts.review(
                content.partition("/")[2],
                safety_failed=self.dice.random() < 0.6,
                reviewed_by="r",
                now=now,
            )
        else:
            word = self.dice.choice(("include", "exclude", None))
            stores.operations.verdicts.override(content, word, note="n", changed_by="c", now=now)

    def make(self, stores: Stores, number: int) -> None:
        """A creative is added, some time after it was made, and an ad that shows it."""
        now, kind = stores.clock.now(), KINDS[number % 2]
        made = NewCreative(
            project_id=("brand", "other")[number // 2 % 2],
            container_id=f"{kind}:{kind[0]}{number}",
            kind=kind,
            created_at=now - timedelta(days=self.dice.uniform(0, 40)),
        )
        stores.operations.creatives.add([made], now=now)
        ad = NewAd(
            ad_platform="meta",
            ad_id=f"ad{number % 5}",
            ads_content_id=f"{made.project_id}/{made.container_id}",
        )
        stores.operations.ads.connect([ad], now=now)

    def spend(self, stores: Stores, number: int) -> None:
        """A report of the last days' spend, which restates some days."""
        today = stores.clock.now().date()
        rows = [
            {
                "ad_id": f"ad{ad}",
                "date": f"{today - timedelta(days=back):%Y-%m-%d}",
                "spend": f"{self.dice.randrange(2_000) / 100:.2f}",
            }
            for ad in self.dice.sample(range(5), 3)
            for back in range(self.dice.randrange(1, 4))
        ]
        path = stores.settings.home / f"report{number}.ndjson"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        import_ad_metrics(stores, [path], ad_platform="meta", run_id=f"report{number}")

    def lateness(self) -> timedelta:
        return timedelta(hours=self.dice.choice((0.1, 0.5, 3, 11, 50)) * self.dice.random())

    def shown(self, post: str, at: datetime, **changes: object) -> dict:
        """A capture of a post; counts grow with time, and some are not shown."""
        number, age = int(post[1:]), (at - hours(0)) / timedelta(hours=1)
        views = max(0, int((age + 30) * (number + 1) * 0.7))
        counts = {
            "views": self.dice.choice((views, views, views, None)),
            "likes": self.dice.choice((views // 10, views // 10, None)),
            "shares": views // (90 + number),
        }
        account = ("ada", "bob")[number % 2]
        published = None if number == 4 else hours(24 * (number - 9))
        known = {"captured_at": at, "published_at": published, "account_key": account}
        return capture(post, 0) | known | counts | changes


def allow_account(stores: Stores, account_id: str) -> None:
    """Put one account that is there on brand's allowlist, long ago."""
    creator = NewCreator(creator_id=account_id, display_name="", account_ids=(account_id,))
    stores.operations.allowlist.allow("brand", [creator], allowed_from=hours(-9999))
    copy_operations(stores)
