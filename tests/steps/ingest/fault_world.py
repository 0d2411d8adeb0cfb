"""One deployment beside one sandbox over real HTTP, for tests of whole syncs.

Belongs here: small accounts, connecting them, one sync as a record, comparing with the truth.
Does not belong here: expectations, and which faults there are (``fault_cases``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import polars as pl
from cryptography.fernet import Fernet
from pydantic import SecretStr

from benchmarks.life import HASTY
from layers_pipeline.lake import catalog
from layers_pipeline.lake.table import Table
from layers_pipeline.operations.accounts import AccountSyncState, NewAccount, PlatformAccount
from layers_pipeline.operations.secrets import TokenCipher
from layers_pipeline.operations.tokens import NewToken
from layers_pipeline.settings import Settings
from layers_pipeline.steps.ingest.oauth import sync_oauth
from layers_pipeline.steps.ingest.outcomes import SyncSummary
from layers_pipeline.steps.stores import Stores, open_stores
from sandbox import (
    AccountRef,
    Dataset,
    Fault,
    Item,
    RunningSandbox,
    generated_captures,
    running_sandbox,
)
from transforms.facts.snapshots import POST

AT = datetime(2025, 3, 10, 12, 30, tzinfo=UTC)
TOKEN_KEY = SecretStr(Fernet.generate_key().decode())
TOKEN_LIFE = timedelta(days=30)
RESPONSES = {
    "instagram": catalog.RAW_INSTAGRAM__RESPONSES,
    "tiktok": catalog.RAW_TIKTOK__RESPONSES,
}
INSTAGRAM_ITEMS = ("reel", "reel", "feed_image", "feed_carousel", "feed_video", "story")
TIKTOK_ITEMS = ("tiktok_video", "tiktok_video", "tiktok_video", "tiktok_video", "tiktok_photo")
ON_POSTS = ("likes", "comments", "shares", "saves", "total_views")
"""Metrics that stand on Instagram's posts themselves, insights or not."""
serial = count(1)


def account(platform: str, number: int) -> AccountRef:
    """The account of a number."""
    key = f"{17841400000000000 + number}" if platform == "instagram" else f"open-{number:04d}"
    return AccountRef(platform, key)  # pyright: ignore[reportArgumentType]


def account_id(ref: AccountRef) -> str:
    return f"{ref.platform}:{ref.account_key}"


def items_of(ref: AccountRef, number: int) -> list[Item]:
    """One item of each type, two reels, a story; all new enough to show every metric."""
    kinds = INSTAGRAM_ITEMS if ref.platform == "instagram" else TIKTOK_ITEMS
    return [_item(ref, number * 10 + place, kind, place) for place, kind in enumerate(kinds)]


def _item(ref: AccountRef, number: int, kind: str, place: int) -> Item:
    at = AT - (timedelta(hours=3) if kind == "story" else timedelta(hours=50 + place))
    is_tiktok = ref.platform == "tiktok"
    shown_id = ((int(at.timestamp()) - 8) << 32) | number if is_tiktok else 17900000000000000
    return Item(
        account=ref,
        item_id=str(shown_id if is_tiktok else shown_id + number),
        ig_id=None if is_tiktok else 7 * number + (1 << 60),
        media_type=kind,  # pyright: ignore[reportArgumentType]
        published_at=at,
        caption=f"No. {number}",
        final_views=100_000.0,
        rates={"likes": 0.1, "comments": 0.01, "shares": 0.02, "saves": 0.03},
    )


@contextmanager
def sandbox_of(accounts: Sequence[AccountRef]) -> Iterator[RunningSandbox]:
    """A sandbox whose platforms know these accounts; its clock stands still."""
    items = [one for number, ref in enumerate(accounts) for one in items_of(ref, number)]
    captures = generated_captures(3, accounts=4, days=1)
    with running_sandbox(captures | Dataset(items), now=AT) as served:
        yield served


def settings_of(served: RunningSandbox, home: Path, **changes: object) -> Settings:
    given = {
        "home": home,
        "lake_url": "",
        "operations_url": "",
        "serve_dir": None,
        "tick_grace_s": 0,
        "instagram_url": served.url,
        "tiktok_url": served.url,
        "tiktok_calls_per_s": 1000,
        "tiktok_calls_per_min": 60_000,
        "token_keys": TOKEN_KEY,
    }
    return Settings(**(given | changes))  # pyright: ignore[reportArgumentType]


def stores_of(served: RunningSandbox, home: Path, **changes: object) -> Stores:
    """Stores by the sandbox's clock, with a project."""
    stores = open_stores(settings_of(served, home, **changes), clock=served.world.clock)
    stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=AT)
    return stores


