from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.creative_builders import (
    creative_member,
    creative_members_of,
    override,
    overrides,
    review,
    reviews,
)
from tests.worlds.data_builders import AS_OF, member, members
from transforms.contracts.scoring import CreativeMembers, PoolMembers
from transforms.facts.verdicts import with_verdicts


def verdict(*, said=(), reviewed=(), pool=None, as_of=AS_OF):
    """What stands of the first member of a pool, the creative ``c`` by default."""
    pool = creative_members_of([creative_member()]) if pool is None else pool
    rows = with_verdicts(pool, reviews=reviews(reviewed), overrides=overrides(said), as_of=as_of)
    first = rows.collect().row(0, named=True)
    return first["safety_failed"], first["override"]


def test_nothing_said_is_safe_and_not_overridden():
    assert verdict() == (False, None)


@pytest.mark.parametrize(
    ("reviewed", "failed"),
    [
        pytest.param([review()], True, id="failed"),
        pytest.param([review(failed=False)], False, id="passed"),
        pytest.param([review(at=0)], True, id="known at the tick"),
        pytest.param([review(at=1)], False, id="known later"),
        pytest.param([review(at=-2), review(failed=False)], False, id="passed since"),
        pytest.param([review(failed=False, at=-2), review()], True, id="failed since"),
        pytest.param([review("generated:other")], False, id="of another container"),
        pytest.param([review(), review(failed=False)], True, id="both at once: failed"),
    ],
)
def test_the_newest_review_known_at_the_tick_counts(reviewed, failed):
    assert verdict(reviewed=reviewed) == (failed, None)
    assert verdict(reviewed=reviewed[::-1]) == (failed, None)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        pytest.param([override("include")], "include", id="included"),
        pytest.param([override("exclude")], "exclude", id="excluded"),
        pytest.param([override("include", 1)], None, id="known later"),
        pytest.param([override("exclude", -2), override("include")], "include", id="since"),
        pytest.param([override("exclude", -2), override(None)], None, id="the score decides again"),
        pytest.param([override("include", content="other/generated:c")], None, id="other project"),
    ],
)
def test_the_newest_override_known_at_the_tick_counts(said, word):
    assert verdict(said=said) == (False, word)
    assert verdict(said=said[::-1]) == (False, word)


def test_a_review_of_a_post_counts_in_every_project():
    pool = members([member("p"), member("p", project_id="other")])
    rows = with_verdicts(
        pool, reviews=reviews([review("tiktok:p")]), overrides=overrides([]), as_of=AS_OF
    )
    assert rows.collect()["safety_failed"].to_list() == [True, True]


def test_an_override_of_a_post_counts_in_its_project():
    pool = members([member("p"), member("p", project_id="other")])
    said = overrides([override("exclude", content="other/tiktok:p")])
    rows = with_verdicts(pool, reviews=reviews([]), overrides=said, as_of=AS_OF)
    assert rows.sort("project_id").collect()["override"].to_list() == [None, "exclude"]


@pytest.mark.parametrize("project", ["brand", "Marke-Ü", "a/b"])
def test_a_container_is_found_whatever_its_project_is_called(project):
    pool = creative_members_of([creative_member(project_id=project)])
    assert verdict(pool=pool, reviewed=[review()]) == (True, None)


def test_members_keep_their_contracts():
    said = {"reviews": reviews([review()]), "overrides": overrides([override("include")])}
    posts = with_verdicts(members([member()]), as_of=AS_OF, **said).collect()
    assert PoolMembers.is_valid(posts.select(PoolMembers.column_names()))
    made = with_verdicts(creative_members_of([creative_member()]), as_of=AS_OF, **said).collect()
    assert CreativeMembers.is_valid(made.select(CreativeMembers.column_names()))


REVIEWS = st.lists(
    st.builds(lambda at, failed: review(at=at, failed=failed), st.integers(-9, 9), st.booleans()),
    max_size=5,
)
CHANGES = st.lists(
    st.builds(override, st.sampled_from([None, "include", "exclude"]), st.integers(-9, 9)),
    max_size=5,
    unique_by=lambda row: row["known_at"],
)


@given(reviewed=REVIEWS, said=CHANGES)
def test_what_is_said_later_changes_no_earlier_tick(reviewed, said):
    known = [[row for row in rows if row["known_at"] <= AS_OF] for rows in (reviewed, said)]
    assert verdict(reviewed=reviewed, said=said) == verdict(reviewed=known[0], said=known[1])


@given(reviewed=REVIEWS, said=CHANGES, number=st.floats(-400, 400))
def test_shifting_all_times_shifts_nothing(reviewed, said, number):
    shift = timedelta(days=number)
    moved = [
        [row | {"known_at": row["known_at"] + shift} for row in rows] for rows in (reviewed, said)
    ]
    shifted = verdict(reviewed=moved[0], said=moved[1], as_of=AS_OF + shift)
    assert shifted == verdict(reviewed=reviewed, said=said)
