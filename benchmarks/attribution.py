"""What attributing and reporting millions of ad-days costs, beside the same joins as a bare query.

Belongs here: making ads, days and creators, timing both ways in processes of their own.
Does not belong here: whether figures are right (``tests``).

Run it with ``python -m benchmarks.attribution --ads 100000 --days 50``; smaller sizes for a look.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import polars as pl

from layers_pipeline.clock import FixedClock
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.pay.known import read_known, spend_of_creators
from layers_pipeline.steps.stores import Stores, open_stores
from transforms.facts.creator_days import counts_by_day, posts_by_day
from transforms.facts.creator_reports import creator_days, creator_reports, organic_days

NOW: Final = datetime(2025, 7, 1, tzinfo=UTC)
FIRST: Final = date(2025, 5, 1)
LINKED_AT: Final = datetime(2025, 4, 30, tzinfo=UTC)
CREATORS: Final = 200
POSTS: Final = 20_000
ROWS_AT_ONCE: Final = 500_000
BARE: Final = """
with known as (
    select * from read_parquet($daily)
    qualify known_at = max(known_at) over (partition by ad_platform, ad_id, spent_on)
), shown as (
    select ad_platform, ad_id, arg_max(ads_content_id, known_at) as ads_content_id
    from read_parquet($links) group by all
), owners as (
    select a.project_id, p.platform || ':' || p.platform_post_id as container_id, a.creator_id
    from read_parquet($posts) p join read_parquet($allowlist) a using (platform, account_key)
), placed as (
    select k.*, coalesce(split_part(s.ads_content_id, '/', 1), '(no project)') as project_id,
        split_part(s.ads_content_id, '/', 2) as container_id
    from known k left join shown s using (ad_platform, ad_id)
), days as (
    select p.project_id, coalesce(o.creator_id, '(unattributed)') as creator_id, p.spent_on,
        coalesce(currency, 'USD') as currency, sum(spend_cents) as spend_cents,
        sum(impressions) as impressions, sum(clicks) as clicks, sum(conversions) as conversions,
        sum(conversion_value_cents) as value_cents, count(*) as ads
    from placed p left join owners o using (project_id, container_id) group by all
)
select project_id, creator_id, currency, unnest([spent_on, date_trunc('week', spent_on),
    date_trunc('month', spent_on)]) as starts_on, unnest(['day', 'week', 'month']) as period,
    spend_cents, conversions from days
