"""What platforms never give: metrics, and the metrics of single posts.

Belongs here: remembering and asking.
Does not belong here: what a client makes of it.
"""

from dataclasses import replace

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.oauth_rows import RefusedMetricRow, UnreadablePostRow
from layers_pipeline.operations.store import Operations
from tests.operations.world import NOW, OAUTH, add_oauth

REFUSED = RefusedMetricRow(
    source="instagram_graph",
    media_type="reel",
    metric="plays",
    api_version="v26.0",
    message="(#100) metric plays is gone",
    refused_at=NOW,
)
POST = UnreadablePostRow(
    platform="instagram",
    platform_post_id="17841",
    account_id=OAUTH,
    reason="posted before it was a business account",
    since=NOW,
)


def test_refused_metrics_are_remembered_once(operations: Operations):
    story = replace(REFUSED, media_type="story")
    assert operations.remember_refused([REFUSED, story, REFUSED]) == 2
    assert operations.remember_refused([REFUSED]) == 0
    assert operations.refused_metrics("instagram_graph", "v26.0") == {
        ("reel", "plays"),
        ("story", "plays"),
    }


@pytest.mark.parametrize(
    "asked", [("instagram_graph", "v27.0"), ("tiktok_business", "v26.0")], ids=str
)
def test_a_refusal_is_of_one_source_and_version(operations: Operations, asked):
    operations.remember_refused([REFUSED])
    assert operations.refused_metrics(*asked) == set()


def test_nothing_to_remember_is_fine(operations: Operations):
    assert operations.remember_refused([]) == operations.remember_unreadable([]) == 0


def test_a_refusal_without_a_metric_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="refused metric '' cannot be a key"):
        operations.remember_refused([replace(REFUSED, metric="")])


def test_unreadable_posts_are_remembered_once(operations: Operations):
    add_oauth(operations, "owned", "other")
    second = replace(POST, platform_post_id="17842")
    assert operations.remember_unreadable([second, POST, POST]) == 2
    assert operations.remember_unreadable([POST]) == 0
    assert operations.unreadable_posts([OAUTH, "instagram:other"]) == {
        OAUTH: {"17841", "17842"},
        "instagram:other": set(),
    }


def test_an_unreadable_post_of_an_unknown_account_is_refused(operations: Operations):
    with pytest.raises(NotFoundError, match=f"do not exist: {OAUTH}"):
        operations.remember_unreadable([POST])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"platform": "youtube"}, "platform 'youtube'"), ({"platform_post_id": " "}, "post ' '")],
)
def test_an_unreadable_post_that_cannot_be_one_is_refused(operations: Operations, wrong, said):
    add_oauth(operations)
    with pytest.raises(InputRefusedError, match=said):
        operations.remember_unreadable([replace(POST, **wrong)])
