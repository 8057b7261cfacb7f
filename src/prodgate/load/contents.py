"""What an answer must hold to count as a success: what the locustfile states, else what the first good one held.

An empty page, a page for maintenance and ``{}`` are sent with 200, too, and faster than what readers came for. Of some
answers nobody can tell: they are doubtful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from .cacheability import GetHeader
from .doubts import MOST_PARSED, Look, doubt, doubt_first, look_at, name_some, read_json

#: Part of the first good page's length that no page of the same name is shorter than, however short it may be.
LEAST_PART: Final = 10
_END: Final = b"</html>"
_WITHOUT_BODY: Final = (204, 205)


class Expectation(Protocol):
    """What answers of one name must hold."""

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return what is wrong with a body, "" when nothing is."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Marker:
    """A text that the locustfile states."""

    text: str

    def find_fault(self, body: bytes, *, html: bool) -> str:  # noqa: ARG002  as stated, whatever it is
        """Return that the text is missing, if it is."""
        return "" if self.text.encode() in body else f"it lacks {self.text!r}, and has {len(body):,} bytes"

    def __str__(self) -> str:
        return repr(self.text)


@dataclass(frozen=True, slots=True)
class Length:
    """A number of bytes that the locustfile states; 0 where an answer may be empty."""

    least: int

    def find_fault(self, body: bytes, *, html: bool) -> str:  # noqa: ARG002
        """Return that the body is shorter, if it is."""
        return "" if len(body) >= self.least else f"it has {len(body):,} bytes, at least {self.least:,} are stated"

    def __str__(self) -> str:
        return f"at least {self.least:,} bytes"


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page like the first good one."""

    length: int
    ended: bool

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return why it can't be such a page, if it can't."""
        if not html:
            return "it is no HTML, as the first good answer was"
        if self.ended and _END not in body.lower():
            return "it lacks '</html>', which the first good answer had"
        short = len(body) * LEAST_PART < self.length
        return f"it has {len(body):,} bytes, where the first good answer had {self.length:,}" if short else ""

    def __str__(self) -> str:
        return f"HTML of {-(-self.length // LEAST_PART):,} bytes or more{', to its end' if self.ended else ''}"


@dataclass(frozen=True, slots=True)
class Json:
    """JSON like the first good answer: an array, or an object, which names no error and is not empty."""

    kind: str
    members: frozenset[str]

    def find_fault(self, body: bytes, *, html: bool) -> str:  # noqa: ARG002
        """Return why it can't be such JSON, if it can't."""
        found = read_json(body)
        if found is None:
            return "it is no JSON, as the first good answer was"
        if found.kind != self.kind:
            return f"it is {found.kind}, where the first good answer was {self.kind}"
        if found.error:
            return "it has an 'error' of its own, as the first good answer did not"
        if self.members and len(body) <= MOST_PARSED and not found.members:
            return f"it has none of the first good answer's members, which were {name_some(self.members)}"
        return ""

    def __str__(self) -> str:
        some = f" with any of {name_some(self.members)}" if self.members else ""
        return f"JSON, {self.kind}{some}"


@dataclass(frozen=True, slots=True)
class Anything:
    """What is not empty, unless the first good answer was, and no page of HTML."""

    empty: bool

    def find_fault(self, body: bytes, *, html: bool) -> str:
        """Return that it is empty or a page, if it is."""
        if not body:
            return "" if self.empty else "it is empty, as the first good answer was not"
        return "it is a page of HTML, as the first good answer was not" if html else ""

    def __str__(self) -> str:
        return "anything" if self.empty else "anything but nothing and HTML"


def read_stated(stated: Any) -> dict[str, str | int]:
    """Return what a locustfile states of answers, by request: a name without a method is that of a GET.

    Raises ValueError for what says nothing.
    """
    sound = isinstance(stated, dict) and all(
        isinstance(name, str) and (isinstance(held, str) or (type(held) is int and held >= 0))
        for name, held in stated.items()
    )
    if not sound:
        raise ValueError(
            f"has holds = {stated!r}; write a text or a number of bytes by name, as in "
            '{"/": "</html>", "POST /login": 0}'
        )
    return {name if " " in name else f"GET {name}": held for name, held in stated.items()}


class Contents:
    """What the answers of one process hold; ``stated`` is by request, such as ``GET /``."""

    def __init__(self, stated: Mapping[str, str | int]) -> None:
        self._expected: dict[str, Expectation] = {
            request: Marker(held) if isinstance(held, str) else Length(held) for request, held in stated.items()
        }
        self._first: dict[str, Look] = {}
        """What was seen of the first good answer of each request of which nothing is stated."""

    def find_fault(self, request: str, status: int, header: GetHeader, body: bytes, landed: str = "") -> str:
        """Return why an answer without an error is no success, "" when it is one; the first teaches what they hold.

        ``landed`` is the address that it came from, where that is not the one that was asked for.
        """
        if not _must_hold_something(request, status):
            return ""
        html = _is_html(header("content-type") or "", body)
        expected = self._expected.get(request)
        if expected is None:
            if not body and request.startswith("GET "):
                return "it is empty; where that is right, let the locustfile's 'holds' say 0 for it"
            if self.find_doubt(request, status, header, body, landed):
                return ""
            expected = self._expected[request] = _learn(body, html=html)
            self._first[request] = look_at(body, html=html, landed=landed)
        fault = expected.find_fault(body, html=html)
        return f"{fault}; what answers hold can be stated as 'holds' in the locustfile" if fault else ""

    def find_doubt(self, request: str, status: int, header: GetHeader, body: bytes, landed: str = "") -> str:
        """Return why an answer without a fault may be none that readers came for, "" when it is one or is stated."""
        first = self._first.get(request)
        if not _must_hold_something(request, status) or (request in self._expected and first is None):
            return ""
        look = look_at(body, html=_is_html(header("content-type") or "", body), landed=landed)
        return doubt(look, first) if first else doubt_first(look, reads=request.startswith("GET "))

    def describe(self) -> dict[str, str]:
        """Return by request what its answers must hold."""
        return {request: str(expected) for request, expected in self._expected.items()}


def _must_hold_something(request: str, status: int) -> bool:
    return status // 100 == 2 and status not in _WITHOUT_BODY and not request.startswith("HEAD ")


def _is_html(type_: str, body: bytes) -> bool:
    return "html" in type_.lower() or body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _learn(body: bytes, *, html: bool) -> Expectation:
    if html:
        return Page(len(body), ended=_END in body.lower())
    parsed = read_json(body)
    return Json(parsed.kind, parsed.members) if parsed else Anything(empty=not body)
