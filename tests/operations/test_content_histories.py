"""Histories of content: every change is kept, none meets another, the last one counts.

Belongs here: tests of safety reviews, overrides, approvals and ads.
Does not belong here: creatives (``test_creatives``), what a tick makes of it (``steps``).
"""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.ads import Ad, NewAd
from layers_pipeline.operations.store import Operations
from tests.operations.world import MINUTE, NOW, add_project, each_database

ONE_MICROSECOND = timedelta(microseconds=1)
CONTENT, POST = "brand/generated:one", "tiktok:7501"


@pytest.fixture
def brand(operations: Operations) -> Operations:
    add_project(operations)
    return operations


def review(operations: Operations, *, failed: bool = True, now: datetime = NOW, **changes):
    fields = {"container_id": POST, "reviewed_by": "ann"} | changes
    return operations.verdicts.review(
        fields.pop("container_id"), safety_failed=failed, now=now, **fields
    )


def override(operations: Operations, word="include", *, now: datetime = NOW, **changes):
    fields = {"content": CONTENT, "note": "because", "changed_by": "ann"} | changes
    return operations.verdicts.override(fields.pop("content"), word, now=now, **fields)


def approve(operations: Operations, word="approved", *, now: datetime = NOW, **changes):
    fields = {"content": CONTENT, "changed_by": "ann"} | changes
    return operations.verdicts.approve(fields.pop("content"), word, now=now, **fields)


def connect(operations: Operations, content: str = CONTENT, *, now: datetime = NOW, **changes):
    fields = {"ad_platform": "meta", "ad_id": "1"} | changes
    return operations.ads.connect([NewAd(ads_content_id=content, **fields)], now=now)


HISTORIES = {
    "reviews": (review, lambda operations: operations.verdicts.reviews()),
    "overrides": (override, lambda operations: operations.verdicts.overrides()),
    "approvals": (approve, lambda operations: operations.verdicts.approvals()),
}
each_history = pytest.mark.parametrize(("change", "history"), HISTORIES.values(), ids=HISTORIES)


@each_history
def test_a_change_is_stored_as_it_is_given_back(brand, change, history):
    made = change(brand, note="why")
    assert made.note == "why"
    assert made.known_at == NOW
    assert history(brand) == [made]


@each_database
@each_history
def test_two_changes_at_one_instant_do_not_meet(brand, change, history):
    made = [change(brand, note=f"{number}") for number in range(3)]
    assert [row.known_at - NOW for row in made] == [number * ONE_MICROSECOND for number in range(3)]
    assert history(brand) == made


@each_database
@each_history
def test_a_clock_that_goes_back_does_not_bury_the_last_change(brand, change, history):
    change(brand)
    made = change(brand, now=NOW - MINUTE)
    assert made.known_at == NOW + ONE_MICROSECOND
    assert history(brand)[-1] == made


@each_history
def test_a_naive_instant_is_refused(brand, change, history):
    with pytest.raises(InputRefusedError, match="has no time zone"):
        change(brand, now=NOW.replace(tzinfo=None))
    assert history(brand) == []


@each_history
@pytest.mark.parametrize(
    ("note", "message"),
    [
        (281 * "x", "note 'x+'… has 281 characters. Use 280 at most"),
        ("a\x1b[2Jb", "has control characters. Write one line"),
        ("a\nb", "has control characters"),
        ("  ", "note is empty"),
    ],
)
def test_a_note_that_cannot_be_stored_is_refused(brand, change, history, note, message):
    with pytest.raises(InputRefusedError, match=message):
        change(brand, note=note)
    assert history(brand) == []


@each_database
@each_history
def test_a_note_may_have_280_characters_of_any_script(brand, change, history):
    note = 279 * "é" + "\N{PERSONAL COMPUTER}"
    assert change(brand, note=note).note == note
    assert history(brand)[0].note == note


@pytest.mark.parametrize("container", ["tiktok:7501", "instagram:17", "generated:a", "manual:a"])
def test_posts_and_creatives_are_reviewed(brand, container):
    review(brand, failed=False, container_id=container)
    rows = brand.verdicts.reviews()
    assert [(row.container_id, row.safety_failed, row.note) for row in rows] == [
        (container, False, None)
    ]


