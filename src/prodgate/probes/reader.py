"""A reader's visit without a browser: the front page and an article, over TLS that is verified."""

import ssl
from contextlib import closing
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ..processes.deadline import cut_after
from .exchange import MAX_BODY, FinalResponse

#: Headers of a browser that reads HTML.
_SENT: Final = {
    "User-Agent": "Mozilla/5.0 (compatible; prod-gate probes)",
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "identity",
}
#: Elements whose text nobody reads, and those that have no end.
_UNREAD: Final = frozenset({"script", "style", "template", "noscript"})


class _Page(HTMLParser):
    """Collects the first link of the region of an article, and counts the words of the main part."""

    def __init__(self) -> None:
        super().__init__()
        self.link = ""
        self.words = 0
        self.metas: dict[str, str] = {}
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta":
            self.metas[given.get("name", "")] = given.get("content", "")
        if tag in ("main", "article", *_UNREAD):
            self._open.append(tag)
        if tag == "a" and "article" in self._open and not self.link:
            self.link = given.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if {"main", "article"} & set(self._open) and not _UNREAD & set(self._open):
            self.words += len(data.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The visitor of a site, and the place where its pages name their build."""

    base_url: str
    ca_file: str
    """Authorities that are trusted; empty for the system's."""
    header: str
    meta: str
    timeout: float
    """Seconds for a page."""

    def visit(self) -> list[dict[str, Any]]:
        """Open the front page, and the first article that it links to.

        Returns a row for each page: name, path, status, build, words; or name, path and why it ``failed``.
        """
        front, link = self._open("front page", "/")
        if front.get("failed") or front["status"] != 200:
            return [front]
        if not link:
            return [front, {"name": "article", "path": "/", "failed": "the front page links to no article"}]
        url = urlsplit(urljoin(f"{self.base_url}/", link))
        if url.netloc != urlsplit(self.base_url).netloc:
            return [front, {"name": "article", "path": link, "failed": "the front page links to one elsewhere"}]
        return [front, self._open("article", url.path)[0]]

    def _open(self, name: str, path: str) -> tuple[dict[str, Any], str]:
        """Return the row of a page, and the first link to an article in it."""
        parts, told = urlsplit(self.base_url), {"name": name, "path": path}
        context = ssl.create_default_context(cafile=self.ca_file or None)
        connection = HTTPSConnection(parts.hostname or "", parts.port, timeout=self.timeout, context=context)
        connection.response_class = FinalResponse
        try:
            with closing(connection):
                connection.connect()
                with cut_after(connection.sock, self.timeout):
                    connection.request("GET", path, headers=_SENT)
                    return _read_page(told, connection.getresponse(), self.header, self.meta)
        except (OSError, HTTPException, ValueError) as error:
            return {**told, "failed": str(error) or type(error).__name__}, ""


def _read_page(told: dict[str, Any], answer: HTTPResponse, header: str, meta: str) -> tuple[dict[str, Any], str]:
    page = _Page()
    page.feed(answer.read(MAX_BODY).decode("utf-8", "replace"))
    build = (answer.getheader(header) or "") if header else page.metas.get(meta, "")
    return {**told, "status": answer.status, "build": build, "words": page.words}, page.link
