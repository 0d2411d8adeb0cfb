"""The content page in a real browser: filters, order, depth, URL, panel, CSV, override.

Belongs here: what people do on the page, by mouse and by keyboard, over 100,000 contents.
Does not belong here: which rows a filter keeps (``tests.views``), other pages (``test_pages``).
"""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from layers_pipeline.operations.store import Operations
from layers_pipeline.settings import Settings
from layers_pipeline.views.content import count
from layers_pipeline.views.filters import ContentFilter
from layers_pipeline.views.opening import open_views
from tests.dashboard.browser.conftest import BIG, BIG_ROWS

CONTENT = f"/project/{BIG}/content"
ALIVE = BIG_ROWS - BIG_ROWS // 10
"""Contents of the big project that are not deleted."""
EVEN = [number for number in range(BIG_ROWS) if number % 2 == 0 and number % 10]
"""Of them, the eligible ones."""


def told(rows: int) -> str:
    return f"{rows:,} content" + ("" if rows == 1 else "s")


def counted(page: Page, rows: int) -> None:
    """Wait until so many contents are told of."""
    expect(page.locator("#content-count")).to_have_text(told(rows))


def cells(page: Page, column: str) -> list[str]:
    """What the grid's first rows show of a column, from the top."""
    rows = page.locator(f'.ag-center-cols-container .ag-row [col-id="{column}"]')
    expect(rows.nth(4)).not_to_be_empty()
    found = page.evaluate(
        """column => [...document.querySelectorAll('.ag-center-cols-container .ag-row')]
            .sort((one, other) => one.getAttribute('row-index') - other.getAttribute('row-index'))
            .map(row => row.querySelector(`[col-id="${column}"]`)?.textContent)""",
        column,
    )
    return found[:5]


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def choose(page: Page, name: str, *words: str) -> None:
    """Choose words of a list by its label."""
    page.get_by_role("textbox", name=name, exact=True).click()
    for word in words:
        page.get_by_role("option", name=word, exact=True).click()
    page.keyboard.press("Escape")


@pytest.fixture(scope="module")
def views(deployed):
    opened = open_views(Settings(home=deployed.home))
    yield opened
    opened.close()


def kept(views, **filters) -> int:
    return count(views, ContentFilter(project_id=BIG, **filters))


def test_the_newest_contents_come_first_as_text(visitor):
    page = visitor.open(CONTENT)
    counted(page, ALIVE)
    assert cells(page, "published_on") == ["2025-03-11"] * 5
    assert page.locator("img").count() == 0


def test_every_list_filters(visitor, views):
    page = visitor.open(CONTENT)
    for label, words, filters in (
        ("Platform", ["tiktok"], {"platforms": ("tiktok",)}),
        ("Kind", ["reel", "story"], {"media_types": ("reel", "story")}),
        ("Account", ["tiktok:account 2"], {"accounts": ("tiktok:account 2",)}),
        ("Pool", ["manual"], {"pools": ("manual",)}),
        ("Eligible", ["no"], {"eligible": False}),
        ("Override", ["exclude"], {"override": "exclude"}),
        ("Running as an ad", ["yes"], {"running": True}),
        ("Deleted", ["only"], {"deleted": "only"}),
    ):
        choose(page, label, *words)
        counted(page, kept(views, **filters))
        shown = ContentFilter.from_query(urlsplit(page.url).query, project_id=BIG)
        assert shown == ContentFilter(project_id=BIG, **filters)
        page.get_by_role("button", name="Clear filters").click()
        counted(page, ALIVE)


def test_typed_filters_hold_together_and_clear(visitor, views):
    page = visitor.open(CONTENT)
    page.get_by_label("Search", exact=True).fill("0005")
    counted(page, kept(views, search="0005"))
    page.get_by_label("Score from", exact=True).fill("4")
    counted(page, kept(views, search="0005", score_min=4))
    page.get_by_label("Published until", exact=True).fill("2025-01-01")
    page.keyboard.press("Enter")
    expect(page.locator("#content-count")).to_contain_text("content")
    page.get_by_role("button", name="Clear filters").click()
    counted(page, ALIVE)
    assert query(page) == {}


def test_reload_keeps_the_view_and_back_undoes_a_filter(visitor, views):
    page = visitor.open(CONTENT)
    choose(page, "Eligible", "no")
    counted(page, kept(views, eligible=False))
    page.locator('.ag-header-cell[col-id="views"]').click()
    page.wait_for_url("**sort=-views**")
    page.reload()
    counted(page, kept(views, eligible=False))
    assert cells(page, "views") == ["99,999", "99,997", "99,995", "99,993", "99,991"]
    page.go_back()
    page.go_back()
    counted(page, ALIVE)
    expect(page.get_by_role("textbox", name="Eligible", exact=True)).to_have_value("")


def test_any_column_sorts_and_unknown_values_come_last(visitor):
    page = visitor.open(CONTENT)
    page.locator('.ag-header-cell[col-id="likes"]').click()
    page.wait_for_url("**sort=-likes**")
    assert cells(page, "likes") == ["6"] * 5
    page.locator('.ag-header-cell[col-id="likes"]').click()
    page.wait_for_url("**sort=likes**")
    assert cells(page, "likes") == ["1"] * 5


def test_the_last_of_100_000_rows_is_reached(visitor):
    page = visitor.open(f"{CONTENT}?deleted=show&sort=views")
    counted(page, BIG_ROWS)
    cells(page, "views")
    page.evaluate("window.dash_ag_grid.getApi('content-grid').ensureIndexVisible(99999, 'bottom')")
    expect(page.locator('.ag-row[row-index="99999"] [col-id="views"]')).to_have_text("99,999")


