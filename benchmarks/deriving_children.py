"""What ``deriving`` runs in processes of their own: a lake with captures in it, and deriving them.

Belongs here: both steps, spoken so that checkouts from before the door to derivation know them.
Does not belong here: making captures, measuring, comparing (``deriving``).

    python deriving_children.py seed CAPTURES_FOLDER ACCOUNTS
    python deriving_children.py derive
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def _stores() -> Any:
    from layers_pipeline.settings import load_settings
    from layers_pipeline.steps.stores import open_stores

    return open_stores(load_settings())


def seed(folder: Path, accounts: int) -> None:
    """Write the captures of a folder's files as imported ones, and allow their accounts."""
    stores, tables = _stores(), _tables()
    table = tables.STG_IMPORT__CAPTURES
    empty = table.empty()
    for file in sorted(folder.glob("*.parquet")):
        rows = pl.read_parquet(file)
        lacking = [name for name in table.columns if name not in rows.columns]
        rows = rows.with_columns(pl.lit(None, empty.schema[name]).alias(name) for name in lacking)
        shaped = rows.select(table.columns).cast(dict(empty.schema))
        stores.lake.replace(table, shaped, where={"file_id": [rows["file_id"][0]]})
    try:
        _allow(stores, accounts)
    except ImportError:
        allowed = _allowed(accounts).select(tables.PROJECT_ALLOWLIST.columns)
        stores.lake.replace(tables.PROJECT_ALLOWLIST, allowed, where={})


def _platform(number: int) -> str:
    return "instagram" if number % 2 else "tiktok"


def _allow(stores: Any, accounts: int) -> None:
    from layers_pipeline.operations.accounts import NewAccount
    from layers_pipeline.operations.creators import NewCreator

    new = [
        NewAccount(
            platform=_platform(number), account_key=f"account{number}", connection="external"
        )
        for number in range(accounts)
    ]
    stores.operations.projects.add("project", name="Project", time_zone="UTC", now=SINCE)
    stores.operations.accounts.add(new, now=SINCE)
    creators = [
        NewCreator(creator_id=one.account_id, display_name="", account_ids=(one.account_id,))
        for one in new
    ]
    stores.operations.allowlist.allow("project", creators, allowed_from=SINCE)


def _allowed(accounts: int) -> pl.DataFrame:
    """The same as rows of the lake, which older checkouts copy at another place."""
    numbers = range(accounts)
    return pl.DataFrame(
        {
            "project_id": "project",
            "platform": [_platform(number) for number in numbers],
            "account_key": [f"account{number}" for number in numbers],
            "creator_id": [f"{_platform(number)}:account{number}" for number in numbers],
            "allowed_from": SINCE,
            "allowed_to": None,
        },
        schema_overrides={
            "allowed_from": pl.Datetime("us", "UTC"),
            "allowed_to": pl.Datetime("us", "UTC"),
        },
    )


def _tables() -> Any:
    try:
        from layers_pipeline.lake import catalog as tables
    except ImportError:
        from layers_pipeline import tables
    return tables


def derive() -> None:
    """Derive what has landed; prints how long the processors worked on that."""
    try:
        from layers_pipeline.steps.derive.everything import bring_up_to_date
    except ImportError:
        from layers_pipeline.steps.posts import derive_everything as bring_up_to_date

    stores = _stores()
    began, wall = time.process_time(), time.perf_counter()
    bring_up_to_date(stores)
    spent = {"cpu_s": time.process_time() - began, "wall_s": time.perf_counter() - wall}
    json.dump(spent, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "seed":
        seed(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        derive()
