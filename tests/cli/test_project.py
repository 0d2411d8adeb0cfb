"""``layers-pipeline project`` and ``creator``: what they store, say and refuse, and what follows.

Belongs here: the commands within this process, over real stores.
Does not belong here: storing (``tests.operations``), scoring itself (``tests.steps``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.settings import Settings
from layers_pipeline.steps.derive.dimensions import copy_operations
from layers_pipeline.steps.stores import Stores, open_stores
from tests.cli.program import Program
from tests.worlds.data_builders import AS_OF, capture, import_rows, make_stores, rows_of, score

ADA = "tiktok:ada"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=5)
OWNED = NewAccount(platform="instagram", account_key="owned", connection="oauth", project_id="shop")


@dataclass
class Commands(Program):
    """The command line, and what it left in the stores."""

    @contextmanager
    def stores(self) -> Iterator[Stores]:
        stores = open_stores(Settings(home=self.home))
        try:
            yield stores
        finally:
            stores.operations.close()

    def due(self, *, worker: str) -> list[str]:
        """Accounts that a sync through SIFT would take now."""
        with self.stores() as stores:
            claimed = stores.operations.syncs.claim_due(
                "quick",
                connection="external",
                now=datetime.now(UTC),
                every=timedelta(minutes=5),
                lease_for=timedelta(microseconds=1),
                worker=worker,
                limit=9,
            )
        return [account.account_id for account in claimed]


@pytest.fixture
def commands(tmp_path) -> Commands:
    """Project ``shop``, which allows one creator."""
    program = Commands(tmp_path / "home")
    program.said("project", "add", "shop", "--name", "Shop")
    program.said("creator", "allow", ADA, "--project", "shop")
    return program


# Projects


def test_a_project_is_renamed(commands):
    said = commands.said("project", "rename", "shop", " [b]Store ")
    assert said == "Project 'shop' is called '[b]Store' from now on.\n"
    assert "[b]Store" in commands.said("project", "list")


def test_an_empty_name_is_refused(commands):
    assert "the name is empty" in commands("project", "rename", "shop", " ").refused()


@pytest.mark.parametrize(
    "command", [("rename", "nobody", "x"), ("pause", "nobody"), ("resume", "nobody")]
)
def test_a_project_that_is_not_there_is_refused_with_those_there_are(commands, command):
    said = commands("project", *command)
    assert said.code != 0
    assert "project 'nobody' does not exist. Known: shop." in said.err


def test_a_project_that_is_off_has_no_accounts_due_until_it_is_on_again(commands):
    assert "layers-pipeline project resume shop" in commands.said("project", "pause", "shop")
    assert commands.due(worker="w1") == []
    assert "is on" in commands.said("project", "resume", "shop")
    assert commands.due(worker="w2") == [ADA]


def test_switching_a_project_to_what_it_is_changes_nothing(commands):
    assert "was on already: unchanged" in commands.said("project", "resume", "shop")
    commands.said("project", "pause", "shop")
    assert "was off already: unchanged" in commands.said("project", "pause", "shop")


def test_an_account_of_a_project_that_is_off_is_refused_with_what_switches_it_on(commands):
    commands.said("project", "pause", "shop")
    with commands.stores() as stores:
        stores.operations.accounts.add([OWNED], now=LONG_AGO)
        with pytest.raises(
            InputRefusedError, match=r"is off \(layers-pipeline project resume shop"
        ):
            stores.operations.syncs.claim_named(
                "quick", [OWNED.account_id], now=LONG_AGO, lease_for=LEASE, worker="w1"
            )


# Creators


def test_a_creator_taken_off_is_not_due_any_more(commands):
    said = commands.said("creator", "disallow", ADA, "--project", "shop")
    assert said.startswith("1 taken off the allowlist of 'shop'")
    assert commands.due(worker="w1") == []


def test_a_creator_goes_on_being_synced_for_another_project(commands):
    commands.said("project", "add", "other")
    commands.said("creator", "allow", ADA, "--project", "other")
    commands.said("creator", "disallow", ADA, "--project", "shop")
    assert commands.due(worker="w1") == [ADA]


@pytest.mark.parametrize(
    ("account", "project", "message"),
    [
        ("tiktok:bob", "shop", "tiktok:bob: not on the allowlist of project 'shop'"),
        (ADA, "nobody", "project 'nobody' does not exist. Known: shop."),
    ],
)
def test_whom_nobody_allowed_cannot_be_taken_off(commands, account, project, message):
    said = commands("creator", "disallow", account, "--project", project)
    assert said.code != 0
    assert message in said.err


def test_a_creator_taken_off_is_in_no_pool_from_then_on(tmp_path):
    commands = Commands(tmp_path / "home")
    now = datetime.now(UTC)
    noon, two_days = now.replace(hour=12, minute=0, second=0, microsecond=0), timedelta(days=2)
    stores = make_stores(commands.home, now=now + 2 * two_days)
    captured = (now - 2 * two_days - AS_OF) / timedelta(hours=1)
    rows = [capture(f"p{number}", captured, views=100 + number) for number in range(3)]
    import_rows(stores, commands.home, rows)
    commands.said("creator", "disallow", ADA, "--project", "brand")
    copy_operations(stores)
    score(stores, [noon - two_days, noon + two_days])
    judged = rows_of(stores, catalog.AD_ELIGIBILITY)
    assert judged["scored_at"].to_list() == [noon - two_days] * 3


def test_an_imported_account_has_to_be_allowed_and_then_is_well(tmp_path):
    commands = Commands(tmp_path / "home")
    with commands.stores() as stores:
        import_rows(stores, commands.home, [capture("p", -30)])
        copy_operations(stores)
        (row,) = stores.lake.read(catalog.SYNC_HEALTH).collect().rows(named=True)
    assert row["problem"] == "paused since it was imported: it is not synced"
    allow = row["remedy"].partition("layers-pipeline ")[2].replace("PROJECT", "brand")
    commands.said(*allow.split())
    assert commands.due(worker="w1") == [row["account_id"]]
