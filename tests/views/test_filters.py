from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.filters import FIELDS, ContentFilter
from tests.hypothesis_profiles import examples
from tests.views.strategies import filters

PLAIN = ContentFilter(project_id="brand")


def read(query: str) -> ContentFilter:
    return ContentFilter.from_query(query, project_id="brand")


@examples(8)
@given(kept=filters())
def test_a_filter_is_read_from_its_query_as_it_was(kept):
    query = kept.to_query()

    assert read(query) == kept
    assert read(f"?{query}") == kept
    assert ContentFilter.from_query(parse_qs(query), project_id="brand") == kept


@examples(8)
@given(query=st.dictionaries(st.sampled_from([*FIELDS]), st.text(max_size=6), max_size=3))
def test_a_query_is_refused_by_name_or_means_one_filter(query):
    found: ContentFilter | str
    try:
        found = ContentFilter.from_query(query, project_id="brand")
    except InputRefusedError as error:
        found = str(error)

    if isinstance(found, str):
        assert any(f"filter {key}: " in found for key in query)
    else:
        assert read(found.to_query()) == found


def test_a_filter_that_keeps_everything_is_an_empty_query():
    assert PLAIN.to_query() == ""
    assert read("") == PLAIN
    assert read("search=&from=&columns=") == PLAIN


def test_a_query_reads_as_a_person_would_write_it():
    query = "platform=tiktok&account=tiktok%3Aada&from=2025-05-01&score_min=4&sort=-views"

    assert read(query) == replace(
        PLAIN,
        platforms=("tiktok",),
        accounts=("tiktok:ada",),
        published_from=date(2025, 5, 1),
        score_min=4.0,
        sort=("views", True),
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("platform=youtube", "filter platform: 'youtube': use instagram, tiktok."),
        ("account=ada", "filter account: 'ada': write platform:account, such as tiktok:ada."),
        ("from=yesterday", "filter from: 'yesterday': write a day, such as 2025-05-14."),
        (
            "from=2025-05-02&until=2025-05-01",
            "filter from: '2025-05-02': give 2025-05-01 or less, where the range ends.",
        ),
        ("score_min=nan", "filter score_min: 'nan': give a score from 0 to 10."),
        ("score_max=high", "filter score_max: 'high': write a number from 0 to 10."),
        ("eligible=1", "filter eligible: '1': use yes, no."),
        ("override=maybe", "filter override: 'maybe': use include, exclude, any, none."),
        ("deleted=yes", "filter deleted: 'yes': use hide, show, only."),
        ("deleted=hide&deleted=only", "filter deleted: 'only': it comes twice."),
        ("sort=views%3Bdrop", "filter sort: 'views;drop': use ads_content_id, "),
        ("columns=views,views", "filter columns: 'views,views': name one or more, each once."),
        ("columns=views,token", "filter columns: 'token': use ads_content_id, "),
        ("search=%1b", "filter search: '\\x1b': write one line of 200 characters at most."),
        ("plattform=tiktok", "filter plattform: 'tiktok': no such parameter. Use platform, "),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(query, told):
    with pytest.raises(InputRefusedError) as refused:
        read(query)

    assert str(refused.value).startswith(told)


def test_parameters_of_the_page_itself_are_passed_over_when_named():
    found = ContentFilter.from_query("tab=live&deleted=show", project_id="brand", others=("tab",))

    assert found == replace(PLAIN, deleted="show")


def test_a_filter_of_no_project_is_refused():
    with pytest.raises(InputRefusedError, match="'a b' is not a slug"):
        ContentFilter(project_id="a b")
