"""The data dictionary: what every table, column and macro of the analysts' file means.

Belongs here: the page.
Does not belong here: the words, which are the file's own comments (``views.dictionary``).
"""

from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard import choosing, states
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Cell, Head, table
from layers_pipeline.errors import NotFoundError
from layers_pipeline.views.dictionary import Dictionary, Relation, read_dictionary

FOUND_MAX: Final = 100
"""Columns that a search lists."""


def draw(visit: Visit) -> Component:
    """One table, what a search finds, or everything there is."""
    dictionary = read_dictionary(visit.deployment.views)
    search, name = visit.parameters.get("search", ""), visit.parameters.get("table", "")
    head = [
        dmc.Title("Data dictionary", order=1, size="h2"),
        dmc.Text(
            "What the analysts' file says of itself. The same stands in the file, as comments.",
            size="sm",
            c="dimmed",
        ),
        choosing.search_box("Search tables, columns and meanings", search),
    ]
    if search:
        return dmc.Stack([*head, *_found(dictionary, search)], gap="sm")
    if name:
        return dmc.Stack([*head, *_one(_relation(dictionary, name))], gap="sm")
    return dmc.Stack([*head, _tables(dictionary.relations), _macros(dictionary)], gap="sm")


def _relation(dictionary: Dictionary, name: str) -> Relation:
    for relation in dictionary.relations:
        if relation.name == name:
            return relation
    raise NotFoundError(f"table {name[:60]!r} is not in the file. Choose one from the dictionary.")


def _link(name: str) -> Component:
    return dcc.Link(name, href=f"{PAGE.path}{choosing.changed('', table=name)}")


def _one(relation: Relation) -> list[Component]:
    heads = [Head(text=text, is_number=False) for text in ("Column", "Type", "Meaning")]
    rows: list[list[Cell]] = [
        [html.Code(column.name), column.type, column.says] for column in relation.columns
    ]
    return [
        html.H2(f"{relation.name}, a {relation.kind}"),
        dmc.Text(relation.says),
        table(f"Columns of {relation.name}", heads, rows),
        dcc.Link("All tables", href=PAGE.path),
    ]


def _tables(relations: tuple[Relation, ...]) -> Component:
    heads = [
        Head(text="Table", is_number=False),
        Head(text="Kind", is_number=False),
        Head(text="Columns"),
        Head(text="What it holds", is_number=False),
    ]
    rows: list[list[Cell]] = [
        [_link(one.name), one.kind, str(len(one.columns)), one.says] for one in relations
    ]
    return table("Tables and views", heads, rows)


def _macros(dictionary: Dictionary) -> Component:
    heads = [Head(text=text, is_number=False) for text in ("Macro", "What it answers")]
    rows: list[list[Cell]] = [[html.Code(one.call), one.says] for one in dictionary.macros]
    return table("Macros, questions by name", heads, rows)


def _found(dictionary: Dictionary, search: str) -> list[Component]:
    wanted = search.lower()
    relations = tuple(
        one for one in dictionary.relations if wanted in f"{one.name} {one.says}".lower()
    )
    columns = [
        (one.name, column)
        for one in dictionary.relations
        for column in one.columns
        if wanted in f"{column.name} {column.says}".lower()
    ]
    if not relations and not columns:
        return [states.empty("Nothing says that", "Search for another word.")]
    heads = [Head(text=text, is_number=False) for text in ("Table", "Column", "Type", "Meaning")]
    rows: list[list[Cell]] = [
        [_link(name), html.Code(column.name), column.type, column.says]
        for name, column in columns[:FOUND_MAX]
    ]
    rest = len(columns) - FOUND_MAX
    more = [dmc.Text(f"And {rest:,} columns more: search for more of it.")] if rest > 0 else []
    return [
        *([_tables(relations)] if relations else []),
        *([table("Columns", heads, rows)] if rows else []),
        *more,
    ]


PAGE: Final = Page(path="/dictionary", title="Data dictionary", draw=draw, menu="everything")
