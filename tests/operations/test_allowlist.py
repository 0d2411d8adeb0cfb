"""The allowlist: periods, and independence of the order in which history arrives.

Belongs here: tests of creators, their accounts and allowlist entries.
Does not belong here: what an entry makes due (``test_due``).
"""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.rows import AllowlistRow, NewAccount, NewCreator
from layers_pipeline.operations.store import Operations
from tests.hypothesis_profiles import examples
from tests.operations.world import EXTERNAL, MINUTE, NOW, add_external, add_project, allow

DAY = timedelta(days=1)


def periods(operations: Operations) -> list[tuple[datetime, datetime | None]]:
    return [(row.allowed_from, row.allowed_to) for row in operations.allowlist()]


def test_an_entry_shows_once_per_account_of_the_creator(operations: Operations):
    add_external(operations, "one", "two")
    creator = NewCreator(
        creator_id="ada", display_name="Ada", account_ids=("tiktok:one", "tiktok:two")
    )
    assert operations.allow_creators("brand", [creator], allowed_from=NOW) == 1
    assert operations.allowlist() == [
        AllowlistRow(
            project_id="brand",
            creator_id="ada",
            platform="tiktok",
            account_key=key,
            account_id=f"tiktok:{key}",
            allowed_from=NOW,
            allowed_to=None,
        )
        for key in ("one", "two")
    ]


def test_allowing_again_opens_nothing(operations: Operations):
    add_external(operations)
    assert [allow(operations), allow(operations)] == [1, 0]


@pytest.mark.parametrize(
    ("given_from", "kept"),
    [
        pytest.param(NOW - DAY, NOW - DAY, id="earlier moves it back"),
        pytest.param(NOW + DAY, NOW, id="later changes nothing"),
    ],
)
def test_an_open_entry_begins_at_the_earliest_instant(operations: Operations, given_from, kept):
    add_external(operations)
    allow(operations)
    allow(operations, since=given_from)
    assert periods(operations) == [(kept, None)]


def test_an_entry_may_name_its_own_beginning(operations: Operations):
    add_external(operations)
    creator = NewCreator(
        creator_id="ada", display_name="Ada", account_ids=(EXTERNAL,), allowed_from=NOW - DAY
    )
    operations.allow_creators("brand", [creator], allowed_from=NOW)
    assert periods(operations) == [(NOW - DAY, None)]


def test_removing_closes_and_adding_again_opens_a_new_entry(operations: Operations):
    add_external(operations)
    allow(operations)
    assert operations.disallow_creator("brand", "ada", now=NOW + DAY)
    assert allow(operations, since=NOW + 2 * DAY) == 1
    assert periods(operations) == [(NOW, NOW + DAY), (NOW + 2 * DAY, None)]


def test_periods_do_not_overlap(operations: Operations):
    add_external(operations)
    allow(operations)
    operations.disallow_creator("brand", "ada", now=NOW + DAY)
    allow(operations, since=NOW)
    assert periods(operations) == [(NOW, NOW + DAY), (NOW + DAY, None)]


def test_an_entry_removed_before_it_begins_is_an_empty_period(operations: Operations):
    add_external(operations)
    allow(operations, since=NOW + DAY)
    operations.disallow_creator("brand", "ada", now=NOW)
    assert periods(operations) == [(NOW + DAY, NOW + DAY)]


def test_removing_what_is_not_allowed_says_so(operations: Operations):
    add_project(operations)
    assert not operations.disallow_creator("brand", "ada", now=NOW)


def test_projects_allow_independently(operations: Operations):
    add_external(operations)
    add_project(operations, "second")
    allow(operations)
    allow(operations, project_id="second")
    operations.disallow_creator("brand", "ada", now=NOW + MINUTE)
    assert periods(operations) == [(NOW, NOW + MINUTE), (NOW, None)]


def test_an_account_has_one_creator(operations: Operations):
    add_external(operations)
    allow(operations)
    thief = NewCreator(creator_id="bob", display_name="Bob", account_ids=(EXTERNAL,))
    with pytest.raises(InputRefusedError, match=r"cannot belong to creator bob.*creator ada"):
        operations.allow_creators("brand", [thief], allowed_from=NOW)
    assert {row.creator_id for row in operations.allowlist()} == {"ada"}


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"account_ids": ("tiktok:x",)}, NotFoundError, "1 platform account.* exist: tiktok:x"),
        ({"creator_id": " "}, InputRefusedError, "creator id ' ' cannot be a key"),
        ({"allowed_from": None}, InputRefusedError, "creator ada: allowed_from is missing"),
        (
            {"allowed_from": NOW.replace(tzinfo=None)},
            InputRefusedError,
            "creator ada: allowed_from: 2025-03-01T12:00:00 has no time zone",
        ),
    ],
)
def test_a_wrong_creator_is_refused(operations: Operations, wrong, error, message):
    add_project(operations)
    creator = {"creator_id": "ada", "display_name": "Ada", "allowed_from": NOW} | wrong
    with pytest.raises(error, match=message):
        operations.allow_creators("brand", [NewCreator(**creator)])


def test_an_unknown_project_allows_nobody(operations: Operations):
    with pytest.raises(NotFoundError, match="project 'brand' does not exist"):
        operations.allow_creators("brand", [], allowed_from=NOW)


IMPORTS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["ada", "bob"]), st.integers(0, 5), st.integers(0, 1)),
        max_size=3,
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def imported(operations: Operations) -> Operations:
    """Two accounts for each of two creators, and no allowlist."""
    keys = [f"{creator}{number}" for creator in ("ada", "bob") for number in range(2)]
    accounts = [
        NewAccount(platform="tiktok", account_key=key, connection="external") for key in keys
    ]
    operations.add_accounts(accounts, now=NOW)
    return operations


@examples(
    0.75,
    # Every example imports into projects of its own, so examples do not see each other.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(imports=IMPORTS, shuffled=st.randoms(use_true_random=False))
def test_imports_may_come_in_any_order(imported: Operations, imports, shuffled):
    other_order = shuffled.sample(imports, len(imports))
    number = len(imported.projects())
    first = allowed_by(imported, f"p{number}", imports)
    assert allowed_by(imported, f"p{number + 1}", other_order) == first


def allowed_by(operations: Operations, project_id: str, imports) -> dict[str, datetime]:
    """Who is allowed in a new project after the imports, and since when."""
    add_project(operations, project_id)
    for batch in imports:
        creators = [
            NewCreator(
                creator_id=creator,
                display_name=creator,
                account_ids=(f"tiktok:{creator}{account}",),
                allowed_from=NOW + days * DAY,
            )
            for creator, days, account in batch
        ]
        operations.allow_creators(project_id, creators)
    return {
        row.creator_id: row.allowed_from
        for row in operations.allowlist()
        if row.project_id == project_id and row.allowed_to is None
    }


def test_ten_thousand_creators_are_allowed_at_once(operations: Operations, tmp_path: Path):
    keys = [f"key{number}" for number in range(10_000)]
    add_external(operations, *keys)
    creators = [
        NewCreator(creator_id=key, display_name=key, account_ids=(f"tiktok:{key}",)) for key in keys
    ]
    assert operations.allow_creators("brand", creators, allowed_from=NOW) == 10_000
