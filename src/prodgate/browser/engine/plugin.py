"""Turns ordinary pytest-playwright tests into journeys of the gate: read-only, watched, with evidence free of secrets.

It also helps to write a journey:  pytest e2e/journeys --base-url https://www.example.com
"""

import ast
import inspect
import io
import json
import os
import re
import textwrap
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary

import pytest
from playwright import async_api, sync_api
from playwright.sync_api import APIRequestContext, APIResponse, Browser, BrowserContext, Error, Request, Response

from ...engines.programs import find_chromium
from ...facts.e2e.cookies import parse_set_cookie
from ...facts.e2e.headers import NONCE
from ...probes.exchange import Exchange, keep_headers
from ...redaction import Redaction, redact_address
from ...semantics.secret_forms import redaction
from ..settings import JOURNEYS, VARIABLE, BrowserSettings, Credential, Credentials
from .launch import (
    CONTEXT,
    OURS,
    WITHOUT_PEERS,
    NetworkGuard,
    describe_browser,
    launch_arguments,
    open_socket_gate,
    record_nothing,
)

# ── The kept parts of a Playwright trace: calls, selectors, addresses, statuses and timings, as listed here
# It can be played (``playwright show-trace FILE``). It holds no body, page, picture, console or storage.

#: Name of a log -> its events, each a line.
Events = Mapping[str, list[Mapping[str, Any]]]

_LOGS: Final = (".trace", ".network")
#: Kind of event -> its members that are numbers, or names of Playwright's own.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "context-options": (
        "version", "type", "origin", "browserName", "platform", "playwrightVersion", "wallTime", "monotonicTime",
        "sdkLanguage", "testIdAttributeName", "contextId",
    ),
    "before": ("type", "callId", "stepId", "parentId", "startTime", "class", "method", "pageId"),
    "after": ("type", "callId", "endTime"),
    "log": ("type", "callId", "time"),
    "resource-snapshot": ("type",),
}  # fmt: skip
#: Parameters of calls that the author of a journey wrote, or that are numbers.
_PARAMETERS: Final = ("selector", "url", "state", "waitUntil", "timeout", "button", "isNot", "delay", "strict")
#: Beginnings of Playwright's log lines that quote neither a page nor typed text.
_SAID: Final = re.compile(
    r"\s*(?:waiting for|navigat(?:ing|ed) to|navigations have|attempting|Expect|element (?:is|was)|performing|scrolling"
    r"|done scrolling|retrying)\b"
)
_EXCHANGE: Final = ("pageref", "startedDateTime", "time", "_monotonicTime", "_frameref")
_REQUEST: Final = ("method", "httpVersion", "headersSize", "bodySize")
_RESPONSE: Final = ("status", "statusText", "httpVersion", "headersSize", "bodySize", "_transferSize", "_failureText")
#: Headers whose values are kept; for others only their names.
_HEADERS: Final = (
    "accept", "age", "cache-control", "content-encoding", "content-length", "content-type", "date", "expires",
    "retry-after", "server", "strict-transport-security", "vary", "via", "x-cache",
)  # fmt: skip
_ADDRESSES: Final = ("location", "referer", "origin")
#: Calls and options that leave a page as any stranger would see it, as long as there was no other call.
_LOOKING: Final = frozenset({
    "newPage", "cookies", "goto", "goBack", "goForward", "reload", "click", "dblclick", "tap", "hover", "expect",
    "waitForSelector", "waitForTimeout", "waitForEventInfo", "waitForNavigation", "queryCount", "textContent",
    "innerText", "getAttribute", "isVisible", "isHidden", "isEnabled", "title", "screenshot", "close",
    "querySelector", "querySelectorAll", "press", "keyboardPress", "scrollIntoViewIfNeeded",
    "setNetworkInterceptionPatterns",
})  # fmt: skip
_OPTIONS: Final = frozenset({
    "viewport", "screen", "noDefaultViewport", "locale", "timezoneId", "baseURL", "serviceWorkers", "deviceScaleFactor",
    "isMobile", "hasTouch", "userAgent", "colorScheme", "reducedMotion", "acceptDownloads", "recordVideo", "bypassCSP",
})  # fmt: skip
#: Methods that type -> the parameter with the text.
_TYPING: Final = {
    "fill": "value", "type": "text", "insertText": "text", "keyboardType": "text", "keyboardInsertText": "text",
    "keyboardInsert": "text", "press": "key", "keyboardPress": "key", "keyboardDown": "key", "accept": "promptText",
}  # fmt: skip


