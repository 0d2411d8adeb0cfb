"""The outline that generations begin with: made once, kept beside them, never trusted blindly.

Belongs here: keeping it, and what is done with one that is damaged or cannot be kept.
Does not belong here: what generations hold (``test_publication``).
"""

import shutil
from pathlib import Path

import duckdb
import pytest

from layers_pipeline.lake import catalog
from layers_pipeline.serving import outline

TABLES = (*catalog.PUBLISHED, *catalog.STAGED_TABLES)


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    """A folder in which an earlier process left the outline."""
    folder = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outline, "_MADE", {})
        outline.outline_of(TABLES, kept_in=folder)
    return folder


@pytest.fixture
def folder(first, tmp_path, monkeypatch) -> Path:
    """A copy of it, met by a process that has made nothing yet."""
    monkeypatch.setattr(outline, "_MADE", {})
    return shutil.copytree(first, tmp_path / "serve")


def kept_in(folder: Path) -> Path:
    (kept,) = folder.iterdir()
    return kept


def tables_of(made: bytes, path: Path) -> set[str]:
    path.write_bytes(made)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("select table_name from duckdb_tables()").fetchall()
    return {name for (name,) in found}


def test_a_later_process_takes_what_an_earlier_one_left(folder):
    before = kept_in(folder).stat()
    made = outline.outline_of(TABLES, kept_in=folder)
    assert kept_in(folder).stat().st_mtime_ns == before.st_mtime_ns
    assert kept_in(folder).read_bytes().startswith(made)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda left: left[: len(left) // 2], id="cut"),
        pytest.param(lambda left: left[:5000] + bytes([left[5000] ^ 1]) + left[5001:], id="a bit"),
        pytest.param(lambda left: b"", id="empty"),
    ],
)
def test_one_that_is_damaged_is_made_again(folder, tmp_path, damage):
    whole = kept_in(folder).read_bytes()
    kept_in(folder).write_bytes(damage(whole))
    again = outline.outline_of(TABLES, kept_in=folder)
    assert len(again) == len(whole) - outline.CHECK_BYTES
    assert {"projects", "publication"} < tables_of(again, tmp_path / "looked-at.duckdb")
    assert kept_in(folder).read_bytes().startswith(again)


def test_one_of_other_tables_takes_its_place(folder, tmp_path):
    fewer = tuple(table for table in TABLES if table is not catalog.IMPORT_FILES)
    before = kept_in(folder).name
    made = outline.outline_of(fewer, kept_in=folder)
    assert kept_in(folder).name != before
    assert "import_files" not in tables_of(made, tmp_path / "looked-at.duckdb")


def test_where_it_cannot_be_kept_it_is_made_all_the_same(folder, tmp_path):
    made = outline.outline_of(TABLES, kept_in=tmp_path / "absent")
    assert "projects" in tables_of(made, tmp_path / "looked-at.duckdb")
