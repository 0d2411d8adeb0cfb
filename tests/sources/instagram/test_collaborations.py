import pytest

from tests.sources.instagram.readings import (
    ScriptedGraph,
    bodies,
    error,
    issues,
    read_scripted,
    shown,
    subjects,
)

REFUSALS = [
    pytest.param(error(100, "Tried accessing nonexisting field (collaborative_media)"), id="edge"),
    pytest.param(error(10, "Application does not have permission"), id="permission"),
    pytest.param(error(2500, "Unknown path components: /collaborative_media"), id="path"),
]


def graph_of(shared):
    """A Graph API of one reel, and of what the list of collaborations answers."""

    def answer(path, params):
        if path.endswith("/media"):
            return {"data": [shown("1")]}
        if path.endswith("/collaborative_media"):
            return shared(params)
        return {"data": []}

    return ScriptedGraph(answer)


def paged(params):
    if params.get("after") == "a":
        return {"data": [{"id": "9"}]}
    next_one = {"cursors": {"after": "a"}, "next": "https://graph.test/more"}
    return {"data": [{"id": "8", "username": "ada"}], "paging": next_one}


def asked(script):
    return [path for call in script.asked for path, _ in call]


def test_a_full_reading_lists_what_the_account_shares_of_others():
    reading = read_scripted(graph_of(paged))
    assert bodies(reading, "collaboration") == {
        "8": {"id": "8", "username": "ada"},
        "9": {"id": "9"},
    }
    assert (subjects(reading, "media"), reading.items) == (["1"], 1)
    assert reading.is_complete


@pytest.mark.parametrize("depth", ["quick", "posts"])
def test_other_depths_do_not(depth):
    script = graph_of(paged)
    read_scripted(script, depth)
    assert not any("collaborative" in path for path in asked(script))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_list_costs_nothing_else_and_is_not_asked_for_again(refusal):
    reading = read_scripted(graph_of(lambda params: refusal))
    assert reading.error is None
    assert reading.is_complete
    assert set(reading.refused) == {("account", "collaborative_media")}
    assert {kind for kind, _ in issues(reading)} == {"metric_refused"}
    script = graph_of(paged)
    read_scripted(script, refused=set(reading.refused))
    assert not any("collaborative" in path for path in asked(script))


def test_a_list_that_points_to_itself_ends():
    def again(params):
        return {"data": [{"id": "8"}], "paging": {"cursors": {"after": "a"}, "next": "more"}}

    script = graph_of(again)
    read_scripted(script)
    assert asked(script).count("1784/collaborative_media") == 2
