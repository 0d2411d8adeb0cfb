"""Logging in and out in a real browser, where a password is set.

Belongs here: the form, what a person sees of it, before, between and after.
Does not belong here: cookies, waiting, hostile requests (``test_guards``).
"""

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser.conftest import start, stop

PASSWORD = "twelve or more characters"
INTERRUPTED = 130


@pytest.fixture(scope="module")
def locked(deployed) -> Iterator[str]:
    """The same deployment, behind a password."""
    process, url = start(deployed.home, LAYERS_DASHBOARD_PASSWORD=PASSWORD)
    yield url
    stop(process)


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Your name").fill("ann")
    page.get_by_label("Password of this dashboard").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_person_logs_in_where_they_wanted_to_go_and_out_again(chromium, locked):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{locked}/coverage")
        expect(page).to_have_url(re.compile(r"/login\?next=/coverage$"))
        log_in(page, "not this one")
        expect(page.get_by_role("alert")).to_have_text("Wrong password.")
        page.goto(f"{locked}/coverage")
        log_in(page, PASSWORD)
        expect(page).to_have_url(f"{locked}/coverage")
        expect(page.get_by_role("heading", level=1)).to_have_text("Metrics")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        page.goto(f"{locked}/coverage")
        expect(page.get_by_label("Your name")).to_be_visible()


def test_the_dashboard_ends_when_it_is_asked_to_though_its_parent_ignores_that(deployed):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        process, _ = start(deployed.home)
    finally:
        signal.signal(signal.SIGTERM, before)
    stop(process)
    assert process.returncode in {0, INTERRUPTED}
