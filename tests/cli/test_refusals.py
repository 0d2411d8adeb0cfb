"""``layers-pipeline refusals``: what is listed, and what is forgotten.

Belongs here: the commands within this process, over real stores.
Does not belong here: what is remembered (``tests.operations``).
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from layers_pipeline.operations.refusals import Refusal
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_stores
from tests.cli.program import Program

NOW = datetime(2025, 5, 14, 12, tzinfo=UTC)


def refusal(name, **changes):
    given = {
        "source": "instagram_graph",
        "api_version": "v26.0",
        "login": "facebook_login",
        "account_id": "",
        "media_type": "reel",
        "item_id": "",
        "cause": "code 100: no",
        "first_at": NOW,
        "last_at": NOW,
        "until": NOW + timedelta(days=14),
    }
    return Refusal(name=name, **(given | changes))


@pytest.fixture
def program(tmp_path) -> Program:
    """A deployment that was refused a metric by name, and everything of one post."""
    made = Program(tmp_path / "home")
    stores = open_stores(Settings(home=made.home))
    post = refusal("insights", account_id="instagram:ada", media_type="any", item_id="17")
    stores.operations.refusals.add([refusal("views"), post])
    stores.operations.close()
    return made


def names(program: Program, *options: str) -> list[str]:
    return [row["name"] for row in json.loads(program.said("refusals", "list", *options))]


def test_refusals_are_listed_with_scope_cause_times_and_end(program):
    first, _ = json.loads(program.said("refusals", "list", "--format", "json"))
    assert first == {
        "account": "all (instagram_graph)",
        "media_type": "reel",
        "post": None,
        "name": "views",
        "version": "v26.0",
        "login": "facebook_login",
        "first": "2025-05-14 12:00:00+00:00",
        "last": "2025-05-14 12:00:00+00:00",
        "until": "2025-05-28 12:00:00+00:00",
        "cause": "code 100: no",
    }
    assert program.said("refusals", "list", "--format", "csv").startswith("account,media_type,")
    assert "code 100: no" in program.said("refusals", "list")


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--account", "all"], ["insights"]),
        (["--account", "instagram:ada"], ["views"]),
        (["--post", "17"], ["views"]),
        (["--media-type", "reel", "--name", "views"], ["insights"]),
        (["--name", "reach"], ["views", "insights"]),
        (["--all"], []),
    ],
)
def test_what_is_forgotten_is_what_was_named(program, options, left):
    said = program.said("refusals", "forget", *options)
    assert said.startswith(f"{2 - len(left)} forgotten")
    assert names(program, "--format", "json") == left


def test_forgetting_wants_to_know_what(program):
    assert "Add --all" in program.refused("refusals", "forget")
