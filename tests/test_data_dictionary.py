"""The data dictionary: complete, and the one that the code gives.

Belongs here: comments of the published file, and the page made of them.
Does not belong here: what the tables hold.
"""

from pathlib import Path

import duckdb
import pytest

from tools.data_dictionary import as_markdown, publish_empty, uncommented

PAGE = Path(__file__).parents[1] / "docs" / "data_dictionary.md"
COMMAND = ".venv/bin/python -m tools.data_dictionary"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish_empty(tmp_path_factory.mktemp("empty_lake"))


def test_everything_in_the_published_file_has_a_comment(published):
    assert uncommented(published) == []


def test_a_missing_comment_is_found(tmp_path):
    path = tmp_path / "bare.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table bare (column_without integer)")
        connection.execute("create macro silent(x) as table select x as x")

    assert uncommented(path) == ["bare", "bare.column_without", "silent(x)"]


def test_the_page_is_what_the_file_says(published):
    assert PAGE.read_text(encoding="utf-8") == as_markdown(published), (
        f"docs/data_dictionary.md is out of date. Make it anew: {COMMAND}"
    )
