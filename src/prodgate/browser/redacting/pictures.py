"""Takes out of a picture what is written in it beside its pixels: nobody sees it, and it may hold anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
#: Chunks of a PNG that are texts, or metadata of a camera. Source: PNG, third edition, 11.3.3 and 11.3.4.
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
#: Bytes of a chunk beside its content: its length, its name, and a checksum.
_FRAME: Final = 12


def without_texts(picture: bytes) -> bytes:
    """Return a PNG without texts, and without what stands behind its end; anything else as it is."""
    return picture[: len(_PNG)] + b"".join(_list_pixels(picture)) if picture.startswith(_PNG) else picture


def _list_pixels(picture: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + _FRAME <= len(picture):
        end, kind = at + _FRAME + int.from_bytes(picture[at : at + 4]), picture[at + 4 : at + 8]
        if kind not in _TEXTS:
            yield picture[at:end]
        if kind == b"IEND":
            return
        at = end
