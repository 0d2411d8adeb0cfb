"""What holds of the simulated Graph API for every input: it answers, and pages hold everything."""

import json
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from sandbox import World
from sandbox.graph.answering import answered
from sandbox.graph.batch import answered_batch
from sandbox.graph.desk import GraphDesk
from sandbox.graph.paths import call_of
from tests.hypothesis_profiles import examples
from tests.sandbox.conftest import DATASET
from tests.sandbox.graph.caller import CAROUSEL, LARGE, MANY, MINE, NOW, TRUTH, ids_of

DESK = GraphDesk(World(DATASET, now=NOW, truth=TRUTH))
TOKENS = {account: DESK.world.tokens.issue(account).access for account in (MINE, LARGE)}
PATHS = ("me", "me/media", "me/accounts", "", CAROUSEL.item_id, f"{CAROUSEL.item_id}/insights")
NAMES = ("fields", "limit", "after", "before", "since", "until", "metric", "breakdown", "ids")
EXPRESSIONS = st.lists(
    st.sampled_from(
        ["id", "media", "insights", ".metric(reach)", ".limit(2)", "{", "}", ",", "(", "children"]
    )
).map("".join)


def call(path, account=MINE, **params):
    given_params = {"access_token": TOKENS[account]} | params
    return call_of(path, given_params, method="GET", base_url="http://sandbox")


@given(
    path=st.sampled_from(PATHS) | st.text(),
    params=st.dictionaries(st.sampled_from(NAMES), EXPRESSIONS | st.text() | st.just("[" * 9999)),
)
@examples(5)
def test_every_request_is_answered_with_json(path, params):
    reply = answered(DESK, call(path, **params))
    assert reply.status in (200, 400, 500)
    assert isinstance(json.loads(json.dumps(reply.body)), dict)
    assert all(value.isprintable() and value.isascii() for value in reply.headers.values())


@given(elements=st.lists(st.fixed_dictionaries({"relative_url": st.text()}), min_size=1))
@examples(2)
def test_a_batch_is_answered_element_by_element(elements):
    reply = answered_batch(DESK, call("", batch=json.dumps(elements[:50])))
    assert reply.status == 200
    assert len(reply.body) == len(elements[:50])


@given(limit=st.integers(1, 130))
def test_pages_hold_everything_once_whatever_their_size(limit):
    found, link = [], f"http://sandbox/me/media?limit={limit}"
    while link:
        split = urlsplit(link)
        page = answered(DESK, call(split.path, LARGE, **dict(parse_qsl(split.query)))).body
        found += ids_of(page)
        link = page["paging"].get("next")
    assert found == [post.item_id for post in MANY]
