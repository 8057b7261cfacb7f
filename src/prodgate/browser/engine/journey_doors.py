"""Guards every way out that Playwright offers to a test: browsers, contexts, and requests without a page.

Methods of Playwright's public classes are replaced while tests run, so that it makes no difference how a test came by
an object. What the guard can't see into is refused, with what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import pytest
from playwright import async_api, sync_api
from playwright.sync_api import APIRequestContext, APIResponse, Browser, BrowserContext, Error, Request

from .launch import CONTEXT, OURS, WITHOUT_PEERS, launch_arguments
from .network_guard import NetworkGuard
from .request_hops import MOST, ask_by_hops

#: Called for each new context, before a test has it.
OnContext = Callable[[BrowserContext], object]
#: Called for each new browser.
OnBrowser = Callable[[Browser], object]
#: Methods of a class of Playwright's that open what can't be guarded -> what to do instead.
_REFUSED: Final[Mapping[type, tuple[tuple[str, ...], str]]] = {
    sync_api.BrowserType: (
        ("launch_persistent_context", "connect", "connect_over_cdp"),
        "take the fixture browser, or launch()",
    ),
    async_api.BrowserType: (
        ("launch", "launch_persistent_context", "connect", "connect_over_cdp"),
        "use playwright.sync_api",
    ),
    async_api.APIRequest: (("new_context",), "use playwright.sync_api"),
}
#: A route that nothing takes: with one Playwright turns the cache off, so that each answer of a journey is the site's.
#: What Chromium keeps lacks Strict-Transport-Security.
_NO_CACHE: Final = "https://prod-gate.invalid/"
_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")


@contextmanager
def guarded_doors(guard: NetworkGuard, gate: int, *, on_browser: OnBrowser, on_context: OnContext) -> Iterator[None]:
    """Guard what tests do with Playwright while the context is open; ``gate`` is the port for WebSockets."""
    requests = _Requests(guard)
    with pytest.MonkeyPatch.context() as patch:
        for kind, (names, instead) in _REFUSED.items():
            for name in names:
                patch.setattr(kind, name, partial(_refuse, f"{kind.__name__}.{name}", instead))
        _guard_browsers(patch, guard, gate, on_browser)
        _guard_contexts(patch, guard, on_context)
        requests.replace(patch)
        yield


def _refuse(name: str, instead: str, *_: Any, **__: Any) -> None:
    pytest.fail(f"{name}(): the gate can't see what that sends; {instead}")


def _guard_browsers(patch: pytest.MonkeyPatch, guard: NetworkGuard, gate: int, on_browser: OnBrowser) -> None:
    started = sync_api.BrowserType.launch

    def launch(self: sync_api.BrowserType, **given: Any) -> Browser:
        if self.name != "chromium" or given.get("proxy"):
            pytest.fail(f"launch(): the gate guards Chromium without a proxy, and nothing else; not {self.name}")
        ours = launch_arguments(guard.settings, gate)
        theirs = [each for each in given.get("args") or () if not f"--{each.lstrip('-')}".startswith(OURS)]
        browser = started(self, **{**given, **ours, "args": [*theirs, *ours["args"]]})
        guard.attach(browser)
        on_browser(browser)
        return browser

    patch.setattr(sync_api.BrowserType, "launch", launch)


def _guard_contexts(patch: pytest.MonkeyPatch, guard: NetworkGuard, on_context: OnContext) -> None:
    made, unrouted = Browser.new_context, BrowserContext.unroute_all

    def new_context(self: Browser, **given: Any) -> BrowserContext:
        _require_own_base(guard, given)
        if given.get("proxy"):
            pytest.fail("new_context(): a proxy would lead past the gate; take it out")
        context = made(self, **{**CONTEXT, **given})
        context.add_init_script(WITHOUT_PEERS)
        context.route(_NO_CACHE, _abort)
        on_context(context)
        return context

    def unroute_all(self: BrowserContext, **given: Any) -> None:
        unrouted(self, **given)
        self.route(_NO_CACHE, _abort)

    patch.setattr(BrowserContext, "unroute_all", unroute_all)
    patch.setattr(Browser, "new_context", new_context)
    patch.setattr(Browser, "new_page", lambda self, **given: new_context(self, **given).new_page())


def _abort(route: sync_api.Route) -> None:
    route.abort()


def _require_own_base(guard: NetworkGuard, given: Mapping[str, Any]) -> None:
    """Fail the test if relative addresses would lead to a host that is not declared."""
    if (base := given.get("base_url")) and guard.find_objection("GET", base):
        pytest.fail(_foreign(base))


def _foreign(url: str) -> str:
    return f"{url}: is of a host that is not declared; name it in [e2e], as hosts, third_parties or partners"


class _Requests:
    """Decides on requests that leave Playwright and not Chromium."""

    def __init__(self, guard: NetworkGuard) -> None:
        self.guard = guard
        self.most = WeakKeyDictionary[APIRequestContext, int]()
        """The redirects that a context follows at most, where a test states it."""

    def replace(self, patch: pytest.MonkeyPatch) -> None:
        """Replace the methods that send them."""
        fetched, routed = APIRequestContext.fetch, sync_api.Route.fetch

        def fetch(context: APIRequestContext, url_or_request: str | Request, **given: Any) -> APIResponse:
            url, stated = _take_apart(url_or_request, given)
            most = self.most.get(context)
            return self.send(
                partial(fetched, context), url, {**({} if most is None else {"max_redirects": most}), **stated}
            )

        def fetch_of_route(route: sync_api.Route, **given: Any) -> APIResponse:
            url = given.pop("url", None) or route.request.url
            given = {"method": route.request.method, "headers": route.request.headers} | _stated(given)
            try:
                return self.send(lambda there, **more: routed(route, url=there, **more), url, given)
            except pytest.fail.Exception as refused:
                route.abort("blockedbyclient")  # else the page would wait for it
                raise Error(str(refused)) from refused

        patch.setattr(APIRequestContext, "fetch", fetch)
        for name in _METHODS:
            patch.setattr(APIRequestContext, name, _make_method(fetch, name.upper()))
        patch.setattr(sync_api.Route, "fetch", fetch_of_route)
        patch.setattr(sync_api.APIRequest, "new_context", self._make_new_context())

    def _make_new_context(self) -> Callable[..., APIRequestContext]:
        made = sync_api.APIRequest.new_context

        def new_context(requests: sync_api.APIRequest, **given: Any) -> APIRequestContext:
            _require_own_base(self.guard, given)
            if given.get("proxy"):
                pytest.fail("new_context(): a proxy would lead past the gate; take it out")
            context = made(requests, **given)
            if given.get("max_redirects") is not None:
                self.most[context] = given["max_redirects"]
            return context

        return new_context

    def send(self, ask: Callable[..., APIResponse], url: str, given: Mapping[str, Any]) -> APIResponse:
        """Send one by hops."""
        self.guard.asked(url, given)
        most = given.get("max_redirects")
        given = {key: value for key, value in given.items() if key != "max_redirects"}
        return ask_by_hops(ask, self.decide, url, given, MOST if most is None else most)

    def decide(self, method: str, url: str) -> None:
        """Fail the test if a request may not be sent."""
        whole = urljoin(self.guard.settings.base_url, url)
        if not (why := self.guard.find_objection(method, whole)):
            return
        self.guard.refused(why, method, whole)
        if why == "foreign":
            pytest.fail(_foreign(whole))
        pytest.fail(f"{method} {whole}: was to be sent by a test that is not marked mutates; mark it")


def _make_method(fetch: Callable[..., APIResponse], method: str) -> Callable[..., APIResponse]:
    def send(context: APIRequestContext, url: str, **given: Any) -> APIResponse:
        return fetch(context, url, **{**given, "method": method})

    return send


def _take_apart(target: str | Request, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address of a request, and what is sent with it: what a test states, else what a page sent."""
    if isinstance(target, str):
        return target, _stated(given)
    told: dict[str, Any] = {"method": target.method, "headers": target.headers, "data": target.post_data_buffer}
    return target.url, _stated(told) | _stated(given)


def _stated(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}
