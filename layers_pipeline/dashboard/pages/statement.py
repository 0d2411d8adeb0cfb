"""A creator's statement of a period of payouts, on screen and as files.

Belongs here: the page, and the addresses of its files.
Does not belong here: what stands in a statement (``steps.pay``), its layout (``serving``).
"""

from typing import Final
from urllib.parse import quote, urlencode

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from dash.development.base_component import Component
from flask import Flask, Response, request

from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.page import Page, Visit
from layers_pipeline.dashboard.tables import Head, table
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.serving.statements import StatementFormat, rendered, tables_of, titles_of
from layers_pipeline.steps.pay.statements import statement_of

FILES: Final[dict[str, tuple[StatementFormat, str]]] = {
    "html": ("html", "text/html"),
    "md": ("markdown", "text/markdown"),
    "csv": ("csv", "text/csv"),
}
"""By ending: the form, and what a browser is told that it is."""


def draw(visit: Visit) -> Component:
    """The statement of the period that the address asks for."""
    creator_id, period = visit.values["creator_id"], _period(visit.parameters.get("period", ""))
    operations = visit.deployment.operations
    statement = statement_of(operations, visit.project_id, creator_id, period)
    title, heading = titles_of(statement)
    at = PAGE.address(project_id=visit.project_id, creator_id=creator_id)
    files = [
        html.A(f".{ending}", href=f"{at}.{ending}?{urlencode({'period': period})}", download="")
        for ending in FILES
    ]
    back = f"/project/{visit.project_id}/creator/{quote(creator_id, safe='')}"
    return dmc.Stack(
        [
            dmc.Title(title, order=1, size="h2"),
            dmc.Text(heading, size="sm", c="dimmed"),
            dmc.Group([dcc.Link("The creator", href=back), html.Span("As a file:"), *files]),
            *(
                table(
                    name,
                    [Head(text=text, is_number=text == "amount") for text in head],
                    rows,
                )
                for name, head, rows in tables_of(statement)
            ),
        ],
        gap="sm",
    )


def _period(text: str) -> str:
    if not text:
        raise InputRefusedError("period: it is missing. Give a month, a week or a day: 2025-05.")
    return text


def register(app: Dash, deployment: Deployment) -> None:
    """Serve the files."""
    server: Flask = app.server  # pyright: ignore[reportAssignmentType]

    @server.get("/project/<project_id>/creator/<creator_id>/statement.<ending>")
    def statement_file(project_id: str, creator_id: str, ending: str) -> Response:
        if ending not in FILES:
            raise InputRefusedError(f"statement: .{ending[:10]}: use {', '.join(FILES)}.")
        period = _period(request.args.get("period", ""))
        statement = statement_of(deployment.operations, project_id, creator_id, period)
        form, kind = FILES[ending]
        name = f"{project_id}-{_plain(creator_id)}-{statement.starts_on}.{ending}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(rendered(statement, form), mimetype=kind, headers=headers)


def _plain(text: str) -> str:
    """Text as a file's name may have it everywhere."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)


PAGE: Final = Page(
    path="/project/{project_id}/creator/{creator_id}/statement",
    title="Statement",
    draw=draw,
    register=register,
)
