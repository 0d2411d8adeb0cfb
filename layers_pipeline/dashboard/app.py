"""The dashboard as one application.

Belongs here: putting shell, pages, routes and guards together.
Does not belong here: what each of them does, serving (``serve``).
"""

import logging
from pathlib import Path
from typing import Final

from dash import Dash, set_props
from flask import Flask, Response

from layers_pipeline.dashboard import (
    csv_route,
    login,
    metrics_route,
    routing,
    security,
    shell,
    states,
)
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.dashboard.pages import PAGES

log: Final = logging.getLogger(__name__)
HERE: Final = Path(__file__).parent
INDEX: Final = """<!doctype html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
<script src="/assets/scheme.js"></script>
{%css%}
</head>
<body>
{%app_entry%}
<footer>
{%config%}
{%scripts%}
{%renderer%}
</footer>
</body>
</html>
"""
"""The scheme stands first, lest a page flash white before it turns dark."""


def _told(error: Exception) -> None:
    """What nobody foresaw is logged, and the page says that it happened."""
    log.error("a page failed", exc_info=error)
    set_props(shell.TROUBLE, {"children": states.broken()})


def create_app(deployment: Deployment) -> Dash:
    """The dashboard over one deployment, to be served by any WSGI server."""
    password = deployment.settings.dashboard_password
    has_login = bool(password.get_secret_value())
    server = Flask(__name__, static_folder=None)
    if has_login:
        login.require_login(server, password)
    app = Dash(
        __name__,
        server=server,  # pyright: ignore[reportArgumentType]
        assets_folder=str(HERE / "assets"),
        assets_ignore=r"scheme\.js",
        index_string=INDEX,
        title="Layers",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,  # pages come and go
        use_pages=False,
        enable_mcp=False,
        add_log_handler=False,
        on_error=_told,
    )
    app.layout = shell.layout(with_login=has_login)
    shell.register(app, deployment, PAGES)
    routing.register(app, deployment, PAGES)
    csv_route.register(server, deployment)
    metrics_route.register(server, deployment, has_login=has_login)
    security.guard(app, loopback_only=not has_login)

    @server.get("/health")
    def health() -> Response:
        return Response("ok\n", mimetype="text/plain")

    return app
