"""Answers that the sandbox cannot be made to give: odd headers, and breaches of the contract."""

import asyncio

import httpx
import pytest

from layers_pipeline.errors import SourceMalformedError, SourceThrottledError
from tests.sources.conftest import all_posts, scripted


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7, id="seconds"),
        pytest.param(
            {
                "Date": "Wed, 21 May 2025 07:28:00 GMT",
                "Retry-After": "Wed, 21 May 2025 07:29:30 GMT",
            },
            90,
            id="a date, against the service's own clock",
        ),
        pytest.param({"Retry-After": "Wed, 21 May 2025 07:29:30 GMT"}, 0, id="a date gone by"),
        pytest.param({"Retry-After": "soon"}, 5, id="unreadable"),
        pytest.param({}, 5, id="unstated"),
    ],
)
def test_retry_after_is_read_in_every_form(headers, seconds):
    sift = scripted([httpx.Response(429, headers=headers)])
    with pytest.raises(SourceThrottledError) as raised:
        asyncio.run(sift.scrape("scr_1"))
    assert raised.value.retry_after_s == seconds


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param([], id="not an object"),
        pytest.param({"status": "queued"}, id="no id"),
        pytest.param({"scrape_id": "scr_1", "status": "thinking"}, id="unknown status"),
        pytest.param({"scrape_id": "scr_1", "status": ["queued"]}, id="status not text"),
    ],
)
def test_a_scrape_outside_the_contract_is_malformed(answer):
    with pytest.raises(SourceMalformedError):
        asyncio.run(scripted([httpx.Response(200, json=answer)]).scrape("scr_1"))


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([{}], id="no posts"),
        pytest.param([{"posts": None}], id="posts null"),
        pytest.param([{"posts": ["7500"]}], id="posts not objects"),
        pytest.param([{"posts": [], "next_cursor": "a"}] * 2, id="cursor repeated"),
        pytest.param([{"posts": [], "next_cursor": 20}], id="cursor not text"),
    ],
)
def test_pages_outside_the_contract_are_malformed(pages):
    sift = scripted([httpx.Response(200, json=page) for page in pages])
    with pytest.raises(SourceMalformedError):
        asyncio.run(all_posts(sift, "scr_1"))


def test_an_empty_page_with_a_cursor_is_not_the_end():
    pages = [{"posts": [], "next_cursor": "a"}, {"posts": [{"post_id": "7"}]}]
    sift = scripted([httpx.Response(200, json=page) for page in pages])
    assert asyncio.run(all_posts(sift, "scr_1")) == [{"post_id": "7"}]
