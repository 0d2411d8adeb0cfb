"""The state of the content view: what stands in the URL, in the controls, and what follows.

Belongs here: laws of the state, and what each change of the page leads to.
Does not belong here: filters themselves (``tests.views``), the browser.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_pipeline.dashboard.content import ids
from layers_pipeline.dashboard.content.columns import SHOWN_AS, columns_of, definitions, sort_of
from layers_pipeline.dashboard.content.filters import LABELS, control_id
from layers_pipeline.dashboard.content.following import Seen, followed
from layers_pipeline.dashboard.content.state import (
    CONTROLS,
    TABS,
    ContentState,
    filter_of,
    values_of,
)
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.views.filters import COLUMNS, SHOWN, SORT, ContentFilter
from layers_pipeline.views.scheduled import COLUMNS as PLANNED
from tests.hypothesis_profiles import examples
from tests.views.strategies import filters
from tests.worlds.content_lists import PROJECT

KEPT = ContentFilter(project_id=PROJECT)


@st.composite
def states(draw):
    opened = draw(st.none() | st.text(st.characters(exclude_categories=["C"]), min_size=1))
    return ContentState(
        kept=draw(filters()),
        tab=draw(st.sampled_from(TABS)),
        opened=opened,
        plan_columns=tuple(draw(st.lists(st.sampled_from(PLANNED), min_size=1, unique=True))),
        plan_sort=draw(st.tuples(st.sampled_from(PLANNED), st.booleans())),
    )


def seen(state: ContentState, **changes) -> Seen:
    """A page that shows a state."""
    page = Seen(
        project_id=state.kept.project_id,
        query=state.to_query(),
        values=values_of(state.kept),
        grid=grid(state.kept),
        opened=state.opened,
        is_open=state.opened is not None,
        rows=state.rows,
    )
    return replace(page, **changes)


def grid(kept: ContentFilter) -> list[dict]:
    """The columns as the grid tells them."""
    return [
        {"colId": one["colId"], "hide": one["hide"], "sort": one["sort"]}
        for one in definitions(kept)
    ]


@examples()
@given(state=states())
def test_a_url_says_the_whole_state(state):
    project_id = state.kept.project_id
    assert ContentState.from_query(state.to_query(), project_id=project_id) == state


@examples()
@given(kept=filters())
def test_controls_say_the_whole_filter(kept):
    assert filter_of(values_of(kept), project_id=kept.project_id, sort=kept.sort) == kept


@examples()
@given(kept=filters())
def test_the_grid_shows_columns_and_order_of_the_filter(kept):
    assert (columns_of(grid(kept)), sort_of(grid(kept))) == (kept.columns, kept.sort)


@examples()
@given(state=states(), changed=st.sampled_from((ids.URL, ids.GRID, *map(control_id, CONTROLS))))
def test_a_page_that_shows_its_state_stays_as_it_is(state, changed):
    assert followed(seen(state), changed) == state


@examples()
@given(state=states(), other=filters())
def test_neither_order_nor_columns_nor_panel_change_the_rows(state, other):
    shown = replace(state.kept, sort=other.sort, columns=other.columns)
    assert replace(state, kept=shown, opened="other").rows == state.rows


def test_a_control_changes_the_filter_and_keeps_the_order():
    state = ContentState(kept=replace(KEPT, sort=("views", False)))
    values = values_of(replace(KEPT, search="cat"))
    after = followed(seen(state, values=values), control_id("search"))
    assert after.kept == replace(KEPT, search="cat", sort=("views", False))


def test_clearing_keeps_order_and_columns():
    kept = replace(KEPT, search="cat", sort=("views", False), columns=("views", "caption"))
    after = followed(seen(ContentState(kept=kept)), ids.CLEAR)
    assert after.kept == replace(kept, search="")


def test_closing_the_panel_forgets_its_content():
    state = ContentState(kept=KEPT, opened="brand/tiktok:1")
    assert followed(seen(state, is_open=False), ids.PANEL).opened is None


def test_opening_a_content_says_so_in_the_url():
    after = followed(seen(ContentState(kept=KEPT), opened="brand/tiktok:1"), ids.OPENED)
    assert after.to_query() == "content=brand%2Ftiktok%3A1"


@pytest.mark.parametrize("changed", [ids.URL, ids.GRID, ids.PANEL])
def test_a_url_that_cannot_be_read_is_refused(changed):
    page = seen(ContentState(kept=KEPT), query="eligible=perhaps")
    with pytest.raises(InputRefusedError, match="perhaps"):
        followed(page, changed)


def test_a_control_gives_up_what_cannot_be_read():
    page = seen(ContentState(kept=KEPT), query="eligible=perhaps")
    assert followed(page, control_id("search")) == ContentState(kept=KEPT)


def test_an_unknown_tab_is_refused():
    with pytest.raises(InputRefusedError, match="'later': use live, scheduled"):
        ContentState.from_query("tab=later", project_id=PROJECT)


def test_every_column_and_every_control_has_a_name():
    assert set(SHOWN_AS) == set(COLUMNS)
    assert set(LABELS) == set(CONTROLS)
    assert (KEPT.columns, KEPT.sort) == (SHOWN, SORT)


@pytest.mark.parametrize(
    "query",
    ["plan_columns=caption,caption", "plan_columns=views", "plan_sort=views", "plan_sort=-"],
)
def test_a_list_of_plans_refuses_columns_that_it_has_not(query):
    with pytest.raises(InputRefusedError, match="local_at"):
        ContentState.from_query(query, project_id=PROJECT)
