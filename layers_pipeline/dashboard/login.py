"""The login: a name and the deployment's password, where the dashboard is open to others.

Belongs here: the form, the session, waiting after wrong passwords, who is logged in.
Does not belong here: whether a login is needed (``app``), headers (``security``).

The name is not checked: it says who changed something, as ``--by`` does on the command line.
"""

import hashlib
import hmac
import html
import secrets
import threading
import time
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from flask import Flask, Response, has_request_context, redirect, request, session
from pydantic import SecretStr

from layers_pipeline.dashboard.deployment import machine_user
from layers_pipeline.errors import InputRefusedError
from layers_pipeline.operations.validators import require_key

LOGIN: Final = "/login"
METRICS: Final = "/metrics"
OPEN: Final = (LOGIN, "/assets/shell.css", "/health", METRICS)
"""What may be asked without a login; figures ask for a token of their own (``may_scrape``)."""
LASTS: Final = timedelta(hours=12)
TRIES: Final = 5
WAIT_S: Final = 30.0
ADDRESSES_MAX: Final = 1_000
PERSON: Final = "person"


class Tries:
    """Wrong passwords by address; after several in a row an address has to wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def must_wait(self, address: str) -> bool:
        with self._lock:
            wrong, last = self._wrong.get(address, (0, 0.0))
            return wrong >= TRIES and time.monotonic() - last < WAIT_S

    def note(self, address: str, *, right: bool) -> None:
        with self._lock:
            wrong, _ = self._wrong.pop(address, (0, 0.0))
            if not right:
                self._wrong[address] = (wrong + 1, time.monotonic())
            while len(self._wrong) > ADDRESSES_MAX:
                self._wrong.pop(next(iter(self._wrong)))


def require_login(server: Flask, password: SecretStr) -> None:
    """Let nobody in without the password; sessions end with the process."""
    server.secret_key = secrets.token_bytes(32)
    server.config.update(
        SESSION_COOKIE_NAME="layers_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=LASTS,
    )
    tries = Tries()
    server.before_request(_demand)
    server.add_url_rule(LOGIN, view_func=_form, methods=["GET"])
    server.add_url_rule("/logout", view_func=_log_out, methods=["POST"])

    @server.post(LOGIN)
    def log_in() -> Response:
        return _logged_in(tries, password)


def _demand() -> Response | None:
    if request.path in OPEN or PERSON in session:
        return None
    if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
        return _see(f"{LOGIN}?next={quote(request.full_path.removesuffix('?'), safe='/')}")
    return Response("Log in first.\n", status=401, mimetype="text/plain")


def may_scrape(token: SecretStr, *, has_login: bool) -> bool:
    """Whether the figures may be read: by the token, by who is logged in, or by this machine.

    A token that is set is asked for on this machine, too.
    """
    if has_login and PERSON in session:
        return True
    wanted = token.get_secret_value()
    if not wanted:
        return not has_login
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and _same(given.strip(), wanted)


def _logged_in(tries: Tries, password: SecretStr) -> Response:
    address = request.remote_addr or ""
    if tries.must_wait(address):
        return _form(f"Too many wrong passwords. Wait {WAIT_S:.0f} seconds.", status=429)
    right = _same(request.form.get("password", ""), password.get_secret_value())
    tries.note(address, right=right)
    if not right:
        return _form("Wrong password.", status=401)
    try:
        who = require_key(request.form.get("person", ""), what="name of the person")
    except InputRefusedError as error:
        return _form(str(error), status=400)
    session.clear()
    session[PERSON] = who
    session.permanent = True
    return _see(_inside(request.args.get("next", "/")))


def _log_out() -> Response:
    session.clear()
    return _see(LOGIN)


def person() -> str:
    """Who is asking: who logged in, or the user of this machine."""
    logged_in = session.get(PERSON) if has_request_context() else None
    return logged_in or machine_user()


def _same(given: str, wanted: str) -> bool:
    """Whether two passwords are one, without telling by the time that it takes."""
    digests = [hashlib.sha256(text.encode()).digest() for text in (given, wanted)]
    return hmac.compare_digest(*digests)


def _inside(target: str) -> str:
    """An address of this dashboard; anything else is its first page."""
    is_path = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if is_path and target.isprintable() else "/"


def _see(target: str) -> Response:
    return redirect(target, code=303)  # pyright: ignore[reportReturnType]


def _form(problem: str = "", *, status: int = 200) -> Response:
    said = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    return Response(FORM.replace("{problem}", said), status=status, mimetype="text/html")


FORM: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Log in \N{MIDDLE DOT} Layers</title><link rel="stylesheet" href="/assets/shell.css"></head>
<body class="login"><main><h1>Layers</h1>{problem}
<form method="post">
<label for="person">Your name</label>
<input id="person" name="person" autocomplete="username" required autofocus>
<label for="password">Password of this dashboard</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form></main></body></html>
"""
