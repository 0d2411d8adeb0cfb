"""Every page: readable for all, light and dark, nothing asked of anybody else.

Belongs here: what holds of each page in ``PATHS``; a new page is added there.
Does not belong here: what a single page shows.
"""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.dashboard.browser.conftest import Visitor

PATHS = {
    "projects": "/",
    "content": "/project/brand/content",
    "content, nothing matches": "/project/brand/content?search=nothing-like-it",
    "content, refused": "/project/brand/content?eligible=perhaps",
    "scheduled": "/project/brand/content?tab=scheduled",
    "project": "/project/brand",
    "project, nothing known": "/project/brand?from=2024-01-01&until=2024-01-07",
    "creators": "/project/brand/creators",
    "creator": "/project/brand/creator/c1",
    "statement": "/project/brand/creator/c1/statement?period=2025-03",
    "library": "/project/brand/library",
    "accounts": "/project/brand/syncs",
    "metrics": "/coverage",
    "dictionary": "/dictionary",
    "dictionary, a table": "/dictionary?table=content_detail",
    "nowhere": "/nowhere",
    "no such project": "/project/nobody/content",
}
AXE = Axe()
ONLY_FAILURES = {"resultTypes": ["violations"]}
CONTRAST = {"runOnly": ["color-contrast"]}
"""All else is the same in the dark."""


def settled(page: Page) -> None:
    """Wait until what a page shows first has come."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("#page .state-loading")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """What axe finds that keeps people out, light and dark, each with the first place."""
    found = AXE.run(page, options=ONLY_FAILURES).response["violations"]
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    found += AXE.run(page, options=ONLY_FAILURES | CONTRAST).response["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{one['id']}: {json.dumps(one['nodes'][0]['html'])[:300]}" for one in found]


@pytest.mark.parametrize("name", PATHS)
def test_a_page_keeps_nobody_out(visitor, name):
    page = visitor.open(PATHS[name])
    settled(page)
    assert violations(page) == []


def test_the_panel_keeps_nobody_out(visitor):
    assert violations(opened_panel(visitor)) == []


def opened_panel(visitor: Visitor) -> Page:
    page = visitor.open("/project/brand/content?pool=ugc")
    page.locator('.ag-row[row-index="0"] [col-id="platform"]').click()
    expect(page.get_by_role("heading", name="Why is it not running?")).to_be_visible()
    settled(page)
    return page


def test_light_and_dark_are_chosen_and_kept(visitor):
    page = visitor.open("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    page.get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_page_is_reached_by_keyboard_alone(visitor):
    page = visitor.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused.startswith("/project/")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Big <b>brand</b>")


def test_a_page_names_what_is_not_there(visitor):
    page = visitor.open("/project/nobody/content")
    expect(page.locator(".state-failed")).to_contain_text("nobody")
