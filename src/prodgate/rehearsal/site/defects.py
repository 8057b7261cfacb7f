"""The effects of the site's faults: defects of its pages, and disturbances of its responses."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .application import READY
from .faults import Fault
from .pages import PERSONAL

Headers = list[tuple[bytes, bytes]]


def _remove(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text)


def _replace(pattern: str, other: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, other, text)


#: Scripts that do things a page should not.
_SHIFTING: Final = """new PerformanceObserver((_, painted) => {
  painted.disconnect();
  setTimeout(() => {
    const late = document.createElement("div");
    late.style.height = "40vh";
    document.querySelector("main").prepend(late);
  }, 100);
}).observe({ type: "paint", buffered: true });"""
_SLOW_KEYS: Final = """let keys = 0;
addEventListener("keydown", () => {
  keys += 1;
  for (const until = performance.now() + 400; keys % 10 === 5 && performance.now() < until;);
});"""

#: Changes of a body, by fault and content type.
TEXTS: Final[dict[tuple[str, str], Callable[[str], str]]] = {
    ("unlabeled-button", "text/html"): _replace(r"(<button[^>]*>)[^<]*", r"\1"),
    ("unlabeled-field", "text/html"): _remove(r"<label.*?</label>"),
    ("no-language", "text/html"): _replace(r'<html lang="\w+"', "<html"),
    ("no-alternative", "text/html"): _remove(r' alt="[^"]*"'),
    ("low-contrast", "text/css"): lambda text: f"{text}\np, li, a {{ color: #ccc; background: #fff; }}\n",
    ("hidden-focus", "text/css"): lambda text: f"{text}\n:focus, :focus-visible {{ outline: none !important; }}\n",
    ("overflow", "text/html"): _replace(r"(<main[^>]*>)", rf"\1<pre>{'overtime ' * 60}</pre>"),
    ("script-error", "text/javascript"): lambda text: f'throw new Error("turnover");\n{text}',
    ("broken-link", "text/html"): _replace(r'href="((?:/ja)?)/teams"', r'href="\1/benches"'),
    ("broken-image", "text/html"): _replace(r'src="/static/court\.svg', 'src="/static/missing.svg'),
    ("mouse-only", "text/html"): _replace("</main>", '<span role="button">More</span></main>'),
    ("plain-form", "text/html"): _replace(
        "</main>", '<form action="http://polls.example/vote" method="post"></form></main>'
    ),
    ("shifting", "text/javascript"): lambda text: f"{text}\n{_SHIFTING}\n",
    ("slow-keys", "text/javascript"): lambda text: f"{text}\n{_SLOW_KEYS}\n",
    ("third-party", "text/html"): _replace("</head>", '<script src="https://ads.example/count.js"></script></head>'),
}


_PROTECTION: Final = re.compile(rb"; (Secure|HttpOnly)\b", re.IGNORECASE)
#: Changes of the headers, by fault.
HEADERS: Final[dict[str, Callable[[Headers], Headers]]] = {
    "uncacheable": lambda headers: [
        (name, PERSONAL.encode() if name == b"cache-control" else value) for name, value in headers
    ],
    "no-csp": lambda headers: [(name, value) for name, value in headers if name != b"content-security-policy"],
    "insecure-cookie": lambda headers: [
        (name, _PROTECTION.sub(b"", value) if name == b"set-cookie" else value) for name, value in headers
    ],
}


def with_defects(inner: ASGIApp, faults: Sequence[Fault]) -> ASGIApp:
    """Change the responses of an application as the faults require."""
    names = {fault.name for fault in faults}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}

        async def send_on(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            body = message.get("body", b"")
            for each in _apply_defects(start, body, names) if start else [message]:
                await send(each)
            start = {}

        await inner(scope, receive, send_on)

    return answer


def _apply_defects(start: Message, body: bytes, names: set[str]) -> list[Message]:
    """Return the two messages of a response with their defects; the site always sends responses whole."""
    headers = list(start["headers"])
    for name in names & set(HEADERS):
        headers = HEADERS[name](headers)
    kind = dict(headers).get(b"content-type", b"").decode().partition(";")[0]
    for (name, affected), change in TEXTS.items():
        if name in names and affected == kind and body:
            body = change(body.decode()).encode()
            headers = [(n, str(len(body)).encode() if n == b"content-length" else v) for n, v in headers]
    return [{**start, "headers": headers}, {"type": "http.response.body", "body": body}]


# ── Disturbances of responses

#: Paths for monitoring, which other faults must not affect.
UNDISTURBED: Final = ("/api/health", *READY)
#: The path of applause.
APPLAUSE: Final = "/applause"
#: The header in which a load balancer names the port of a request, and the port for readers.
PUBLIC: Final = (b"x-forwarded-port", b"443")
#: Lets a request through, perhaps later (None), or names the disturbance.
Disturbance = Callable[[Scope], Awaitable[str | None]]


def with_disturbances(
    inner: ASGIApp, faults: Sequence[Fault], broken: ASGIApp, connections: Callable[[], Any]
) -> ASGIApp:
    """Disturb the requests to an application; ``broken`` answers those that fail."""
    disturbances = [DISTURBANCES[fault.name](*fault.numbers) for fault in faults if fault.name in DISTURBANCES]
    never_ready = any(fault.name == "never-ready" for fault in faults)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        became = "broken" if never_ready and scope["path"] in READY else None
        if scope["path"] not in UNDISTURBED:
            for disturbance in disturbances:
                became = became or await disturbance(scope)
        if became == "dropped":
            _close(scope, connections())
            while (await receive())["type"] != "http.disconnect":
                pass
        elif became == "forgotten":
            await JSONResponse({"given": True}, 201)(scope, receive, send)
        else:
            await (broken if became == "broken" else inner)(scope, receive, send)

    return answer


def _close(scope: Scope, connections: Any) -> None:
    """Close a request's connection: the only way for an application to leave it without a response."""
    for each in tuple(connections):
        if each.client == tuple(scope["client"]):
            each.transport.close()


