"""Serving the dashboard until interrupted.

Belongs here: the server, its threads, refusing an address that is open to others without a login.
Does not belong here: what is served (``app``), processes of ``make dev`` (``cli``).
"""

import ipaddress
import signal
import socket
from collections.abc import Callable
from typing import Final

from waitress.server import create_server

from layers_pipeline import logs
from layers_pipeline.dashboard.app import create_app
from layers_pipeline.dashboard.deployment import open_deployment
from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.settings import Settings

THREADS: Final = 12
PASSWORD_MIN: Final = 12
"""Fewer characters do not keep out who tries from the network."""


def run_dashboard(
    settings: Settings, *, host: str, port: int, say: Callable[[str], object]
) -> None:
    """Serve the dashboard at an address, and say where.

    Raises:
        SettingsError: The address is open to others, and no password of 12 characters is set.
        InputRefusedError: The address cannot be had.
    """
    is_local = is_loopback(host)
    password = settings.dashboard_password.get_secret_value()
    if not is_local and len(password) < PASSWORD_MIN:
        raise SettingsError(
            f"LAYERS_DASHBOARD_PASSWORD: {host} is open to other machines. Set a password of "
            f"{PASSWORD_MIN} characters or more, or keep to --host 127.0.0.1."
        )
    with logs.written(settings), _bound(host, port) as listening:
        deployment = open_deployment(settings)
        try:
            app = create_app(deployment)
            server = create_server(app.server, sockets=[listening], threads=THREADS, ident="")
            # As the first process of a container it would not be ended by it, nor where it was
            # begun by what ignores it.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            say(f"Dashboard: http://{_shown(host)}:{listening.getsockname()[1]}")
            server.run()
        finally:
            deployment.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputRefusedError(
            f"dashboard: {host}:{port} cannot be had ({error.strerror}). Stop what holds it, or "
            "name another: --port N."
        ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise InputRefusedError(
            f"dashboard: --host {host}: no such address. Name one of this machine's."
        ) from error
    return all(ipaddress.ip_address(str(one)).is_loopback for one in found)
