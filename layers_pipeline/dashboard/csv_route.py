"""Files that are streamed: the CSV of exactly the rows that a page's filter keeps.

Belongs here: addresses of files, their names, errors as text.
Does not belong here: rows and their form (``views``), pages.
"""

from collections.abc import Iterator

from flask import Flask, Response, request

from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.errors import InputRefusedError, LayersError, NotFoundError
from layers_pipeline.views.content import stream_csv
from layers_pipeline.views.filters import ContentFilter


def register(server: Flask, deployment: Deployment) -> None:
    """Serve the files."""

    @server.get("/project/<project_id>/content.csv")
    def content_csv(project_id: str) -> Response:
        query = request.query_string.decode("utf-8", "replace")
        wanted = ContentFilter.from_query(query, project_id=project_id)
        return _as_file(stream_csv(deployment.views, wanted), f"{project_id}-content.csv")

    @server.errorhandler(LayersError)
    def refuse(error: LayersError) -> Response:
        known = {NotFoundError: 404, InputRefusedError: 400}
        return Response(f"{error}\n", status=known.get(type(error), 503), mimetype="text/plain")


def _as_file(lines: Iterator[bytes], name: str) -> Response:
    """The lines as they come; the first is made now, so that an error is still an answer."""
    first = next(lines, b"")

    def all_lines() -> Iterator[bytes]:
        yield first
        yield from lines

    return Response(
        all_lines(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
