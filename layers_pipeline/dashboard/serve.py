"""Serving the dashboard until interrupted.

Belongs here: the server, its threads, refusing an address that is open to others without a login.
Does not belong here: what is served (``app``), processes of ``make dev`` (``cli``).
"""

import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import Final

import waitress

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
    deployment = open_deployment(settings)
    try:
        app = create_app(deployment)
        try:
            server = waitress.create_server(
                app.server,
                host=host,
                port=port,
                threads=THREADS,
                ident="",
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise InputRefusedError(
                f"dashboard: {host}:{port} cannot be had ({error.strerror}). Stop what holds it, "
                "or name another: --port N."
            ) from error
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        say(f"Dashboard: http://{host}:{server.effective_port}")
        server.run()
    finally:
        deployment.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise InputRefusedError(
            f"dashboard: --host {host}: no such address. Name one of this machine's."
        ) from error
    return all(ipaddress.ip_address(str(one)).is_loopback for one in found)
