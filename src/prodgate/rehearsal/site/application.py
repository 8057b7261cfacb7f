"""The application: handlers by path, and the headers of every response."""

from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import api, pages, readers
from .pages import Handler, Site

#: On every response. Scripts, styles and images come from the site itself alone.
SECURITY: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}
#: Only on responses to https requests: elsewhere browsers ignore it.
HSTS: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

#: Paths of pages, each in both languages, with their handlers and methods.
PAGES: Final[tuple[tuple[str, Handler, tuple[str, ...]], ...]] = (
    ("/", pages.front, ("GET",)),
    ("/stories/{slug}", pages.story, ("GET",)),
    ("/teams", pages.team_list, ("GET",)),
    ("/teams/{team}", pages.team, ("GET",)),
    ("/search", pages.search, ("GET",)),
    ("/sign-in", readers.sign_in, ("GET", "POST")),
    ("/join", readers.join, ("GET", "POST")),
    ("/my-team", readers.my_team, ("GET", "POST")),
    ("/sign-out", readers.sign_out, ("POST",)),
)
#: Paths by which load balancers check whether the API, and whether the pages, can serve.
READY: Final = ("/api/ready", "/healthz")
API: Final[tuple[tuple[str, Handler], ...]] = (
    ("/api/stories", api.stories),
    ("/api/stories/{slug}", api.story),
    ("/api/applause/{key}", api.applause),
    ("/api/health", api.health),
    *((path, api.ready) for path in READY),
)


def build_application(site: Site, secret: str) -> Starlette:
    """Build the site's application; sessions are signed with ``secret``, which all builds share."""
    routes: list[BaseRoute] = [Route(path, handler) for path, handler in API]
    routes.append(Route("/api/stories/{slug}/applause", api.applaud, methods=["POST"]))
    routes.append(Route("/static/{name}", pages.static))
    for prefix in ("", "/ja"):
        routes += [Route(prefix + path, handler, methods=list(methods)) for path, handler, methods in PAGES]
    made = Starlette(routes=routes, exception_handlers={HTTPException: _answer_http_error, Exception: _answer_failure})
    made.state.site, made.state.sessions, made.state.draining = site, readers.session_serializer(secret), False
    return made


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/"):
        return api.error(error.status_code, error.detail)
    response = pages.error_page(request, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _answer_failure(request: Request, _error: Exception) -> Response:
    return api.error(500, "internal error") if request.url.path.startswith("/api/") else pages.error_page(request, 500)


def failure_app(made: Starlette) -> ASGIApp:
    """Return an application that responds as the site does if a handler fails."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (await _answer_failure(Request({**scope, "app": made}), Exception()))(scope, receive, send)

    return answer


def with_security_headers(inner: ASGIApp, build: str, draining: Callable[[], bool]) -> ASGIApp:
    """Add security headers and the build to every response, and `Connection: close` while the site drains."""
    always = [(name.encode(), value.encode()) for name, value in (SECURITY | {"x-build": build}).items()]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *always]
                if scope["scheme"] == "https":
                    headers.append(HSTS)
                if draining():
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": headers}
            await send(message)

        await inner(scope, receive, send_on)

    return answer
