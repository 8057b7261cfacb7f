"""Requests that Playwright sends itself, without a page: each is decided on, and so is each hop of its redirects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIResponse, Error

#: Redirects that Playwright follows unless a test says otherwise.
MOST: Final = 20
_REDIRECTS: Final = (301, 302, 303, 307, 308)
#: What the next hop is sent no more: what was for the first address alone, and a body that has become none.
_ONCE: Final = ("params",)
_BODY: Final = ("data", "form", "multipart", "post_data")
_IDENTIFYING: Final = ("authorization", "cookie")


def ask_by_hops(
    ask: Callable[..., APIResponse],
    decide: Callable[[str, str], None],
    url: str,
    given: Mapping[str, Any],
    most: int = MOST,
) -> APIResponse:
    """Send a request and follow its redirects; ``decide(method, url)`` raises before one that may not be sent.

    ``ask(url, **given)`` sends one. Raises Error for more redirects than ``most``, as Playwright does.
    """
    given, method = dict(given), str(given.get("method") or "GET").upper()
    decide(method, url)
    answer = ask(url, **given, max_redirects=0)
    for _ in range(most):
        if not (led := find_next(answer)):
            return answer
        if answer.status == 303 or (answer.status in (301, 302) and method == "POST"):  # RFC 9110, 15.4
            method = method if method == "HEAD" else "GET"
            given = {key: value for key, value in given.items() if key not in _BODY}
        decide(method, led)
        given = _for_next_hop(given, method, answer.url, led)
        answer = ask(led, **given, max_redirects=0)
    if most and find_next(answer):
        raise Error(f"{url}: leads on after {most} redirects")
    return answer


def find_next(answer: APIResponse) -> str:
    """Return where an answer leads, empty when that is nowhere."""
    where = answer.headers.get("location", "") if answer.status in _REDIRECTS else ""
    return urljoin(answer.url, where) if where else ""


def _for_next_hop(given: Mapping[str, Any], method: str, here: str, there: str) -> dict[str, Any]:
    kept = {key: value for key, value in given.items() if key not in _ONCE} | {"method": method}
    if kept.get("headers") and urlsplit(here).netloc != urlsplit(there).netloc:
        kept["headers"] = {key: each for key, each in kept["headers"].items() if key.lower() not in _IDENTIFYING}
    return kept
