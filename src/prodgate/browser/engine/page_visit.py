"""One visit to one page at one window size: the redirects, when it came to rest, its contents, and a use of it."""

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    ElementHandle,
    Error,
    Frame,
    Page,
    Playwright,
    Request,
    Response,
    Route,
)

from ...sections.changing import is_at
from ...semantics.challenges import find_challenge, is_sign_in
from ..settings import BrowserSettings
from .launch import CONTEXT, SOCKET, WITHOUT_PEERS, NetworkGuard, record_nothing

# ── Events of a browser context during a visit: errors, files, hosts, and requests in flight

#: The maximum number of entries of a kind, and of characters of a text.
SHOWN: Final = 20
_LONGEST: Final = 300
#: Requests that last as long as the page does, or whose response the page does not wait for.
_LASTING: Final = ("eventsource", "websocket", "ping", "media", "texttrack", "manifest", "cspviolationreport")
#: Chromium's message on a failed WebSocket.
_SOCKET_FAILED: Final = re.compile(r"WebSocket connection to '(wss?://[^/'][^']*)' failed")


@dataclass  # without slots: Playwright sets an attribute on its listeners
class PageLog:
    """The events of a visit in every frame, window and service worker of its context."""

    settings: BrowserSettings
    console: list[str] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    """Violations of a report-only policy."""
    failed: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Refused requests whose response the page may wait for, which makes it another page than readers get."""
    untouched: list[str] = field(default_factory=list)
    """Refused requests that a page made because the gate used it."""
    answer: Response | None = None
    """The last response to the page itself."""
    led_to: str = ""
    """The target of the last redirect of the page itself."""
    flying: dict[Request, None] = field(default_factory=dict)
    """Requests that were begun and have not ended."""
    page: Page | None = None
    stirred: float = 0.0
    """When the last request began or ended, by the monotonic clock."""

    def listen_to(self, page: Page) -> None:
        """Listen to the events of the context of the page that is visited."""
        self.page, context = page, page.context
        context.on("console", self._on_console)
        context.on("weberror", lambda thrown: self.exceptions.append(shorten(str(thrown.error))))
        context.on("request", self._on_request)
        context.on("requestfinished", self._on_end)
        context.on("requestfailed", self._on_request_failed)
        context.on("response", self._on_response)

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Record a refusal of the guard."""
        if why == "foreign":
            self.foreign.setdefault(url, f"{method}, stopped by the gate")
            return
        self.refused.append(f"{method} {url}")
        if why == "untouched":
            self.untouched.append(f"{method} {shorten(url)}: {self.settings.why_untouched(url)}")
        if method == SOCKET:
            self.missed.append(f"{method} {url}")

    def record_policy_violations(self, refused: Iterable[Mapping[str, str]]) -> None:
        """Record refusals by a policy: foreign requests as such, anything else as an error, and reports apart."""
        for each in refused:
            if each["disposition"] == "report":
                self.reported.append(shorten(f"{each['directive']} would refuse {each['url']}"))
            elif each["url"].startswith("http") and not self.settings.is_allowed(each["url"]):
                self.foreign[each["url"]] = f"refused by the page's own {each['directive']}"
            else:
                self.console.append(f"{each['directive']} refused {each['url']}")

    def list_waiting(self) -> list[str]:
        """Return the open requests whose response may still change the page."""
        return [
            shorten(f"{each.method} {each.url}")
            for each in list(self.flying)
            if each.resource_type not in _LASTING
            and not _is_abandoned(each)
            and not self.settings.is_lasting(each.method, each.url)
        ]

    def list_feeding(self) -> list[str]:
        """Return what may change the page without a request that ends: event streams, and workers."""
        streams = [
            shorten(f"GET {each.url}")
            for each in list(self.flying)
            if each.resource_type == "eventsource" and not self.settings.is_lasting(each.method, each.url)
        ]
        workers = self.page.workers if self.page and "workers" not in self.settings.lasting else ()
        return streams + [f"workers: {shorten(each.url)}" for each in workers]

    def list_going(self, frame: Frame) -> list[str]:
        """Return what goes on in a frame without an end, by kind, apart from what is declared to last."""
        with suppress(Error):  # it is about to go, or runs no script
            found = frame.evaluate("() => window.__prodgate?.goes() ?? {}")
            return [f"{kind}: {each}" for kind in found if kind not in self.settings.lasting for each in found[kind]]
        return []

    def tell(self) -> dict[str, Any]:
        """Return the events so far, as the record of a visit keeps them."""
        lists = {
            "console": self.console, "exceptions": self.exceptions, "reported": self.reported, "refused": self.refused,
            "missed": self.missed,
        }  # fmt: skip
        pairs = {"failed": self.failed, "foreign": self.foreign}
        return {key: list(dict.fromkeys(each))[:SHOWN] for key, each in lists.items()} | {
            key: [{"url": shorten(url), "why": why} for url, why in each.items()][:SHOWN] for key, each in pairs.items()
        }

    def _on_console(self, message: ConsoleMessage) -> None:
        # missing files and policy refusals are recorded elsewhere; a frame without scripts refuses ours
        known = ("Failed to load resource", "Blocked script execution in")
        elsewhere = message.text.startswith(known) or "Content Security Policy" in message.text
        elsewhere = elsewhere or self._is_refused_socket(message.text)
        if message.type == "error" and not elsewhere:
            self.console.append(shorten(message.text))

    def _is_refused_socket(self, text: str) -> bool:
        if not (found := _SOCKET_FAILED.match(text)):
            return False
        parts = urlsplit(found[1])
        port = parts.port or {"ws": 80, "wss": 443}[parts.scheme]
        return f"{SOCKET} {parts.hostname}:{port}" in self.refused

    def _on_request(self, request: Request) -> None:
        self.stirred = time.monotonic()
        self.flying[request] = None
        before = request.redirected_from
        # the guard also stops it, but not because a redirect led there
        if before is not None and not self._is_of_the_page(request) and not self.settings.is_allowed(request.url):
            self.foreign[request.url] = f"{request.method}, where {shorten(before.url)} redirects to"

    def _on_end(self, request: Request) -> None:
        self.stirred = time.monotonic()
        self.flying.pop(request, None)

    def _on_request_failed(self, request: Request) -> None:
        self._on_end(request)
        url, failure = request.url, request.failure or "no answer"
        stopped = "ERR_BLOCKED_BY_CLIENT" in failure or "ERR_ABORTED" in failure
        if self._is_missed(request, failure):
            self.missed.append(f"{request.method} {url}")
        if not self._is_of_the_page(request) and not stopped and self.settings.is_allowed(url):
            self.failed[url] = failure

    def _is_missed(self, request: Request, failure: str) -> bool:
        """Whether the gate refused a request to the site that somebody on the page may wait for."""
        changes = self.settings.may_change(request.method, request.url) and self.settings.is_allowed(request.url)
        refused = changes and "ERR_BLOCKED_BY_CLIENT" in failure
        return refused and request.resource_type not in _LASTING and request.service_worker is None

    def _on_response(self, response: Response) -> None:
        if self._is_of_the_page(response.request):
            self.answer = response
            self.led_to = urljoin(response.url, response.headers.get("location", response.url))
        elif response.status >= 400:
            self.failed[response.url] = f"HTTP {response.status}"

    def _is_of_the_page(self, request: Request) -> bool:
        """Whether a request is for the page itself, and not for a frame within it or a window that it opened."""
        if not request.is_navigation_request():
            return False
        with suppress(Error):  # a window that is only just being opened has no frame yet
            return self.page is not None and request.frame == self.page.main_frame
        return False


