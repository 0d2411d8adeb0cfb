"""``/metrics``: the figures of the deployment, for a Prometheus that scrapes them.

Belongs here: the address, who may ask.
Does not belong here: the figures (``steps.watch``), the login (``login``).
"""

import threading
from typing import Final

from flask import Flask, Response
from prometheus_client import ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from layers_pipeline.dashboard import login
from layers_pipeline.dashboard.deployment import Deployment
from layers_pipeline.steps.watch.collector import Figures, exposition

REFUSED: Final = "Send LAYERS_METRICS_TOKEN as bearer token, or log in.\n"


def register(server: Flask, deployment: Deployment, *, has_login: bool) -> None:
    """Serve the figures, beside those of this process."""
    figures = Figures(deployment.settings, deployment.clock)
    process = ProcessCollector(registry=None)
    one_at_a_time = threading.Lock()

    @server.get(login.METRICS)
    def metrics() -> Response:
        if not login.may_scrape(deployment.settings.metrics_token, has_login=has_login):
            headers = {"WWW-Authenticate": "Bearer"}
            return Response(REFUSED, status=401, mimetype="text/plain", headers=headers)
        with one_at_a_time:
            text = exposition(figures, process)
        return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)
