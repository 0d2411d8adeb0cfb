"""The resource that opens the stores: what it shows of the settings, and what a run makes of it.

Belongs here: secrets in what Dagster shows, values that a run was given instead.
Does not belong here: the settings themselves (``tests.layers_pipeline.test_settings``).
"""

import dagster as dg
import pytest

from layers_pipeline.dagster_support.resources import StoresResource, shown
from layers_pipeline.settings import load_settings

PASSWORD = "hunter2"
URLS = {
    "LAYERS_OPERATIONS_URL": f"postgresql://layers:{PASSWORD}@db/layers",
    "LAYERS_SIFT_URL": f"https://layers:{PASSWORD}@sift.example/v1",
    "LAYERS_INSTAGRAM_URL": f"https://proxy.example/graph?key={PASSWORD}",
    "LAYERS_TIKTOK_URL": f"https://layers:{PASSWORD}@proxy.example",
    "LAYERS_LAKE_URL": f"https://account.example/lake?sig={PASSWORD}",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def opened_with(**fields: str):
    """The settings of the stores that a run opens by a resource of these fields."""
    resource = StoresResource(**shown(load_settings()) | fields)
    with resource.yield_for_execution(dg.build_init_resource_context()) as stores:
        return stores.settings


def test_no_password_of_a_url_is_shown(home, monkeypatch):
    for variable, url in URLS.items():
        monkeypatch.setenv(variable, url)
    fields = shown(load_settings())
    assert fields["sift"] == "https://***@sift.example/v1"
    assert fields["instagram"] == "https://proxy.example/graph?***"
    assert PASSWORD not in repr(fields)


def test_a_run_reads_what_is_not_shown_from_the_environment(home, monkeypatch):
    monkeypatch.setenv("LAYERS_SIFT_URL", URLS["LAYERS_SIFT_URL"])
    assert opened_with().sift_url == URLS["LAYERS_SIFT_URL"]


def test_a_place_without_secrets_is_shown_as_it_is(home, monkeypatch):
    monkeypatch.setenv("LAYERS_LAKE_URL", "abfss://lake@account.example/layers")
    assert shown(load_settings())["lake"] == "abfss://lake@account.example/layers"


def test_a_run_goes_by_what_it_was_given_instead(home, tmp_path):
    found = opened_with(home=str(tmp_path / "other"), sift="http://127.0.0.1:1")
    assert (found.root, found.sift_url) == (tmp_path / "other", "http://127.0.0.1:1")
    assert found.operations_database_url.endswith("/other/operations.db")
