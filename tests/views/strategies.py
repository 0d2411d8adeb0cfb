"""Filters of content as Hypothesis makes them up.

Belongs here: strategies.
Does not belong here: laws.
"""

from datetime import date

from hypothesis import strategies as st

from layers_pipeline.views.filters import COLUMNS, DELETED, OVERRIDDEN, ContentFilter
from tests.worlds.content_lists import PROJECT
from transforms.vocabulary import MEDIA_TYPES, PLATFORMS, POOLS

DAYS = st.dates(date(2025, 3, 1), date(2025, 4, 20))
SCORES = st.floats(0, 10)
WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=5)


def some(values):
    """No, one or more of them; mostly none."""
    chosen = st.lists(values, unique=True, max_size=3).map(tuple)
    return st.one_of(st.just(()), st.just(()), chosen)


def pairs(values):
    """Two ends of a range in order, either of which may be left out."""
    ends = st.tuples(values, values).map(sorted)
    return st.one_of(
        st.just((None, None)),
        ends,
        values.map(lambda one: (one, None)),
        values.map(lambda one: (None, one)),
    )


@st.composite
def filters(draw, words=WORDS):
    """Filters of the project that the made-up file is about."""
    published_from, published_until = draw(pairs(DAYS))
    score_min, score_max = draw(pairs(SCORES))
    known = st.sampled_from(["spring", "ÄRGER", "straße", "CAT", "ada", "tiktok:1", "&"])
    return ContentFilter(
        project_id=PROJECT,
        platforms=draw(some(st.sampled_from(PLATFORMS))),
        media_types=draw(some(st.sampled_from(MEDIA_TYPES))),
        accounts=draw(some(st.sampled_from(["tiktok:ada", "tiktok:bob", "instagram:Cyd"]))),
        creators=draw(some(st.one_of(st.sampled_from(["c-1", "c-2"]), words.filter(bool)))),
        published_from=published_from,
        published_until=published_until,
        pools=draw(some(st.sampled_from(POOLS))),
        score_min=score_min,
        score_max=score_max,
        eligible=draw(st.sampled_from([None, None, True, False])),
        override=draw(st.sampled_from([None, None, *OVERRIDDEN])),
        running=draw(st.sampled_from([None, None, True, False])),
        deleted=draw(st.sampled_from(DELETED)),
        search=draw(st.one_of(st.just(""), st.just(""), known, words)),
        sort=draw(st.tuples(st.sampled_from(COLUMNS), st.booleans())),
        columns=draw(
            st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1, max_size=8).map(tuple)
        ),
    )