def _is_abandoned(request: Request) -> bool:
    """Whether nobody on the page waits for a response: the frame is gone, or a service worker sent it."""
    if request.service_worker is not None:
        return True
    with suppress(Error):  # a window that is only just being opened has no frame yet
        return request.frame.is_detached()
    return False


def shorten(text: str) -> str:
    """Return a text that is short enough for a report."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


# ── Violations that axe finds in a page and in all of its frames, of any origin

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS: Final = {
    "resultTypes": ["violations", "incomplete"],
    "runOnly": {"type": "tag", "values": _TAGS},
}
#: axe's own mode for frames that it can't reach itself: each is examined alone, and the parts are joined.
_PART: Final = """async ([context, options]) => {
  const whole = context ?? document, frames = axe.utils.getFrameContexts(whole, options);
  return JSON.stringify([await axe.runPartial(whole, options), frames]);
}"""
#: Comes true where scripts run; they don't in a frame with ``sandbox``, where axe would wait for itself for ever.
_RUNS: Final = "() => new Promise((done) => (window.__prodgate?.wait ?? setTimeout)(done, 0, true))"
#: How many levels of nested frames are followed.
_DEEPEST: Final = 5
#: Milliseconds that a frame may take to run a script.
_FRAME: Final = 3000


def run_axe(page: Page) -> dict[str, Any]:
    """Return ``violations``, and axe's undecided results for a person's eyes (``undecided``)."""
    parts = _examine(page.main_frame, None, 0)
    found = page.evaluate(
        "async ([parts, options]) => await axe.finishRun(JSON.parse(parts), options)", [json.dumps(parts), _OPTIONS]
    )
    return {"violations": _entries(found["violations"]), "undecided": _entries(found["incomplete"])}


def _examine(frame: Frame, context: Any, depth: int) -> list[Any]:
    """Return the result of a frame and its nested frames; None stands for one that can't be examined."""
    frame.evaluate(AXE_SCRIPT)
    part, inner = json.loads(frame.evaluate(_PART, [context, _OPTIONS]))
    parts = [part]
    for each in inner:
        parts += _examine_inner(frame, each, depth + 1)
    return parts


