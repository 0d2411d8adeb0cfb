"""A month scored live, tick by tick, and scored again from history: the same rows.

Belongs here: the law that a tick sees only what was known at it, over all that a tick reads.
Does not belong here: what the right score is (``tests.oracles.scores``), Dagster's side of a
backfill.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.ads import NewAd
from layers_pipeline.operations.creatives import NewCreative
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.derive.versions import InForce
from layers_pipeline.steps.ingest.ad_imports import import_ad_metrics
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.score.tick_scorer import WRITTEN
from layers_pipeline.steps.stores import Stores
from tests.worlds.data_builders import (
    allow,
    capture,
    hours,
    land,
    land_reading,
    later,
    make_stores,
    remove,
    rows_of,
    score,
)
from transforms.scoring.rules import RULES

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
        often = {"scrape": 70, "listing": 40, "say": 60, "make": 16, "spend": 30}
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


def written(stores: Stores) -> dict[str, bytes]:
    """The tables of a tick, byte for byte."""
    return {table.name: as_bytes(stores, table) for table in WRITTEN}


def as_bytes(stores: Stores, table: Table) -> bytes:
    return in_bytes(rows_of(stores, table))


def in_bytes(rows: pl.DataFrame) -> bytes:
    """Every row as JSON, floats to the last digit: equal for equal rows, however they lie."""
    return rows.write_ndjson().encode()


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    month = Month(tmp_path_factory.mktemp("month"))
    assert list(month.live()) == TICKS
    stores = later(month.stores, END)
    yield stores, written(stores)
    stores.operations.close()


def test_the_month_was_eventful(lived):
    stores, _ = lived
    judged = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert set(judged["scoring_pool"]) == {"ugc", "generated", "manual"}
    assert {"safety_failed", "excluded", "included", "score", "below_threshold"} <= set(
        judged["reason"]
    )
    absences = rows_of(stores, catalog.POST_ABSENCES)
    assert absences["confirmed_at"].count() > 0
    assert absences["returned_at"].count() > 0
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert scores["boost_points"].max() > 0
    late = rows_of(stores, catalog.PLATFORM_POST_METRICS)
    assert ((late["known_at"] - late["captured_at"]) > timedelta(hours=8)).any()
    assert (
        rows_of(stores, catalog.AD_DAILY_METRICS).group_by("ad_id", "spent_on").len()["len"].max()
        > 1
    )


def test_history_erased_and_backfilled_in_one_run_gives_the_same_rows(lived):
    stores, live = lived
    remove(stores, *WRITTEN)
    score(stores, TICKS)
    assert written(stores) == live


def test_ticks_scored_in_any_order_give_the_same_rows(lived):
    stores, live = lived
    remove(stores, *WRITTEN)
    shuffled = Random(1).sample(TICKS, len(TICKS))
    for start in range(0, len(TICKS), 7):
        score(stores, shuffled[start : start + 7])
    again = Random(2).sample(TICKS, 5)
    for tick in again:
        score(stores, [tick])
    assert written(stores) == live


def test_ticks_missed_in_an_outage_and_scored_late_give_the_same_rows(lived):
    """Live scoring goes on with the newest tick; the missed ones follow when it has."""
    stores, live = lived
    remove(stores, *WRITTEN)
    middle = len(TICKS) // 2
    missed = TICKS[middle : middle + min(12, middle // 2)]  # two days of a month
    on_time = [tick for tick in TICKS if tick not in missed]
    back = on_time.index(TICKS[middle - 1]) + 2
    for tick in on_time[:back]:
        score(later(stores, tick), [tick])
    score(later(stores, on_time[back - 1]), missed)
    for tick in on_time[back:]:
        score(later(stores, tick), [tick])
    assert written(stores) == live


def test_a_backfill_leaves_newer_scores_of_content_alone(lived):
    stores, live = lived
    bring_up_to_date(stores)
    before = rows_of(stores, catalog.ADS_CONTENT).to_dicts()
    score(stores, TICKS[:3])
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.ADS_CONTENT).to_dicts() == before
    assert written(stores) == live


def test_a_shadow_changes_nothing_that_is_in_force(lived):
    stores, live = lived
    shadowed = InForce(active=RULES["2"], shadows=(RULES["1"],))
    list(score_ticks(stores, TICKS[-2:], in_force=shadowed))
    scores = rows_of(stores, catalog.ORGANIC_SCORES)
    assert set(scores.filter(scoring_version="1")["scored_at"]) == set(TICKS[-2:])
    own = scores.filter(scoring_version="2")
    assert in_bytes(own) == live[catalog.ORGANIC_SCORES.name]
    others = [table for table in WRITTEN if table is not catalog.ORGANIC_SCORES]
    assert {table.name: as_bytes(stores, table) for table in others} == {
        table.name: live[table.name] for table in others
    }
