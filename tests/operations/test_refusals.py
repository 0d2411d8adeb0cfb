"""What platforms never give: metrics, and the metrics of single posts.

Belongs here: remembering and asking.
Does not belong here: what a client makes of it.
"""

from dataclasses import replace

import pytest

from layers_pipeline.errors import InputRefusedError, NotFoundError
from layers_pipeline.operations.refusals import RefusedMetric, UnreadablePost
from layers_pipeline.operations.store import Operations
from tests.operations.world import NOW, OAUTH, add_oauth, each_database

REFUSED = RefusedMetric(
    source="instagram_graph",
    media_type="reel",
    metric="plays",
    api_version="v26.0",
    message="(#100) metric plays is gone",
    refused_at=NOW,
)
POST = UnreadablePost(
    platform="instagram",
    platform_post_id="17841",
    account_id=OAUTH,
    reason="posted before it was a business account",
    since=NOW,
)


@each_database
def test_refused_metrics_are_remembered_once(operations: Operations):
    story = replace(REFUSED, media_type="story")
    assert operations.refusals.add_metrics([REFUSED, story, REFUSED]) == 2
    assert operations.refusals.add_metrics([REFUSED]) == 0
    assert operations.refusals.metrics("instagram_graph", "v26.0") == {
        ("reel", "plays"),
        ("story", "plays"),
    }


@pytest.mark.parametrize(
    "asked", [("instagram_graph", "v27.0"), ("tiktok_business", "v26.0")], ids=str
)
def test_a_refusal_is_of_one_source_and_version(operations: Operations, asked):
    operations.refusals.add_metrics([REFUSED])
    assert operations.refusals.metrics(*asked) == set()


def test_nothing_to_remember_is_fine(operations: Operations):
    assert operations.refusals.add_metrics([]) == operations.refusals.add_posts([]) == 0


def test_a_refusal_without_a_metric_is_refused(operations: Operations):
    with pytest.raises(InputRefusedError, match="refused metric '' cannot be a key"):
        operations.refusals.add_metrics([replace(REFUSED, metric="")])


@each_database
def test_unreadable_posts_are_remembered_once(operations: Operations):
    add_oauth(operations, "owned", "other")
    second = replace(POST, platform_post_id="17842")
    assert operations.refusals.add_posts([second, POST, POST]) == 2
    assert operations.refusals.add_posts([POST]) == 0
    assert operations.refusals.posts([OAUTH, "instagram:other"]) == {
        OAUTH: {"17841", "17842"},
        "instagram:other": set(),
    }


def test_an_unreadable_post_of_an_unknown_account_is_refused(operations: Operations):
    with pytest.raises(NotFoundError, match=f"do not exist: {OAUTH}"):
        operations.refusals.add_posts([POST])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"platform": "youtube"}, "platform 'youtube'"), ({"platform_post_id": " "}, "post ' '")],
)
def test_an_unreadable_post_that_cannot_be_one_is_refused(operations: Operations, wrong, said):
    add_oauth(operations)
    with pytest.raises(InputRefusedError, match=said):
        operations.refusals.add_posts([replace(POST, **wrong)])
