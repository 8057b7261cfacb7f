"""Requests to a site: a running one, or the application itself."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from prodgate.rehearsal.site.application import build_application
from prodgate.rehearsal.site.database import Database
from prodgate.rehearsal.site.faults import parse_faults
from prodgate.rehearsal.site.logs import AccessLog
from prodgate.rehearsal.site.pages import Site, compile_pages, read_assets
from prodgate.rehearsal.site.server import Settings, compose

UNTIL = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def links(self) -> list[str]:
        return [each.replace("&amp;", "&") for each in re.findall(r'(?:href|src)="([^"#]+)"', self.text)]


def ask(url: str, path: str, *, form: Mapping[str, str] | None = None, method: str = "", **headers: str) -> Answer:
    """Ask a running site on a new connection; a form is posted. Redirects are not followed."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method or ("GET" if form is None else "POST"), path, urlencode(form or {}), given)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


async def served(
    database: Database,
    paths: Sequence[str],
    *,
    faults: Sequence[str] = (),
    form: Mapping[str, str] | None = None,
    log: AccessLog | None = None,
    later: Database | None = None,
    **headers: str,
) -> list[Answer]:
    """Request paths from the application without a server, all at once; ``later`` is called after it has started."""
    files = read_assets()
    started = Site(database, compile_pages("blue", files), files)
    await started.load()
    site = replace(started, database=later or database)
    made = build_application(site, "secret")
    settings = Settings(database="", build="blue", secret="secret", faults=parse_faults(faults))
    app = compose(made, settings, log or AccessLog(-1), tuple)
    return list(await asyncio.gather(*(_asked(app, path, form, headers) for path in paths)))


async def _asked(app: Any, path: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> Answer:
    messages: list[Any] = []
    parts = urlsplit(path)
    given = [(b"host", b"news.example"), *((n.replace("_", "-").encode(), v.encode()) for n, v in headers.items())]
    scope = {
        "type": "http", "method": "GET" if form is None else "POST", "path": parts.path, "root_path": "",
        "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "headers": given, "scheme": "http",
        "client": ("127.0.0.1", 4000), "server": ("127.0.0.1", 80), "http_version": "1.1",
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": urlencode(form or {}).encode(), "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, body = messages
    return Answer(start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, body["body"])


def asked(database: Database, path: str, **how: Any) -> Answer:
    return asyncio.run(served(database, [path], **how))[0]