@pytest.mark.parametrize("container", ["youtube:1", "tiktok:", "tiktok", "", "brand/tiktok:1"])
def test_what_is_no_container_is_not_reviewed(brand, container):
    with pytest.raises(InputRefusedError, match=r"is no container\. Write generated:SLUG"):
        review(brand, container_id=container)


def test_an_override_is_taken_back_by_null(brand):
    for minute, word in enumerate(("include", "exclude", None)):
        override(brand, word, now=NOW + minute * MINUTE)
    assert [row.override for row in brand.verdicts.overrides()] == ["include", "exclude", None]


@pytest.mark.parametrize("change", [override, approve])
def test_an_unknown_project_is_named(brand, change):
    with pytest.raises(NotFoundError, match="project 'nobody' does not exist"):
        change(brand, content="nobody/tiktok:1")


@pytest.mark.parametrize("change", [override, approve])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tiktok:1", "project id 'tiktok:1' is not a slug"),
        ("brand", "is no container"),
        ("brand/youtube:1", "'youtube:1' is no container"),
    ],
)
def test_what_is_no_ads_content_is_refused(brand, change, content, message):
    with pytest.raises(InputRefusedError, match=message):
        change(brand, content=content)


@pytest.mark.parametrize(
    ("change", "word", "known"),
    [(override, "maybe", "include, exclude"), (approve, "maybe", "not_required, pending")],
)
def test_an_unknown_word_is_refused_with_those_known(brand, change, word, known):
    with pytest.raises(InputRefusedError, match=f"'maybe' is not known. Use one of: {known}"):
        change(brand, word)


@pytest.mark.parametrize(("change", "who"), [(review, "reviewed_by"), (override, "changed_by")])
def test_a_change_has_a_person(brand, change, who):
    with pytest.raises(InputRefusedError, match="name of the person ' ' cannot be a key"):
        change(brand, **{who: " "})


@each_database
def test_only_changes_of_ads_are_written(brand):
    other = "brand/tiktok:7"
    assert [connect(brand), connect(brand), connect(brand, other), connect(brand)] == [1, 0, 1, 1]
    assert brand.ads.all() == [
        Ad(
            ad_platform="meta",
            ad_id="1",
            ads_content_id=content,
            known_at=NOW + number * ONE_MICROSECOND,
        )
        for number, content in enumerate((CONTENT, other, CONTENT))
    ]


@each_database
def test_ads_of_two_platforms_are_two(brand):
    assert connect(brand) + connect(brand, ad_platform="tiktok") == 2


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"ad_platform": "x"}, InputRefusedError, "ad platform 'x' is not known"),
        ({"ad_id": ""}, InputRefusedError, "meta ad '' cannot be a key"),
        ({"content": "nobody/tiktok:1"}, NotFoundError, "project 'nobody'"),
    ],
)
def test_a_wrong_ad_is_refused(brand, wrong, error, message):
    with pytest.raises(error, match=message):
        connect(brand, **wrong)


@each_database
def test_ten_thousand_ads_are_connected_at_once(brand):
    rows = [
        NewAd(ad_platform="meta", ad_id=str(number), ads_content_id=CONTENT)
        for number in range(10_000)
    ]
    assert brand.ads.connect(rows, now=NOW) == 10_000
    assert brand.ads.connect(rows, now=NOW + MINUTE) == 0


@each_database
@settings(
    # Every example speaks of content of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.sampled_from(["include", "exclude", None]),
            st.integers(-3, 3),
        ),
        max_size=12,
    )
)
def test_whatever_the_clocks_say_no_change_is_lost_and_the_last_counts(brand, changes):
    name = f"generated:e{len(brand.verdicts.overrides())}"
    for thing, word, minutes in changes:
        override(brand, word, content=f"brand/{name}-{thing}", now=NOW + minutes * MINUTE)
    for thing in ("a", "b"):
        rows = [
            row
            for row in brand.verdicts.overrides()
            if row.ads_content_id == f"brand/{name}-{thing}"
        ]
        assert [row.override for row in rows] == [word for of, word, _ in changes if of == thing]
        assert all(one.known_at < two.known_at for one, two in pairwise(rows))
