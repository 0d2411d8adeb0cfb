"""A deployment living through a scenario: every cadence, by the simulated clock, over real HTTP.

Belongs here: who is connected, what runs at which minute, and comparing what was stored with
what was true.
Does not belong here: the scenario itself (``sandbox``), printing figures.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Final

import polars as pl
from cryptography.fernet import Fernet
from pydantic import SecretStr

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import Settings
from layers_pipeline.sources.http import RetryPolicy
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.scrapes import collect_scrapes, submit_scrapes
from layers_pipeline.steps.score.scoring import score_ticks
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import AccountRef, RunningSandbox, World
from sandbox.service.scenario import Scenario
from sandbox.simulation.growth import Number
from sandbox.simulation.items import Item

try:
    from layers_pipeline.steps.publish.upkeep import maintain
except ImportError:  # an older tree, lived in beside this one (``month --beside``)
    from layers_pipeline.steps.publish.publication import maintain  # ty: ignore

PROJECT: Final = "brand"
HASTY: Final = RetryPolicy(
    attempts=3, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0.001, retry_after_max_s=0.05
)
"""Real waits would only make a simulated day longer."""
NODE_METRICS: Final = ("total_views", "likes", "comments", "shares", "saves")
MINUTE: Final = timedelta(minutes=1)
QUICK_MIN, FULL_MIN, POSTS_MIN, TICK_MIN, DAY_MIN = 5, 20, 30, 240, 1_440


@dataclass(kw_only=True)
class Life:
    """One deployment beside one running sandbox, both by the sandbox's clock."""

    served: RunningSandbox
    scenario: Scenario
    stores: Stores
    worker: int = 0
    log: StringIO = field(default_factory=StringIO)

    @property
    def world(self) -> World:
        """The simulated platforms."""
        return self.served.world

    def name(self, what: str) -> str:
        """A worker that nobody was before."""
        self.worker += 1
        return f"{what}-{self.worker:06d}"

    def live(self, until: datetime, *, scored: bool = True) -> Iterator[datetime]:
        """Live from minute to minute; yields after each five."""
        now = self.world.clock.now()
        while now < until:
            self.world.clock.set(now)
            self.scenario.play(self.world, now)
            self._run_what_is_due(now, scored=scored)
            yield now
            now += timedelta(minutes=QUICK_MIN)
        self.world.clock.set(until)

    def _run_what_is_due(self, now: datetime, *, scored: bool) -> None:
        minute = int((now - self.scenario.start) / MINUTE)
        submit_scrapes(self.stores, worker=self.name("ask"), retries=HASTY)
        self.sync("quick")
        if minute % FULL_MIN == 0:
            self.sync("full")
        if minute % POSTS_MIN == 0:
            self.posts()
        if scored and minute % TICK_MIN == 0 and minute:
            list(score_ticks(self.stores, [now]))
        if minute % DAY_MIN == DAY_MIN - QUICK_MIN:
            maintain(self.stores)

    def sync(self, depth: str) -> None:
        """One scheduled sync of OAuth accounts."""
        sync_oauth(self.stores, depth, worker=self.name(depth), retries=HASTY)  # pyright: ignore[reportArgumentType]

    def posts(self) -> None:
        """The half-hourly run: collect scrapes, read whom nobody has read, derive."""
        worker = self.name("posts")
        collect_scrapes(self.stores, worker=worker, run_id=worker, retries=HASTY)
        self.sync("posts")
        self.derive()

    def derive(self) -> None:
        """Bring every table up to what has landed."""
        bring_up_to_date(self.stores)


def begin(
    served: RunningSandbox, scenario: Scenario, home: Path, *, log_level: int = logging.DEBUG
) -> Life:
    """A new deployment: every account of the scenario is connected, every creator allowed.

    Args:
        log_level: From which level on lines are kept in ``Life.log``.
    """
    settings = Settings(
        home=home,
        lake_url="",
        operations_url="",
        serve_dir=None,
        tick_grace_s=0,
        sift_url=served.url,
        sift_key=served.key,
        instagram_url=served.url,
        tiktok_url=served.url,
        tiktok_calls_per_s=1000,
        tiktok_calls_per_min=60_000,
        token_keys=SecretStr(Fernet.generate_key().decode()),
    )
    stores = open_stores(settings, clock=served.world.clock)
    life = Life(served=served, scenario=scenario, stores=stores)
    handler = logging.StreamHandler(life.log)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(log_level)
    connect(life)
    return life


