"""What a drawn page says, without a browser.

Belongs here: finding components in a drawing, the text of one.
Does not belong here: what pages must say.
"""

from collections.abc import Iterator

from dash.development.base_component import Component


def every(drawing: object) -> Iterator[Component]:
    """A component and all that lie in it, in the order in which they are read."""
    if isinstance(drawing, Component):
        yield drawing
        yield from every(getattr(drawing, "children", None))
    elif isinstance(drawing, list | tuple):
        for one in drawing:
            yield from every(one)


def named(drawing: object, name: str) -> list[Component]:
    """Components of a class, or of a kind."""
    return [
        one
        for one in every(drawing)
        if name in str(getattr(one, "className", "")).split() or type(one).__name__ == name
    ]


def text(drawing: object) -> str:
    """Everything that is read, pieces one space apart."""
    return " ".join(pieces(drawing))


def pieces(drawing: object) -> list[str]:
    if isinstance(drawing, str | int | float):
        return [str(drawing)]
    if isinstance(drawing, list | tuple):
        return [piece for one in drawing for piece in pieces(one)]
    return pieces(getattr(drawing, "children", None)) if drawing is not None else []


def rows(drawing: object, title: str) -> list[list[str]]:
    """The cells' texts of the table of a title, row by row."""
    tables = [one for one in named(drawing, "Table") if title in text(named(one, "TableCaption"))]
    assert len(tables) == 1
    body = named(tables[0], "TableTbody")
    return [[text(cell) for cell in named(row, "TableTd")] for row in named(body, "TableTr")]
