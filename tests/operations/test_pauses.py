"""Pauses of whole APIs.

Belongs here: ``Refusals.pause`` and ``pause_of``.
Does not belong here: waits of single accounts (``test_finish_syncs``).
"""

import pytest

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.refusals import ApiPause
from layers_pipeline.operations.store import Operations
from tests.operations.world import MINUTE, NOW, each_database

APP = "instagram_graph:app"
LATER = NOW + 60 * MINUTE


def pause(operations: Operations, **changes) -> bool:
    wish = {"scope": APP, "until": LATER, "reason": "usage 95 %", "now": NOW} | changes
    return operations.refusals.pause(wish.pop("scope"), **wish)


def test_an_api_that_was_never_paused_may_be_called(operations: Operations):
    assert operations.refusals.pause_of(APP, now=NOW) is None


@each_database
def test_a_pause_is_found_until_its_end(operations: Operations):
    assert pause(operations)
    row = ApiPause(scope=APP, until=LATER, reason="usage 95 %", set_at=NOW)
    assert operations.refusals.pause_of(APP, now=LATER - MINUTE) == row
    assert operations.refusals.pause_of(APP, now=LATER) is None


def test_a_pause_is_of_one_scope(operations: Operations):
    pause(operations)
    assert operations.refusals.pause_of("tiktok_business:app", now=NOW) is None


@each_database
@pytest.mark.parametrize(
    ("until", "reason"), [(LATER + MINUTE, "second"), (LATER, "first"), (NOW + MINUTE, "first")]
)
def test_a_pause_is_only_ever_lengthened(operations: Operations, until, reason):
    pause(operations, reason="first")
    assert pause(operations, until=until, reason="second") == (reason == "second")
    found = operations.refusals.pause_of(APP, now=NOW)
    assert found is not None
    assert (found.until, found.reason) == (max(until, LATER), reason)


@each_database
def test_any_reason_can_be_stored(operations: Operations):
    pause(operations, reason="a\x00" + "x" * 600)
    found = operations.refusals.pause_of(APP, now=NOW)
    assert found is not None
    assert found.reason == "a" + "x" * 499


def test_a_pause_of_nothing_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="scope of a pause '' cannot be a key"):
        pause(operations, scope="")
