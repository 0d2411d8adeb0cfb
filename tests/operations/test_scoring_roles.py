"""Versions of the scoring rules: one is active, others may be shadows, every period is kept.

Belongs here: tests of ``scoring_versions``.
Does not belong here: what the versions say.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from layers_pipeline.errors import InputRefusedError, StoreError
from layers_pipeline.operations.store import Operations
from tests.operations.workers import activate_often, at_once
from tests.operations.world import MINUTE, NOW


def activate(operations: Operations, version: str, minute: int = 0) -> bool:
    return operations.activate_scoring(version, changed_by="ann", now=NOW + minute * MINUTE)


def shadow(operations: Operations, version: str, minute: int = 0) -> bool:
    return operations.shadow_scoring(version, changed_by="ann", now=NOW + minute * MINUTE)


def periods(operations: Operations) -> list[tuple]:
    """Version, role, and the minutes of beginning and end."""
    return [
        (
            row.version,
            row.role,
            (row.since - NOW) // MINUTE,
            row.until and (row.until - NOW) // MINUTE,
        )
        for row in operations.scoring_roles()
    ]


def test_nobody_has_chosen_at_first(operations: Operations):
    assert operations.active_scoring() is None
    assert operations.scoring_roles() == []


def test_the_active_version_gives_way_to_the_next(operations: Operations):
    assert [activate(operations, "2"), activate(operations, "1", 5)] == [True, True]
    assert operations.active_scoring() == "1"
    assert periods(operations) == [("2", "active", 0, 5), ("1", "active", 5, None)]


def test_activating_the_active_version_changes_nothing(operations: Operations):
    activate(operations, "2")
    assert not activate(operations, "2", 5)
    assert periods(operations) == [("2", "active", 0, None)]


def test_a_shadow_that_becomes_active_is_no_shadow_any_more(operations: Operations):
    activate(operations, "1")
    shadow(operations, "2", 1)
    shadow(operations, "3", 2)
    activate(operations, "2", 3)
    assert periods(operations) == [
        ("1", "active", 0, 3),
        ("2", "shadow", 1, 3),
        ("3", "shadow", 2, None),
        ("2", "active", 3, None),
    ]


def test_a_shadow_begins_and_stops_once(operations: Operations):
    assert [shadow(operations, "1"), shadow(operations, "1", 1)] == [True, False]
    assert operations.stop_shadow_scoring("1", now=NOW + 2 * MINUTE)
    assert not operations.stop_shadow_scoring("1", now=NOW + 3 * MINUTE)
    assert shadow(operations, "1", 4)
    assert periods(operations) == [("1", "shadow", 0, 2), ("1", "shadow", 4, None)]
    assert operations.active_scoring() is None


def test_the_active_version_is_no_shadow_of_itself(operations: Operations):
    activate(operations, "2")
    with pytest.raises(InputRefusedError, match="version 2 is active"):
        shadow(operations, "2")


@pytest.mark.parametrize("wrong", ["", " 2", "2\n"])
def test_what_cannot_name_a_version_is_refused(operations: Operations, wrong):
    with pytest.raises(InputRefusedError, match=r"scoring version .* cannot be a key"):
        activate(operations, wrong)


@pytest.mark.parametrize("versions", [("1", "2"), ("1", "1")], ids=["two", "one twice"])
def test_the_database_knows_one_active_version_only(operations: Operations, versions):
    row = "INSERT INTO scoring_versions (version, role, since, changed_by) VALUES "
    values = ", ".join(f"('{version}', 'active', '2025-01-01', 'x')" for version in versions)
    with pytest.raises(StoreError), operations.database.write() as session:
        session.execute(text(row + values))


def test_versions_activated_by_two_processes_are_active_one_after_the_other(operations, url):
    at_once(activate_often, url, ("1", "2"))
    rows = operations.scoring_roles()
    assert [row.until is None for row in rows] == [False] * (len(rows) - 1) + [True]


@settings(
    # What earlier examples left is only more history.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["activate", "shadow", "stop"]),
            st.sampled_from(["1", "2", "3"]),
            st.integers(-5, 5),
        ),
        max_size=10,
    )
)
def test_active_periods_follow_each_other_and_none_is_lost(operations: Operations, steps):
    before = len(operations.scoring_roles())
    opened = sum(played(operations, *step) for step in steps)
    rows = operations.scoring_roles()
    active = [row for row in rows if row.role == "active"]
    assert len(rows) == before + opened
    assert all(row.until is None or row.until >= row.since for row in rows)
    assert [row.until for row in active[:-1]] == [row.since for row in active[1:]]
    assert [row.version for row in active if row.until is None] == [
        version for version in [operations.active_scoring()] if version
    ]


def played(operations: Operations, step: str, version: str, minute: int) -> bool:
    """One step; whether it began a period."""
    now = NOW + timedelta(minutes=minute)
    if step == "stop":
        operations.stop_shadow_scoring(version, now=now)
        return False
    if step == "activate":
        return activate(operations, version, minute)
    if operations.active_scoring() == version:
        return False
    return shadow(operations, version, minute)
