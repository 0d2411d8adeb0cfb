"""The asset of scheduled exports: its files, and its check green and red.

Belongs here: one run over a made-up file.
Does not belong here: files and filters (``tests/views``), the schedule (``tests/sensors``).
"""

import dagster as dg
import pytest

from assets.exports import scheduled_exports
from layers_pipeline.clock import FixedClock
from layers_pipeline.operations.saved_views import NewView
from layers_pipeline.settings import Settings
from layers_pipeline.steps.stores import open_stores
from layers_pipeline.views.exports import exports_in
from tests.worlds.content_lists import PROJECT, PUBLISHED_AT, contents, publish_contents


@pytest.fixture
def stores(tmp_path):
    opened = open_stores(Settings(home=tmp_path), clock=FixedClock(PUBLISHED_AT))
    opened.operations.projects.add(PROJECT, name="B", time_zone="UTC", now=PUBLISHED_AT)
    publish_contents(opened.settings.serve_location, contents())
    yield opened
    opened.operations.close()


def save(stores, name, query=""):
    view = NewView(project_id=PROJECT, name=name, query=query, export_as="csv")
    stores.operations.saved_views.save(view, changed_by="ann", now=PUBLISHED_AT)


def run(stores) -> dg.ExecuteInProcessResult:
    return dg.materialize([scheduled_exports], resources={"stores": stores})


def test_saved_views_become_files_and_the_check_names_those_that_do_not(stores):
    save(stores, "best", "platform=tiktok")
    good = run(stores)
    save(stores, "bad", "platform=youtube")
    bad = run(stores)

    assert [check.passed for check in good.get_asset_check_evaluations()] == [True]
    (made,) = exports_in(stores.settings.exports_location)
    (materialisation,) = good.asset_materializations_for_node("scheduled_exports")
    assert materialisation.metadata["dagster/row_count"].value == made.rows > 0
    (check,) = bad.get_asset_check_evaluations()
    assert not check.passed
    assert "view 'bad' of project 'brand'" in check.metadata["problems"].value