def read_events(trace: Path) -> Events:
    """Read the logs of a trace. Raises OSError, ValueError and zipfile.BadZipFile."""
    with zipfile.ZipFile(trace) as archive:
        logs = {name: archive.read(name) for name in archive.namelist() if name.endswith(_LOGS)}
    return {name: [json.loads(line) for line in data.splitlines() if line.strip()] for name, data in logs.items()}


def find_typed(events: Events) -> Iterator[str]:
    """Yield the typed texts; keys pressed one after the other are one text."""
    pressed = ""
    for call in _list(events, "before"):
        parameter = _TYPING.get(call["method"], "")
        text = str(call.get("params", {}).get(parameter, ""))
        if parameter == "key":
            pressed += text if len(text) == 1 else ""
            continue
        yield from (pressed, text)
        pressed = ""
    yield pressed


def only_looks(events: Events) -> bool:
    """Whether a journey brought nothing along and wrote nothing: it only looked, followed links and pressed keys."""
    given = {option for each in _list(events, "context-options") for option in each.get("options", {})}
    calls = all(call["method"] in _LOOKING for call in _list(events, "before"))
    return calls and given <= _OPTIONS and not any(find_typed(events))


def _list(events: Events, kind: str) -> Iterable[Mapping[str, Any]]:
    return (line for lines in events.values() for line in lines if line.get("type") == kind)


