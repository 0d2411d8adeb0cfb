"""Pages of projects, creators and the dictionary in a real browser: what people do on them.

Belongs here: choosing, ordering, searching, by mouse and by keyboard; the URL keeps it.
Does not belong here: numbers (``tests.views.test_true_pages``), content (``test_content_page``).
"""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

PROJECT = "/project/brand"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def views_card(page: Page):
    return page.locator(".kpi").filter(has_text="Views").first.locator(".card-value")


def test_a_period_is_chosen_kept_and_left_again(visitor):
    page = visitor.open(PROJECT)
    expect(page.get_by_text("2025-03-26 until 2025-04-01, days of Europe/Berlin")).to_be_visible()
    assert query(page) == {}
    seven = views_card(page).text_content()
    page.get_by_role("link", name="Today", exact=True).click()
    expect(page.get_by_text("2025-04-02, days of Europe/Berlin")).to_be_visible()
    assert query(page) == {"from": ["2025-04-02"], "until": ["2025-04-02"]}
    expect(page.get_by_text("Today is not over.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2025-04-02, days of Europe/Berlin")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("2025-03-26 until 2025-04-01, days")).to_be_visible()
    expect(views_card(page)).to_have_text(str(seven))


def test_any_first_and_last_day_are_chosen_by_keyboard(visitor):
    page = visitor.open(PROJECT)
    page.get_by_role("button", name="First and last day").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="28 March 2025").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="30 March 2025").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2025-03-28 until 2025-03-30, days of Europe/Berlin")).to_be_visible()
    assert query(page) == {"from": ["2025-03-28"], "until": ["2025-03-30"]}


def test_a_figure_is_shown_at_large_and_its_days_as_a_table(visitor):
    page = visitor.open(f"{PROJECT}?days=5")
    expect(page.get_by_role("heading", name="Views by day")).to_be_visible()
    page.locator(".kpi").get_by_role("link", name="Likes", exact=True).first.click()
    expect(page.get_by_role("heading", name="Likes by day")).to_be_visible()
    assert query(page) == {"days": ["5"], "figure": ["likes_change"]}
    page.get_by_text("Every figure by day").first.click()
    table = page.get_by_role("region", name="Every figure by day")
    expect(table.locator("tbody tr")).to_have_count(5)


def test_a_figure_s_meaning_is_reached_by_keyboard(visitor):
    page = visitor.open(PROJECT)
    page.get_by_role("button", name="Interaction rate: ").first.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("(likes + comments + shares + saves)")


def test_creators_are_ordered_found_and_opened(visitor):
    page = visitor.open(f"{PROJECT}/creators")
    creators = page.get_by_role("region", name="Creators:")
    expect(creators.locator("tbody tr")).to_have_count(3)
    creators.get_by_role("link", name="Creator", exact=True).click()
    page.wait_for_url("**sort=creator")
    expect(creators.locator('th[aria-sort="ascending"]')).to_have_text("Creator ▲")
    page.get_by_label("Search creators").fill("c3")
    page.keyboard.press("Enter")
    expect(creators.locator("tbody tr")).to_have_count(1)
    assert query(page) == {"sort": ["creator"], "search": ["c3"]}
    creators.get_by_role("link", name="c3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("c3")
    page.get_by_role("link", name="Posts of this creator").click()
    expect(page.locator("#content-count")).to_contain_text("content")
    assert query(page)["creator"] == ["c3"]


def test_a_kind_of_ugc_leads_to_its_posts(visitor):
    page = visitor.open(f"{PROJECT}/creators")
    page.get_by_role("link", name="tiktok: tiktok video").click()
    expect(page.locator("#content-count")).to_contain_text("content")
    assert query(page) == {"pool": ["ugc"], "platform": ["tiktok"], "media_type": ["tiktok_video"]}


def test_the_dictionary_is_searched(visitor):
    page = visitor.open("/dictionary")
    page.get_by_label("Search tables, columns and meanings").fill("ranked within")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=ranked+within")
    expect(page.get_by_role("link", name="platform_posts", exact=True)).to_have_count(0)
    page.get_by_role("link", name="ugc_pool_percentiles").first.click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("ugc_pool_percentiles")


@pytest.mark.parametrize("path", ["/", PROJECT, f"{PROJECT}/creators", "/syncs"])
def test_a_narrow_window_scrolls_no_page_sideways(visitor, path):
    visitor.page.set_viewport_size({"width": 390, "height": 800})
    page = visitor.open(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("window.scrollTo(1000, 0)")
    assert page.evaluate("window.scrollX") == 0