def connect(
    stores: Stores, served: RunningSandbox, *accounts: AccountRef, life: timedelta = TOKEN_LIFE
) -> None:
    """Give the deployment accounts, each with a token of its own."""
    for ref in accounts:
        new = NewAccount(
            platform=ref.platform,
            account_key=ref.account_key,
            connection="oauth",
            project_id="brand",
        )
        stores.operations.tokens.connect(
            new, new_token(served, ref, life=life), cipher(), now=stores.clock.now()
        )


def cipher() -> TokenCipher:
    return TokenCipher(TOKEN_KEY)


def new_token(served: RunningSandbox, ref: AccountRef, *, life: timedelta = TOKEN_LIFE) -> NewToken:
    """What the account's owner gives us."""
    grant = served.issue(ref, life=life)
    is_tiktok = ref.platform == "tiktok"
    return NewToken(
        access=SecretStr(grant.access),
        refresh=SecretStr(grant.refresh) if is_tiktok else None,
        expires_at=grant.expires_at,
        refresh_expires_at=grant.refresh_expires_at if is_tiktok else None,
    )


def put(served: RunningSandbox, ref: AccountRef, kind: str, **given: object) -> None:
    """Switch a fault on."""
    served.world.faults.put(ref, Fault(kind=kind, **given))  # pyright: ignore[reportArgumentType]


def sync(stores: Stores, depth: str = "full", **options: object) -> SyncSummary:
    """One sync of the accounts that are due."""
    worker = f"run-{next(serial):05d}"
    return sync_oauth(stores, depth, worker=worker, retries=HASTY, **options)  # pyright: ignore[reportArgumentType]


def state_of(stores: Stores, ref: AccountRef, depth: str = "full") -> AccountSyncState:
    """How the account's last sync ended."""
    return next(
        state
        for state in stores.operations.syncs.states()
        if (state.account_id, state.depth) == (account_id(ref), depth)
    )


def row_of(stores: Stores, ref: AccountRef) -> PlatformAccount:
    """The account as it is stored."""
    return next(
        one for one in stores.operations.accounts.all() if one.account_id == account_id(ref)
    )


def requests_of(served: RunningSandbox) -> list[str]:
    """Paths of the requests since the log was cleared."""
    return [request.path for request in served.world.log.requests()]


def rows_of(stores: Stores, table: Table, ref: AccountRef) -> pl.DataFrame:
    """An account's rows of a table; posts say whose a metric is."""
    rows = stores.lake.read(table)
    if "account_key" in table.columns:
        return rows.filter(pl.col("account_key") == ref.account_key).collect()
    posts = stores.lake.read(catalog.PLATFORM_POSTS).filter(
        pl.col("platform") == ref.platform, pl.col("account_key") == ref.account_key
    )
    return rows.join(posts, on=POST, how="semi").collect()


@dataclass(frozen=True)
class Stored:
    """What the lake says of all accounts' posts, read once."""

    posts: pl.DataFrame
    snapshots: pl.DataFrame
    latest: Mapping[tuple[str, str], dict]

    @classmethod
    def of(cls, stores: Stores) -> "Stored":
        """What is stored now."""
        read = stores.lake.read
        owners = read(catalog.PLATFORM_POSTS).select(*POST, "account_key")
        snapshots = read(catalog.PLATFORM_POST_METRICS).join(owners, on=POST, how="left")
        latest = read(catalog.PLATFORM_POST_METRICS_LATEST).collect().iter_rows(named=True)
        return cls(
            posts=read(catalog.PLATFORM_POSTS).collect(),
            snapshots=snapshots.collect(),
            latest={(row["platform"], row["platform_post_id"]): row for row in latest},
        )

    def posts_of(self, ref: AccountRef) -> pl.DataFrame:
        """An account's posts."""
        return self.posts.filter(platform=ref.platform, account_key=ref.account_key)

    def snapshots_of(self, ref: AccountRef) -> pl.DataFrame:
        """An account's snapshots."""
        return self.snapshots.filter(platform=ref.platform, account_key=ref.account_key)

    def tombstones_of(self, ref: AccountRef) -> int:
        """How many of an account's posts count as deleted."""
        return self.posts_of(ref).filter(pl.col("deleted_at").is_not_null()).height

    def untrue(
        self,
        items: Sequence[Item],
        *,
        at: datetime,
        never: Sequence[str] = (),
        unreadable: Sequence[str] = (),
    ) -> list[str]:
        """Metrics that are not what the platform shows of living items at a moment.

        Args:
            items: Whose.
            at: When they were read last.
            never: Metrics that the platform refuses.
            unreadable: Items whose insights it refuses; what stands on themselves counts.
        """
        return [
            f"{item.media_type} {item.item_id}: {name} {self._known(item, name)}, truly {value}"
            for item in items
            if item.lives(at)
            for name, value in item.metrics(at).items()
            if name not in never
            and (item.item_id not in unreadable or name in ON_POSTS)
            and self._known(item, name) != value
        ]

    def _known(self, item: Item, name: str) -> object:
        return self.latest.get((item.account.platform, item.item_id), {}).get(name)