def chances(share: float, seed: str) -> Iterator[bool]:
    """Yield True for exactly this share of each block of 1,000 (or 1/share, if that is more), at random places."""
    random, block = Random(seed), max(1000, round(1 / share))  # noqa: S311  not a secret: the same in each run
    while True:
        chosen = set(random.sample(range(block), round(block * share)))
        yield from (place in chosen for place in range(block))


def _latency(seconds: float, share: float) -> Disturbance:
    due = chances(share, "latency")

    async def wait(_scope: Scope) -> None:
        if next(due):
            await asyncio.sleep(seconds)

    return wait


def _stall(seconds: float, period: float) -> Disturbance:
    """Stall at the end of each period; requests that arrive meanwhile wait, as if behind a lock."""
    begin = time.monotonic()

    async def wait(_scope: Scope) -> None:
        left = period - (time.monotonic() - begin) % period
        if left <= seconds:
            await asyncio.sleep(left)

    return wait


def _slow_start(seconds: float) -> Disturbance:
    until = time.monotonic() + seconds

    async def wait(_scope: Scope) -> None:
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    return wait


def _slow_page(seconds: float) -> Disturbance:
    async def wait(scope: Scope) -> None:
        if not scope["path"].startswith(("/api/", "/static/")):
            await asyncio.sleep(seconds)

    return wait


def _outcome(
    what: str, share: float, *, seed: str = "", hits: Callable[[Scope], bool] = lambda _scope: True
) -> Disturbance:
    due = chances(share, seed or what)

    async def become(scope: Scope) -> str | None:
        return what if hits(scope) and next(due) else None

    return become


def _is_applause(scope: Scope) -> bool:
    return scope["method"] == "POST" and str(scope["path"]).endswith(APPLAUSE)


DISTURBANCES: Final[dict[str, Callable[..., Disturbance]]] = {
    "latency": _latency,
    "stall": _stall,
    "slow-start": _slow_start,
    "slow-page": _slow_page,
    "drop": partial(_outcome, "dropped"),
    "errors": partial(_outcome, "broken"),
    "errors-in-public": partial(_outcome, "broken", seed="public", hits=lambda scope: PUBLIC in scope["headers"]),
    "lost-writes": partial(_outcome, "forgotten", seed="lost", hits=_is_applause),
}
