import csv
import io
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.serving.query import as_csv
from layers_pipeline.views.content import count, kept_by, page, parameters, stream_csv
from layers_pipeline.views.csv_text import csv_of
from layers_pipeline.views.filters import COLUMNS, ContentFilter
from tests.hypothesis_profiles import examples
from tests.oracles.content_lists import kept_rows
from tests.views.strategies import filters
from tests.worlds.content_lists import CAPTIONS, PROJECT, contents
from transforms.sql import sql_of

ROWS = contents()
EVERYTHING = ContentFilter(project_id=PROJECT, deleted="show", columns=COLUMNS)


def told(value: Any) -> str:
    """A value as CSV tells it, but for what is done to harmful text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value:%Y-%m-%dT%H:%M:%S}Z"
        case str():
            return value.removeprefix("'")
        case _:
            return str(value)


def lines(pieces: Iterable[bytes]) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(pieces).decode(), newline="")))


@examples(4)
@given(kept=filters(), offset=st.integers(0, 250), limit=st.integers(0, 40))
def test_screen_and_csv_show_what_the_filter_keeps(views, kept, offset, limit):
    expected = kept_rows(ROWS, kept)
    shown = [{name: row[name] for name in kept.columns} for row in expected]

    assert count(views, kept) == len(expected)
    found = page(views, kept, offset, limit)
    assert [row["ads_content_id"] for row in found] == [
        row["ads_content_id"] for row in expected[offset : offset + limit]
    ]
    assert [{name: row[name] for name in kept.columns} for row in found] == shown[
        offset : offset + limit
    ]
    names, *values = lines(stream_csv(views, kept))
    assert names == list(kept.columns)
    assert [[text.removeprefix("'") for text in line] for line in values] == [
        list(map(told, row.values())) for row in shown
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_can_be_sorted_by_in_both_directions(views, column):
    for descending in (False, True):
        kept = ContentFilter(project_id=PROJECT, sort=(column, descending))

        keys = [row["ads_content_id"] for row in page(views, kept, 0, 1000)]

        assert keys == [row["ads_content_id"] for row in kept_rows(ROWS, kept)]


def test_text_that_a_spreadsheet_would_run_is_neutralised_and_numbers_are_not(views):
    names, *values = lines(stream_csv(views, EVERYTHING))
    told_rows = [dict(zip(names, line, strict=True)) for line in values]

    assert {row["caption"] for row in told_rows} >= {"'=HYPERLINK(0)", "'-5", "'\tindented"}
    assert {row["saves"] for row in told_rows} >= {"-49", "-98"}
    assert {row["override_note"] for row in told_rows} == {"", "'=1+1"}


@examples(4)
@given(text=st.one_of(st.sampled_from(CAPTIONS[:-1]), st.text()))
def test_text_is_written_as_answers_to_questions_are(text):
    ours = csv_of(pl.DataFrame({"words": [text, "b"]}), with_names=True)

    assert ours.decode() == as_csv(["words"], [[text], ["b"]])


def test_null_in_the_only_column_is_a_row_all_the_same():
    only = pl.DataFrame({"views": [1, None, 3]})

    assert csv_of(only, with_names=True) == b'views\n1\n""\n3\n'


def test_a_search_means_its_characters_and_no_pattern(views):
    for text in ("%", "_", "\\", "'; drop table x; --"):
        assert count(views, ContentFilter(project_id=PROJECT, search=text)) == 0


def test_days_are_those_of_publication_and_both_ends_count(views):
    day = date(2025, 3, 20)
    kept = ContentFilter(
        project_id=PROJECT, published_from=day, published_until=day, deleted="show"
    )

    assert count(views, kept) == sum(
        row["published_on"] == day and row["project_id"] == PROJECT for row in ROWS
    )
    assert count(views, kept) > 0


def test_only_the_project_is_asked_for_where_nothing_is_filtered(views):
    """Conditions of filters that are not set are left out of the question, all others stand."""
    asked = ContentFilter(project_id=PROJECT, deleted="show")
    assert set(parameters(asked)) == {"project_id"}
    text = sql_of("views", "content_kept")
    names = set(re.findall(r"\$(\w+) is null", text))
    assert text.endswith(f"select *\n{kept_by(frozenset(names))}")
    assert set(re.findall(r"\$(\w+)", kept_by(frozenset()))) == {"project_id"}
    for name in names:
        assert set(re.findall(r"\$(\w+)", kept_by(frozenset({name})))) == {"project_id", name}


def test_a_project_without_content_has_a_csv_of_names_only(views):
    kept = ContentFilter(project_id="nobody", columns=("caption", "views"))

    assert b"".join(stream_csv(views, kept)) == b"caption,views\n"
