"""Undoes escapes, and remembers of each byte where it was written."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Final

Span = tuple[int, int]
#: One character written by an escape of URLs, of JSON and JavaScript, or of HTML.
_ESCAPE: Final = re.compile(
    rb"%(?P<percent>[0-9a-fA-F]{2})|\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\\u(?P<unit>[0-9a-fA-F]{4})|\\u\{(?P<point>[0-9a-fA-F]{1,5})\}|\\x(?P<byte>[0-9a-fA-F]{2})"
    rb"|\\(?P<octal>[0-3][0-7]{2})|\\(?P<plain>[\"'\\/nrtbf])|&(?P<entity>\#[xX][0-9a-fA-F]{1,6}|\#[0-9]{1,7}|[A-Za-z]{2,8});"
)
#: One byte written by an escape of quoted-printable, and an end of a line that is none. Undone by themselves: an "="
#: before hexadecimal digits is more often that of a parameter.
_QUOTED: Final = re.compile(rb"=(?:(?P<quoted>[0-9a-fA-F]{2})|(?P<joined>[ \t]*\r?\n))")
#: Escapes of one byte, and what its digits count to.
_DIGITS: Final[Mapping[str | None, int]] = {"percent": 16, "byte": 16, "quoted": 16, "octal": 8}
_PLAIN: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def unescape(data: bytes) -> bytes:
    """Return bytes with each escape replaced once by what it stands for."""
    return _ESCAPE.sub(_meaning, data)


def _meaning(match: re.Match[bytes]) -> bytes:
    kind, text = match.lastgroup, match[match.lastgroup or 0]
    if kind == "joined":
        return b""
    if kind in _DIGITS:
        return bytes([int(text, _DIGITS[kind])])
    if kind == "low":
        return b"".join(bytes.fromhex(match[part].decode()) for part in ("high", "low")).decode("utf-16-be").encode()
    if kind in ("unit", "point"):
        return chr(int(text, 16)).encode("utf-8", "surrogatepass")
    if kind == "plain":
        return _PLAIN.get(text, text)
    return html.unescape(match[0].decode()).encode("utf-8", "surrogatepass")


def unquote(data: bytes) -> bytes:
    """Return bytes without the escapes of quoted-printable."""
    return _QUOTED.sub(_meaning, data)


class Mapped:
    """Bytes, each with where it comes from: once escapes are undone, one may come from several."""

    def __init__(self, data: bytes, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.data, self.starts, self.ends = data, starts, ends

    def unescaped(self) -> Mapped:
        """Return the same with each escape replaced once."""
        return self._replaced(_ESCAPE)

    def unquoted(self) -> Mapped:
        """Return the same without the escapes of quoted-printable."""
        return self._replaced(_QUOTED)

    def _replaced(self, escape: re.Pattern[bytes]) -> Mapped:
        made, starts, ends, at = bytearray(), [], [], 0
        for match in escape.finditer(self.data):
            first, last = match.span()
            text = _meaning(match)
            made += self.data[at:first] + text
            starts += [*self.starts[at:first], *[self.starts[first]] * len(text)]
            ends += [*self.ends[at:first], *[self.ends[last - 1]] * len(text)]
            at = last
        return Mapped(bytes(made + self.data[at:]), [*starts, *self.starts[at:]], [*ends, *self.ends[at:]])

    def span(self, first: int, last: int) -> Span:
        """Return where these bytes come from."""
        return self.starts[first], self.ends[last - 1]
