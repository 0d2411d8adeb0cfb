from pathlib import Path

import pytest

from layers_pipeline.errors import SettingsError
from layers_pipeline.settings import Settings, load_settings

SECRET = "key-nobody-may-see"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LAYERS_{name.upper()}", raising=False)


def test_everything_embedded_lies_in_one_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LAYERS_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.operations_database_url == f"sqlite:///{tmp_path}/operations.db"
    assert settings.lake_location == f"{tmp_path}/lake"
    assert settings.serve_location == tmp_path / "serve"
    assert settings.locks_location == tmp_path / "locks"


def test_places_outlive_a_change_of_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAYERS_SERVE_DIR", "files")
    settings = load_settings()
    places = (settings.root, settings.serve_location)
    monkeypatch.chdir("/")
    assert (settings.root, settings.serve_location) == places
    assert places == (tmp_path / ".layers", tmp_path / "files")


def test_a_tilde_is_the_home_folder(monkeypatch):
    monkeypatch.setenv("LAYERS_HOME", "~/layers")
    assert load_settings().root == Path.home() / "layers"


def test_a_place_of_its_own_wins_over_the_folder(monkeypatch):
    monkeypatch.setenv("LAYERS_LAKE_URL", "s3://bucket/lake")
    monkeypatch.setenv("LAYERS_OPERATIONS_URL", "postgresql://host/db")
    settings = load_settings()
    assert settings.lake_location == "s3://bucket/lake"
    assert settings.operations_database_url == "postgresql://host/db"


def test_a_deployment_cannot_be_changed_while_it_runs():
    with pytest.raises(ValueError, match="frozen"):
        load_settings().tick_grace_s = 1


@pytest.mark.parametrize("shown", [repr, str, lambda settings: settings.model_dump_json()])
def test_the_key_is_shown_nowhere(monkeypatch, shown):
    monkeypatch.setenv("LAYERS_SIFT_KEY", SECRET)
    settings = load_settings()
    assert settings.sift_key.get_secret_value() == SECRET
    assert SECRET not in shown(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("TICK_GRACE_S", "a-minute-or-so", id="no number"),
        pytest.param("TICK_GRACE_S", "-1", id="grace below zero"),
        pytest.param("GENERATIONS_KEPT", "0", id="no generation kept"),
        pytest.param("FAILED_SHARE_LIMIT", "1.5", id="share above one"),
        pytest.param("FAILED_SHARE_LIMIT", "nan", id="share that is no number"),
        pytest.param("SCHEDULES", "sometimes", id="unknown word"),
        pytest.param("TICK_CRON", "every now and then", id="no cron expression"),
        pytest.param("TICK_CRON", "0 25 * * *", id="an hour that no day has"),
        pytest.param("TICK_CRON", "", id="no cron expression at all"),
        pytest.param("TICK_CRON", "*/10 * * * * *", id="seconds"),
        pytest.param("FIRST_TICK", "new year", id="no tick"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_not_repeated(monkeypatch, name, value):
    monkeypatch.setenv(f"LAYERS_{name}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert f"LAYERS_{name}" in str(refused.value)
    assert not value or value not in str(refused.value).partition("LAYERS_")[2]


def test_every_bad_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("LAYERS_SCHEDULES", "x")
    monkeypatch.setenv("LAYERS_TICK_GRACE_S", "y")
    with pytest.raises(SettingsError, match=r"LAYERS_TICK_GRACE_S: .*; LAYERS_SCHEDULES: "):
        load_settings()


def test_a_key_to_the_store_may_have_the_name_that_amazons_programs_read(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    settings = load_settings()
    assert settings.s3_secret_access_key.get_secret_value() == SECRET
    monkeypatch.setenv("LAYERS_S3_REGION", "eu-central-1")
    assert (settings.s3_region, load_settings().s3_region) == ("eu-west-1", "eu-central-1")
    assert SECRET not in repr(settings) + settings.model_dump_json()


def test_syncs_at_once_share_what_tiktok_allows():
    assert Settings(tiktok_calls_per_s=10, tiktok_calls_per_min=300).tiktok_pace_per_s == 5
    assert Settings(tiktok_syncs_at_once=4).tiktok_pace_per_s == 2.5
