"""``backup``, ``restore``, ``verify`` and ``backups``: what they print, refuse and end with.

Belongs here: the commands within this process.
Does not belong here: what a backup holds (``tests.steps.keep``).
"""

import json
from datetime import UTC, datetime

import pytest

from layers_pipeline.steps.derive.dimensions import copy_operations
from tests.cli.program import Program
from tests.worlds.data_builders import make_stores


@pytest.fixture
def program(tmp_path) -> Program:
    """A home with a project."""
    stores = make_stores(tmp_path / "home", now=datetime.now(UTC))
    stores.operations.projects.add("brand", name="Brand", time_zone="UTC", now=datetime.now(UTC))
    copy_operations(stores)
    stores.operations.close()
    return Program(tmp_path / "home")


def test_a_backup_says_what_is_new_and_what_is_not_in_it(program, tmp_path):
    first = program.said("backup", tmp_path / "backups")
    assert "the other 0 files were there" in first
    assert "Not in it: LAYERS_TOKEN_KEYS" in first
    assert "New: 0 files, 0 bytes" in program.said("backup", tmp_path / "backups")


def test_backups_are_listed_and_deleted(program, tmp_path):
    folder = tmp_path / "backups"
    for _ in range(2):
        program.said("backup", folder)
    (folder / "backups/20990101T000000Z.incomplete").touch()
    newest = max(folder.glob("backups/2*.json"), key=lambda path: path.stem)
    newest.write_bytes(newest.read_bytes()[:-1])
    rows = json.loads(program.said("backups", "list", folder, "--format", "json"))
    assert [row["state"] for row in rows] == ["complete", "damaged", "incomplete"]
    assert "not what its checksum says" in program.refused(
        "backups", "prune", folder, "--keep", "1", code=4
    )
    newest.unlink()
    assert "Deleted 0 backups" in program.said("backups", "prune", folder, "--keep", "1")


def test_what_is_restored_is_told_and_the_next_step(program, tmp_path):
    program.said("backup", tmp_path / "backups")
    assert "is not empty" in program.refused("restore", tmp_path / "backups")
    again = Program(tmp_path / "again")
    said = again.said("restore", tmp_path / "backups")
    assert "Restored 20" in said
    assert "Next: layers-pipeline publish" in said
    assert "brand" in again.said("project", "list")


def test_damage_ends_verify_with_4(program, tmp_path):
    assert program("verify").code == 0
    next((program.home / "lake/projects").glob("*.parquet")).unlink()
    said = program("verify", "--format", "json")
    (fault,) = [row for row in json.loads(said.out) if row["state"] == "fault"]
    assert (said.code, fault["what"]) == (4, "projects")
    assert "restore" in fault["what_to_do"]


@pytest.mark.parametrize("command", ["restore", "verify"])
def test_a_folder_without_backups_is_named(program, tmp_path, command):
    assert "there is no complete backup" in program.refused(command, tmp_path / "none", code=3)


def test_a_folder_that_cannot_be_written_is_named(program, tmp_path):
    (tmp_path / "file").touch()
    assert "file" in program.refused("backup", tmp_path / "file/backups", code=4)


def test_records_of_runs_in_postgresql_are_not_copied(program, tmp_path):
    url = {"LAYERS_DAGSTER_PG_URL": "postgresql://nobody/dagster"}
    assert "pg_dump" in program.refused("backup", tmp_path / "b", "--with-runs", **url)


def test_records_of_runs_come_back_where_they_are_asked_for(program, tmp_path):
    records = program.home / "dagster/storage/history/runs"
    records.mkdir(parents=True)
    make_stores(tmp_path / "other").operations.close()
    (tmp_path / "other/operations.db").replace(records / "index.db")
    program.said("backup", tmp_path / "without")
    program.said("backup", tmp_path / "with", "--with-runs")
    for name in ("without", "with"):
        again = Program(tmp_path / f"from-{name}")
        again.said("restore", tmp_path / name)
        assert (again.home / "dagster/storage/history/runs/index.db").exists() == (name == "with")
