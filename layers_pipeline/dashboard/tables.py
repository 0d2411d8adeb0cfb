"""Small tables of text, as all pages draw them.

Belongs here: the table.
Does not belong here: grids of many rows (``content.grid``).
"""

from collections.abc import Collection, Iterable, Sequence

import dash_mantine_components as dmc
from dash.development.base_component import Component

Cell = str | Component


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, numeric: Collection[int] = ()
) -> Component:
    """A table; numbers stand to the right."""

    def cells(row: Sequence[Cell]) -> list[Component]:
        return [
            dmc.TableTd(cell, ta="right" if place in numeric else "left", className="cell")
            for place, cell in enumerate(row)
        ]

    head = [
        dmc.TableTh(name, ta="right" if place in numeric else "left")
        for place, name in enumerate(heads)
    ]
    return dmc.TableScrollContainer(
        dmc.Table(
            [
                dmc.TableThead(dmc.TableTr(head)),
                dmc.TableTbody([dmc.TableTr(cells(row)) for row in rows]),
            ],
            verticalSpacing=4,
        ),
        minWidth=0,
        type="native",
    )
