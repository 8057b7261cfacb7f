"""What faults do to answers; imported only by a site that was started with faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import Fault
from .rendering import PERSONAL

Headers = list[tuple[bytes, bytes]]


def _remove(pattern: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, "", text)


def _replace(pattern: str, other: str) -> Callable[[str], str]:
    return lambda text: re.sub(pattern, other, text)


#: Scripts that do what a page should not.
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

#: What a fault does to a body, by fault and content type.
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
    ("shifting", "text/javascript"): lambda text: f"{text}\n{_SHIFTING}\n",
    ("slow-keys", "text/javascript"): lambda text: f"{text}\n{_SLOW_KEYS}\n",
    ("third-party", "text/html"): _replace("</head>", '<script src="https://ads.example/count.js"></script></head>'),
}


def _uncacheable(headers: Headers) -> Headers:
    return [(name, PERSONAL.encode() if name == b"cache-control" else value) for name, value in headers]


def _without_csp(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name != b"content-security-policy"]


def _insecure_cookie(headers: Headers) -> Headers:
    bare = re.compile(rb"; (Secure|HttpOnly)\b", re.IGNORECASE)
    return [(name, bare.sub(b"", value) if name == b"set-cookie" else value) for name, value in headers]


#: What a fault does to the headers.
HEADERS: Final[dict[str, Callable[[Headers], Headers]]] = {
    "uncacheable": _uncacheable,
    "no-csp": _without_csp,
    "insecure-cookie": _insecure_cookie,
}


def with_defects(inner: ASGIApp, faults: Sequence[Fault]) -> ASGIApp:
    """Change the answers of an application as the faults say."""
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
    """Return the two messages of an answer with their defects; the site always sends answers whole."""
    headers = list(start["headers"])
    for name in names & set(HEADERS):
        headers = HEADERS[name](headers)
    kind = dict(headers).get(b"content-type", b"").decode().partition(";")[0]
    for (name, affected), change in TEXTS.items():
        if name in names and affected == kind and body:
            body = change(body.decode()).encode()
            headers = [(n, str(len(body)).encode() if n == b"content-length" else v) for n, v in headers]
    return [{**start, "headers": headers}, {"type": "http.response.body", "body": body}]