def test_a_filter_drops_rows_that_were_loaded(visitor):
    page = visitor.open(f"{CONTENT}?sort=views")
    assert cells(page, "views")[0] == "1"
    choose(page, "Deleted", "only")
    expect(page.locator('.ag-row[row-index="1"] [col-id="views"]')).to_have_text("10")
    assert cells(page, "views") == ["0", "10", "20", "30", "40"]


def test_the_csv_has_exactly_the_rows_of_the_screen(visitor, deployed):
    page = visitor.open(
        f"{CONTENT}?eligible=yes&sort=-views&columns=caption,views,platform_post_id"
    )
    counted(page, len(EVEN))
    address = page.get_by_role("link", name="Download CSV").get_attribute("href")
    with httpx.stream("GET", deployed.url + str(address), trust_env=False) as answer:
        text = "".join(answer.iter_text())
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["caption", "views", "platform_post_id"]
    assert [int(row["views"]) for row in rows] == EVEN[::-1]
    risky = [
        row["caption"] for row in rows if row["caption"].startswith(("=", "+", "-", "@", "\t"))
    ]
    assert risky == []
    assert [row["views"] for row in rows[:5]] == [
        one.replace(",", "") for one in cells(page, "views")
    ]


def test_columns_are_chosen_for_screen_and_csv(visitor):
    page = visitor.open(CONTENT)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Likes").uncheck()
    page.wait_for_url("**columns=**")
    expect(page.locator('.ag-header-cell[col-id="likes"]')).to_have_count(0)
    address = page.get_by_role("link", name="Download CSV").get_attribute("href")
    assert "likes" not in str(address)


def test_a_url_that_cannot_be_read_says_why(visitor):
    page = visitor.open(f"{CONTENT}?eligible=perhaps")
    expect(page.get_by_role("alert").filter(has_text="perhaps")).to_contain_text("use yes, no")
    choose(page, "Eligible", "yes")
    counted(page, len(EVEN))
    expect(page.get_by_role("alert").filter(has_text="perhaps")).to_have_count(0)


def test_the_panel_opens_by_keyboard_and_tells_everything(visitor, deployed):
    page = visitor.open("/project/brand/content?pool=ugc")
    first = page.locator('.ag-row[row-index="0"] [col-id="platform"]')
    expect(first).to_have_text("tiktok")
    first.click()
    page.wait_for_url("**content=**")
    panel = page.get_by_role("dialog", name="Content in detail")
    for part in ("Metrics", "Trends", "Engagement mix", "Score", "Eligibility"):
        expect(panel.get_by_role("heading", name=part, exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.wait_for_url(lambda url: "content=" not in url)
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    page.wait_for_url("**content=**")
    page.reload()
    expect(panel.get_by_role("heading", name="Metrics", exact=True)).to_be_visible()


def test_an_override_is_stored_with_who_and_why(visitor, deployed):
    page = visitor.open("/project/brand/content?pool=ugc")
    page.locator('.ag-row[row-index="0"] [col-id="platform"]').click()
    page.get_by_label("exclude", exact=True).check()
    page.get_by_role("button", name="Store the override").click()
    expect(page.get_by_text("a note is missing")).to_be_visible()
    page.get_by_label("Why", exact=True).fill("<i>off</i> brand")
    page.get_by_role("button", name="Store the override").click()
    expect(page.get_by_text("Stored: exclude")).to_be_visible()
    expect(page.locator("#override-changes")).to_contain_text("<i>off</i> brand")
    content = query(page)["content"][0]
    operations = Operations(Settings(home=deployed.home).operations_database_url)
    stored = operations.verdicts.overrides_of(content)
    operations.close()
    assert [(one.override, one.note) for one in stored] == [("exclude", "<i>off</i> brand")]
    assert stored[0].changed_by


def test_order_of_posts_to_come_and_of_their_columns_stands_in_the_url(visitor):
    page = visitor.open("/project/brand/content?tab=scheduled&deleted=show&plan_columns=slug,state")
    heads = page.locator("#scheduled-grid .ag-header-cell")
    expect(heads).to_contain_text(["Name", "State"])
    first = page.locator("#scheduled-grid .ag-row[row-index='0'] [col-id='slug']")
    heads.first.click()
    page.wait_for_url("**plan_sort=-slug**")
    expect(first).to_have_text("on")
    heads.first.click()
    page.wait_for_url("**plan_sort=slug**")
    page.reload()
    expect(first).to_have_text("off")
    expect(heads).to_contain_text(["Name", "State"])


def test_posts_to_come_stand_in_the_project_s_time_and_are_filtered(visitor):
    page = visitor.open("/project/brand/content")
    page.get_by_role("link", name="Scheduled").click()
    rows = page.locator("#scheduled-grid .ag-center-cols-container .ag-row")
    expect(rows).to_have_count(1)
    expect(rows.locator('[col-id="local_at"]')).to_have_text("2999-07-01 12:00 Europe/Berlin")
    expect(rows.locator('[col-id="caption"]')).to_have_text("<b>on</b>")
    choose(page, "Cancelled", "only")
    expect(rows.locator('[col-id="caption"]')).to_have_text("<b>off</b>")
    page.wait_for_url("**deleted=only**")
    page.go_back()
    expect(rows.locator('[col-id="caption"]')).to_have_text("<b>on</b>")
    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.locator("#content-count")).to_contain_text("contents")