def _examine_inner(frame: Frame, about: Mapping[str, Any], depth: int) -> list[Any]:
    try:
        element = frame.evaluate_handle(
            "(selector) => axe.utils.shadowSelect(selector)", about["frameSelector"]
        ).as_element()
        found = element.content_frame() if element else None
        if found is None or found.url.startswith("chrome-error:") or depth > _DEEPEST:
            return [None]
        found.wait_for_function(_RUNS, timeout=_FRAME, polling=50)
        return _examine(found, about["frameContext"], depth)
    except Error:  # it runs no script, or went away meanwhile; axe then reports that this frame was not tested
        return [None]


def _entries(found: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": each["id"], "impact": each["impact"], "help": each["help"],
            "tags": [tag for tag in each["tags"] if tag in _TAGS], "nodes": len(each["nodes"]),
            "first": shorten(each["nodes"][0]["html"]),
        }
        for each in found
    ]  # fmt: skip


# ── A page as a person uses it: a walk with the Tab key alone, then typing and presses, and its response times

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "answers.js").read_text("utf-8")
#: The maximum number of fields that are typed into, and of elements of each kind that are pressed.
_FIELDS: Final = 3
_ELEMENTS: Final = {"text": 1, "summary": 1, "button": 2, "acting": 1, "box": 1, "link": 1}
#: Text that is typed and deleted again.
_TYPED: Final = ("a", "b", "Backspace", "Backspace")
#: Milliseconds that an element may take to become clickable.
_PATIENCE: Final = 1000
#: Unclickable elements after which no other is tried: something covers the page.
_COVERED: Final = 2
_FOCUSED: Final = "each => each.getRootNode().activeElement === each"
_ARM: Final = """() => {
  document.activeElement?.blur();
  window.focus();
  __prodgate.told = false;
  __prodgate.armed = performance.now();
}"""
#: Resolves to the events reported since the last time, after 15 s at the latest.
_TOLD: Final = """() => new Promise((done) => {
  const seen = __prodgate, until = performance.now() + 15000;
  const look = () => {
    if (!seen.told && performance.now() < until) return seen.wait(look, 20);
    done({ settled: seen.told, interactions: seen.interactions, slowest: seen.slowest });
    Object.assign(seen, { armed: Infinity, slowest: null });
  };
  look();
})"""


def measure_answers(page: Page, log: PageLog) -> dict[str, Any]:
    """Type and press on a page whose keyboard was just walked; return its response times.

    ``answers`` are the slowest response times in ms to the walk (from the first key on), to typing and to presses, None
    if none took 16 or more, which browsers don't report. ``settled`` says whether the browser had reported every
    response. Presses never leave the page. ``untouched`` are elements that announce a change, and ``unasked`` says for
    which kinds there was nothing else.
    """
    parts = {"walked": _read_answers(page)}
    fields, elements = _Found(page, "fields", log), _Found(page, "elements", log)
    _type_into_fields(page, fields.choose({"field": _FIELDS}))
    parts["typed"] = _read_answers(page)
    page.route("**/*", _stay)
    with suppress(Error):  # a pressed element left the page nevertheless, or the page crashed
        _press_elements(elements.choose(_ELEMENTS))
        parts["pressed"] = _read_answers(page)
    answers = {name: part["slowest"] for name, part in parts.items()}
    return {
        "answers": answers,
        "slowest": max((each for each in answers.values() if each is not None), default=None),
        "interactions": max(part["interactions"] for part in parts.values()),
        "settled": all(part["settled"] for part in parts.values()),
        "untouched": list(dict.fromkeys((*fields.untouched, *elements.untouched, *log.untouched))),
        "unasked": [kind for kind, found in (("typed into", fields), ("pressed", elements)) if found.is_unasked],
    }


def _read_answers(page: Page) -> dict[str, Any]:
    """Return the browser's report on response times. It reports in order, and late: our own last key marks the end."""
    page.evaluate(_ARM)
    page.keyboard.press("Shift")
    found: dict[str, Any] = page.evaluate(_TOLD)
    return found


