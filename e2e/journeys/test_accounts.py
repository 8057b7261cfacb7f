"""Journeys of readers with an account."""

import pytest
from playwright.sync_api import Page, expect

from prodgate import Credentials


@pytest.mark.mutates
def test_a_reader_signs_in_and_out(page: Page, credentials: Credentials) -> None:
    """A reader signs in, sees the news of their own team, and signs out."""
    reader = credentials("reader")
    page.goto("/my-team")
    page.get_by_label("Email address").fill(reader.user)
    page.get_by_label("Password").fill(reader.password)
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_text("Signed in as")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/my-team")
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_private_page_asks_who_is_there(page: Page) -> None:
    """Somebody who is not signed in sees nobody's team."""
    page.goto("/my-team")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
