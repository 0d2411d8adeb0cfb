"""Scheduled posts and saved views: every change is kept, the newest counts.

Belongs here: tests of the tables ``scheduled_content`` and ``saved_views``.
Does not belong here: which of them a filter keeps (``tests/views``), files (``tests/cli``).
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.saved_views import NewView
from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.operations.store import Operations
from tests.operations.world import EXTERNAL, MINUTE, NOW, add_external, each_database

POST = NewScheduledPost(
    project_id="brand",
    slug="teaser",
    account_id=EXTERNAL,
    scheduled_for=NOW + timedelta(days=3),
    caption="Spring\nis here",
    media_type="tiktok_video",
    container_id="generated:teaser-12",
)
VIEW = NewView(project_id="brand", name="best", query="platform=tiktok", export_as="csv")


@pytest.fixture
def brand(operations: Operations) -> Operations:
    add_external(operations)
    return operations


def state(brand: Operations, *posts: NewScheduledPost, now=NOW) -> int:
    return brand.scheduled_posts.state(posts, changed_by="ann", now=now)


@each_database
def test_a_scheduled_post_is_given_back_and_stating_it_again_changes_nothing(brand):
    assert state(brand, POST) == 1
    assert state(brand, POST, now=NOW + MINUTE) == 0

    (found,) = brand.scheduled_posts.standing("brand")

    assert (found.slug, found.scheduled_for, found.caption) == (
        "teaser",
        POST.scheduled_for,
        POST.caption,
    )
    assert (found.known_at, found.changed_by, found.is_cancelled) == (NOW, "ann", False)


def test_posts_stand_in_the_order_of_their_time_and_a_change_is_a_row_of_its_own(brand):
    state(brand, POST, replace(POST, slug="first", scheduled_for=NOW))
    state(brand, replace(POST, scheduled_for=NOW - MINUTE))

    assert [post.slug for post in brand.scheduled_posts.standing("brand")] == ["teaser", "first"]
    assert len(brand.scheduled_posts.history("brand")) == 3


def test_a_cancelled_post_stays_with_its_note_and_may_be_scheduled_again(brand):
    state(brand, POST)
    cancel = {"note": "Wrong music", "changed_by": "bob", "now": NOW}

    assert brand.scheduled_posts.cancel("brand", "teaser", **cancel)
    assert not brand.scheduled_posts.cancel("brand", "teaser", **cancel)
    (found,) = brand.scheduled_posts.standing("brand")
    assert (found.is_cancelled, found.note, found.changed_by) == (True, "Wrong music", "bob")

    assert state(brand, POST) == 1
    assert [row.is_cancelled for row in brand.scheduled_posts.history("brand")] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"slug": "A b"}, InputRefusedError, "scheduled post 'A b': that is not a slug"),
        ({"caption": " "}, InputRefusedError, "'teaser': caption is empty"),
        ({"caption": "x" * 4001}, InputRefusedError, "has 4,001 characters. Use 4,000 at most"),
        ({"caption": "a\x00b"}, InputRefusedError, "has control characters"),
        ({"media_type": "tweet"}, InputRefusedError, "media type 'tweet' is not known"),
        ({"container_id": "tiktok:1"}, InputRefusedError, "'tiktok:1' is no creative"),
        ({"account_id": "tiktok:nobody"}, NotFoundError, "do not exist: tiktok:nobody"),
        ({"project_id": "nobody"}, NotFoundError, "project 'nobody' does not exist"),
    ],
)
def test_a_bad_value_is_named_and_nothing_is_written(brand, change, error, told):
    with pytest.raises(error, match=told):
        state(brand, POST, replace(POST, **change))

    assert brand.scheduled_posts.standing("brand") == []


def test_cancelling_what_is_not_there_names_what_is(brand):
    state(brand, POST)

    with pytest.raises(NotFoundError, match=r"'teeser': .* Known: teaser\."):
        brand.scheduled_posts.cancel("brand", "teeser", note="n", changed_by="ann", now=NOW)


@each_database
def test_a_view_is_saved_changed_and_forgotten_and_its_history_stays(brand):
    views = brand.saved_views
    assert views.save(VIEW, changed_by="ann", now=NOW)
    assert not views.save(VIEW, changed_by="ann", now=NOW)
    assert views.save(replace(VIEW, export_as=None), changed_by="ann", now=NOW)
    assert views.get("brand", "best").export_as is None
    views.forget("brand", "best", changed_by="bob", now=NOW)

    assert views.all() == []
    assert [(row.export_as, row.is_forgotten) for row in views.history()] == [
        ("csv", False),
        (None, False),
        (None, True),
    ]
    with pytest.raises(NotFoundError, match="Known: none"):
        views.get("brand", "best")
    assert views.save(VIEW, changed_by="ann", now=NOW)


def test_a_view_needs_a_slug_and_a_project(brand):
    with pytest.raises(InputRefusedError, match="view 'best reels': that is not a slug"):
        brand.saved_views.save(replace(VIEW, name="best reels"), changed_by="ann", now=NOW)
    with pytest.raises(NotFoundError, match="'nobody' does not exist"):
        brand.saved_views.save(replace(VIEW, project_id="nobody"), changed_by="ann", now=NOW)
