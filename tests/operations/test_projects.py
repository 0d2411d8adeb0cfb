"""Projects: what is accepted and what is refused, with which words.

Belongs here: tests of adding and finding projects.
Does not belong here: what an inactive project stops (``test_due``).
"""

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.projects import Project
from layers_pipeline.operations.store import Operations
from tests.operations.world import NOW, add_project, each_database


@each_database
def test_a_project_is_found_as_it_was_added(operations: Operations):
    assert operations.projects.add("my-brand", name="Müller", time_zone="Asia/Tokyo", now=NOW)
    assert operations.projects.get("my-brand") == Project(
        project_id="my-brand",
        name="Müller",
        time_zone="Asia/Tokyo",
        is_active=True,
        created_at=NOW,
    )


@each_database
def test_adding_a_project_again_changes_nothing(operations: Operations):
    add_project(operations)
    before = operations.projects.all()
    assert not operations.projects.add("brand", name="Other", time_zone="UTC", now=NOW)
    assert operations.projects.all() == before


def test_an_unknown_project_is_answered_with_the_known(operations: Operations):
    add_project(operations, "one")
    add_project(operations, "two")
    with pytest.raises(NotFoundError, match=r"project 'tow' does not exist. Known: one, two."):
        operations.projects.get("tow")


def test_an_unknown_project_cannot_be_switched_off(operations: Operations):
    with pytest.raises(NotFoundError, match="Known: none"):
        operations.projects.set_active("brand", is_active=False)


@pytest.mark.parametrize("project_id", ["", "Brand", "-brand", "my brand", "ä", "a" * 64, "a\n"])
def test_a_project_id_that_is_no_slug_is_refused(operations: Operations, project_id):
    with pytest.raises(InputRefusedError, match=r"is not a slug. Use 1 to 63"):
        operations.projects.add(project_id, name="Brand", time_zone="UTC", now=NOW)


@pytest.mark.parametrize("project_id", ["a", "0", "a_b-c", "a" * 63])
def test_a_slug_is_accepted(operations: Operations, project_id):
    assert operations.projects.add(project_id, name="Brand", time_zone="UTC", now=NOW)


@pytest.mark.parametrize("time_zone", ["", "Berlin", "America", "+02:00", "../UTC", "/etc/passwd"])
def test_an_unknown_time_zone_is_refused(operations: Operations, time_zone):
    with pytest.raises(InputRefusedError, match=r"is not known. Use an IANA name"):
        operations.projects.add("brand", name="Brand", time_zone=time_zone, now=NOW)


def test_a_project_needs_a_name(operations: Operations):
    with pytest.raises(InputRefusedError, match="project 'brand': the name is empty"):
        operations.projects.add("brand", name=" ", time_zone="UTC", now=NOW)
