"""Journeys of readers of the news."""

from playwright.sync_api import Page, expect


def test_the_latest_news_are_there(page: Page) -> None:
    """A reader sees the latest news, the newest first."""
    page.goto("/")
    expect(page.get_by_role("heading", level=1, name="Latest")).to_be_visible()
    times = page.get_by_role("article").locator("time").evaluate_all("times => times.map(each => each.dateTime)")
    assert len(times) > 1
    assert times == sorted(times, reverse=True)


def test_a_story_opens(page: Page) -> None:
    """A reader opens the first story and can read it."""
    page.goto("/")
    first = page.get_by_role("article").first.get_by_role("link")
    title = first.inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    expect(page.get_by_role("article").get_by_role("paragraph").nth(2)).not_to_be_empty()


def test_news_can_be_searched(page: Page) -> None:
    """A reader finds stories by a word, and none for a word that no story has."""
    page.goto("/search?q=overtime")
    expect(page.get_by_role("status")).to_contain_text("stories found")
    page.get_by_role("searchbox").fill("zyzzyva")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Nothing was found")
    expect(page.get_by_role("article")).to_have_count(0)


def test_news_can_be_filtered(page: Page) -> None:
    """A reader sees the news of one category."""
    page.goto("/")
    page.get_by_role("navigation", name="Categories").get_by_role("link", name="Trades").click()
    expect(page.get_by_role("article").first).to_contain_text("Trades")
    expect(page.get_by_role("article").filter(has_not_text="Trades")).to_have_count(0)


def test_the_keyboard_is_enough(page: Page) -> None:
    """A reader skips to the content and opens a story without a mouse."""
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.get_by_role("article").first.get_by_role("link")
    expect(first).to_be_focused()
    title = first.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