def keep_trace(events: Events, known: Redaction) -> bytes:
    """Return a trace with the listed parts, without known secrets."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in events.items():
            kept = (_keep_event(line, known) for line in lines if line.get("type") in _MEMBERS)
            archive.writestr(name, "".join(f"{json.dumps(each)}\n" for each in kept if each))
    return made.getvalue()


def _keep_event(event: Mapping[str, Any], known: Redaction) -> dict[str, Any]:
    """Return the kept parts of an event; none of a log line that quotes a page."""
    made = {key: event[key] for key in _MEMBERS[event["type"]] if key in event}
    if event["type"] == "context-options":
        return {**made, "options": {"viewport": event.get("options", {}).get("viewport")}}
    if event["type"] == "before":
        given = {key: event["params"][key] for key in _PARAMETERS if key in event.get("params", {})}
        given |= {"url": redact_address(given["url"])} if "url" in given else {}
        given |= {"expression": event["params"].get("expression", "")} if event["method"] == "expect" else {}
        return {**made, "params": known.redact_json(given)}
    if event["type"] == "after" and "error" in event:
        said = str(event["error"].get("message", "")).partition("\n")[0]
        return {**made, "error": {"name": event["error"].get("name", "Error"), "message": known.redact_message(said)}}
    if event["type"] == "log":
        said = str(event.get("message"))
        return {**made, "message": known.redact_message(said)} if _SAID.match(said) else {}
    return {**made, "snapshot": _keep_exchange(event["snapshot"], known)} if "snapshot" in event else made


def _keep_exchange(exchange: Mapping[str, Any], known: Redaction) -> dict[str, Any]:
    """Return the kept parts of a request and its response, in the form of HAR."""
    request, response = exchange["request"], exchange["response"]
    content = response.get("content", {})
    return {
        **{key: exchange[key] for key in _EXCHANGE if key in exchange},
        "timings": exchange.get("timings", {}),
        "cache": {},
        "request": {
            **{key: request[key] for key in _REQUEST if key in request},
            "url": known.redact_text(redact_address(request["url"])),
            "headers": _keep_headers(request, known), "cookies": [], "queryString": [],
        },
        "response": {
            **{key: response[key] for key in _RESPONSE if key in response},
            "headers": _keep_headers(response, known), "cookies": [],
            "redirectURL": redact_address(response.get("redirectURL", "")),
            "content": {"size": content.get("size", -1), "mimeType": content.get("mimeType", "")},
        },
    }  # fmt: skip


def _keep_headers(message: Mapping[str, Any], known: Redaction) -> list[dict[str, str]]:
    kept = []
    for each in message.get("headers", ()):
        name, value = each["name"].lower(), redaction("a value")
        if name in _ADDRESSES:
            value = known.redact_text(redact_address(each["value"]))
        elif name in _HEADERS:
            value = known.redact_text(each["value"])
        kept.append({"name": each["name"], "value": value})
    return kept


# ── Guards every way out that Playwright offers to a test: browsers, contexts, and requests without a page
# Methods of Playwright's public classes are replaced while tests run, so it makes no difference how a test obtained an
# object. Doors that the guard can't inspect are refused; the message names an alternative.

#: Redirects that Playwright follows unless a test says otherwise.
MOST: Final = 20
#: Parts that the next hop does not get: those for the first address alone, and a body that a redirect drops.
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
    """Return the target of a redirecting response, empty if there is none."""
    where = answer.headers.get("location", "") if answer.status in (301, 302, 303, 307, 308) else ""
    return urljoin(answer.url, where) if where else ""


def _for_next_hop(given: Mapping[str, Any], method: str, here: str, there: str) -> dict[str, Any]:
    kept = {key: value for key, value in given.items() if key not in _ONCE} | {"method": method}
    if kept.get("headers") and urlsplit(here).netloc != urlsplit(there).netloc:
        kept["headers"] = {key: each for key, each in kept["headers"].items() if key.lower() not in _IDENTIFYING}
    return kept


#: Called for each new context, before a test has it.
OnContext = Callable[[BrowserContext], object]
#: Called for each new browser.
OnBrowser = Callable[[Browser], object]
#: Methods of Playwright that fail unless something holds, besides those of ``expect``.
_REQUIRING: Final = (
    (sync_api.Locator, "wait_for"),
    (sync_api.Page, "wait_for_url"),
    (sync_api.Page, "wait_for_selector"),
    (sync_api.Page, "wait_for_function"),
)
#: Packages whose classes and functions are no part of a journey.
_OF_OTHERS: Final = frozenset({"builtins", "playwright", "prodgate", "pytest", "_pytest", "re", "datetime", "pathlib"})
_EXPECTING: Final = tuple(getattr(sync_api, f"{of}Assertions") for of in ("Locator", "Page", "APIResponse"))
#: Reads the status of a response without noting that somebody did.
_READ_STATUS: Final[Callable[[Response], int]] = sync_api.Response.status.fget  # type: ignore[attr-defined]
#: Methods of Playwright's classes that open something that can't be guarded -> the alternative.
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
#: A route that matches nothing: with one, Playwright turns the cache off, so that each response of a journey is the
#: site's. Responses from Chromium's cache lack Strict-Transport-Security.
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


@contextmanager
def noted_statements(on_statement: Callable[[], object], on_status: Callable[[Response], object]) -> Iterator[None]:
    """Note while the context is open when a test states what must hold, and of which response it reads the status."""

    def note_call(called: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            on_statement()
            return called(*given, **named)

        return noted

    def note_status(read: Callable[[Response], Any]) -> property:
        return property(lambda response: (on_status(response), read(response))[1])

    stating = [(kind, name) for kind in _EXPECTING for name in dir(kind) if name.startswith(("to_", "not_to_"))]
    with pytest.MonkeyPatch.context() as patch:
        for kind, name in (*stating, *_REQUIRING):
            patch.setattr(kind, name, note_call(getattr(kind, name)))
        for name in ("status", "ok"):
            patch.setattr(Response, name, note_status(getattr(Response, name).fget))
        yield


def states_what_must_hold(function: Any, *, further: bool = True) -> bool:
    """Whether an assert is in a function, or in a function or class of its module that it names."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    nodes, known = [*ast.walk(tree)], getattr(inspect.unwrap(function), "__globals__", {})
    named = (known.get(node.id) for node in nodes if isinstance(node, ast.Name) and further)
    own = [each for each in named if inspect.isroutine(each) or inspect.isclass(each)]
    return any(isinstance(node, ast.Assert) for node in nodes) or any(
        states_what_must_hold(each, further=False)
        for each in own
        if each.__module__.partition(".")[0] not in _OF_OTHERS
    )


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
    """Decides on requests that leave through Playwright and not Chromium."""

    def __init__(self, guard: NetworkGuard) -> None:
        self.guard = guard
        self.most = WeakKeyDictionary[APIRequestContext, int]()
        """The maximum number of redirects that a context follows, if a test states it."""

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
                route.abort("blockedbyclient")  # otherwise the page would wait for it
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
        """Send one, hop by hop."""
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
    """Return the address of a request, and its other parts: a test's own, else those of the page."""
    if isinstance(target, str):
        return target, _stated(given)
    told: dict[str, Any] = {"method": target.method, "headers": target.headers, "data": target.post_data_buffer}
    return target.url, _stated(told) | _stated(given)


