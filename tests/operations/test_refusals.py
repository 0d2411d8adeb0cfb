"""What platforms refuse: metrics, fields and posts, each with its scope and its end.

Belongs here: remembering, asking, forgetting.
Does not belong here: what a client makes of it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.refusals import LeftOut, Refusal, RefusalScope
from layers_pipeline.operations.store import Operations
from tests.operations.world import NOW, OAUTH, each_database

OTHER = "instagram:other"
DAYS = timedelta(days=14)
SCOPE = RefusalScope(source="instagram_graph", api_version="v26.0", login="facebook_login")
REFUSED = Refusal(
    source="instagram_graph",
    api_version="v26.0",
    login="facebook_login",
    account_id="",
    media_type="reel",
    item_id="",
    name="plays",
    cause="(#100) metric plays is gone",
    first_at=NOW,
    last_at=NOW,
    until=NOW + DAYS,
)
POST = replace(REFUSED, account_id=OAUTH, item_id="17841", name="insights")


def left_out(operations, *, now=NOW, **scope):
    return operations.refusals.left_out(replace(SCOPE, **scope), [OAUTH, OTHER], now=now)


@each_database
def test_a_refusal_for_everybody_is_left_out_by_all_and_one_of_an_account_by_itself(
    operations: Operations,
):
    own = replace(REFUSED, account_id=OAUTH, name="views")
    one = replace(REFUSED, account_id=OTHER, item_id="5", name="saved")
    operations.refusals.add([REFUSED, own, one, POST])
    assert left_out(operations) == {
        OAUTH: LeftOut(names={("reel", "plays"), ("reel", "views")}, unreadable={"17841"}),
        OTHER: LeftOut(names={("reel", "plays"), ("5", "saved")}),
    }


@pytest.mark.parametrize(
    "scope", [{"source": "tiktok_business"}, {"api_version": "v27.0"}, {"login": "other"}], ids=str
)
def test_a_refusal_is_of_one_source_version_and_login(operations: Operations, scope):
    operations.refusals.add([REFUSED, POST])
    assert left_out(operations, **scope) == {OAUTH: LeftOut(), OTHER: LeftOut()}


def test_a_refusal_ends(operations: Operations):
    operations.refusals.add([REFUSED, POST])
    assert left_out(operations, now=NOW + DAYS) == {OAUTH: LeftOut(), OTHER: LeftOut()}


@each_database
def test_what_is_refused_again_keeps_its_first_time_and_ends_later(operations: Operations):
    later = NOW + DAYS
    operations.refusals.add([REFUSED])
    operations.refusals.add(
        [replace(REFUSED, cause="again", first_at=later, last_at=later, until=later + DAYS)]
    )
    (row,) = operations.refusals.all()
    assert (row.cause, row.first_at, row.last_at, row.until) == ("again", NOW, later, later + DAYS)


@each_database
def test_what_is_forgotten_is_asked_for_again(operations: Operations):
    operations.refusals.add([REFUSED, POST])
    assert operations.refusals.forget(name="plays") == 1
    assert [row.name for row in operations.refusals.all()] == ["insights"]
    assert operations.refusals.forget(account_id=OTHER) == 0
    assert operations.refusals.forget() == 1


def test_nothing_to_remember_is_fine(operations: Operations):
    operations.refusals.add([])
    assert operations.refusals.all() == []


def test_a_refusal_of_nothing_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="name of a refusal '' cannot be a key"):
        operations.refusals.add([replace(REFUSED, name="")])


def test_a_condition_that_no_refusal_has_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="refusals have no colour"):
        operations.refusals.forget(colour="red")
