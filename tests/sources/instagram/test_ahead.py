"""Insights asked for ahead of the list: fewer calls, and what is read stays the same.

Belongs here: known posts that are listed, gone, new, of another kind or refused; calls.
Does not belong here: how posts come to be known (``tests/steps/ingest/test_known_posts``).
"""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.sources.client import KnownPost
from tests.hypothesis_profiles import examples
from tests.sources.instagram.readings import (
    LONG,
    MIXED,
    OTHER,
    ScriptedGraph,
    error,
    issues,
    put,
    read,
    read_scripted,
    shown,
    subjects,
)

ADDRESS = re.compile(r'"(media|thumbnail)_url":"[^"]*"')
KNOWN = KnownPost(media_type="feed_image", has_all_parts=True, is_expected=True)
GONE = error(100, "Object with ID '1' does not exist", subcode=33)
FEW = error(10, "(#10) Not enough viewers for the media to show insights")


def known_of(graph, account):
    items = sorted(graph.world.dataset.every_item(account), key=lambda one: one.published_at)
    return {one.item_id: replace(KNOWN, media_type=one.media_type) for one in reversed(items)}


def kept(reading, *, without=()):
    """Everything that a reading brought, in no order, but for addresses, which are signed anew."""
    return {
        (row.entity, row.subject, ADDRESS.sub("", row.body))
        for row in reading.rows
        if row.entity not in without
    }


def test_what_is_known_is_read_in_one_call(graph):
    first = read(graph)
    moving = {name: replace(post, is_moving=True) for name, post in known_of(graph, MIXED).items()}
    again = read(graph, known=moving)
    assert (first.calls, again.calls) == (2, 1)
    assert kept(again) == kept(first)
    assert (again.items, again.is_complete, again.issues) == (5, True, ())


def test_a_row_of_the_list_comes_before_the_insights_of_its_post(graph):
    entities = [row.entity for row in read(graph, account=OTHER, known=known_of(graph, OTHER)).rows]
    assert entities == ["media", "media", "account", "insights", "insights"]


def test_many_posts_take_fewer_calls_and_none_is_asked_for_twice(graph):
    first, again = read(graph, account=LONG), read(graph, account=LONG, known=known_of(graph, LONG))
    assert kept(again, without=["breakdown"]) == kept(first, without=["breakdown"])
    assert len(subjects(again, "insights")) == 230
    assert again.calls < first.calls


def test_a_new_post_takes_a_second_call(graph):
    known = known_of(graph, OTHER)
    known.popitem()
    reading = read(graph, account=OTHER, known=known)
    assert reading.calls == 2
    assert kept(reading) == kept(read(graph, account=OTHER))


def scripted(listed, answers):
    """An account of some posts, newest first, and what is said of others than the usual."""

    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown(one, "IMAGE", "FEED") for one in listed]}
        if path.endswith("/insights"):
            return answers.get(
                (path.removesuffix("/insights"), "breakdown" in params), {"data": []}
            )
        return {"data": []}

    return ScriptedGraph(script)


@pytest.mark.parametrize("said", [{"data": []}, GONE, FEW], ids=["answered", "gone", "refused"])
def test_what_is_no_longer_listed_leaves_no_trace(said):
    known = {str(n): KNOWN for n in range(11, 21)}
    answers = {(one, False): said for one in list(known)[2:]}
    reading = read_scripted(scripted(["11", "12"], answers), known=known)
    assert (reading.error, reading.issues, reading.calls) == (None, (), 1)
    assert set(subjects(reading, "insights")) == {"11", "12"}
    assert dict(reading.unreadable) == {}


def test_gone_of_most_that_is_listed_is_still_a_throttle():
    listed = [str(n) for n in range(11, 21)]
    answers = {(one, False): GONE for one in listed}
    reading = read_scripted(scripted(listed, answers), known=dict.fromkeys(listed, KNOWN))
    assert type(reading.error).__name__ == "SourceThrottledError"


def test_a_post_that_is_listed_as_another_kind_is_read_as_that():
    known = {"11": replace(KNOWN, media_type="reel")}
    script = scripted(["11"], {})
    reading = read_scripted(script, known=known)
    asked = [
        params["metric"] for call in script.asked for path, params in call if "metric" in params
    ]
    assert "profile_activity" in asked[-1]
    assert subjects(reading, "insights") == ["11"]
    assert reading.calls == 2


def test_nothing_is_asked_ahead_where_each_request_is_a_call():
    known = {str(n): KNOWN for n in range(11, 21)}
    reading = read_scripted(scripted(["11"], {}), known=known, refused={("host", "batches")})
    assert subjects(reading, "insights") == ["11"]
    assert reading.calls == 4 + 1


def test_a_list_that_fails_keeps_nothing_of_what_was_answered_early(graph):
    put(graph, "list:http_500", OTHER)
    reading = read(graph, account=OTHER, known=known_of(graph, OTHER))
    assert reading.error is not None
    assert subjects(reading, "insights") == []


NAMES = [str(n) for n in range(11, 19)]
SAID = {"answered": {"data": []}, "gone": GONE, "few": FEW, "odd": {"data": 5}}


@given(
    listed=st.sets(st.sampled_from(NAMES), min_size=5),
    known=st.sets(st.sampled_from(NAMES)),
    moving=st.sets(st.sampled_from(NAMES)),
    said=st.dictionaries(
        st.tuples(st.sampled_from(NAMES), st.booleans()), st.sampled_from(sorted(SAID)), max_size=2
    ),
    kind=st.sampled_from(["feed_image", "feed_carousel", "reel"]),
)
@examples(5)
def test_what_is_known_changes_calls_and_nothing_that_is_read(listed, known, moving, said, kind):
    answers = {place: SAID[what] for place, what in said.items()}
    script = scripted(sorted(listed), answers)
    before = {
        name: replace(KNOWN, media_type=kind, has_all_parts=False, is_moving=name in moving)
        for name in sorted(known)
    }
    plain, helped = read_scripted(script), read_scripted(script, known=before)
    # Parts of what gives no insights are asked for only where both are in one call.
    dumb = {name for (name, of_parts), what in said.items() if what != "answered" and not of_parts}
    useless = {("breakdown", name, '{"data":[]}') for name in dumb}
    assert kept(helped) - useless == kept(plain) - useless
    assert {one for one in issues(helped) ^ issues(plain) if one[1] not in dumb} == set()
    assert (helped.error, helped.refused, dict(helped.unreadable)) == (
        plain.error,
        plain.refused,
        dict(plain.unreadable),
    )
    assert helped.is_complete
