"""Looks for a text in bytes, in every encoding in which it could have got there."""

from __future__ import annotations

import base64
import gzip
import io
import quopri
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from urllib.parse import quote, quote_plus

import pypdf

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_BASE32 = re.compile(rb"[A-Z2-7]{16,}|[a-z2-7]{16,}")
_QUOTED = re.compile(rb"=(?:[0-9A-F]{2}|\r?\n)")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|[nrt\"\\/])")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"/": b"/"}
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_DEEPEST = 6


@cache
def spellings(secret: str) -> set[bytes]:
    """Return how a text is written in plain, for URLs, in hex, in JSON, for HTML, in UTF-16, in base64 and base85 at each of their offsets."""
    raw = secret.encode()
    found = {raw, raw[::-1], quote(secret, safe="").encode(), quote_plus(secret).encode(), raw.hex().encode()}
    found |= {raw.hex().upper().encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        # the characters at both ends depend on what stands beside
        inner = whole[4 if offset else 0 : len(whole) // 4 * 4 - 4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    for offset in range(4):
        groups = raw[offset : offset + (len(raw) - offset) // 4 * 4]
        of_git = base64.b85encode(groups)
        found |= {of_git, base64.a85encode(groups), of_git.translate(bytes.maketrans(_B85, _Z85))}
    return found


def find(secret: str, name: str, data: bytes, depth: int = 0) -> Iterator[str]:
    """Yield where a text is, also within archives and what is compressed or encoded."""
    if any(each in data for each in spellings(secret)):
        yield name
    if depth < _DEEPEST:
        for inner, content in unpack(data):
            yield from find(secret, f"{name}/{inner}", content, depth + 1)


def unpack(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what is inside of an archive, of what is compressed, or of a long piece of Base64 or Base32."""
    if data[:2] == b"\x1f\x8b":
        yield "gzip", gzip.decompress(data)
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((each, archive.read(each)) for each in archive.namelist())
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for entry in tar:
                file = tar.extractfile(entry)
                yield entry.name, file.read() if file else b""
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from unpack_picture(data)
    elif data[:5] == b"%PDF-":
        document = pypdf.PdfReader(io.BytesIO(data))
        yield "metadata", str(document.metadata).encode()
        yield from (("page", each.extract_text().encode()) for each in document.pages)
    else:
        yield from unpack_text(data)


def unpack_text(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what escapes stand for, and what long pieces of Base64 or Base32 say."""
    if _ESCAPE.search(data):
        yield "escapes", _ESCAPE.sub(lambda found: _PLAIN.get(found[1]) or bytes([int(found[1], 8)]), data)
    if _QUOTED.search(data):
        yield "quoted-printable", quopri.decodestring(data)
    for match in _BASE64.finditer(data):
        text = match[0].replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        if decoded := base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b"":
            yield f"base64 at {match.start()}", decoded
    for match in _BASE32.finditer(data):
        for by in range(8):
            text = match[0].upper()[by:]
            text = text[: len(text) - len(text) % 8 + (0, 0, 2, 2, 4, 5, 5, 7)[len(text) % 8]]
            yield f"base32 at {match.start()}", base64.b32decode(text + b"=" * (-len(text) % 8))


def unpack_picture(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the compressed texts of a PNG."""
    place = 8
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        content = data[place + 8 : place + 8 + length]
        if kind == b"zTXt":
            yield "zTXt", zlib.decompress(content.partition(b"\0")[2][1:])
        if kind == b"iTXt":
            yield "iTXt", zlib.decompress(content.partition(b"\0\1\0\0\0")[2])
        place += length + 12
