"""Somebody comes to buy."""

from playwright.sync_api import Page, expect


def test_goods_go_into_the_basket(page: Page) -> None:
    """A customer finds a lamp and puts it into the basket."""
    page.goto("/")
    page.get_by_role("link", name="Lamp").click()
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("status")).to_have_text("In your basket: Lamp")
