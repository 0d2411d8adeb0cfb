"""Who may ask what: hosts, origins, the login, headers; errors of files.

Belongs here: the application as programs ask it, without a browser.
Does not belong here: pages as people see them (``browser``).
"""

import re

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr, ValidationError

from layers_pipeline.clock import FixedClock
from layers_pipeline.dashboard import login
from layers_pipeline.dashboard.app import create_app
from layers_pipeline.dashboard.deployment import open_deployment
from layers_pipeline.dashboard.serve import is_loopback, run_dashboard
from layers_pipeline.errors import InputRefusedError, SettingsError
from layers_pipeline.settings import Settings
from tests.worlds.content_lists import PROJECT, PUBLISHED_AT, contents, publish_contents

PASSWORD = "open sesame, please"
SCRAPE = "a-token-for-prometheus"
HERE = "http://127.0.0.1:8050"
FORM = {"person": "ann", "password": PASSWORD}


def client_of(home, **changes) -> FlaskClient:
    settings = Settings(home=home, **changes)
    publish_contents(settings.serve_location, contents(20))
    deployment = open_deployment(settings, clock=FixedClock(PUBLISHED_AT))
    return create_app(deployment).server.test_client()


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> FlaskClient:
    """A dashboard of this machine alone."""
    return client_of(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    return client_of(folder, dashboard_password=PASSWORD, metrics_token=SCRAPE).application


@pytest.fixture
def guarded(application) -> FlaskClient:
    """Somebody who comes to a dashboard that has a password."""
    return application.test_client()


def test_every_answer_is_sealed(local):
    headers = local.get("/", base_url=HERE).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'self' 'sha256-[^ ]+';", policy)
    assert "unsafe-eval" not in policy
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost", "[::1]:8050"])
def test_this_machine_is_answered_by_each_of_its_names(local, host):
    assert local.get("/health", base_url=f"http://{host}").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_name_of_strangers_that_points_here_is_refused(local, host):
    assert local.get("/health", base_url=f"http://{host}").status_code == 403


@pytest.mark.parametrize(
    ("origin", "code"),
    [(HERE, 500), ("http://evil.example", 403), ("null", 403), (f"{HERE}.evil.example", 403)],
)
def test_a_change_comes_from_our_own_pages(local, origin, code):
    """500: ours are let in, and this one asks for nothing that there is."""
    local.application.config["PROPAGATE_EXCEPTIONS"] = False
    headers = {"Origin": origin}
    asked = local.post("/_dash-update-component", base_url=HERE, headers=headers, json={})
    assert asked.status_code == code


def test_nothing_is_shown_without_a_login(guarded):
    assert guarded.get("/_dash-layout").status_code == 401
    assert guarded.get(f"/project/{PROJECT}/content.csv").status_code == 401
    asked = guarded.get(f"/project/{PROJECT}/content?pool=ugc", headers={"Accept": "text/html"})
    assert asked.headers["Location"] == "/login?next=/project/brand/content%3Fpool%3Dugc"


def test_who_logs_in_comes_back_to_the_page(guarded):
    asked = guarded.post("/login?next=/project/brand/content%3Fpool%3Dugc", data=FORM)
    assert (asked.status_code, asked.headers["Location"]) == (
        303,
        "/project/brand/content?pool=ugc",
    )
    cookie = asked.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert PASSWORD not in cookie
    assert guarded.get("/_dash-layout").status_code == 200
    guarded.post("/logout")
    assert guarded.get("/_dash-layout").status_code == 401


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "evil"])
def test_a_login_leads_nowhere_else(guarded, target):
    asked = guarded.post("/login", query_string={"next": target}, data=FORM)
    assert asked.headers["Location"] == "/"


@pytest.mark.parametrize(
    ("form", "code", "said"),
    [
        (FORM | {"password": "guess"}, 401, "Wrong password."),
        (FORM | {"person": ""}, 400, "name of the person"),
        (FORM | {"person": "a\nb"}, 400, "name of the person"),
    ],
)
def test_a_login_that_is_refused_says_why(guarded, form, code, said):
    asked = guarded.post("/login", data=form)
    assert asked.status_code == code
    assert said in asked.text


def test_guessing_has_to_wait_from_that_address(application):
    guesser, other = application.test_client(), application.test_client()
    from_there = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    for _ in range(login.TRIES):
        guesser.post("/login", data=FORM | {"password": "guess"}, **from_there)
    assert guesser.post("/login", data=FORM, **from_there).status_code == 429
    assert other.post("/login", data=FORM).status_code == 303


def test_figures_are_told_to_this_machine_without_a_token(local):
    asked = local.get("/metrics", base_url=HERE)
    assert asked.status_code == 200
    assert asked.content_type.startswith("text/plain; version=0.0.4")
    assert "\nlayers_published_generation 1.0\n" in asked.text
    assert "\nprocess_resident_memory_bytes " in asked.text


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {SCRAPE}"}, 200),
        ({"Authorization": f"Bearer {SCRAPE}x"}, 401),
        ({"Authorization": f"Basic {SCRAPE}"}, 401),
        ({"Authorization": "Bearer "}, 401),
    ],
)
def test_figures_ask_others_for_the_token(guarded, sent, code):
    asked = guarded.get("/metrics", headers=sent)
    assert asked.status_code == code
    assert SCRAPE not in asked.text


def test_who_is_logged_in_may_read_figures(guarded):
    guarded.post("/login", data=FORM)
    assert guarded.get("/metrics").status_code == 200


def test_a_token_that_is_short_is_refused():
    with pytest.raises(ValidationError, match="16 characters or more"):
        Settings(metrics_token=SecretStr("short-token"))


def test_a_csv_of_a_filter_that_cannot_be_read_says_why(local):
    asked = local.get(f"/project/{PROJECT}/content.csv?eligible=perhaps", base_url=HERE)
    assert asked.status_code == 400
    assert asked.text == "filter eligible: 'perhaps': use yes, no.\n"


def test_a_csv_is_a_file(local):
    asked = local.get(f"/project/{PROJECT}/content.csv?columns=views", base_url=HERE)
    assert asked.headers["Content-Disposition"] == 'attachment; filename="brand-content.csv"'
    assert asked.text.startswith("views\n")


@pytest.mark.parametrize(
    ("host", "is_local"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False)]
)
def test_only_loopback_is_this_machine(host, is_local):
    assert is_loopback(host) == is_local


@pytest.mark.parametrize("password", ["", "eleven char"])
def test_an_address_open_to_others_asks_for_a_password(tmp_path, password):
    settings = Settings(home=tmp_path, dashboard_password=password)
    with pytest.raises(SettingsError, match="LAYERS_DASHBOARD_PASSWORD") as refused:
        run_dashboard(settings, host="0.0.0.0", port=0, say=print)
    assert password not in str(refused.value) or not password


def test_an_address_that_cannot_be_had_is_refused(tmp_path):
    with pytest.raises(InputRefusedError, match=r"192\.0\.2\.1:0 cannot be had"):
        run_dashboard(
            Settings(home=tmp_path, dashboard_password=PASSWORD),
            host="192.0.2.1",
            port=0,
            say=print,
        )
