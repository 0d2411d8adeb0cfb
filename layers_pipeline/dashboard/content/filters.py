"""The controls above the content grid: every filter of R61, by keyboard and by mouse.

Belongs here: the controls, their choices.
Does not belong here: what they mean (``state``), callbacks (``pages.content``).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from layers_pipeline.dashboard import shown
from layers_pipeline.dashboard.content.columns import MEANINGS, SHOWN_AS, heads
from layers_pipeline.dashboard.content.state import CONTROLS, Tab, values_of
from layers_pipeline.dashboard.marks import aria
from layers_pipeline.views.choices import Choices
from layers_pipeline.views.filters import COLUMNS, SCORE_MAX, TEXT_MAX, ContentFilter
from transforms.vocabulary import MEDIA_TYPES, PLATFORMS, POOLS

DEBOUNCE_MS: Final = 400
OPTIONS_MAX: Final = 50
"""Accounts that a list shows at once; typing finds the others."""
LABELS: Final[dict[str, str]] = {
    "platforms": "Platform",
    "media_types": "Kind",
    "accounts": "Account",
    "creators": "Creator",
    "published_from": "Published from",
    "published_until": "Published until",
    "pools": "Pool",
    "score_min": "Score from",
    "score_max": "Score to",
    "eligible": "Eligible",
    "override": "Override",
    "running": "Running as an ad",
    "deleted": "Deleted",
    "search": "Search",
    "columns": "Columns",
}


FIRST: Final = ("search", *(name for name in CONTROLS if name not in ("search", "columns")))


def control_id(name: str, tab: Tab = "live") -> str:
    """The id of the control of a filter's field, on one of the tabs."""
    return f"{tab}-{name}"


def controls(
    kept: ContentFilter,
    choices: Choices,
    *,
    tab: Tab = "live",
    names: Sequence[str] = FIRST,
    labels: Mapping[str, str] = LABELS,
) -> Component:
    """Controls of some fields, as a filter sets them, and one that clears them."""
    values = dict(zip(CONTROLS, values_of(kept), strict=True))
    made = [
        _made(name, values[name], choices, {"id": control_id(name, tab), "label": labels[name]})
        for name in names
    ]
    clear = dmc.Button("Clear filters", id=f"{tab}-clear", variant="default", size="xs")
    return html.Div([*made, clear], role="search", className="filters", **aria(label="Filters"))


def columns(kept: ContentFilter) -> Component:
    """The columns that are shown; they stand in the order in which they are ticked."""
    boxes = [dmc.Checkbox(value=one["value"], label=one["label"], size="xs") for one in heads()]
    group = dmc.CheckboxGroup(
        dmc.SimpleGrid(boxes, cols=3, spacing="xs", verticalSpacing=6),
        id=control_id("columns"),
        value=list(kept.columns),
        label="Columns of the list and of the CSV",
        size="xs",
    )
    return html.Details(
        [html.Summary(LABELS["columns"]), html.Div(group, className="dropdown")],
        className="choose-columns",
    )


def meanings() -> Component:
    """What each column means, for those too who have no mouse to rest on its head."""
    listed = [
        part for name in COLUMNS for part in (html.Dt(SHOWN_AS[name].head), html.Dd(MEANINGS[name]))
    ]
    return html.Details(
        [
            html.Summary("?", **aria(label="What columns mean")),
            html.Dl(listed, className="dropdown"),
        ],
        className="choose-columns",
    )


def _made(
    name: str,
    value: Any,  # noqa: ANN401 - what its control takes
    choices: Choices,
    named: Mapping[str, str],
) -> Component:
    common: dict[str, Any] = {**named, "size": "xs"}
    several: Mapping[str, Callable[[], Iterable[Any]]] = {
        "platforms": lambda: _words(PLATFORMS),
        "media_types": lambda: _words(MEDIA_TYPES),
        "pools": lambda: _words(POOLS),
        "accounts": lambda: _as_they_are([*choices.accounts, *(value or ())]),
        "creators": lambda: _as_they_are([*choices.creators, *(value or ())]),
    }
    one: Mapping[str, Sequence[str]] = {
        "eligible": ("yes", "no"),
        "running": ("yes", "no"),
        "override": ("include", "exclude", "any", "none"),
        "deleted": ("hide", "show", "only"),
    }
    if name in several:
        return _several(value, [*several[name]()], common)
    if name in one:
        clears = name != "deleted"
        data: list[Any] = [*_words(one[name])]
        return dmc.Select(
            value=value, data=data, clearable=clears, allowDeselect=clears, placeholder="all",
            **common,
        )  # fmt: skip
    return _typed(name, value, common)


def _several(value: list[str], data: list[Any], common: dict[str, Any]) -> Component:
    return dmc.MultiSelect(
        value=value,
        data=data,
        searchable=True,
        clearable=True,
        limit=OPTIONS_MAX,
        hidePickedOptions=False,
        placeholder="" if value else "all",
        nothingFoundMessage="Nothing of that name",
        className="filter-several",
        **common,
    )


def _typed(name: str, value: Any, common: dict[str, Any]) -> Component:  # noqa: ANN401 - its value
    if name == "search":
        return dmc.TextInput(
            value=value,
            debounce=DEBOUNCE_MS,
            placeholder="caption, prompt, account, id",
            inputProps={"maxLength": TEXT_MAX},
            className="filter-search",
            **common,
        )
    if name.startswith("published"):
        return dmc.DateInput(
            value=value, valueFormat="YYYY-MM-DD", placeholder="any day", clearable=True, **common
        )
    return dmc.NumberInput(
        value="" if value is None else value,
        min=0,
        max=SCORE_MAX,
        step=0.5,
        decimalScale=2,
        debounce=DEBOUNCE_MS,
        placeholder="any",
        **common,
    )


def _words(words: Iterable[str]) -> Iterable[Mapping[str, str]]:
    return ({"value": word, "label": shown.words(word)} for word in words)


def _as_they_are(values: Iterable[str]) -> Iterable[Mapping[str, str]]:
    return ({"value": value, "label": value} for value in dict.fromkeys(values))
