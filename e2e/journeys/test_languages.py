"""The news in both languages."""

from playwright.sync_api import Page, expect


def test_the_news_are_there_in_japanese(page: Page) -> None:
    """A reader changes to Japanese and back, and stays on the page."""
    page.goto("/teams")
    page.get_by_role("link", name="日本語").click()
    expect(page.get_by_role("heading", level=1, name="チーム")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1, name="Teams")).to_be_visible()


def test_stories_are_found_in_japanese(page: Page) -> None:
    """A reader finds a story in Japanese."""
    page.goto("/ja/search")
    page.get_by_role("searchbox").fill("延長")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("件見つかりました")
