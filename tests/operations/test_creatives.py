"""Creatives: added once, the same in every project, refused where they disagree.

Belongs here: tests of ``creatives``.
Does not belong here: what is said of them later (``test_content_histories``).
"""

import itertools

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.creatives import Creative, NewCreative
from layers_pipeline.operations.store import Operations
from tests.hypothesis_profiles import examples
from tests.operations.world import MINUTE, NOW, add_project, each_database

MADE = NOW - 60 * MINUTE
RUNS = itertools.count()


def new(slug: str = "one", **changes) -> NewCreative:
    """A generated creative of ``brand``, made an hour before ``NOW``."""
    known = {"project_id": "brand", "kind": "generated", "created_at": MADE} | changes
    return NewCreative(**({"container_id": f"{known['kind']}:{slug}"} | known))


def added(operations: Operations, *rows: NewCreative, now=NOW) -> int:
    return operations.creatives.add(rows, now=now)


@pytest.fixture
def brand(operations: Operations) -> Operations:
    add_project(operations)
    add_project(operations, "other")
    return operations


@each_database
def test_a_creative_is_stored_as_it_was_given(brand):
    fields = {"prompt": " A cat\non a mat ", "influencer": "ada", "media_source": "https://m/1.mp4"}
    assert added(brand, new(**fields)) == 1
    assert brand.creatives.all() == [
        Creative(
            project_id="brand",
            container_id="generated:one",
            kind="generated",
            created_at=MADE,
            known_at=NOW,
            prompt="A cat\non a mat",
            influencer="ada",
            media_source="https://m/1.mp4",
        )
    ]


@each_database
def test_adding_again_changes_nothing(brand):
    added(brand, new(prompt="p"))
    before = brand.creatives.all()
    assert added(brand, new(prompt="p"), now=NOW + MINUTE) == 0
    assert brand.creatives.all() == before


def test_what_is_left_out_is_as_it_is_known(brand):
    added(brand, new(prompt="p"))
    assert added(brand, new(project_id="other", created_at=None), now=NOW + MINUTE) == 1
    other = brand.creatives.all()[1]
    assert (other.created_at, other.prompt, other.known_at) == (MADE, "p", NOW + MINUTE)


def test_without_a_creation_a_new_creative_was_made_now(brand):
    added(brand, new(created_at=None))
    assert brand.creatives.all()[0].created_at == NOW


def test_rows_of_one_creative_agree_whatever_their_order(brand):
    added(brand, new(created_at=None), new(project_id="other"))
    assert {row.created_at for row in brand.creatives.all()} == {MADE}


@pytest.mark.parametrize("project", ["brand", "other"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"created_at": NOW}, r"created_at is 2025-03-01T11:00:00\+00:00 in project 'brand', not"),
        ({"prompt": "q"}, "prompt is 'p' in project 'brand', not 'q'"),
        ({"influencer": "ada"}, "influencer is not told in project 'brand', not 'ada'"),
        ({"media_source": "m"}, "media_source is not told.* another creative another slug"),
    ],
)
def test_a_creative_stays_what_it_was(brand, project, change, message):
    added(brand, new(prompt="p"))
    with pytest.raises(InputRefusedError, match=message):
        added(brand, new("two"), new(project_id=project, **change))
    assert len(brand.creatives.all()) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"container_id": "generated:a b"}, "'a b' is not a slug"),
        ({"container_id": "generated:"}, "'' is not a slug"),
        ({"container_id": "generated:" + 101 * "x"}, "is not a slug"),
        ({"container_id": "generated:a/b"}, "'a/b' is not a slug"),
        ({"container_id": "tiktok:7"}, "kind 'generated' does not fit"),
        ({"container_id": "manual:x"}, "kind 'generated' does not fit"),
        ({"container_id": "x"}, "is no container. Write generated:SLUG, manual:SLUG, instagram"),
        ({"prompt": "a\x00b"}, "prompt 'a.*b' has control characters"),
        ({"prompt": 10_001 * "x"}, "has 10,001 characters. Use 10,000 at most"),
        ({"influencer": "a\nb"}, "influencer .* Write one line"),
        ({"media_source": "\ud800"}, "media_source .* has control characters"),
        ({"created_at": NOW.replace(tzinfo=None)}, "created_at: 2025-.* has no time zone"),
    ],
)
def test_a_wrong_creative_is_refused(brand, wrong, message):
    with pytest.raises(InputRefusedError, match=message):
        added(brand, new("good"), new(**wrong))
    assert brand.creatives.all() == []


def test_an_unknown_project_is_named(brand):
    with pytest.raises(NotFoundError, match=r"project 'nobody' does not exist\. Known: brand"):
        added(brand, new(), new(project_id="nobody"))
    assert brand.creatives.all() == []


def test_every_problem_is_found_by_its_position(brand):
    added(brand, new())
    rows = [new(created_at=NOW), new("fine"), new("x", project_id="nobody"), new("a b")]
    found = brand.creatives.problems(rows, now=NOW)
    assert sorted(found) == [0, 2, 3]
    assert "'nobody'" in found[2]
    assert len(brand.creatives.all()) == 1


def test_a_creative_is_looked_for_by_project(brand):
    added(brand, new())
    brand.creatives.require("generated:one")
    brand.creatives.require("generated:one", project_id="brand")
    with pytest.raises(NotFoundError, match="not in project 'other', but in brand"):
        brand.creatives.require("generated:one", project_id="other")
    with pytest.raises(NotFoundError, match="generated:two does not exist"):
        brand.creatives.require("generated:two")


@each_database
def test_ten_thousand_creatives_are_added_at_once(brand):
    rows = [new(f"c{number}", prompt="p") for number in range(10_000)]
    assert added(brand, *rows) == 10_000
    assert added(brand, *rows) == 0


@pytest.fixture
def many_projects(operations: Operations) -> Operations:
    for project in "abc":
        add_project(operations, project)
    return operations


@each_database
@examples(
    0.75,
    # Every example adds creatives of its own, so examples do not see each other.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    pairs=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12),
    cuts=st.integers(1, 4),
)
def test_creatives_may_come_in_any_order_and_again(many_projects, pairs, cuts):
    run = f"r{next(RUNS)}"
    rows = [new(f"{run}-{slug}", project_id=project) for project, slug in pairs]
    counts = [added(many_projects, *rows[start::cuts]) for start in range(cuts)]
    held = {(row.project_id, row.container_id) for row in many_projects.creatives.all()}
    assert sum(counts) == len(set(rows))
    assert {(row.project_id, row.container_id) for row in rows} <= held