def connect(life: Life) -> None:
    """Give the deployment every account, with tokens, and every creator."""
    stores, world = life.stores, life.world
    now, cipher = world.clock.now(), TokenCipher(stores.settings.token_keys)
    stores.operations.projects.add(PROJECT, name="Brand", time_zone="Europe/Berlin", now=now)
    for account in world.dataset.holders:
        grant = world.tokens.issue(account)
        stores.operations.tokens.connect(
            NewAccount(
                platform=account.platform,
                account_key=account.account_key,
                connection="oauth",
                project_id=PROJECT,
            ),
            NewToken(
                access=SecretStr(grant.access),
                refresh=SecretStr(grant.refresh) if account.platform == "tiktok" else None,
                expires_at=grant.expires_at,
                refresh_expires_at=grant.refresh_expires_at,
            ),
            cipher,
            now=now,
        )
    creators = [
        NewAccount(platform=ref.platform, account_key=ref.account_key, connection="external")
        for ref in world.dataset.creators
    ]
    stores.operations.accounts.add(creators, now=now)
    stores.operations.allowlist.allow(
        PROJECT,
        [
            NewCreator(creator_id=one.account_id, display_name="", account_ids=(one.account_id,))
            for one in creators
        ],
        allowed_from=now,
    )


def untrue_metrics(life: Life, *, since: datetime | None = None) -> list[str]:
    """Metrics of OAuth accounts' posts that are not what the platform showed when last read.

    Args:
        since: Only what was read from then on; none: whenever it was.
    """
    stores, truth = life.stores, life.world.dataset
    latest = {
        (row["platform"], row["platform_post_id"]): row
        for row in stores.lake.read(catalog.PLATFORM_POST_METRICS_LATEST)
        .collect()
        .iter_rows(named=True)
    }
    wrong = []
    for (platform, item_id), reads in _reads(stores, since=since).items():
        item = truth.item(platform, item_id)
        if item is None:
            wrong.append(f"{platform}:{item_id}: there is no such item")
            continue
        row = latest.get((platform, item_id), {})
        for metric, value in _shown(item, reads).items():
            if row.get(metric) != value:
                wrong.append(f"{platform}:{item_id}: {metric} {row.get(metric)}, truly {value}")
    return wrong


def _reads(
    stores: Stores, *, since: datetime | None = None
) -> dict[tuple[str, str], list[tuple[datetime, str, str]]]:
    """When each item was read, by which kind of row, newest first: as landed, before any typing."""
    found: dict[tuple[str, str], list[tuple[datetime, str, str]]] = {}
    for platform, raw in (
        ("instagram", catalog.RAW_INSTAGRAM__RESPONSES),
        ("tiktok", catalog.RAW_TIKTOK__RESPONSES),
    ):
        rows = (
            stores.lake.read(raw)
            .filter(pl.col("entity") != "account", *_read_since(since))
            .select("subject", "received_at", "entity", "body")
            .sort("received_at", descending=True)
        )
        for subject, at, entity, body in rows.collect().iter_rows():
            found.setdefault((platform, subject), []).append((at, entity, body))
    return found


def _read_since(since: datetime | None) -> list[pl.Expr]:
    if since is None:
        return []
    return [pl.col("landed_on") >= since.date(), pl.col("received_at") >= since]


def _shown(item: Item, reads: list[tuple[datetime, str, str]]) -> dict[str, Number]:
    """What the platform truly showed of the item, each metric when a row last spoke of it.

    A row speaks of the metrics whose platform words stand in its body; their values are the
    truth's, not the body's.
    """
    found: dict[str, Number] = {}
    for at, entity, body in reads:
        for metric, value in item.metrics(at).items():
            if metric not in found and _speaks_of(metric, entity, body):
                found[metric] = value
    return found


WORDS: Final = {
    "media": {
        "total_views": "total_views_count",
        "likes": "like_count",
        "comments": "comments_count",
        "shares": "shares_count",
        "saves": "saved_count",
        "reposts": "reposts_count",
        "total_likes": "total_like_count",
        "total_comments": "total_comments_count",
    },
    "insights": {
        "saves": "saved",
        "average_watch_time_ms": "ig_reels_avg_watch_time",
        "total_watch_time_ms": "ig_reels_video_view_total_time",
        "skip_rate_raw": "reels_skip_rate",
    },
    "video": {
        "views": "video_views",
        "saves": "favorites",
        "total_watch_time_s": "total_time_watched",
        "average_watch_time_s": "average_time_watched",
        "full_watch_rate": "full_video_watched_rate",
        "follows": "new_followers",
        "profile_visits": "profile_views",
    },
}


def _speaks_of(metric: str, entity: str, body: str) -> bool:
    if entity in ("media", "story"):
        word = WORDS["media"].get(metric)
        return word is not None and f'"{word}"' in body
    if entity == "breakdown":
        for whole in ("profile_activity", "navigation"):
            if metric.startswith(f"{whole}_"):
                return f'"{metric.removeprefix(f"{whole}_")}"' in body.lower()
        return False
    word = WORDS.get(entity, {}).get(metric, metric)
    return f'"{word}"' in body and '"values": []' not in body.replace('"values":[]', '"values": []')