"""


def stores_of(home: Path) -> Stores:
    """Stores in a folder, at the moment of the report."""
    settings = Settings(home=home, lake_url="", operations_url="", serve_dir=None)
    return open_stores(settings, clock=FixedClock(NOW))


def make(home: Path, *, ads: int, days: int) -> None:
    """A project with creators whose posts most of the ads show, and every ad's days."""
    stores = stores_of(home)
    operations, names = stores.operations, [f"c{number}" for number in range(CREATORS)]
    operations.projects.add("brand", name="Brand", time_zone="Europe/Berlin", now=LINKED_AT)
    accounts = [
        NewAccount(platform="tiktok", account_key=name, connection="external") for name in names
    ]
    operations.accounts.add(accounts, now=LINKED_AT)
    creators = [
        NewCreator(creator_id=name, display_name=name, account_ids=(f"tiktok:{name}",))
        for name in names
    ]
    operations.allowlist.allow("brand", creators, allowed_from=LINKED_AT)
    copy_operations(stores)
    _write(stores, catalog.PLATFORM_POSTS, _posts())
    _write(stores, catalog.AD_CONTENT, _links(ads))
    random = np.random.default_rng(1)
    step = max(1, ROWS_AT_ONCE // ads)
    for start in range(0, days, step):
        _append(stores, _daily(ads, range(start, min(start + step, days)), random))
    operations.close()


def _posts() -> pl.DataFrame:
    number = pl.int_range(POSTS, eager=True)
    rows = pl.DataFrame({"platform_post_id": number.cast(pl.String)}).with_columns(
        platform=pl.lit("tiktok"),
        account_key="c" + (pl.col("platform_post_id").cast(pl.Int64) % CREATORS).cast(pl.String),
        published_at=pl.lit(LINKED_AT),
        first_seen_at=pl.lit(LINKED_AT),
        content_at=pl.lit(LINKED_AT),
        is_identity_settled=pl.lit(value=True),
        is_media_url_permanent=pl.lit(value=False),
    )
    return rows.with_columns(bucket=catalog.buckets(rows["platform_post_id"]))


def _links(ads: int) -> pl.DataFrame:
    number = pl.int_range(ads, eager=True)
    shown = number.filter(number % 10 != 0)
    return pl.DataFrame({"ad_id": shown.cast(pl.String)}).with_columns(
        ad_platform=pl.lit("meta"),
        known_at=pl.lit(LINKED_AT),
        ads_content_id=pl.lit("brand/tiktok:") + (shown % POSTS).cast(pl.String),
    )


def _daily(ads: int, days: range, random: np.random.Generator) -> pl.DataFrame:
    size = ads * len(days)
    on = [FIRST + timedelta(days=day) for day in days]
    return pl.DataFrame(
        {
            "ad_id": np.tile(np.arange(ads), len(days)),
            "spent_on": pl.Series(on).gather(np.repeat(np.arange(len(days)), ads)),
            "spend_cents": random.integers(0, 100_000, size),
            "impressions": random.integers(0, 100_000, size),
            "clicks": random.integers(0, 1_000, size),
            "conversions": random.integers(0, 10, size),
            "conversion_value_cents": random.integers(0, 100_000, size),
        }
    ).with_columns(
        pl.col("ad_id").cast(pl.String),
        ad_platform=pl.lit("meta"),
        currency=pl.lit("USD"),
        run_id=pl.lit("r"),
        known_at=pl.col("spent_on").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        spent_in=pl.col("spent_on").dt.to_string("%Y-%m"),
    )


def _whole(table: catalog.Table, rows: pl.DataFrame) -> pl.DataFrame:
    lacking = [name for name in table.columns if name not in rows.columns]
    nulls = rows.with_columns(pl.lit(None).alias(name) for name in lacking)
    return table.shape(nulls)


def _write(stores: Stores, table: catalog.Table, rows: pl.DataFrame) -> None:
    stores.lake.replace(table, _whole(table, rows), where={})


def _append(stores: Stores, rows: pl.DataFrame) -> None:
    table = catalog.AD_DAILY_METRICS
    stores.lake.append(table, _whole(table, rows), restamp=lambda given: given)


def ours(home: Path) -> int:
    """Attribute and report as the pipeline does; the number of rows of reports."""
    stores = stores_of(home)
    with stores.lake.write_lock():
        known = read_known(stores)
    money = spend_of_creators(known).lazy()
    published = posts_by_day(
        known.posts, known.owners, known.scores, zones=known.zones, threshold=4.0
    )
    counted = counts_by_day(known.snapshots, known.owners, zones=known.zones)
    organic = organic_days(published, counted).collect().lazy()
    days = creator_days(organic, money).collect()
    pay = pl.LazyFrame(
        schema={
            "project_id": pl.String,
            "creator_id": pl.String,
            "period": pl.String,
            "starts_on": pl.Date,
            "currency": pl.String,
            "base_cents": pl.Int64,
            "bonus_cents": pl.Int64,
            "corrections_cents": pl.Int64,
        }
    )
    reports = creator_reports(organic, money, pay).collect()
    stores.operations.close()
    return days.height + reports.height


def bare(home: Path) -> int:
    """The same joins as one query of DuckDB over the same files."""
    stores = stores_of(home)
    files = {
        "daily": catalog.AD_DAILY_METRICS,
        "links": catalog.AD_CONTENT,
        "posts": catalog.PLATFORM_POSTS,
        "allowlist": catalog.PROJECT_ALLOWLIST,
    }
    listed = {name: stores.lake.files(table) for name, table in files.items()}
    stores.operations.close()
    query = f"select sum(spend_cents), count(*) from ({BARE})"
    return int(duckdb.connect().execute(query, listed).fetchall()[0][1])


def measured(way: str, home: Path) -> dict[str, float]:
    """One way in a process of its own: seconds of work and the most memory held."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.attribution", "--child", way, "--home", str(home)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def child(way: str, home: Path) -> None:
    """Do it, and tell what it took."""
    began = time.perf_counter()
    rows = {"ours": ours, "bare": bare}[way](home)
    seconds = time.perf_counter() - began
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": seconds, "gib": most, "rows": rows}))


def main() -> None:
    """Make the data, measure both ways, print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--child", choices=["ours", "bare"])
    given = parser.parse_args()
    if given.child:
        child(given.child, given.home)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder) / "home"
        make(home, ads=given.ads, days=given.days)
        best = {}
        for way in ("bare", "ours"):
            found = [measured(way, home) for _ in range(given.rounds)]
            best[way] = min(found, key=lambda one: one["seconds"])
            print(way, {name: round(value, 2) for name, value in best[way].items()})
        print(f"{given.ads * given.days:,} ad-days of {given.ads:,} ads:")
        print(f"{best['ours']['seconds'] / best['bare']['seconds']:.2f} times the bare query")


if __name__ == "__main__":
    main()
