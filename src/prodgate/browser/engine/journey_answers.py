"""What the site answered on a journey, to a reader who may have signed in: the same headers that the probes keep."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Error, Response

from ...facts.e2e.content_policy import NONCE
from ...facts.e2e.set_cookie import parse_set_cookie
from ...probes.exchange import Exchange, keep_headers
from ..settings import BrowserSettings


class JourneyAnswers:
    """Describes answers; nonces are numbered: what looks like a secret is not kept, and the same one is seen."""

    def __init__(self) -> None:
        self.nonces: dict[str, int] = {}

    def describe(self, answers: Iterable[Response], settings: BrowserSettings) -> list[dict[str, Any]]:
        """Return the answers to navigations within the site, in their order, each with the names of cookies sent.

        Addresses are without their query, which may hold a token. Cookies that the site set before count as sent:
        where requests are looked at on their way, Chromium need not tell.
        """
        described: list[dict[str, Any]] = []
        given: set[str] = set()
        for one in answers:
            with suppress(Error):  # a page that is closing has no more to tell
                if not settings.is_own(one.url):
                    continue
                said = [(each["name"], each["value"]) for each in one.headers_array()]
                if one.request.resource_type == "document":
                    described.append(self._describe(one, said, given))
                _take_cookies(given, said)
        return described

    def _describe(self, answer: Response, said: list[tuple[str, str]], given: set[str]) -> dict[str, Any]:
        kept = tuple((name, self._number_nonces(value)) for name, value in keep_headers(said))
        url = urlsplit(answer.url)._replace(query="", fragment="").geturl()
        told = answer.request.all_headers().get("cookie", "")
        sent = given | {pair.partition("=")[0].strip() for pair in told.split(";")} - {""}
        return {**Exchange(url=url, status=answer.status, headers=kept).to_json(), "sent": sorted(sent)}

    def _number_nonces(self, value: str) -> str:
        return NONCE.sub(lambda found: f"'nonce-{self.nonces.setdefault(found[1], len(self.nonces))}'", value)


def _take_cookies(given: set[str], said: Iterable[tuple[str, str]]) -> None:
    """Add the names of cookies that an answer sets, and take out those that it deletes."""
    for value in (value for name, value in said if name.lower() == "set-cookie"):
        one = parse_set_cookie(value, datetime.now(UTC))
        (given.discard if one.deleted else given.add)(one.name)
