"""Who may ask the dashboard what: headers, names of hosts, where a change may come from.

Belongs here: the content security policy, refusals before a request is looked at.
Does not belong here: the login (``login``), pages.

Without a password the dashboard answers this machine alone. A page of a stranger, open in the
same browser, is kept out by the name of the host that it must ask for (a name of its own that
points here is refused) and by the origin that browsers tell with every change.
"""

from collections.abc import Sequence
from typing import Final

from dash import Dash
from flask import Flask, Response, request

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
READS: Final = ("GET", "HEAD", "OPTIONS")
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FIXED: Final = ("/assets/", "/_dash-component-suites/")
"""Where files lie that change with a new version only; all else is never kept by a browser."""


def policy(inline_scripts: Sequence[str] = ()) -> str:
    """A content security policy under which nothing leaves this machine.

    Styles may stand in elements, because the controls and the grid place themselves by them.

    Args:
        inline_scripts: Hashes of the scripts that may stand in a page.
    """
    rules = {
        "default-src": ("'none'",),
        "script-src": ("'self'", *inline_scripts),
        "style-src": ("'self'", "'unsafe-inline'"),
        "img-src": ("'self'", "data:"),
        "font-src": ("'self'", "data:"),
        "connect-src": ("'self'",),
        "form-action": ("'self'",),
        "base-uri": ("'none'",),
        "frame-ancestors": ("'none'",),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


def guard(app: Dash, *, loopback_only: bool) -> None:
    """Refuse what may not ask, and send the headers with everything else."""
    server: Flask = app.server  # pyright: ignore[reportAssignmentType]
    allowed = policy(app.csp_hashes())

    @server.before_request
    def refuse() -> Response | None:
        if loopback_only and not _names_this_machine(request.host):
            return _refused(f"{request.host}: this dashboard answers this machine alone.")
        if request.method not in READS and not _is_ours(request.headers.get("Origin")):
            return _refused("A change must come from a page of this dashboard.")
        return None

    @server.after_request
    def seal(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", allowed)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if not request.path.startswith(FIXED):
            response.headers["Cache-Control"] = "no-store"
        return response


def _names_this_machine(host: str) -> bool:
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower() in LOOPBACK


def _is_ours(origin: str | None) -> bool:
    """Whether a change comes from one of our pages; programs without pages tell no origin."""
    return origin is None or origin.rpartition("://")[2] == request.host


def _refused(message: str) -> Response:
    return Response(f"{message}\n", status=403, mimetype="text/plain")