def _stated(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


# ── The evidence of journeys: responses and refusals, and for a failed one a trace and perhaps pictures
# A trace keeps the parts that are listed above, and a picture shows only what a stranger sees, unless [e2e]
# keep_bodies asks for everything.


class JourneyAnswers:
    """Describes responses. It drops anything that looks like a secret, and numbers nonces so that repetitions show."""

    def __init__(self) -> None:
        self.nonces: dict[str, int] = {}

    def describe(self, answers: Iterable[Response], settings: BrowserSettings) -> list[dict[str, Any]]:
        """Return the responses to navigations within the site, in their order, each with the names of cookies sent.

        Addresses lack their query, which may hold a token. Cookies that the site set before count as sent: while
        requests are intercepted, Chromium need not report them.
        """
        described: list[dict[str, Any]] = []
        given: set[str] = set()
        for one in answers:
            with suppress(Error):  # a closing page has no more to report
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
    """Add the names of cookies that a response sets, and remove those that it deletes."""
    for value in (value for name, value in said if name.lower() == "set-cookie"):
        one = parse_set_cookie(value, datetime.now(UTC))
        (given.discard if one.deleted else given.add)(one.name)


#: The least status of an error, and that of a page which asks for a sign-in.
_BAD, _ASKING = 400, 401
#: Characters of the name of an exception that are kept.
_MAX_NAME: Final = 40
#: Responses that are searched for cookies.
_MAX_RESPONSES: Final = 50
#: Fields of pages, which no picture shows.
_FIELDS: Final = "input, textarea, select, [contenteditable]"
#: The length from which on a value in browser storage counts as a secret.
_SHORTEST: Final = 6
#: Attributes of a cookie that are kept; its value is never among them.
_COOKIE_ATTRIBUTES: Final = ("name", "domain", "path", "secure", "httpOnly", "sameSite")


@dataclass(kw_only=True)
class JourneyEvidence:
    """Watches the browser contexts of one journey, and collects their evidence at its end if it failed."""

    settings: BrowserSettings
    name: str
    failed: Callable[[], bool] = lambda: False
    refused: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    cookies: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    withheld: list[str] = field(default_factory=list)
    """Why evidence was not kept."""
    known: Redaction = field(default_factory=Redaction)
    """The secrets known so far."""
    taken: dict[BrowserContext, Path] = field(default_factory=dict)
    """Traces of contexts, as Playwright wrote them."""
    logs: list[Events] = field(default_factory=list)
    """Their events."""
    collected: bool = False
    looked: bool = False
    """Whether everything that the journey typed is known."""
    contexts: list[BrowserContext] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    asserted: bool = False
    """Whether it stated what must hold."""
    statuses: list[Response] = field(default_factory=list)
    """Responses whose status it read, and so expects."""
    bad: list[Response] = field(default_factory=list)
    """Pages of the site that answered with an error."""
    exceptions: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """Errors on the way that nothing in the journey mentions."""
    described: list[dict[str, Any]] = field(default_factory=list)
    describing: JourneyAnswers = field(default_factory=JourneyAnswers)
    """Of all journeys, which may receive the same nonce."""

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Keep a refused request; those to foreign hosts are reported by the page visits."""
        if why == "changes":
            self.refused.append(f"{method} {url}")

    def watch(self, context: BrowserContext) -> None:
        """Watch a context. Keeps the pages at each step; pictures over time would cost as much again."""
        context.set_default_timeout(self.settings.patience * 1000)
        if self.settings.results:
            context.tracing.start(screenshots=False, snapshots=True, sources=False)
        context.on("response", self._record_response)
        context.on("weberror", self._record_exception)
        self.contexts.append(context)
        if self.settings.results:
            closing = context.close

            def close(**given: Any) -> None:
                """Take the trace before a test closes the context, which ends it."""
                with suppress(Error):
                    self._take(context)
                closing(**given)

            setattr(context, "close", close)  # noqa: B010  tests call it themselves

    def collect(self) -> None:
        """Collect the evidence while the pages are still open: after the test, before its fixtures end."""
        self.collected = True
        bad = (each for each in self.bad if each not in self.statuses)
        errors = [f"HTTP {_READ_STATUS(each)} of the page {urlsplit(each.url).path}" for each in bad]
        self.errors = list(dict.fromkeys((*errors, *self.exceptions)))[:_MAX_RESPONSES]
        with suppress(Error):  # a closing page has no more to report
            for response in self.answers[:_MAX_RESPONSES]:
                for cookie in response.header_values("set-cookie"):
                    self._record_set_cookie(cookie, urlsplit(response.url).hostname or "")
        self.described = self.describing.describe(self.answers[:_MAX_RESPONSES], self.settings)
        for context in self.contexts:
            with suppress(Error):  # a crashed browser has no cookies, which must not hide the failure
                self._record_cookies(context)
        if not self.settings.results:
            return
        if self.failed() or self.errors:
            self._keep_evidence()
        for context in (each for each in self.contexts if each not in self.taken):
            with suppress(Error):
                context.tracing.stop()
        for raw in self.taken.values():
            raw.unlink(missing_ok=True)

    def close(self) -> None:
        """Close everything that the test left open."""
        for context in self.contexts:
            if context.browser is not None and context in context.browser.contexts:
                context.close()

    def redaction(self) -> Redaction:
        """Return a redaction of all secrets known so far."""
        return self.known.with_secrets(self.settings.secrets)

    def _record_response(self, response: Response) -> None:
        if response.request.resource_type in ("document", "xhr", "fetch"):
            self.answers.append(response)
        with suppress(Error):  # the frame is gone
            asked, status = response.request, _READ_STATUS(response)
            if (
                asked.is_navigation_request()
                and asked.frame.parent_frame is None
                and self.settings.is_own(response.url)
            ):
                self.bad += [response] if status >= _BAD and status != _ASKING else []

    def _record_exception(self, thrown: sync_api.WebError) -> None:
        """Record an exception of a page of the site by its kind: its message may hold anything."""
        if thrown.page is not None and self.settings.is_own(thrown.page.url):
            name = thrown.error.name or ""
            kind = name if name.isidentifier() else "an exception"
            self.exceptions.append(f"a script of {urlsplit(thrown.page.url).path} threw {kind[:_MAX_NAME]}")

    def _record_set_cookie(self, header: str, host: str) -> None:
        """Keep the attributes of a cookie that a response sets; a removed cookie does not count."""
        pair, *attributes = (each.strip() for each in header.split(";"))
        name, _, value = pair.partition("=")
        protection = {key.lower(): rest for key, _, rest in (each.partition("=") for each in attributes)}
        if not value.strip('"') or protection.get("max-age", "").strip() in ("0", "-1"):
            return
        self._learn([value])
        cookie: dict[str, Any] = {
            "name": name, "domain": protection.get("domain", host), "path": protection.get("path", "/"),
            "secure": "secure" in protection, "httpOnly": "httponly" in protection,
            "sameSite": protection.get("samesite", ""),
        }  # fmt: skip
        self.cookies[cookie["name"], cookie["domain"], cookie["path"]] = cookie

    def _record_cookies(self, context: BrowserContext) -> None:
        for cookie in context.cookies():
            kept = {key: cookie.get(key) for key in _COOKIE_ATTRIBUTES}
            self.cookies.setdefault((cookie["name"], cookie["domain"], cookie["path"]), kept)

    def _learn(self, values: Iterable[str]) -> None:
        self.known = self.known.with_secrets(each for each in values if len(each) >= _SHORTEST)

    def _keep_evidence(self) -> None:
        """Keep traces and pictures, after learning from every context which secrets no message may hold."""
        try:
            for context in self.contexts:
                self._take(context)
            self.logs = [read_events(raw) for raw in self.taken.values()]
        except (Error, OSError, ValueError, zipfile.BadZipFile) as error:
            said = str(error).partition("\n")[0]
            self.withheld.append(f"its trace can't be read, and nothing was kept of it: {said}")
            return
        typed = {text for log in self.logs for text in find_typed(log)}
        self.known = Redaction(self.known.secrets, frozenset(typed))
        self.looked = True
        if self.settings.keep_bodies or all(map(only_looks, self.logs)):
            self._keep_pictures()
        else:
            self.withheld.append("no picture was kept, since it wrote something or brought it along")
        for raw, log in zip(self.taken.values(), self.logs, strict=True):
            kept = raw.read_bytes() if self.settings.keep_bodies else keep_trace(log, self.redaction())
            self._write(kept, ".zip")

    def _take(self, context: BrowserContext) -> None:
        """Take the trace of a context, and learn its stored values. Raises Error."""
        if context in self.taken:
            return
        raw = Path(self.settings.results, f"{self.name}-{len(self.taken)}.raw")
        context.tracing.stop(path=raw)
        self.taken[context] = raw
        held = context.storage_state()
        self._learn(cookie["value"] for cookie in held["cookies"])
        self._learn(item["value"] for origin in held["origins"] for item in origin["localStorage"])

    def _keep_pictures(self) -> None:
        for page in (page for context in self.taken for page in context.pages):
            hidden = [] if self.settings.keep_bodies else [frame.locator(_FIELDS) for frame in page.frames]
            with suppress(Error):  # the page may be closing
                self._write(page.screenshot(mask=hidden, timeout=5000), ".png")

    def _write(self, data: bytes, suffix: str) -> None:
        file = f"{self.name}-{len(self.evidence)}{suffix}"
        Path(self.settings.results, file).write_bytes(data)
        self.evidence.append(file)


#: The test's outcome, stashed on its item as soon as it is known.
OUTCOME: Final = pytest.StashKey[str]()
#: Characters of a failure's message that are kept.
_MAX_TEXT: Final = 600
#: The thing that Playwright waited for, from the first line about it in its log.
_WAITED: Final = re.compile(r"(?m)^[ \t]*- waiting for (.+)")
#: Stands for the message of a failure that may quote what was typed.
_UNKNOWN: Final = "its message may hold what it typed, which is not known, and so was not kept; run it alone to read it"


class JourneyWriter:
    """Writes a line when each journey ends, so that an interrupted run keeps the earlier ones."""

    def __init__(self, settings: BrowserSettings) -> None:
        self.place = Path(settings.results, JOURNEYS) if settings.results else None
        self.current: JourneyEvidence | None = None
        self.nobody = JourneyEvidence(settings=settings, name="none")
        self.describing = JourneyAnswers()
        self.begun = 0
        self.journeys: dict[str, dict[str, Any]] = {}

    def write_line(self, **record: Any) -> None:
        """Write a line."""
        if self.place is not None:
            with self.place.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(record, ensure_ascii=False)}\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Record a file that could not be collected."""
        if report.failed:
            said = f"{report.nodeid}: {''.join(report.longreprtext.strip().splitlines()[-1:])}"
            self.write_line(broken=self.nobody.redaction().redact_message(said))

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record the plan: a journey without a later line did not finish."""
        about = {"name": _question_of(item), "line": (item.location[1] or 0) + 1, "file": item.location[0]}
        mutates = item.get_closest_marker("mutates") is not None
        about["asserted"] = states_what_must_hold(getattr(item, "function", None))
        self.journeys[item.nodeid] = about | {"mutates": mutates, "outcome": "", "why": "", "seconds": 0.0}
        self.write_line(planned=item.nodeid, **self.journeys[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Stash the outcome of a test for its evidence."""
        report = yield
        journey = self.journeys[item.nodeid]
        journey["seconds"] += report.duration
        if report.failed or (report.outcome != "passed" and not journey["outcome"]):
            journey["outcome"] = report.outcome
            journey["failed_at"] = journey.get("failed_at") or _failing_line(item, call)
            journey["why"] = journey["why"] or _failure_reason(report)
        if report.when == "call" or report.failed:
            item.stash[OUTCOME] = report.outcome
        return report

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the line of a finished journey."""
        journey, keeping = self.journeys[nodeid], self.current
        record = {**journey, "outcome": journey["outcome"] or "passed", "refused": [], "cookies": [], "evidence": []}
        if keeping is not None:
            cookies = list(keeping.cookies.values())
            record |= {"refused": keeping.refused, "cookies": cookies, "evidence": keeping.evidence}
            record |= {"withheld": keeping.withheld, "answers": keeping.described, "errors": keeping.errors}
            record["asserted"] = record["asserted"] or keeping.asserted
            if record["outcome"] == "failed" and keeping.contexts and not keeping.looked:
                record["why"] = _UNKNOWN
            record["why"] = keeping.redaction().redact_message(record["why"])
        self.current = None
        self.write_line(ended=nodeid, **(keeping or self.nobody).redaction().redact_json(record))


def _question_of(item: pytest.Item) -> str:
    """Return a person's task: the first line of the docstring, or the name of the test."""
    name = str(getattr(item, "originalname", None) or item.name)
    text = getattr(getattr(item, "function", None), "__doc__", None) or name.removeprefix("test_").replace("_", " ")
    return str(text).strip().splitlines()[0]


def _failure_reason(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, in its author's or Playwright's words."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longreprtext)
    # the rest quotes the page, including text typed into its fields; the awaited thing is in its author's words
    said = re.split(r"\n[ \t]*Aria snapshot:|\nCall log:", text.removeprefix("AssertionError: "))[0].strip()[:_MAX_TEXT]
    waited = _WAITED.search(text.partition("\nCall log:")[2])
    return f"{said}; waited for {waited[1].strip()[:_MAX_TEXT]}" if waited else said


def _failing_line(item: pytest.Item, call: pytest.CallInfo[None]) -> int:
    """Return the line of the journey's own file on which it failed; 0 if it failed elsewhere."""
    raised = call.excinfo.traceback if call.excinfo else ()
    lines = [entry.lineno + 1 for entry in raised if Path(entry.path) == item.path]
    return lines[-1] if lines else 0


_SETTINGS = pytest.StashKey[BrowserSettings]()
_WRITER = pytest.StashKey[JourneyWriter]()
_KEEPING = pytest.StashKey[JourneyEvidence]()
_GUARD = pytest.StashKey[NetworkGuard]()
_MUTATES = "mutates: changes something at the site; other journeys make no request that could"


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings of this process."""
    config.addinivalue_line("markers", _MUTATES)
    if VARIABLE in os.environ:
        settings = BrowserSettings.from_environment()
        settings.end_with_parent()
    else:
        there = find_chromium()
        base_url = config.getoption("base_url") or ""
        settings = BrowserSettings(base_url=base_url, program=there.program if there else "", mutates=True)
    config.stash[_SETTINGS] = settings
    config.stash[_WRITER] = writer = JourneyWriter(settings)
    config.pluginmanager.register(writer)
    config.stash[_GUARD] = _guard_playwright(config, settings, writer)


def _guard_playwright(config: pytest.Config, settings: BrowserSettings, writer: JourneyWriter) -> NetworkGuard:
    """Guard and watch everything that tests open, until this process ends."""
    guard, opened = NetworkGuard(settings), ExitStack()
    config.add_cleanup(opened.close)
    gate = opened.enter_context(open_socket_gate(guard.admits_socket))
    unwatched = JourneyEvidence(settings=settings, name="all")

    def watch(context: BrowserContext) -> None:
        """Watch it for its test; a context of a session fixture belongs to none."""
        (writer.current or unwatched).watch(context)

    def note_statement() -> None:
        if writer.current is not None:
            writer.current.asserted = True

    def note_status(response: Response) -> None:
        if writer.current is not None:
            writer.current.statuses.append(response)

    opened.enter_context(noted_statements(note_statement, note_status))
    opened.enter_context(
        guarded_doors(
            guard,
            gate,
            on_browser=lambda browser: writer.write_line(browser=describe_browser(browser)),
            on_context=watch,
        )
    )
    return guard


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip journeys that change something unless changes are allowed."""
    if not config.stash[_SETTINGS].mutates:
        left_out = pytest.mark.skip(reason="it changes something, and [e2e] does not say mutates = true")
        for item in items:
            if item.get_closest_marker("mutates"):
                item.add_marker(left_out)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect the evidence of a journey before its fixtures close what it opened."""
    if (keeping := item.stash.get(_KEEPING, None)) is not None:
        keeping.collect()


@pytest.fixture(scope="session")
def settings(pytestconfig: pytest.Config) -> BrowserSettings:
    """The settings of this process."""
    return pytestconfig.stash[_SETTINGS]


@pytest.fixture
def credentials(settings: BrowserSettings) -> Credentials:
    """The declared credentials by name: ``credentials("reader").user``; a missing one skips the test."""

    def named(name: str) -> Credential:
        if name not in settings.credentials:
            pytest.skip(settings.unresolved.get(name) or f"[e2e.credentials] names no {name!r}")
        return Credential(**settings.credentials[name])

    return named


@pytest.fixture(autouse=True)
def _watched_journey(request: pytest.FixtureRequest, settings: BrowserSettings) -> Iterator[None]:
    """Watch a journey until every context that it opened is closed."""
    item, writer, guard = request.node, request.config.stash[_WRITER], request.config.stash[_GUARD]
    mutates = item.get_closest_marker("mutates") is not None
    keeping = JourneyEvidence(
        settings=settings,
        describing=writer.describing,
        failed=lambda: item.stash.get(OUTCOME, "passed") == "failed",
        name=f"{writer.begun:03}",
    )
    writer.begun += 1
    writer.current = item.stash[_KEEPING] = keeping
    guard.mutates, guard.refused = mutates, keeping.record_refusal
    yield
    keeping.close()
    guard.mutates, guard.refused = False, record_nothing
