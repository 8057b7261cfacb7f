"""Takes out of a picture what is written in it beside its pixels: nobody sees it, and it may hold anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: Chunks of a PNG that say which pixels it has, and how they move. Texts, what a camera notes, colour profiles, and
#: what somebody has a chunk of their own for, are none of them. Source: PNG, third edition, 11.2 and 11.3.
_PIXELS: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"bKGD", b"pHYs", b"sBIT"}
    | {b"gAMA", b"cHRM", b"sRGB", b"cICP", b"acTL", b"fcTL", b"fdAT"}
)
#: Bytes of a chunk beside its content: its length, its name, and a checksum.
_FRAME: Final = 12


def without_texts(picture: bytes) -> bytes:
    """Return a PNG without texts, and without what stands behind its end; anything else as it is."""
    return picture[: len(_PNG)] + b"".join(_list_pixels(picture)) if picture.startswith(_PNG) else picture


def _list_pixels(picture: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + _FRAME <= len(picture):
        end, kind = at + _FRAME + int.from_bytes(picture[at : at + 4]), picture[at + 4 : at + 8]
        if kind in _PIXELS:
            yield picture[at:end]
        if kind == b"IEND":
            return
        at = end
