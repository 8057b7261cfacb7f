"""The evidence of journeys: how each ended, what was refused, and a screenshot and a trace of one that failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Error, Page, Response

from ..redacting.bodies import find_in_json, find_in_text
from ..redacting.places import Found, find_in_address, find_in_cookie, find_in_header
from ..redacting.redaction import Redaction
from ..redacting.traces import Trace, read_trace
from ..redacting.writing import UnreadableDataError
from ..settings import BrowserSettings
from .held_secrets import Held, ask_context, ask_page, take_picture
from .journey_answers import JourneyAnswers

#: Responses that are searched for cookies.
_MAX_RESPONSES: Final = 50
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
    """Why evidence was not kept: nobody could say that it holds no secret."""
    known: Redaction = field(default_factory=Redaction)
    """What is known to be a secret so far."""
    taken: dict[BrowserContext, tuple[Trace, Held]] = field(default_factory=dict)
    """Traces of contexts and what these held, once they were taken."""
    collected: bool = False
    looked: bool = False
    """Whether all that the journey typed is known."""
    contexts: list[BrowserContext] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    described: list[dict[str, Any]] = field(default_factory=list)
    describing: JourneyAnswers = field(default_factory=JourneyAnswers)
    """Of all journeys, which may be given the same nonce."""

    def record_refusal(self, why: str, method: str, url: str) -> None:
        """Keep a refused request; those to foreign hosts are reported by the page visits."""
        if why == "changes":
            self.refused.append(f"{method} {url}")

    def learn_request(self, url: str, given: Mapping[str, Any]) -> None:
        """Learn the secrets of a request that the journey sends without a page, of which no trace tells."""
        headers = given.get("headers") or {}
        found = [*find_in_address(url), *(each for pair in headers.items() for each in find_in_header(*pair))]
        for name in ("params", "data", "form", "multipart"):
            value = given.get(name)
            found += find_in_text(value, sent=True) if isinstance(value, str) else find_in_json(value, sent=True)
        self.learn(found)

    def learn(self, found: Iterable[Found]) -> None:
        """Learn what was found where secrets stand."""
        some = list(found)
        self.known = self.known.with_secrets(text for text, _ in some)
        self.known = self.known.with_secrets((text for text, certain in some if certain), certain=True)

    def watch(self, context: BrowserContext) -> None:
        """Watch a context: what pages were at each step is kept; pictures over time would cost as much again."""
        context.set_default_timeout(self.settings.patience * 1000)
        if self.settings.results:
            context.tracing.start(screenshots=False, snapshots=True, sources=False)
        context.on("response", self._record_response)
        self.contexts.append(context)
        if self.settings.results:
            _before_closing(context, lambda: self._take_early(context))
            context.on("page", lambda page: _before_closing(page, lambda: self._ask_early(page)))

    def collect(self) -> None:
        """Collect the evidence while the pages are still open: after the test, before its fixtures end."""
        self.collected = True
        with suppress(Error):  # a page that is closing has no more to tell
            for response in self.answers[:_MAX_RESPONSES]:
                for cookie in response.header_values("set-cookie"):
                    self._record_set_cookie(cookie, urlsplit(response.url).hostname or "")
        self.described = self.describing.describe(self.answers[:_MAX_RESPONSES], self.settings)
        for context in self.contexts:
            with suppress(Error):  # a crashed browser has no cookies, which must not hide the failure
                self._record_cookies(context)
        if not self.settings.results:
            return
        if self.failed():
            self._keep_evidence()
        else:
            for context in (each for each in self.contexts if each not in self.taken):
                with suppress(Error):
                    context.tracing.stop()

    def close(self) -> None:
        """Close what the test left open."""
        for context in self.contexts:
            if context.browser is not None and context in context.browser.contexts:
                context.close()

    def redaction(self) -> Redaction:
        """Return a redaction of all secrets known so far."""
        return self.known.with_secrets(self.settings.secrets, certain=True)

    def _record_response(self, response: Response) -> None:
        if response.request.resource_type in ("document", "xhr", "fetch"):
            self.answers.append(response)

    def _record_set_cookie(self, header: str, host: str) -> None:
        """Keep the attributes of a cookie that a response sets; a removed cookie does not count."""
        pair, *attributes = (each.strip() for each in header.split(";"))
        name, _, value = pair.partition("=")
        protection = {key.lower(): rest for key, _, rest in (each.partition("=") for each in attributes)}
        if not value.strip('"') or protection.get("max-age", "").strip() in ("0", "-1"):
            return
        self.known = self.known.with_secrets(text for text, _ in find_in_cookie(value))
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

    def _keep_evidence(self) -> None:
        """Keep pictures and traces without secrets. First all is learned that is one, and from every context."""
        try:
            for context in self.contexts:
                self._take(context)
            self.looked = True
            self._keep_pictures()
            for trace, _ in self.taken.values():
                data, file = trace.redact(self.redaction()), f"{self.name}-{len(self.evidence)}.zip"
                Path(self.settings.results, file).write_bytes(data)
                self.evidence.append(file)
        except (UnreadableDataError, Error) as error:
            self.withheld.append(f"no more of its evidence was kept, since a secret may be in it: {_first_line(error)}")

    def _take(self, context: BrowserContext) -> None:
        """Take the trace of a context, and learn what is a secret there."""
        if context in self.taken:
            return
        raw = Path(self.settings.results, f"{self.name}.raw")
        try:
            context.tracing.stop(path=raw)
            trace, held = read_trace(raw), ask_context(context)
        finally:
            raw.unlink(missing_ok=True)
        self.taken[context] = trace, held
        self.known = held.taught(trace.teach(self.known))

    def _take_early(self, context: BrowserContext) -> None:
        with suppress(UnreadableDataError, Error):  # what could not be taken is missed at the end, and said there
            if not self.collected:
                self._take(context)

    def _ask_early(self, page: Page) -> None:
        with suppress(UnreadableDataError, Error):
            if not self.collected:
                self.known = ask_page(page).taught(self.known)

    def _keep_pictures(self) -> None:
        for page, there in ((page, held) for context, (_, held) in self.taken.items() for page in context.pages):
            file = f"{self.name}-{len(self.evidence)}.png"
            try:
                picture = take_picture(page, there, self.redaction())
            except UnreadableDataError as error:
                self.withheld.append(f"no picture was kept: {error}")
            except Error:  # the page may be closing
                continue
            else:
                Path(self.settings.results, file).write_bytes(picture)
                self.evidence.append(file)


def _before_closing(what: BrowserContext | Page, look: Callable[[], object]) -> None:
    """Look once more before a test closes a context or a page."""
    closing = what.close

    def close(**given: Any) -> None:
        look()
        closing(**given)

    setattr(what, "close", close)  # noqa: B010  tests call it themselves


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
