import asyncio
import json
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import SecretStr

from layers_pipeline.sources.instagram.requests import (
    INSIGHT_METRICS,
    OF_FACEBOOK_LOGIN,
    POST_FIELDS,
)
from tests.sources.instagram.readings import client_over, request_of

FACEBOOK, INSTAGRAM = "https://graph.facebook.com", "https://graph.instagram.com"
ITEMS = [
    {"id": "1", "media_type": "IMAGE", "media_product_type": "FEED"},
    {"id": "2", "media_type": "VIDEO", "media_product_type": "REELS"},
]
STORIES = [{"id": "3", "media_type": "IMAGE", "media_product_type": "STORY"}]


def asked_at(host):
    """Lists, fields and metrics that a full reading asks for at a host."""
    asked = set()

    def answer(request):
        form = dict(parse_qsl(request.content.decode()))
        urls = [one["relative_url"] for one in json.loads(form.get("batch", "[]"))]
        bodies = [answered(httpx.URL(f"/{url}")) for url in urls]
        elements = [{"code": 200, "headers": [], "body": json.dumps(body)} for body in bodies]
        return httpx.Response(200, json=elements if urls else answered(request.url))

    def answered(url):
        asked.add(url.path.rpartition("/")[2])
        for name in ("fields", "metric"):
            asked.update(url.params.get(name, "").split(","))
        lists = {"media": ITEMS, "stories": STORIES}
        return {"data": lists.get(url.path.rpartition("/")[2], [])}

    async def run():
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url=host) as http:
            await client_over(http).read(request_of("1784", SecretStr("token")))

    asyncio.run(run())
    return asked


def test_what_only_a_facebook_login_gives_is_asked_there():
    assert asked_at(FACEBOOK) >= OF_FACEBOOK_LOGIN


def test_an_instagram_login_is_not_asked_for_what_it_does_not_give():
    asked = asked_at(INSTAGRAM)
    assert asked & OF_FACEBOOK_LOGIN == set()
    assert asked >= {"like_count", "comments_count", "views", "reposts", "is_ai_generated"}


@pytest.mark.parametrize("media_type", INSIGHT_METRICS)
def test_every_metric_of_a_type_is_asked_for_once(media_type):
    names = INSIGHT_METRICS[media_type]
    assert len(names) == len(set(names))


def test_link_clicks_are_those_of_stories_alone():
    having = {kind for kind, names in INSIGHT_METRICS.items() if "link_clicks" in names}
    assert having == {"story"}
    assert len(POST_FIELDS) == len(set(POST_FIELDS))
