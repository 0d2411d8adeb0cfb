"""Posts that two accounts list: the author's, and the collaborator's that shares it.

Belongs here: what a collaboration adds, and what it must never add.
Does not belong here: reading the list (``tests/sources``).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.creators import NewCreator
from layers_pipeline.steps.derive.everything import bring_up_to_date
from layers_pipeline.steps.maintain.replay import replay
from layers_pipeline.steps.stores import Stores
from sandbox import Dataset, Item, RunningSandbox, generated_captures, running_sandbox
from sandbox.graph.media import username_of
from tests.steps.ingest.fault_world import AT, account, connect, items_of, stores_of, sync
from tests.worlds.data_builders import capture, land, rows_of

OURS, SHARING, THEIRS = (account("instagram", number) for number in (1, 2, 3))
AUTHOR = username_of(THEIRS.account_key)


def shared(item: Item) -> Item:
    return replace(item, collaborators=(SHARING,))


OWN, FOREIGN = (shared(items_of(ref, number)[0]) for number, ref in ((1, OURS), (3, THEIRS)))


@pytest.fixture
def served() -> Iterator[RunningSandbox]:
    captures = generated_captures(3, accounts=4, days=1)
    with running_sandbox(captures | Dataset([OWN, FOREIGN], followers={SHARING: 9}), now=AT) as it:
        yield it


@pytest.fixture
def stores(served: RunningSandbox, tmp_path: Path) -> Iterator[Stores]:
    """Two accounts of ours, read in full: one published a post that the other shares."""
    stores = stores_of(served, tmp_path)
    connect(stores, served, OURS, SHARING)
    sync(stores)
    bring_up_to_date(stores)
    yield stores
    stores.operations.close()


def allow(stores: Stores, *accounts: str) -> None:
    """Put accounts, by what SIFT calls them, on the project's allowlist."""
    rows = [
        NewAccount(platform="instagram", account_key=key, connection="external", status="paused")
        for key in accounts
    ]
    stores.operations.accounts.add(rows, now=AT)
    creators = [
        NewCreator(creator_id=row.account_id, display_name="", account_ids=(row.account_id,))
        for row in rows
    ]
    stores.operations.allowlist.allow("brand", creators, allowed_from=AT - timedelta(days=99))


def posts(stores: Stores) -> set[tuple[str, str]]:
    rows = rows_of(stores, catalog.PLATFORM_POSTS)
    return set(rows.select("platform_post_id", "account_key").rows())


def test_a_collaboration_is_told_of_its_collaborator_and_its_author(stores: Stores):
    rows = rows_of(stores, catalog.POST_COLLABORATIONS).sort("author")
    names = [username_of(ref.account_key) for ref in (OURS, THEIRS)]
    assert rows.select("platform_post_id", "account_key", "author").rows() == sorted(
        [
            (OWN.item_id, SHARING.account_key, names[0]),
            (FOREIGN.item_id, SHARING.account_key, names[1]),
        ],
        key=lambda row: row[2],
    )
    truth = FOREIGN.metrics(AT)
    (foreign,) = rows.filter(platform_post_id=FOREIGN.item_id).iter_rows(named=True)
    counts = ("likes", "comments", "shares", "saves", "reposts", "total_views", "total_likes")
    assert {name: foreign[name] for name in counts} == {name: truth[name] for name in counts}


def test_a_post_that_two_of_our_accounts_list_is_one_post_of_its_author(stores: Stores):
    assert posts(stores) == {(OWN.item_id, OURS.account_key)}


def test_neither_the_own_nor_the_shared_post_enters_the_pool_of_creators(stores: Stores):
    allow(stores, SHARING.account_key, username_of(OURS.account_key))
    allow(stores, username_of(SHARING.account_key))
    bring_up_to_date(stores)
    assert rows_of(stores, catalog.ADS_CONTENT).is_empty()


def test_a_creators_post_that_we_share_is_the_creators(stores: Stores):
    allow(stores, AUTHOR)
    row = capture(FOREIGN.item_id, platform="instagram", account_key=AUTHOR, views=90)
    land(stores, [row], job="job")
    bring_up_to_date(stores)
    assert posts(stores) == {(OWN.item_id, OURS.account_key), (FOREIGN.item_id, AUTHOR)}
    content = rows_of(stores, catalog.ADS_CONTENT)
    assert content["container_id"].to_list() == [f"instagram:{FOREIGN.item_id}"]


def test_the_newest_reading_counts_whatever_the_order(stores: Stores, served: RunningSandbox):
    before = rows_of(stores, catalog.POST_COLLABORATIONS)
    served.world.clock.advance(5 * 3600)
    sync(stores)
    bring_up_to_date(stores)
    after = rows_of(stores, catalog.POST_COLLABORATIONS)
    assert after["first_known_at"].to_list() == before["first_known_at"].to_list()
    assert set(after["captured_at"]) == {served.world.clock.now()}
    assert after.filter(platform_post_id=FOREIGN.item_id)["likes"].to_list() == [
        FOREIGN.metrics(served.world.clock.now())["likes"]
    ]
    replay(stores, start=AT, end=AT + timedelta(days=1))
    assert rows_of(stores, catalog.POST_COLLABORATIONS).equals(after)
