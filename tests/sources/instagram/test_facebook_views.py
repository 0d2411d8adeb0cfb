import pytest

from tests.sources.instagram.readings import (
    ScriptedGraph,
    error,
    read_scripted,
    shown,
)

NOT_SHARED = error(100, "Invalid parameter", error_subcode=2_207_086)


def graph_of(*, reels, shared):
    """A Graph API of some reels, of which some are shared on Facebook."""

    def answer(path, params):
        if path.endswith("/media"):
            return {"data": [shown(str(number)) for number in range(reels)]}
        if not path.endswith("/insights"):
            return {"data": []}
        metrics = params["metric"].split(",")
        if "facebook_views" in metrics and path.split("/")[0] not in shared:
            return NOT_SHARED
        return {"data": [{"name": name, "values": [{"value": 5}]} for name in metrics]}

    return ScriptedGraph(answer)


def asked_of(script, reel):
    """The metrics asked for of a reel, request by request."""
    return [
        set(params["metric"].split(","))
        for call in script.asked
        for path, params in call
        if path == f"{reel}/insights"
    ]


@pytest.mark.parametrize("shared", [{"0"}, {"1"}])
def test_a_reel_that_is_not_on_facebook_loses_nothing_else(shared):
    script = graph_of(reels=2, shared=shared)
    reading = read_scripted(script)
    (apart,) = {"0", "1"} - shared
    assert set(reading.refused_of_items) == {(apart, "facebook_views")}
    assert reading.refused == {}
    assert asked_of(script, apart)[-1] >= {"views", "reach", "reposts"}
    assert sum(row.entity == "insights" for row in reading.rows) == 2


def test_what_is_known_not_to_be_on_facebook_is_asked_for_nothing_there():
    script = graph_of(reels=1, shared=set())
    read_scripted(script, refused={("0", "facebook_views")})
    assert [metrics & {"facebook_views"} for metrics in asked_of(script, "0")] == [set()]


def test_an_account_that_shares_nothing_is_asked_for_nothing_there_after_the_first_call():
    script = graph_of(reels=120, shared=set())
    reading = read_scripted(script)
    assert set(reading.refused) == {("reel", "facebook_views")}
    assert reading.own == {("reel", "facebook_views")}
    assert len(asked_of(script, "110")) == 1
    assert sum(row.entity == "insights" for row in reading.rows) == 120
