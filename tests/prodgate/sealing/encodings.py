"""Looks for a text in bytes, in every possible encoding."""

import base64
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from urllib.parse import quote, quote_plus

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|[nrt\"\\/])")
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"/": b"/"}
_DEEPEST = 6
_PIECE = 64


@cache
def spellings(secret: str) -> set[bytes]:
    """Return how a text is spelt: plain, for URLs, in hex, in JSON, for HTML, in UTF-16 and in base64 at each offset."""
    raw = secret.encode()
    found = {raw, raw[::-1], quote(secret, safe="").encode(), quote_plus(secret).encode(), raw.hex().encode()}
    found |= {raw.hex().upper().encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw)
        # the characters at both ends depend on their neighbours
        inner = whole[4 if offset else 0 : len(whole) // 4 * 4 - 4]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def find(secret: str, name: str, data: bytes, depth: int = 0) -> Iterator[str]:
    """Yield where a text is, including archives and compressed or encoded data."""
    if any(each in data for each in spellings(secret)):
        yield name
    if depth < _DEEPEST:
        for inner, content in unpack(data):
            yield from find(secret, f"{name}/{inner}", content, depth + 1)


def unpack(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the content of an archive, of compressed data, or of a long piece of Base64."""
    if data[:3] == b"\x1f\x8b\x08" and (plain := decompress(data)):
        yield "gzip", plain
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from ((each, archive.read(each)) for each in archive.namelist())
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for entry in tar:
                file = tar.extractfile(entry)
                yield entry.name, file.read() if file else b""
    else:
        yield from unpack_text(data)


def decompress(data: bytes) -> bytes:
    """Return what can be decompressed of data; decoded Base64 that begins like gzip by chance gives nothing."""
    found, plain = zlib.decompressobj(wbits=31), io.BytesIO()
    with suppress(zlib.error):
        for at in range(0, len(data), _PIECE):
            plain.write(found.decompress(data[at : at + _PIECE]))
    return plain.getvalue()


def unpack_text(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the meaning of escapes, and of long pieces of Base64."""
    if _ESCAPE.search(data):
        yield "escapes", _ESCAPE.sub(lambda found: _PLAIN.get(found[1]) or bytes([int(found[1], 8)]), data)
    for match in _BASE64.finditer(data):
        text = match[0].replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
        if decoded := base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b"":
            yield f"base64 at {match.start()}", decoded
