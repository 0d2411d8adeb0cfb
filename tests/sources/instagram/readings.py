"""Readings of Instagram accounts for tests: through the sandbox, or through scripted answers.

Belongs here: helpers that several files of this folder ask for.
Does not belong here: expectations, fixtures.
"""

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import SecretStr

from layers_pipeline.clock import FixedClock
from layers_pipeline.sources.client import ReadRequest
from layers_pipeline.sources.http import RetryPolicy, open_http
from layers_pipeline.sources.instagram.client import InstagramClient
from layers_pipeline.sources.instagram.session import Graph
from layers_pipeline.sources.rate_limits import UsageBudgets
from sandbox import AccountRef
from sandbox.faults import Fault
from sandbox.simulation.dataset import Dataset
from sandbox.simulation.items import Item

AT = datetime(2025, 3, 10, 12, 30, tzinfo=UTC)
"""The sandbox's time, and what our clock shows."""
CLOCK = FixedClock(AT)
TINY = RetryPolicy(
    attempts=3, wait_initial_s=0.001, wait_max_s=0.002, jitter_s=0.001, retry_after_max_s=1
)
TOKEN = "tok-5c0ffee|do/not/print"
SECRET = "app-5ec2e7-do-not-print"

MIXED = AccountRef("instagram", "17841400000000001")
"""One item of each type, and a second reel; oldest last."""
LONG = AccountRef("instagram", "17841400000000002")
"""230 images: three pages."""
EMPTY = AccountRef("instagram", "17841400000000003")
OTHER = AccountRef("instagram", "17841400000000004")
"""Two reels and nothing more."""

IDS = {
    "reel": "17900000000000001",
    "feed_image": "17900000000000002",
    "feed_carousel": "17900000000000003",
    "feed_video": "17900000000000004",
    "second_reel": "17900000000000005",
    "story": "17900000000000006",
}


def item(account, item_id, media_type, hours=30, **given):
    """One item, published so many hours before."""
    at = AT.timestamp() - hours * 3600
    return Item(
        account=account,
        item_id=item_id,
        media_type=media_type,
        published_at=datetime.fromtimestamp(at, UTC),
        caption="text",
        ig_id=int(item_id) * 7,
        final_views=100_000.0,
        rates={"likes": 0.1, "comments": 0.01, "shares": 0.01, "saves": 0.02},
        **given,
    )


def truth():
    """Everything that the sandbox of these tests shows."""
    mixed = [
        item(MIXED, item_id, name.removeprefix("second_"), hours=3 if name == "story" else 30 + n)
        for n, (name, item_id) in enumerate(IDS.items())
    ]
    long = [item(LONG, str(17910000000000000 + n), "feed_image", 50 + n) for n in range(230)]
    other = [item(OTHER, str(17920000000000000 + n), "reel", 50 + n) for n in range(2)]
    return Dataset([*mixed, *long, *other], followers={EMPTY: 5})


def read(graph, depth="full", *, account=MIXED, token=None, budgets=None, **options):
    """One reading of an account through the sandbox."""
    return read_all(graph, depth, accounts=[account], token=token, budgets=budgets, **options)[0]


def read_all(graph, depth="full", *, accounts, token=None, budgets=None, **options):
    """A reading of each account, one after the other, through one client."""
    issue = graph.world.tokens.issue
    tokens = [SecretStr(token or issue(account).access) for account in accounts]

    async def run():
        async with open_http(graph.url, timeout_s=5) as http:
            client = client_over(http, budgets=budgets)
            pairs = zip(accounts, tokens, strict=True)
            return [
                await client.read(request_of(one.account_key, token, depth, **options))
                for one, token in pairs
            ]

    return asyncio.run(run())


def client_over(http, *, budgets=None, app_secret="", retries=TINY, clock=CLOCK):
    return InstagramClient(
        Graph(
            http=http,
            version="v26.0",
            clock=clock,
            budgets=budgets or UsageBudgets(clock),
            app_secret=SecretStr(app_secret),
            retries=retries,
        )
    )


def request_of(account_key, token, depth="full", **options):
    return ReadRequest(account_key=account_key, token=token, depth=depth, **options)


def put(graph, kind, account=MIXED, **given):
    """Switch a fault on."""
    graph.world.faults.put(account, Fault(kind=kind, **given))


def calls(graph):
    """Method and path of each call that the sandbox answered."""
    return [(request.method, request.path) for request in graph.world.log.requests()]


def entities(reading):
    """How many rows there are of each kind."""
    return dict(Counter(row.entity for row in reading.rows))


def subjects(reading, entity):
    return [row.subject for row in reading.rows if row.entity == entity]


def bodies(reading, entity):
    return {row.subject: json.loads(row.body) for row in reading.rows if row.entity == entity}


def metric_names(reading):
    """The metrics that were reported of each item."""
    found = bodies(reading, "insights")
    return {subject: {one["name"] for one in body["data"]} for subject, body in found.items()}


def issues(reading):
    return {(issue.kind, issue.subject) for issue in reading.issues}


class ScriptedGraph:
    """A Graph API that answers what a function says; for what the sandbox cannot be made to say.

    The function gets path and parameters of each single request, in a batch or not, and gives
    JSON, or a whole element of a batch, or text for a whole answer that is none.
    """

    def __init__(self, answer):
        self._answer = answer
        self.requests = []
        """Every HTTP request."""
        self.asked = []
        """Path and parameters of every single request, by call."""

    def __call__(self, request):
        self.requests.append(request)
        form = dict(parse_qsl(request.content.decode()))
        urls = [one["relative_url"] for one in json.loads(form.get("batch", "[]"))]
        singles = [_single(url) for url in urls] or [_single(str(request.url))]
        self.asked.append(singles)
        answers = [self._answer(path, params) for path, params in singles]
        if not urls:
            return httpx.Response(answers[0].get("code", 200), text=_body(answers[0]))
        return httpx.Response(200, json=[_element(answer) for answer in answers])


def _single(url):
    split = urlsplit(url)
    return split.path.removeprefix("/v26.0/"), dict(parse_qsl(split.query))


def _element(answer):
    if answer is None or "body" in answer:
        return answer
    return {"code": 400 if "error" in answer else 200, "headers": [], "body": json.dumps(answer)}


def _body(answer):
    return answer.get("body") or json.dumps(answer)


def read_scripted(script, depth="full", *, token=TOKEN, account="1784", **options):
    """One reading through scripted answers, a function or a transport's handler."""
    given = {
        name: options.pop(name)
        for name in ("budgets", "app_secret", "retries", "clock")
        if name in options
    }

    async def run():
        transport = httpx.MockTransport(script)
        async with httpx.AsyncClient(transport=transport, base_url="https://graph.test") as http:
            client = client_over(http, **given)
            return await client.read(request_of(account, SecretStr(token), depth, **options))

    return asyncio.run(run())


def shown(item_id, media_type="VIDEO", product_type="REELS"):
    """A row of a list."""
    return {"id": item_id, "media_type": media_type, "media_product_type": product_type}


def error(code, message="said", *, subcode=None, **given):
    """An error's envelope."""
    found = {"message": message, "type": "OAuthException", "code": code, **given}
    return {"error": found | ({"error_subcode": subcode} if subcode else {})}