class _Found:
    """Elements of a page to type into or press, in page order, without those that announce a change."""

    def __init__(self, page: Page, what: str, log: PageLog) -> None:
        self.elements = page.evaluate_handle(_SCRIPT, what)
        self.told = self.elements.evaluate("(found) => found.told()")
        self.settings = log.settings
        self.untouched: list[str] = []
        self.is_unasked = False

    def choose(self, most: Mapping[str, int]) -> list[ElementHandle]:
        """Return at most so many elements of each kind."""
        chosen: dict[str, list[int]] = {kind: [] for kind in most}
        for at, (kind, told) in enumerate(self.told):
            if len(chosen[kind]) >= most[kind]:
                continue
            if why := self.settings.why_unused(told, control=kind not in ("link", "text")):
                self.untouched.append(f"{shorten(told[0]['markup'])}: {why}")
            else:
                chosen[kind].append(at)
        self.is_unasked = bool(self.untouched) and not any(some for kind, some in chosen.items() if kind != "text")
        handles = [self.elements.get_property(str(at)).as_element() for some in chosen.values() for at in some]
        return [each for each in handles if each is not None]


def _type_into_fields(page: Page, fields: Iterable[ElementHandle]) -> None:
    for each in fields:
        with suppress(Error):  # typing into another took it away
            each.focus()
            for key in _TYPED if each.evaluate(_FOCUSED) else ():  # a key that no field takes may be a shortcut
                page.keyboard.press(key)


def _press_elements(elements: Iterable[ElementHandle]) -> None:
    covered = 0
    for each in elements:
        try:
            each.click(timeout=_PATIENCE, no_wait_after=True)
        except Error:  # something covers it, or an earlier press took it away
            covered += 1
            if covered >= _COVERED:
                return


#: Seconds for all presses of links that lead to no element; until one shows something; and for what it began.
_PRESSING, _SHOWS, _BEGAN = 5.0, 0.4, 2.0
#: What a press did, the worst last.
_EFFECTS: Final = ("acts", "handled", "lost")
_PRESS: Final = (Path(__file__).parent / "scripts" / "press.js").read_text("utf-8")


def press_dead(page: Page, log: PageLog, urls: Sequence[str]) -> dict[str, str]:
    """Press the links of a page that lead to no element; return what came of it, by address: the worst of several.

    That is ``acts`` if readers notice something, ``handled`` if a script took the press and nothing shows it, or this
    can't be told, and ``lost`` if nothing did anything.
    """
    found, until = dict[str, str](), time.monotonic() + _PRESSING
    page.route("**/*", _stay)
    for frame in page.frames:
        with suppress(Error):  # it went away, and its links are as open as before
            dead = frame.evaluate("() => (window.__prodgate?.dead ?? []).map(([url]) => url)")
            reacts = bool(dead) and [_press(page, frame, -1, log) for _ in range(2)][-1] == "acts"
            for at, url in enumerate(dead):
                effect = "handled"
                if url in urls and not reacts and time.monotonic() < until:
                    _press(page, frame, -1, log, shows=0.05)  # which closes what the link before opened
                    effect = _press(page, frame, at, log)
                found[url] = max(effect, found.get(url, "acts"), key=_EFFECTS.index)
    return found


def _press(page: Page, frame: Frame, at: int, log: PageLog, *, shows: float = _SHOWS) -> str:
    """Press one of these links, or the page itself (-1), and return what came of it. Raises Error."""
    missed, begun = len(log.missed), time.monotonic()
    if not frame.evaluate(_PRESS, [at, bool(log.list_feeding())]):
        return "handled"
    while True:
        page.wait_for_timeout(50)
        effect, waits = frame.evaluate("() => __prodgate.effect()")
        waits, waited = waits or bool(log.list_waiting()), time.monotonic() - begun
        if effect == "acts" or waited >= (_BEGAN if waits else shows):
            return "handled" if effect == "lost" and (waits or len(log.missed) > missed) else str(effect)


