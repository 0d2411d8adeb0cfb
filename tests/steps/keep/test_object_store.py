"""Backups of a lake in an object store: into a folder, and back into a folder or another bucket.

Belongs here: what of a backup depends on where the lake lies.
Does not belong here: all that does not (``test_backup``).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from layers_pipeline.errors import InputRefusedError, StoreError
from layers_pipeline.lake import catalog
from layers_pipeline.lake.object_store import StoredFiles
from layers_pipeline.settings import Settings
from layers_pipeline.steps.keep.backup import back_up
from layers_pipeline.steps.keep.restore import restore
from layers_pipeline.steps.keep.verify import verify
from layers_pipeline.steps.stores import Stores, open_stores
from tests.object_store import S3Server
from tests.steps.keep.conftest import settings_of
from tests.worlds.data_builders import everything, hours, later
from tests.worlds.small_story import EVERY, remote_settings, remote_stores, scored, seed

TABLE = catalog.PLATFORM_POSTS


@pytest.fixture(scope="module")
def deployed(tmp_path_factory, s3_server, postgres_url_factory) -> Iterator[Stores]:
    home = tmp_path_factory.mktemp("deployed")
    stores = scored(seed(remote_stores(home, s3_server, operations_url=postgres_url_factory())), 0)
    yield stores
    stores.operations.close()


@pytest.fixture(scope="module")
def backups(deployed: Stores, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("backups")
    back_up(deployed, folder)
    return folder


@pytest.fixture(params=["folder", "bucket"])
def empty(request, tmp_path: Path, s3_server: S3Server, postgres_url_factory) -> Settings:
    """An empty place."""
    if request.param == "folder":
        return settings_of(tmp_path / "again").model_copy(update={"tick_grace_s": 0})
    return remote_settings(tmp_path, s3_server, operations_url=postgres_url_factory())


def test_what_is_restored_is_what_was_backed_up(
    deployed: Stores, backups: Path, empty: Settings, tmp_path: Path
):
    restore(empty, backups, runs=tmp_path)
    again = open_stores(empty, clock=deployed.clock)
    assert everything(again) == everything(deployed)
    assert [one for one in verify(empty, deep=True) if one.state == "fault"] == []
    scored(later(again, hours(0) + EVERY), 1)
    again.operations.close()


def test_a_second_backup_copies_only_what_is_new(deployed: Stores, backups: Path, s3_server):
    bucket = deployed.settings.lake_url.split("/")[2]
    deployed.lake.record_marks(TABLE, {"mine": deployed.lake.version(TABLE)})
    before = s3_server.requests(bucket)["GET"]
    copied = back_up(deployed, backups).copied
    read = s3_server.requests(bucket)["GET"] - before
    assert copied.new_files <= 3  # a commit, perhaps a checkpoint, and the database
    assert read < copied.files


def test_a_file_that_is_gone_is_told_of(deployed: Stores, tmp_path: Path):
    lake = deployed.lake
    _, _, name = sorted(lake.files(TABLE))[0].partition(f"/{TABLE.name}/")
    files = StoredFiles(lake.uri(TABLE), lake.storage_options)
    body = b"".join(files.chunks(name, size=1000))
    try:
        files.put(name, [body[:-1]])
        with pytest.raises(StoreError, match=TABLE.name):
            back_up(deployed, tmp_path / "backups")
    finally:
        files.put(name, [body])
    assert files.size(name) == len(body)


def test_a_bucket_that_holds_a_lake_is_refused(
    deployed: Stores, backups: Path, tmp_path: Path, postgres_url_factory
):
    changes = {"home": tmp_path / "again", "operations_url": postgres_url_factory()}
    settings = Settings(**deployed.settings.model_dump() | changes | {"serve_dir": None})
    with pytest.raises(InputRefusedError, match="not empty"):
        restore(settings, backups, runs=tmp_path)
