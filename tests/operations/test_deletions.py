"""Deletions that a person confirms.

Belongs here: the repository ``Deletions``.
Does not belong here: deleting.
"""

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.store import Operations
from tests.operations.world import (
    EXTERNAL,
    MINUTE,
    NOW,
    OAUTH,
    add_external,
    add_oauth,
    each_database,
)


def confirm(operations: Operations, listing: str = "listing-1", **changes) -> bool:
    wish = {"account_id": OAUTH, "by": "ann", "now": NOW} | changes
    return operations.deletions.confirm(wish.pop("account_id"), listing, **wish)


@each_database
def test_a_confirmation_is_kept_as_it_was_first_given(operations: Operations):
    add_oauth(operations)
    assert confirm(operations)
    assert not confirm(operations, by="bob", now=NOW + MINUTE)
    assert confirm(operations, "listing-2", by="bob")
    rows = operations.deletions.confirmations()
    assert [(row.account_id, row.listing_id, row.confirmed_by) for row in rows] == [
        (OAUTH, "listing-1", "ann"),
        (OAUTH, "listing-2", "bob"),
    ]
    assert rows[0].confirmed_at == NOW


def test_an_unknown_account_is_refused(operations: Operations):
    with pytest.raises(NotFoundError, match=f"do not exist: {OAUTH}"):
        confirm(operations)


def test_listings_of_external_accounts_delete_nothing(operations: Operations):
    add_external(operations)
    with pytest.raises(InputRefusedError, match=r"external.*its listings delete nothing"):
        confirm(operations, account_id=EXTERNAL)


@pytest.mark.parametrize(
    ("wrong", "said"), [({"listing": ""}, "listing ''"), ({"by": " "}, "name of the person ' '")]
)
def test_a_confirmation_of_nothing_or_by_nobody_is_refused(operations: Operations, wrong, said):
    add_oauth(operations)
    with pytest.raises(InputRefusedError, match=said):
        confirm(operations, **wrong)
