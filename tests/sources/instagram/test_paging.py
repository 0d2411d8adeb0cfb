"""How the Instagram client pages: to the end that the platform names, and no further."""

import pytest

from layers_pipeline.errors import SourceMalformedError, SourceUnavailableError
from layers_pipeline.sources.client import KnownPost
from layers_pipeline.sources.instagram.requests import COUNTED
from tests.sources.instagram.readings import (
    AT,
    LONG,
    ScriptedGraph,
    calls,
    error,
    issues,
    put,
    read,
    read_scripted,
    shown,
    subjects,
)


def test_every_page_is_read_and_no_post_twice(graph):
    reading = read(graph, account=LONG)
    assert (reading.items, reading.pages, reading.is_complete) == (230, 3, True)
    assert len(set(subjects(reading, "media"))) == len(subjects(reading, "media")) == 230


def test_pages_travel_in_the_batches_of_insights(graph):
    reading = read(graph, account=LONG)
    # 3 pages, 230 insights, 230 breakdowns, stories and account: 465 requests.
    assert reading.calls == len(calls(graph)) == 11
    # Where no count moved since, no breakdown is asked for.
    known = {
        post.item_id: KnownPost(
            **{name: post.metrics(AT)[name] for name in COUNTED}, has_all_parts=True
        )
        for post in graph.world.dataset.every_item(LONG)
    }
    assert read(graph, account=LONG, known=known).calls == 6


@pytest.mark.parametrize("kind", ["list:short_page", "list:empty_page_with_next"])
@pytest.mark.parametrize("skip", [0, 1])
def test_a_short_or_empty_page_with_a_next_one_is_not_the_end(graph, kind, skip):
    put(graph, kind, LONG, times=1, skip=skip)
    reading = read(graph, account=LONG)
    assert (reading.items, reading.is_complete, reading.error) == (230, True, None)


@pytest.mark.parametrize(("skip", "asked"), [(0, 3), (1, 4)])
def test_an_empty_page_that_keeps_naming_itself_is_malformed(graph, skip, asked):
    put(graph, "list:empty_page_with_next", LONG, skip=skip)
    reading = read(graph, account=LONG)
    assert type(reading.error) is SourceMalformedError
    assert (reading.is_complete, reading.calls) == (False, asked)
    assert "cursor repeated" in str(reading.error)


def test_a_repeated_cursor_ends_the_listing_as_malformed():
    cursors = iter(["a", "b", "a", "b"])
    reading = read_scripted(_listing(lambda params: _page([shown("11")], next(cursors))))
    assert type(reading.error) is SourceMalformedError
    assert (reading.is_complete, reading.calls) == (False, 3)


def test_a_page_with_posts_may_not_name_itself():
    reading = read_scripted(_listing(lambda params: _page([shown("11")], "a")))
    assert (type(reading.error), reading.calls) == (SourceMalformedError, 2)


def test_empty_pages_without_end_are_malformed():
    pages = iter(range(1000))
    reading = read_scripted(_listing(lambda params: _page([], f"c{next(pages)}")))
    assert type(reading.error) is SourceMalformedError
    assert reading.calls <= 25


def test_a_cursor_without_a_next_page_is_the_end():
    reading = read_scripted(
        _listing(lambda params: {"data": [shown("11")], "paging": {"cursors": {"after": "a"}}})
    )
    assert (reading.items, reading.pages, reading.is_complete) == (1, 1, True)


def test_pages_are_asked_for_by_cursor_and_never_by_the_link():
    link = "https://evil.test/v1.0/steal?access_token=abc&after=wrong"
    page = {"data": [shown("11")], "paging": {"cursors": {"after": "right"}, "next": link}}
    script = _listing(lambda params: {"data": []} if "after" in params else page)
    reading = read_scripted(script)
    assert {request.url.host for request in script.requests} == {"graph.test"}
    assert [one["after"] for one in _pages_asked(script) if "after" in one] == ["right"]
    assert reading.is_complete


def test_fields_and_limit_are_the_same_for_every_page():
    script = _listing(lambda params: {"data": []} if "after" in params else _page([], "a"))
    read_scripted(script)
    first, second = _pages_asked(script)
    assert second == first | {"after": "a"}
    assert first["limit"] == "100"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param({}, id="no data"),
        pytest.param({"data": None}, id="data null"),
        pytest.param({"data": {}}, id="data no list"),
        pytest.param({"data": ["11"]}, id="rows no objects"),
        pytest.param({"data": [{"media_type": "IMAGE"}]}, id="row without id"),
        pytest.param({"data": [{"id": 11}]}, id="id no text"),
        pytest.param({"data": [{"id": ""}]}, id="id empty"),
        pytest.param({"data": [], "paging": ["next"]}, id="paging no object"),
        pytest.param({"data": [], "paging": {"next": "x"}}, id="no cursors"),
        pytest.param({"data": [], "paging": {"next": "x", "cursors": {}}}, id="no after"),
        pytest.param({"data": [], "paging": {"next": "x", "cursors": {"after": 3}}}, id="number"),
        pytest.param({"data": [], "paging": {"next": "x", "cursors": {"after": ""}}}, id="empty"),
    ],
)
def test_a_page_outside_the_contract_is_malformed_and_never_complete(page):
    reading = read_scripted(_listing(lambda params: page))
    assert type(reading.error) is SourceMalformedError
    assert not reading.is_complete


def test_a_cursor_that_became_invalid_is_a_matter_of_another_reading():
    refused = error(100, "(#100) Invalid cursors values")
    script = _listing(lambda params: refused if "after" in params else _page([shown("11")], "a"))
    reading = read_scripted(script)
    assert type(reading.error) is SourceUnavailableError
    assert (reading.items, reading.is_complete, reading.calls) == (1, False, 2)


def test_no_more_than_ten_thousand_posts_are_listed_and_then_it_is_not_complete():
    numbers = iter(range(10**6))

    def page(params):
        ids = [next(numbers) for _ in range(int(params["limit"]))]
        # Of no known type, so that no insights are read.
        return _page([{"id": str(one)} for one in ids], str(ids[-1]))

    reading = read_scripted(_listing(page))
    assert (reading.items, reading.pages, reading.error) == (10_000, 100, None)
    assert not reading.is_complete


def test_stories_are_paged_too():
    def script(path, params):
        if path.endswith("/stories"):
            return {"data": [{"id": "22"}]} if "after" in params else _page([{"id": "21"}], "a")
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert subjects(reading, "story") == ["21", "22"]
    assert subjects(reading, "breakdown") == ["21", "22"]
    assert (reading.items, reading.pages) == (0, 1)


def test_a_smaller_page_stays_smaller(graph):
    put(graph, "list:reduce_data", LONG)
    reading = read(graph, account=LONG)
    assert (reading.items, reading.is_complete, reading.error) == (230, True, None)
    assert issues(reading) == {("page_made_smaller", "media")}
    # 100 and 50 were too much, then ten pages of 25.
    assert reading.pages == 10


def _listing(page):
    """A Graph API with this list of posts and nothing else."""

    def script(path, params):
        return page(params) if path.endswith("/media") else {"data": []}

    return ScriptedGraph(script)


def _page(rows, after):
    return {"data": rows, "paging": {"cursors": {"after": after}, "next": f"https://x/{after}"}}


def _pages_asked(script):
    return [params for call in script.asked for path, params in call if path.endswith("/media")]
