"""Journeys to addresses without a page."""

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    ("address", "told"), [("/stories/no-such", "out of bounds"), ("/ja/no-such", "アウト・オブ・バウンズ")]
)
def test_a_lost_reader_finds_back(page: Page, address: str, told: str) -> None:
    """A reader who follows an old link learns that the page is gone, and finds back to the front page."""
    response = page.goto(address)
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_contain_text(told)
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page.get_by_role("article").first).to_be_visible()
