"""How many HTTP calls a full reading takes, counted by the sandbox, which knows no ``?ids=``."""

import pytest

from layers_pipeline.sources.client import KnownPost
from layers_pipeline.sources.instagram.requests import COUNTED
from sandbox import AccountRef, running_sandbox
from sandbox.simulation.dataset import Dataset
from tests.sources.instagram.readings import AT, calls, item, read, subjects

SMALL = AccountRef("instagram", "17841400000000011")
FEED = AccountRef("instagram", "17841400000000013")
TYPES = ("reel", "feed_image", "feed_carousel")


def items_of(account, many, types=TYPES, first=0):
    return [
        item(account, str(17930000000000000 + first + n), types[n % len(types)], 50 + n % 4_000)
        for n in range(many)
    ]


@pytest.fixture(scope="module")
def served():
    truth = [
        *items_of(SMALL, 5),
        *items_of(FEED, 1_000, types=("feed_image",), first=20_000),
    ]
    with running_sandbox(Dataset(truth), now=AT) as made:
        yield made


@pytest.fixture
def graph(served):
    served.world.log.clear()
    return served


def known(graph, account):
    """What a reading before this one taught."""
    return {
        post.item_id: KnownPost(
            **{name: post.metrics(AT)[name] for name in COUNTED}, has_all_parts=True
        )
        for post in graph.world.dataset.every_item(account)
    }


@pytest.mark.parametrize("is_known", [False, True], ids=["first", "later"])
def test_an_account_of_five_posts_takes_two_calls(graph, is_known):
    reading = read(graph, account=SMALL, known=known(graph, SMALL) if is_known else {})
    assert (reading.error, reading.items, reading.is_complete) == (None, 5, True)
    assert reading.calls == len(calls(graph)) == 2


def test_a_thousand_posts_take_no_more_than_32_calls_and_the_next_reading_the_rest(graph):
    first = read(graph, account=FEED)
    assert (first.error, first.items, first.is_complete) == (None, 1_000, True)
    assert len(subjects(first, "insights")) == 1_000
    assert first.calls == len(calls(graph)) <= 32
    asked = set(subjects(first, "breakdown"))
    assert len(asked) == 500
    # The parts of the others do not add up yet.
    learnt = {
        item_id: post if item_id in asked else KnownPost()
        for item_id, post in known(graph, FEED).items()
    }
    second = read(graph, account=FEED, known=learnt)
    assert second.calls <= 32
    assert asked.isdisjoint(subjects(second, "breakdown"))
    assert len(subjects(second, "breakdown")) == 500


def test_a_thousand_posts_that_stand_still_take_a_third_less(graph):
    reading = read(graph, account=FEED, known=known(graph, FEED))
    assert (len(subjects(reading, "insights")), subjects(reading, "breakdown")) == (1_000, [])
    assert reading.calls <= 22
