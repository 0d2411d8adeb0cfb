"""Scheduled posts as a list: the project's days, where clocks change too, and what filters keep.

Belongs here: reading times of a zone, the list that pages and commands show.
Does not belong here: storing (``tests/operations``), the commands (``tests/cli``).
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from layers_pipeline import moments
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.accounts import NewAccount
from layers_pipeline.operations.scheduled_posts import NewScheduledPost
from layers_pipeline.operations.store import Operations
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.scheduled import scheduled

NOW = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
"""In the hour that comes twice in Berlin: half past two, for the first time."""
BERLIN = "Europe/Berlin"
KEPT = ContentFilter(project_id="brand")


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    opened = Operations(f"sqlite:///{tmp_path_factory.mktemp('posts')}/operations.db")
    opened.migrate()
    opened.projects.add("brand", name="Brand", time_zone=BERLIN, now=NOW)
    opened.accounts.add(
        [
            NewAccount(platform=platform, account_key="ada", connection="external")
            for platform in ("tiktok", "instagram")
        ],
        now=NOW,
    )
    posts = [
        ("past", "tiktok:ada", NOW - timedelta(hours=3), "Köln ruft"),
        ("soon", "instagram:ada", NOW + timedelta(hours=1), "half past two once more"),
        ("late", "tiktok:ada", datetime(2025, 10, 26, 23, 30, tzinfo=UTC), "tomorrow in Berlin"),
    ]
    opened.scheduled_posts.state(
        [
            NewScheduledPost(
                project_id="brand", slug=slug, account_id=account, scheduled_for=at, caption=text
            )
            for slug, account, at, text in posts
        ],
        changed_by="ann",
        now=NOW,
    )
    opened.scheduled_posts.cancel("brand", "late", note="Rain", changed_by="bob", now=NOW)
    yield opened
    opened.close()


def listed(operations, query="", **more):
    kept = ContentFilter.from_query(query, project_id="brand")
    return [row.slug for row in scheduled(operations, kept, now=NOW, **more)]


def test_posts_tell_their_local_time_day_and_state(operations):
    kept = ContentFilter(project_id="brand", deleted="show")
    rows = {row.slug: row for row in scheduled(operations, kept, now=NOW)}

    assert {slug: row.state for slug, row in rows.items()} == {
        "past": "past",
        "soon": "scheduled",
        "late": "cancelled",
    }
    assert f"{rows['soon'].local_at:%H:%M %Z}" == "02:30 CET"
    assert rows["late"].scheduled_on == date(2025, 10, 27)
    assert (rows["late"].note, rows["late"].changed_by) == ("Rain", "bob")


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["past", "soon"]),
        ("deleted=show", ["past", "soon", "late"]),
        ("deleted=only", ["late"]),
        ("platform=tiktok", ["past"]),
        ("account=instagram:ada", ["soon"]),
        ("media_type=reel", []),
        ("search=K%C3%96LN", ["past"]),
        ("from=2025-10-26", ["soon"]),
        ("until=2025-10-26", ["past", "soon"]),
        ("deleted=show&from=2025-10-27&until=2025-10-27", ["late"]),
    ],
)
def test_a_filter_keeps_what_it_says_in_days_of_the_project(operations, query, slugs):
    assert listed(operations, query) == slugs


def test_the_order_can_be_turned_round(operations):
    assert listed(operations, descending=True) == ["soon", "past"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-07-01T18:00", "2025-07-01T16:00:00+00:00"),
        ("2025-01-01", "2024-12-31T23:00:00+00:00"),
        ("2025-10-26T02:30+01:00", "2025-10-26T01:30:00+00:00"),
        ("2025-10-26T02:30:00Z", "2025-10-26T02:30:00+00:00"),
    ],
)
def test_a_time_without_offset_is_the_zones(text, instant):
    assert moments.parse_in_zone(text, zone=BERLIN, what="at").isoformat() == instant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "2025-03-30T02:30",
            "is skipped by the clocks of Europe/Berlin. Write an offset, such as "
            "2025-03-30T00:30:00Z or 2025-03-30T01:30:00Z.",
        ),
        (
            "2025-10-26T02:30",
            "comes twice on the clocks of Europe/Berlin. Write an offset, such as "
            "2025-10-26T00:30:00Z or 2025-10-26T01:30:00Z.",
        ),
        ("tomorrow", "is no moment: write ISO 8601, such as 2025-05-14T18:00 (Europe/Berlin)"),
    ],
)
def test_a_time_that_the_zone_lacks_or_has_twice_is_refused(text, told):
    with pytest.raises(InputRefusedError) as refused:
        moments.parse_in_zone(text, zone=BERLIN, what="at")

    assert str(refused.value).startswith(f"at {text!r} {told}")
