"""Looks for a planted text in anything that a run holds: plain, compressed, archived, encoded or escaped."""

import base64
import binascii
import gzip
import html
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def find_planted(run: Path, *secrets: str) -> list[str]:
    """Return ``file: secret`` of each that stands in a file below a folder, or in the name of one."""
    files = [path for path in sorted(run.rglob("*")) if path.is_file()]
    assert files
    return [
        f"{path.relative_to(run)}: {secret}"
        for path in files
        for texts in [[str(path.relative_to(run)), *_readings(path.read_bytes())]]
        for secret in secrets
        if any(secret in text for text in texts)
    ]


def _readings(data: bytes, depth: int = 0) -> Iterator[str]:
    """Yield every reading of bytes that an attentive person may find."""
    text = data.decode("latin-1")
    yield text
    yield data.decode("utf-8", "replace")
    for start in (0, 1):
        yield data[start::2].decode("latin-1")  # UTF-16
    yield unquote(text)
    yield html.unescape(text)
    yield _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text.replace("\\\\", "\\").replace('\\"', '"'))
    if depth == 4:
        return
    for inner in _unpacked(data):
        yield from _readings(inner, depth + 1)


def _unpacked(data: bytes) -> Iterator[bytes]:
    for start in (found.start() for found in re.finditer(rb"\x1f\x8b\x08", data)):
        try:
            yield zlib.decompressobj(wbits=31).decompress(data[start:])
        except zlib.error:
            continue
    if data.startswith(b"PK\x03\x04"):
        try:
            with ZipFile(io.BytesIO(data)) as archive:
                yield from (archive.read(name) for name in archive.namelist())
        except BadZipFile:
            pass
    for found in _BASE64.finditer(data):
        for start in range(4):  # a mark before it may have letters of base64, too
            part = found[0][start:].rstrip(b"=")
            try:
                yield base64.b64decode(part.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(part) % 4))
            except binascii.Error:
                continue


def spell(secret: str) -> Iterator[bytes]:
    """Yield a text in each of the spellings in which one must be found."""
    plain = secret.encode()
    yield from (plain, gzip.compress(plain), base64.b64encode(plain), base64.b64encode(gzip.compress(plain)))
    yield from (secret.encode("utf-16-le"), json.dumps(f"<{secret}").encode())
    yield "".join(f"%{byte:02x}" for byte in plain).encode()
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("x", secret)
    yield packed.getvalue()
