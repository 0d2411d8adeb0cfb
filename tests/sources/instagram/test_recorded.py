"""What the Instagram client makes of bodies that the real platform once sent.

Every one of these facts has a test with the sandbox or a script beside it, for where the recorded
bodies are absent.
"""

import json

import pytest

from layers_pipeline.sources.instagram.errors import fault_of
from tests.shared_data import SHARED
from tests.sources.instagram.readings import (
    ScriptedGraph,
    bodies,
    entities,
    read_scripted,
    shown,
    subjects,
)

FIXTURES = SHARED / "fixtures/instagram"
RECORDED = FIXTURES / "sns-sdks__python-facebook/instagram/apidata"
pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(),
    reason=f"{RECORDED} is absent: set LAYERS_SHARED to the folder of shared data",
)


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text())


def test_two_recorded_pages_are_a_complete_listing():
    first, second = recorded("users/medias_p1"), recorded("users/medias_p2")

    def script(path, params):
        if path.endswith("/media"):
            return second if "after" in params else first
        return {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    rows = first["data"] + second["data"]
    assert (reading.error, reading.pages, reading.is_complete) == (None, 2, True)
    assert list(bodies(reading, "media").values()) == rows
    # Recorded before there was a product type: images and albums can be recognised, videos cannot.
    types = {row["id"]: row["media_type"] for row in rows}
    assert set(subjects(reading, "insights")) == {
        one for one, media_type in types.items() if media_type != "VIDEO"
    }


def test_recorded_stories_are_read():
    stories = recorded("users/stories")

    def script(path, params):
        return stories if path.endswith("/stories") else {"data": []}

    reading = read_scripted(ScriptedGraph(script))
    assert list(bodies(reading, "story").values()) == stories["data"]
    assert entities(reading)["insights"] == len(stories["data"])


@pytest.mark.parametrize("name", ["medias/insights", "medias/insights_new"])
def test_recorded_insights_are_kept_as_they_are(name):
    answer = recorded(name)

    def script(path, params):
        if path.endswith("/media"):
            return {"data": [shown("11")]}
        return answer if path.endswith("/insights") else {"data": []}

    assert bodies(read_scripted(ScriptedGraph(script)), "insights") == {"11": answer}


def test_a_recorded_account_is_kept():
    account = recorded("users/user_fields")

    def script(path, params):
        return {"data": []} if "/" in path else account

    assert bodies(read_scripted(ScriptedGraph(script)), "account") == {"": account}


KINDS = {
    "media older than business conversion": "before_conversion",
    "same error raised by nested insights": "before_conversion",
    "transient service error": "passing",
    "views asked of a media product type": "invalid",
    "retired metric name": "invalid",
    "graph.instagram.com permission refusal": "not_permitted",
    "batch over the cap": "other",
}


@pytest.mark.parametrize("what", KINDS)
def test_recorded_errors_are_distinguished(what):
    quoted = json.loads((FIXTURES / "quoted_in_public_threads.json").read_text())
    (entry,) = (one for one in quoted if one["what"].startswith(what))
    fault = fault_of(entry["body"], status=entry.get("http_status", 400), clean=str)
    assert fault is not None
    assert fault.kind == KINDS[what]
