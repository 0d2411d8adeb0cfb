"""The OpenAPI document: complete, sound in itself, and true about errors."""

import pytest

from sandbox import World, build_sandbox
from tests.sandbox.conftest import DATASET

APP = build_sandbox(World(DATASET))
DOCUMENT = APP.openapi()
OPERATIONS = {
    (method.upper(), path): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
each_operation = pytest.mark.parametrize("named", OPERATIONS, ids=" ".join)


def references(node):
    """Every ``$ref`` in a document."""
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from references(part)


def resolved(reference):
    node = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_the_document_is_served(call):
    assert call.http.get("/openapi.json").json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")
    assert DOCUMENT["info"].keys() >= {"title", "version", "description"}


def test_every_reference_leads_somewhere():
    assert all(isinstance(resolved(reference), dict) for reference in references(DOCUMENT))


def test_no_route_is_missing():
    assert set(OPERATIONS) == {
        ("GET", "/v1/health"),
        ("POST", "/v1/scrapes"),
        ("GET", "/v1/scrapes/{scrape_id}"),
        ("GET", "/v1/scrapes/{scrape_id}/posts"),
        ("GET", "/v1/accounts/{platform}/{account_key}"),
        ("GET", "/sandbox/clock"),
        ("PUT", "/sandbox/clock"),
        ("POST", "/sandbox/clock/advance"),
        ("GET", "/sandbox/accounts"),
        ("PUT", "/sandbox/faults/{platform}/{account_key}"),
        ("DELETE", "/sandbox/faults/{platform}/{account_key}"),
        ("GET", "/sandbox/requests"),
        ("DELETE", "/sandbox/requests"),
        ("GET", "/sandbox/requests/counts"),
        ("GET", "/sandbox/oauth/accounts"),
        ("GET", "/sandbox/oauth/accounts/{platform}/{account_key}/truth"),
        ("POST", "/sandbox/oauth/accounts/{platform}/{account_key}/tokens"),
        ("POST", "/sandbox/oauth/accounts/{platform}/{account_key}/tokens/end"),
        ("GET", "/sandbox/oauth/accounts/{platform}/{account_key}/faults"),
        ("POST", "/sandbox/oauth/accounts/{platform}/{account_key}/faults"),
        ("DELETE", "/sandbox/oauth/accounts/{platform}/{account_key}/faults"),
        ("GET", "/sandbox/ads/accounts"),
        ("GET", "/sandbox/ads/accounts/{platform}/{account_id}/truth"),
        ("GET", "/sandbox/oauth/tiktok/limit"),
        ("PUT", "/sandbox/oauth/tiktok/limit"),
        ("GET", "/sandbox/oauth/tiktok/minute-limits"),
        ("PUT", "/sandbox/oauth/tiktok/minute-limits"),
    }


@pytest.mark.parametrize("prefix", ["/open_api", "/v26.0", "/me"])
def test_what_vendors_describe_is_not_described_here(prefix):
    assert not [path for path in DOCUMENT["paths"] if path.startswith(prefix)]


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


@each_operation
def test_every_operation_says_what_it_does_and_answers(named):
    operation = OPERATIONS[named]
    assert all(operation[key] for key in ("summary", "description", "tags"))
    assert all(response["description"] for response in operation["responses"].values())


@each_operation
def test_path_parameters_are_declared(named):
    declared = {
        parameter["name"]
        for parameter in OPERATIONS[named].get("parameters", ())
        if parameter["in"] == "path"
    }
    in_path = {part[1:-1] for part in named[1].split("/") if part.startswith("{")}
    assert declared == in_path


@each_operation
def test_errors_are_problem_documents(named):
    problems = {
        media_type
        for status, response in OPERATIONS[named]["responses"].items()
        if int(status) >= 400
        for media_type in response["content"]
    }
    assert problems <= {"application/problem+json"}


@each_operation
def test_all_of_sift_but_health_asks_for_the_key(named):
    asks = "security" in OPERATIONS[named]
    assert asks == (named[1].startswith("/v1/") and named[1] != "/v1/health")


def test_metrics_are_optional_numbers_and_never_null():
    schema = DOCUMENT["components"]["schemas"]["PostRow"]
    metrics = ("views", "likes", "comments", "shares", "saves", "followers")
    assert not set(metrics) & set(schema["required"])
    assert {schema["properties"][name]["type"] for name in metrics} == {"integer"}