def untrue_deletions(life: Life) -> list[str]:
    """Posts that are tombstoned and live, or are gone and were not tombstoned.

    Gone posts count only if two complete listings of their account came after; a post that came
    back, only if its account was read after. What was published since then is not gone.
    """
    posts = life.stores.lake.read(catalog.PLATFORM_POSTS).collect()
    witnesses, readings = listings(life.stores)
    wrong = []
    for row in posts.iter_rows(named=True):
        item = life.world.dataset.item(row["platform"], row["platform_post_id"])
        account = (row["platform"], row["account_key"])
        if item is None or item.media_type == "story":
            must_be, may_be = False, False
        else:
            times = witnesses.get(account, [])
            must_be = len(times) > 1 and all(_is_gone(item, at) for at in times[-2:])
            may_be = any(
                _is_gone(item, at) for at in (*times[-2:], *readings.get(account, [])[-1:])
            )
        is_marked = row["deleted_at"] is not None
        if (must_be and not is_marked) or (is_marked and not may_be):
            wrong.append(f"{row['platform']}:{row['platform_post_id']}: marked {is_marked}")
    return wrong


def _is_gone(item: Item, at: datetime) -> bool:
    return item.published_at <= at and not item.lives(at)


def listings(
    stores: Stores,
) -> tuple[dict[tuple[str, str], list[datetime]], dict[tuple[str, str], list[datetime]]]:
    """When each account's complete full listings began, and all its readings, oldest first."""
    witnesses: dict[tuple[str, str], list[datetime]] = {}
    readings: dict[tuple[str, str], list[datetime]] = {}
    rows = stores.lake.read(catalog.ACCOUNT_LISTINGS).sort("started_at").collect()
    for row in rows.iter_rows(named=True):
        account = (row["platform"], row["account_key"])
        if row["items"]:
            readings.setdefault(account, []).append(row["started_at"])
        if row["depth"] == "full" and row["is_complete"] and row["items"]:
            began_at = row.get("listing_began_at") or row["started_at"]
            witnesses.setdefault(account, []).append(began_at)
    return witnesses, readings


def absences(life: Life) -> list[dict[str, Any]]:
    """Every absence of a post from complete listings."""
    return life.stores.lake.read(catalog.POST_ABSENCES).collect().to_dicts()


def doubled_containers(life: Life) -> int:
    """Containers beyond the one that each post has, and posts without one."""
    containers = life.stores.lake.read(catalog.CONTENT_CONTAINERS).collect()
    posts = life.stores.lake.row_count(catalog.PLATFORM_POSTS)
    key = ["platform", "platform_post_id"]
    return abs(containers.height - posts) + containers.height - containers.n_unique(key)


def unexplained(life: Life) -> list[str]:
    """Accounts whose last sync failed, and about which ``sync_health`` says nothing."""
    health = {
        row["account_id"]: row
        for row in life.stores.lake.read(catalog.SYNC_HEALTH).collect().iter_rows(named=True)
    }
    failing = [
        state
        for state in life.stores.operations.syncs.states()
        if state.last_outcome not in (None, "ok") and state.depth != "posts"
    ]
    return [
        f"{state.account_id}: {state.last_outcome}"
        for state in failing
        if not (health[state.account_id]["problem"] and health[state.account_id]["remedy"])
    ]


def harmed(life: Life, *, within: timedelta) -> list[str]:
    """Accounts that no event is about, and that were not read in full within so long."""
    now = life.world.clock.now()
    spared = {
        f"{account.platform}:{account.account_key}"
        for account in (*life.scenario.spared("instagram"), *life.scenario.spared("tiktok"))
    }
    return [
        f"{state.account_id}: {state.depth}: {state.last_outcome}: {state.last_message}"
        for state in life.stores.operations.syncs.states()
        if state.account_id in spared
        and state.depth in ("quick", "full")
        and (state.last_success_at is None or state.last_success_at < now - within)
    ]


def secrets_of(life: Life) -> set[str]:
    """Every secret of the scenario: tokens of both kinds, keys."""
    settings = life.stores.settings
    return life.world.tokens.every_secret() | {settings.token_keys.get_secret_value()}


def leaks(life: Life, *, also: tuple[Path, ...] = ()) -> list[str]:
    """Where any secret stands in plain text: lake, its log, database, files given, log lines."""
    secrets = secrets_of(life)
    found = []
    for table in catalog.TABLES:
        rows = life.stores.lake.read(table).collect()
        texts = [name for name, dtype in rows.schema.items() if dtype == pl.String]
        shown = rows.select(pl.col(texts).str.contains_any(sorted(secrets)).any())
        found += [
            f"{table.name}.{name}" for name, is_shown in shown.to_dicts()[0].items() if is_shown
        ]
    root = life.stores.settings.root
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    files += [path for folder in also for path in folder.rglob("*") if path.is_file()]
    for path in files:
        content = path.read_bytes()
        found += [str(path) for secret in secrets if secret.encode() in content][:1]
    text = life.log.getvalue()
    found += ["log" for secret in secrets if secret in text][:1]
    return found


def account_id(account: AccountRef) -> str:
    """The account's id in the operational database."""
    return f"{account.platform}:{account.account_key}"
