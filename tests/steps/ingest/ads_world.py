"""One deployment with ad accounts beside one sandbox, over real HTTP.

Belongs here: connecting ad accounts, one reading as a record, what is true of an ad account.
Does not belong here: expectations, and which faults there are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from itertools import count
from pathlib import Path

import polars as pl
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.operations.ad_account_rows import AdAccount, NewAdAccount
from layers_pipeline.steps.derive.ad_metrics import derive_ad_metrics
from layers_pipeline.steps.derive.ads import derive_account_days, derive_ad_states, stage_ads
from layers_pipeline.steps.ingest.ads import sync_ads
from layers_pipeline.steps.ingest.outcomes import SyncSummary
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import (
    AccountRef,
    Dataset,
    Fault,
    RunningSandbox,
    generated_captures,
    running_sandbox,
)
from sandbox.simulation.ads.invented import AdPlan
from tests.steps.ingest.fault_world import cipher, settings_of
from transforms.facts.ads_shown import ACCOUNT

POSTS = generated_captures(3, accounts=8, days=12)
AT = POSTS.span[1].astimezone(UTC)
"""Ads of the sandbox are a few days old by then."""
PLATFORMS = {"meta": "meta_ads", "tiktok": "tiktok_ads"}
OF_ADS = (stage_ads, derive_ad_states, derive_ad_metrics, derive_account_days)
"""What follows from ads alone, as ``bring_up_to_date`` has it."""
serial = count(1)


@contextmanager
def ads_sandbox(posts: Dataset = POSTS, plan: AdPlan | None = None) -> Iterator[RunningSandbox]:
    """A sandbox with ads over its posts; its clock stands still at the last of them."""
    with running_sandbox(posts, now=posts.span[1].astimezone(UTC), ad_plan=plan) as served:
        yield served


def accounts_of(served: RunningSandbox, platform: str) -> list[AccountRef]:
    """The sandbox's ad accounts: one in dollars west of UTC, one in yen east of it."""
    return [one.ref for one in served.world.ads.accounts if one.platform == PLATFORMS[platform]]


def ads_stores(served: RunningSandbox, home: Path, **changes: object) -> Stores:
    """Stores by the sandbox's clock, with a project and no ad account yet."""
    urls = {"meta_ads_url": served.url, "ads_first_days": 10}
    settings = settings_of(served, home, **(urls | changes))
    stores = open_stores(settings, clock=served.world.clock)
    stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=AT)
    return stores


def connect_ads(stores: Stores, served: RunningSandbox, *accounts: AccountRef) -> None:
    """Give the deployment ad accounts, each with a token of its own."""
    for ref in accounts:
        account = NewAdAccount(
            ad_platform="meta" if ref.platform == "meta_ads" else "tiktok",
            ad_account_id=ref.account_key,
            project_id="brand",
            access=_secret(served, ref),
        )
        stores.operations.ad_accounts.connect(account, cipher(), now=stores.clock.now())


def _secret(served: RunningSandbox, ref: AccountRef):
    return SecretStr(served.issue(ref, life=timedelta(days=300)).access)


def read_ads(stores: Stores, *accounts: str) -> SyncSummary:
    """Read ad accounts once and derive what follows."""
    summary = sync_ads(stores, worker=f"w{next(serial)}", accounts=accounts, retries=HASTY)
    for derive in OF_ADS:
        derive(stores)
    return summary


def account_row(stores: Stores, ref: AccountRef) -> AdAccount:
    (row,) = [
        one for one in stores.operations.ad_accounts.all() if one.ad_account_id == ref.account_key
    ]
    return row


def put_fault(served: RunningSandbox, ref: AccountRef, kind: str, **how: object) -> None:
    served.world.faults.put(ref, Fault(kind=kind, **how))  # pyright: ignore[reportArgumentType]


def truth(
    served: RunningSandbox, ref: AccountRef, since, until, *, platform: str = "meta"
) -> dict[tuple[str, object], tuple]:
    """By ad and day: spend, impressions, clicks, purchases and their value, minor units."""
    now = served.world.clock.now()
    found = {}
    for row in served.world.ads.days(ref, since, until, at=now):
        numbers, window = row.numbers, row.ad.ad_set.window_days
        # Meta counts purchases within the setting of the ad set.
        of_meta = [one for one in numbers.purchases_meta if one.is_within(window)]
        bought = of_meta if platform == "meta" else numbers.purchases_of_day
        found[row.ad.ad_id, row.day] = (
            numbers.spend,
            numbers.impressions,
            numbers.clicks,
            len(bought),
            sum(one.value for one in bought),
        )
    return found


def known(stores: Stores, table, ref: AccountRef | None = None) -> pl.DataFrame:
    """Rows of a table, of one ad account where it says whose they are."""
    rows = stores.lake.read(table).collect()
    return rows if ref is None else rows.filter(pl.col(ACCOUNT[1]) == ref.account_key)
