"""What ``deriving`` runs in processes of their own: a lake with captures in it, and deriving them.

Belongs here: both steps, spoken so that checkouts from before the door to derivation know them.
Does not belong here: making captures, measuring, comparing (``deriving``).

    python deriving_children.py seed CAPTURES_FOLDER ACCOUNTS
    python deriving_children.py derive
"""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from layers_pipeline.operations.store import Operations

SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
INSTANT: Final = pl.Datetime("us", "UTC")
ALLOWED: Final[Mapping[str, pl.DataType]] = {"allowed_from": INSTANT, "allowed_to": INSTANT}


def _first_of(*names: str) -> ModuleType:
    """The first of some modules that the checkout has."""
    for name in names[:-1]:
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    return import_module(names[-1])


STORES: Final = _first_of("layers_pipeline.steps.stores")
SETTINGS: Final = _first_of("layers_pipeline.settings")
TABLES: Final = _first_of("layers_pipeline.lake.catalog", "layers_pipeline.tables")
DERIVATION: Final = _first_of(
    "layers_pipeline.steps.derive.everything", "layers_pipeline.steps.posts"
)


def seed(folder: Path, accounts: int) -> None:
    """Write the captures of a folder's files as imported ones, and allow their accounts."""
    stores, table = STORES.open_stores(SETTINGS.load_settings()), TABLES.STG_IMPORT__CAPTURES
    empty = table.empty()
    for file in sorted(folder.glob("*.parquet")):
        rows = pl.read_parquet(file)
        lacking = [name for name in table.columns if name not in rows.columns]
        rows = rows.with_columns(pl.lit(None, empty.schema[name]).alias(name) for name in lacking)
        shaped = rows.select(table.columns).cast(dict(empty.schema))
        stores.lake.replace(table, shaped, where={"file_id": [rows["file_id"][0]]})
    allowed = _allowed(accounts)
    if DERIVATION.__name__.endswith("everything"):
        _allow(stores.operations, allowed)
    else:
        rows = allowed.select(TABLES.PROJECT_ALLOWLIST.columns)
        stores.lake.replace(TABLES.PROJECT_ALLOWLIST, rows, where={})


def _allowed(accounts: int) -> pl.DataFrame:
    """Every account on one project's allowlist, as rows of the lake."""
    platforms = ["instagram" if number % 2 else "tiktok" for number in range(accounts)]
    keys = [f"account{number}" for number in range(accounts)]
    return pl.DataFrame({"platform": platforms, "account_key": keys}).with_columns(
        project_id=pl.lit("project"),
        creator_id=pl.concat_str("platform", pl.lit(":"), "account_key"),
        allowed_from=pl.lit(SINCE, INSTANT),
        allowed_to=pl.lit(None, INSTANT),
    )


def _allow(operations: "Operations", allowed: pl.DataFrame) -> None:
    """The same through the operational database, from which it is copied."""
    accounts = import_module("layers_pipeline.operations.accounts")
    creators = import_module("layers_pipeline.operations.creators")
    new = [
        accounts.NewAccount(platform=platform, account_key=key, connection="external")
        for platform, key in allowed.select("platform", "account_key").iter_rows()
    ]
    entries = [
        creators.NewCreator(
            creator_id=one.account_id, display_name="", account_ids=(one.account_id,)
        )
        for one in new
    ]
    operations.projects.add("project", name="Project", time_zone="UTC", now=SINCE)
    operations.accounts.add(new, now=SINCE)
    operations.allowlist.allow("project", entries, allowed_from=SINCE)


def derive() -> None:
    """Derive what has landed; prints how long the processors worked on that."""
    stores = STORES.open_stores(SETTINGS.load_settings())
    whole = getattr(DERIVATION, "bring_up_to_date", None) or DERIVATION.derive_everything
    began, wall = time.process_time(), time.perf_counter()
    whole(stores)
    spent = {"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - wall}
    json.dump(spent, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        seed(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        derive()