def _without_acting(links: Iterable[Mapping[str, str]], pressed: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return links with what came of pressing them, and without those that act."""
    told = [{**each, "fragment": pressed[each["url"]]} if each["url"] in pressed else each for each in links]
    return [each for each in told if each.get("fragment") != "acts"]


def _stay(route: Route) -> None:
    """Let a request through unless it leads the page elsewhere."""
    if route.request.is_navigation_request():
        route.abort("aborted")
    else:
        route.fallback()


#: Keys and seconds after which a walk ends unfinished, and keys between checks whether everything was reached.
MAX_STOPS, MAX_SECONDS = 4000, 60.0
_LOOK: Final = 10
#: Checks without a newly reached element, after which something holds the focus.
_HELD: Final = 3
#: The maximum number of kept entries of a kind.
_SHOWN: Final = 10

State = dict[str, Any]


def walk_keyboard(page: Page, script: str) -> dict[str, Any]:
    """Press Tab until the focus has been everywhere; return the missed elements and those without a visible focus.

    Frames of the page's own origin are walked through and judged, those of others only walked through. ``whole`` says
    whether the walk came to its end, ``behind`` how many elements a dialog covered, ``held`` the ones that Tab does not
    leave.
    """
    frames = [frame for frame in page.frames if _prepare(frame, script)]
    own = [frame for frame in frames if _is_own(frame, page)]
    pressed, held, state = 0, "", _read(frames, own)
    until, still = time.monotonic() + MAX_SECONDS, 0
    while not (state["over"] or held or (pressed and not state["left"])):
        if pressed >= MAX_STOPS or time.monotonic() > until:
            break
        for _ in range(_LOOK):
            page.keyboard.press("Tab")
        pressed, last, state = pressed + _LOOK, state, _read(frames, own)
        still = 0 if state["reached"] > last["reached"] else still + 1
        if still == _HELD:  # an editor may be left by Escape
            page.keyboard.press("Escape")
        held = (state["focus"] or "the page") if still == 2 * _HELD else ""
    unseen = [each for frame in own for each in frame.evaluate("most => __prodgateUnseen(most)", _SHOWN)]
    whole = bool(state["over"] or held or not state["left"])
    return {**state, "unseen": unseen[:_SHOWN], "pressed": pressed, "held": held, "whole": whole}


def _prepare(frame: Frame, script: str) -> bool:
    try:
        frame.evaluate(script)
    except Error:  # it is about to go, or is an error page of the browser's own
        if frame == frame.page.main_frame:
            raise
        return False
    return True


def _is_own(frame: Frame, page: Page) -> bool:
    parts, here = urlsplit(frame.url), urlsplit(page.url)
    return parts.scheme == "about" or parts.netloc == here.netloc


def _read(frames: Sequence[Frame], own: Sequence[Frame]) -> State:
    """Return the progress of the walk, over all frames; missed elements are the page's own."""
    states: list[tuple[Frame, State]] = []
    for frame in frames:
        try:
            states.append((frame, frame.evaluate("__prodgateWalk()")))
        except Error:
            if frame == frame.page.main_frame:
                raise
    main, ours = states[0][1], [state for frame, state in states if frame in own]
    reached = sum(state["reached"] for _, state in states)
    return {
        "offered": sum(state["offered"] for state in ours),
        "reached": reached,
        "over": any(state["over"] for _, state in states) or bool(reached and main["idle"]),
        "missed": [each for state in ours for each in state["missed"]][:_SHOWN],
        "left": sum(state["left"] for state in ours),
        "behind": sum(state["behind"] for state in ours),
        "dialog": main["dialog"],
        "focus": next((state["focus"] for _, state in reversed(states) if not state["idle"]), ""),
    }


#: Milliseconds of quiet after which a page is at rest, and those after which the open requests are looked at.
_QUIET, _SLICE = 150, 400
#: Minimum milliseconds from the load of a page to its figures.
_LEAST, _LEAST_FED = 1000, 3000
#: Seconds to wait for rest at most.
MOST: Final = 5.0


def wait_for_rest(page: Page, log: PageLog, *, least: bool = False) -> bool:
    """Wait until a page is at rest, ``MOST`` seconds at most; return whether it is.

    With ``least`` it is also looked at for the least time after it was loaded, which finds what no request and no timer
    announces: a second, or three where an event stream, a worker or something repeated may change it.
    """
    until = time.monotonic() + MOST
    while True:
        state = page.evaluate(_SCRIPTS["rest"], [_QUIET, _SLICE])
        quiet = time.monotonic() - log.stirred >= _QUIET / 1000
        waited = not least or state["age"] >= (_LEAST_FED if state["repeats"] or log.list_feeding() else _LEAST)
        if state["still"] and quiet and waited and not log.list_waiting():
            return True
        if time.monotonic() >= until:
            return False
        page.wait_for_timeout(25)  # what has ended meanwhile is told of while something is waited for


def read_vitals(page: Page) -> Mapping[str, Any]:
    """Return what the page's own timing says so far: times in ms, and the shift."""
    found: Mapping[str, Any] = page.evaluate(_SCRIPTS["vitals"])
    return found


#: Times that a page may lead on by its scripts or a <meta>, such as to the language of a visitor.
_MOVES: Final = 3
#: Playwright's messages when a page leads on while it is loaded or examined.
_MOVED: Final = ("interrupted by another navigation", "Execution context was destroyed", "Cannot find context")
#: Kinds of document that a browser shows as a page.
_PAGES: Final = ("html", "xml")


def arrive(page: Page, address: str, log: PageLog) -> bool:
    """Load a page, follow it where it leads on by itself, and return whether it came to rest. Raises Error."""
    try:
        page.goto(address, wait_until="load")
    except Error as error:
        _follow(page, error)
    for _ in range(_MOVES):
        try:
            return wait_for_rest(page, log)
        except Error as error:
            _follow(page, error)
    raise Error(f"the page leads itself on again and again, last to {page.url}")


def _follow(page: Page, error: Error) -> None:
    """Wait for the page that took the place of another. Raises the error if it is about something else."""
    if not any(sign in error.message for sign in _MOVED):
        raise error
    page.wait_for_load_state("load")


def describe_arrival(page: Page, asked: str, log: PageLog, settings: BrowserSettings) -> dict[str, Any]:
    """Return the response of a page at rest; ``unreachable`` says why it is not the requested page."""
    headers = log.answer.all_headers() if log.answer else {}
    status = log.answer.status if log.answer else 0
    found = {"status": status, "url": page.url, "build": headers.get(settings.build_header, "")}
    return {**found, "unreachable": _find_other(page, asked, settings, status, headers)}


def _find_other(
    page: Page, asked: str, settings: BrowserSettings, status: int, headers: Mapping[str, str]
) -> dict[str, str] | None:
    """Return a page shown in place of the right one, and its kind; None for the right one."""
    if not settings.is_own(page.url):
        kind = "partner" if is_at(page.url, settings.partners) else "elsewhere"
        return {"kind": kind, "text": f"led to {shorten(page.url)}"}
    if how := find_challenge(status, headers):
        return {
            "kind": "challenge",
            "text": f"what is in front of the site answered ({how}); let the gate's address in",
        }
    if not 200 <= status < 300:
        return None
    kind = headers.get("content-type", "html").lower()
    if not any(each in kind for each in _PAGES):
        return {"kind": "no page", "text": f"it was answered with {shorten(kind)}, which is no page"}
    shown = page.evaluate(_SCRIPTS["arrival"])
    if _is_kept_back(urljoin(settings.base_url, asked), page.url, asks=shown["asks"]):
        return {"kind": "sign-in", "text": f"it led to {shorten(page.url)}, where one signs in"}
    return {"kind": "blank", "text": "it shows nothing"} if shown["blank"] else None


def _is_kept_back(asked: str, url: str, *, asks: bool) -> bool:
    """Whether a redirected page is closed to visitors who have not signed in.

    The signs are a password field there, the address, or a parameter that names the return address.
    """
    wanted, there = urlsplit(asked), urlsplit(url)
    if wanted.path.rstrip("/") == there.path.rstrip("/"):
        return False
    back = (urlsplit(value).path for _, value in parse_qsl(there.query))
    return asks or is_sign_in(there.path) or (len(wanted.path) > 1 and wanted.path in back)


#: Milliseconds that a control may take to appear, on a page at rest, and to become clickable.
_APPEARS, _PRESSED = 1000, 5000


def press_stated(page: Page, settings: BrowserSettings) -> bool:
    """Press the stated controls if the page or a frame shows them; return whether any was pressed.

    Raises Error if a press led to another page, or a visible control can't be pressed.
    """
    there, pressed = page.url, False
    for role, name in settings.clicks:
        if (found := _find(page, role, name)) is not None:
            found.click(timeout=_PRESSED)
            pressed = True
    if page.url.partition("#")[0] != there.partition("#")[0]:
        raise Error(f"what [e2e.before] lets be pressed led to {page.url}; name what stays on the page")
    return pressed


def _find(page: Page, role: Any, name: str) -> Any:
    """Return the control to press, None if no frame shows it."""
    for patience in (_APPEARS, 0):
        for frame in page.frames if not patience else [page.main_frame]:
            wanted = frame.get_by_role(role, name=name, exact=True).first
            with suppress(Error):  # it does not appear here
                if patience:
                    wanted.wait_for(timeout=patience)
                if wanted.is_visible():
                    return wanted
    return None


_SCRIPTS: Final = {path.stem: path.read_text("utf-8") for path in (Path(__file__).parent / "scripts").glob("*.js")}
#: Window sizes: of a desktop, and of a phone that Playwright knows, with its user agent, its pixels and touch.
SIZES: Final = ("desktop", "telephone")
#: Milliseconds that a region may take to appear once the page is at rest, and a link to follow.
_REGION, _LINK = 1000, 5000
#: How many screens of a page are scrolled through, and the seconds for files that then begin to load.
_SCREENS, _UNFOLDED = 20, 2.0
#: The fields of a visit that depend on time.
TIMED: Final = ("regions_missing", "vitals", "rested", "waiting", "going", "keyboard")
#: Kinds of failure that leave open whether there is a site at all.
NO_ANSWER: Final = ("connection", "timeout", "name")
#: Chromium's errors when there is no page, and what kind of failure each is.
_FAILURES: Final[Mapping[str, str]] = {
    "ERR_TOO_MANY_REDIRECTS": "redirects",
    "ERR_NAME_NOT_RESOLVED": "name",
    "ERR_CERT": "certificate",
    "ERR_SSL": "certificate",
    "ERR_CONNECTION": "connection",
    "ERR_EMPTY_RESPONSE": "connection",
    "ERR_ADDRESS": "connection",
    "ERR_TIMED_OUT": "timeout",
    "Timeout": "timeout",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, its guard, and the options of a context for each size of the window."""

    browser: Browser
    guard: NetworkGuard
    sizes: Mapping[str, Mapping[str, Any]]

    @property
    def settings(self) -> BrowserSettings:
        """The settings of the browser's process."""
        return self.guard.settings

    def open_context(self, size: str) -> BrowserContext:
        """Open a context for a first-time visitor. Service workers are part of the visit."""
        given = {**CONTEXT, "service_workers": "allow", **self.sizes[size]}
        context = self.browser.new_context(base_url=self.settings.base_url, **given)
        context.set_default_timeout(self.settings.patience * 1000)
        context.add_init_script(WITHOUT_PEERS)
        brought = self.settings.cookies.items()
        context.add_cookies([{"name": name, "value": text, "url": self.settings.base_url} for name, text in brought])
        if self.settings.headers:
            context.set_extra_http_headers(dict(self.settings.headers))
        return context

    def width_of(self, size: str) -> int:
        """Return the width of a window in CSS pixels."""
        return int(self.sizes[size]["viewport"]["width"])


def describe_sizes(playwright: Playwright) -> dict[str, Mapping[str, Any]]:
    """Return the options of a context for each size."""
    telephone = {k: v for k, v in playwright.devices["Galaxy S24"].items() if k != "default_browser_type"}
    return dict(zip(SIZES, ({"viewport": {"width": 1280, "height": 800}}, telephone), strict=True))


def visit(visitor: Visitor, page: Mapping[str, Any], size: str, *, timed: bool = False) -> dict[str, Any]:
    """Open a page as a first-time visitor, and return the record of the visit; ``timed``, of its times alone."""
    settings, log = visitor.settings, PageLog(visitor.settings)
    record, context = blank_result(visitor, page, size), visitor.open_context(size)
    visitor.guard.refused = log.record_refusal
    try:
        context.add_init_script(_SCRIPTS["watch"])
        tab = context.new_page()
        log.listen_to(tab)
        rested = arrive(tab, page["address"], log)
        record |= describe_arrival(tab, page["address"], log, settings)
        if record["unreachable"]:
            record["missed"] = log.missed
        else:
            rested = wait_for_rest(tab, log) if press_stated(tab, settings) else rested
            record |= _inspect_page(tab, visitor, page, size, log, rested=rested, timed=timed)
            visitor.guard.acting = True
            record["workers"] = [shorten(each.url) for each in context.service_workers]
            record |= _use_keyboard(tab, log) if size == "desktop" else {"keyboard": None, **log.tell()}
            if dead := [each for each in record.get("links", ()) if each.get("fragment") == "handled"]:
                pressed = press_dead(tab, log, [each["url"] for each in dead if "untouched" not in each])
                record["links"] = _without_acting(record["links"], pressed)
    except Error as error:
        led = log.led_to and not settings.is_own(log.led_to)
        record["unreachable"] = {"kind": "elsewhere", "text": f"led to {log.led_to}"} if led else classify_error(error)
    finally:
        visitor.guard.acting = False
        visitor.guard.refused = record_nothing  # requests of a closing page can't have disturbed it
        context.close()
    return record


def blank_result(visitor: Visitor, page: Mapping[str, Any], size: str) -> dict[str, Any]:
    """Return the record of a visit before its start."""
    width = visitor.width_of(size)
    return {"name": page["name"], "path": page["path"], "size": size, "width": width, "refused": []}


def find_address(visitor: Visitor, page: Mapping[str, Any]) -> str:
    """Return the path of a page, or the target of the first link in its first region. Raises Error if there is none.

    A link that announces a change does not count.
    """
    if not page["follow"]:
        return str(page["path"])
    context = visitor.open_context("desktop")
    try:
        context.add_init_script(_SCRIPTS["watch"])
        tab = context.new_page()
        tab.goto(page["path"], wait_until="domcontentloaded")
        links = tab.get_by_role(page["follow"]).first.get_by_role("link")
        links.first.wait_for(state="attached", timeout=_LINK)
        for told in links.evaluate_all("links => links.map(__prodgate.describe)"):
            if not visitor.settings.why_unused(told):
                return urljoin(tab.url, str(told[0]["leads"]))
        raise Error(
            f"each link in the first {page['follow']} of {tab.url} says that it changes something; write a path"
        )
    finally:
        context.close()


def _inspect_page(
    page: Page, visitor: Visitor, about: Mapping[str, Any], size: str, log: PageLog, *, rested: bool, timed: bool
) -> dict[str, Any]:
    """Inspect a page at rest. Its figures are read last, so that they include late events."""
    missing = [name for role, text in about["regions"] if (name := _find_missing_region(page, role, text))]
    found = {"regions_missing": missing, **({} if timed else _inspect_contents(page, visitor, size, log))}
    rested = rested and wait_for_rest(page, log, least=True)
    log.record_policy_violations(_list_refused(page))
    found |= {"vitals": read_vitals(page), "rested": rested, "waiting": log.list_waiting()[:SHOWN]}
    within = [each for frame in page.frames if frame != page.main_frame for each in log.list_going(frame)]
    found["going"] = {
        "page": (log.list_feeding() + log.list_going(page.main_frame))[:SHOWN],
        "frames": list(dict.fromkeys(within))[:SHOWN],
    }
    if not timed:
        _unfold(page, log, _SCREENS if size == "desktop" else 0)
    return found


def _inspect_contents(page: Page, visitor: Visitor, size: str, log: PageLog) -> dict[str, Any]:
    settings = visitor.settings
    measured = page.evaluate(_SCRIPTS["look"], [visitor.width_of(size), settings.build_meta])
    return {
        **run_axe(page),
        **{key: measured[key] for key in ("needed", "beyond", "title", "language")},
        **({"build": measured["build"]} if settings.build_meta else {}),
        **(_list_links(page, settings, log) if size == "desktop" else {"links": []}),
    }


def _list_links(page: Page, settings: BrowserSettings, log: PageLog) -> dict[str, Any]:
    """Return the links of a page, and of the site's frames in it; ``untouched`` says why one is left alone.

    A ``fragment`` that is a ``route`` of a script, names no element (``handled`` until it is pressed), or is of another
    page (``elsewhere``), makes a link of its own.
    ``forms`` are those that send over plain HTTP: on a site without TLS, those that send to others; none where the
    page's policy lets browsers send them over HTTPS.
    """
    links, forms = dict[str, dict[str, str]](), dict[str, None]()
    for frame in page.frames:
        own = frame.url.startswith("about:") or settings.is_own(frame.url)
        with suppress(Error):  # it is about to go, or runs no script
            found = json.loads(frame.evaluate(_SCRIPTS["links"])) if own else {"links": (), "forms": ()}
            forms |= dict.fromkeys(found["forms"])
            for each in (one for one in found["links"] if "fragment" not in one or settings.is_own(one["url"])):
                about = {key: each[key] for key in ("url", "text", "fragment") if key in each}
                link = links.setdefault(each["url"], about)
                if why := settings.why_unused(each["told"]):
                    link["untouched"] = why
    policy = log.answer.headers.get("content-security-policy", "") if log.answer else ""
    if "upgrade-insecure-requests" in policy.lower():
        forms = {}
    plain = settings.base_url.startswith("http:")
    sending = [each for each in forms if not (plain and settings.is_own(each.partition(" ")[2]))]
    return {"links": list(links.values()), "forms": sending[:SHOWN]}


def _unfold(page: Page, log: PageLog, screens: int) -> None:
    """Scroll through the page, so that lazy files load and missing ones are seen."""
    page.evaluate(_SCRIPTS["unfold"], screens)
    until = time.monotonic() + _UNFOLDED
    while log.list_waiting() and time.monotonic() < until:
        page.wait_for_timeout(25)


def _list_refused(page: Page) -> list[Mapping[str, str]]:
    """Return the refusals by policies in every frame."""
    refused: list[Mapping[str, str]] = []
    for frame in page.frames:
        with suppress(Error):  # it is about to go, or is an error page of the browser's own
            refused += frame.evaluate("() => window.__prodgate?.refused ?? []")
    return refused


def _use_keyboard(page: Page, log: PageLog) -> dict[str, Any]:
    """Walk through the page and use it; report its events so far before the first press."""
    walk = walk_keyboard(page, _SCRIPTS["keyboard"])
    told = log.tell()
    try:
        return {**told, "keyboard": {**walk, **measure_answers(page, log)}}
    except Error:  # the page went away, or fell over
        return {**told, "keyboard": {**walk, "settled": False, "interactions": 0, "slowest": None, "answers": {}}}


def _find_missing_region(page: Page, role: Any, name: str) -> str:
    wanted = page.get_by_role(role, name=name, exact=True) if name else page.get_by_role(role)
    try:
        wanted.first.wait_for(timeout=_REGION)
    except Error:
        return f"{role}: {name}" if name else str(role)
    return ""


def classify_error(error: Error) -> dict[str, str]:
    """Return why there is no page: its kind, and Chromium's message."""
    text = re.sub(r"^.*?: (?=net::)", "", error.message.partition("\n")[0])
    return {"kind": next((kind for sign, kind in _FAILURES.items() if sign in text), "other"), "text": shorten(text)}
