"""Tables of a few rows, and the "?" that says what a column means.

Belongs here: heads with meanings, order by a link, cells of numbers and of texts.
Does not belong here: the grid that scrolls through many rows (``content.grid``), what rows say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from layers_pipeline.dashboard.marks import aria

Cell = Component | str
UP, DOWN = "\N{BLACK UP-POINTING TRIANGLE}", "\N{BLACK DOWN-POINTING TRIANGLE}"


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column."""

    text: str
    meaning: str = ""
    is_number: bool = True
    sort: str = ""
    """The word by which a URL orders by it; empty: it does not."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """How a table is ordered, and the address that orders it otherwise."""

    by: str
    descending: bool
    address: Callable[[str], str]
    """The address of an order: a word, after ``-`` if downwards."""

    def link(self, head: Head) -> Component:
        """The head's text as a link that orders by it, or turns the order round."""
        is_here = head.sort == self.by
        down = not self.descending if is_here else head.is_number
        mark = f" {DOWN if self.descending else UP}" if is_here else ""
        target = self.address(f"-{head.sort}" if down else head.sort)
        return dcc.Link(head.text + mark, href=target, className="sort-link")

    def said(self, head: Head) -> dict[str, Any]:
        """What people who do not see the mark are told."""
        if not head.sort or head.sort != self.by:
            return {}
        return aria(sort="descending" if self.descending else "ascending")


def heads(*texts: str, numbers: Iterable[str] = ()) -> list[Head]:
    """Heads that say no more than their texts.

    Args:
        numbers: Texts of those whose cells are numbers.
    """
    counted = set(numbers)
    return [Head(text=text, is_number=text in counted) for text in texts]


def meaning(name: str, text: str) -> Component:
    """A "?" that says what something means, when it is pointed at or reached by keyboard."""
    return dmc.Tooltip(
        html.Button("?", type="button", className="meaning", **aria(label=f"{name}: {text}")),
        label=text,
        multiline=True,
        w=300,
        withArrow=True,
        events={"hover": True, "focus": True, "touch": True},
    )


def table(
    title: str,
    heads: Sequence[Head],
    rows: Iterable[Sequence[Cell]],
    *,
    order: Order | None = None,
    is_titled: bool = True,
) -> Component:
    """A table that scrolls sideways where the window is narrow.

    Args:
        title: What its rows are.
        is_titled: Whether it shows its title; else that stands above it, and this one is told to
            people who do not see the page.
    """
    body = [
        dmc.TableTr([_cell(cell, head) for head, cell in zip(heads, row, strict=True)])
        for row in rows
    ]
    top = dmc.TableThead(dmc.TableTr([_head(head, order) for head in heads]))
    caption = [dmc.TableCaption(title)] if is_titled else []
    # A region that scrolls must be reachable by keyboard, and named.
    return html.Div(
        dmc.Table(
            [*caption, top, dmc.TableTbody(body)],
            captionSide="top",
            verticalSpacing="xs" if is_titled else 4,
            tabularNums=True,
            horizontalSpacing="xs",
            fz="sm",
            highlightOnHover=True,
        ),
        className="table-scroll" if is_titled else "table-scroll within",
        tabIndex="0",
        role="region",
        **aria(label=title),
    )


def _cell(cell: Cell, head: Head) -> Component:
    return dmc.TableTd(cell, className="number" if head.is_number else "cell")


def _head(head: Head, order: Order | None) -> Component:
    text: Cell = order.link(head) if order and head.sort else head.text
    more = [meaning(head.text, head.meaning)] if head.meaning else []
    said = order.said(head) if order else {}
    return dmc.TableTh(
        html.Span([text, *more], className="head"),
        className="number" if head.is_number else None,
        **said,
    )
