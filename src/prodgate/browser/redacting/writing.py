"""Finds known secrets in bytes, however they are written there."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from .base85 import encode_certain, find_certain
from .escapes import Mapped, Span, unescape, unquote

#: Characters of a short secret: one that counts only as a whole word, and is known to be a secret.
SHORTEST, SHORT = 3, 6
#: Character sets in which pages and forms are written.
_CHARSETS: Final = (
    "utf-8", "cp932", "euc_jp", "iso2022_jp", "latin-1", "utf-16-le", "utf-16-be", "big5", "gb18030", "euc_kr",
)  # fmt: skip
#: How often escapes are escaped again, and how deep encoded texts are within each other.
_PASSES, _DEPTH = 5, 2
#: Runs that may be Base64 of either alphabet, broken into lines or not, and hexadecimal digits.
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/_-]{60,}\r?\n)*[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
#: The numbers of bytes one after the other, as scripts write an array of them, with or without their places.
_BYTE: Final = rb'(?<![\d.-])(?:"?\d{1,5}"?\s*:\s*)?(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])'
_NUMBERS: Final = re.compile(rb"(?:" + _BYTE + rb"\s*,\s*){5,}" + _BYTE)
_NUMBER: Final = re.compile(rb"(\d{1,3})\s*(?:,|$)")
_BASE32: Final = re.compile(rb"[A-Z2-7]{8,}")
_DIGITS: Final = re.compile(rb"[0-9a-fA-F]{6,}")
_ENCODED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-=")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
#: Bytes that an archive may unfold to; more is not looked through.
_UNFOLDED: Final = 50_000_000


class UnreadableDataError(ValueError):
    """Something that may hold a secret could not be read; the message says what."""


def writings(secret: str) -> set[bytes]:
    """Return the bytes of a secret in each character set, as it is and without its own escapes."""
    plain = secret.encode("utf-8", "surrogatepass")
    made = {plain, unescape(plain), plain.replace(b" ", b"+")}
    for charset in _CHARSETS:
        try:
            written = secret.encode(charset).removeprefix(b"\x1b$B").removesuffix(b"\x1b(B")
        except UnicodeEncodeError:  # it can't be written so
            continue
        made |= {written, _misread(written)}
    return {each for each in made if each}


def _misread(written: bytes) -> bytes:
    """Return what a browser keeps of a text whose character set nobody stated: it takes each byte for a character."""
    return "".join(bytes([each]).decode("cp1252", "ignore") or chr(each) for each in written).encode()


def unfold(data: bytes, depth: int = _DEPTH) -> bytes:
    """Return bytes with all that they say, once escapes, Base64, hexadecimal digits and compression are undone.

    Raises UnreadableDataError when something compressed is broken or too large.
    """
    levels = [data]
    while len(levels) <= _PASSES and (plainer := unescape(levels[-1])) != levels[-1]:
        levels.append(plainer)
    ends = {levels[0], levels[-1]}
    ends |= {unquote(each) for each in ends}
    levels += ends.difference(levels)
    if depth:
        pieces = {piece for level in ends for _, _, piece in decode_runs(level)}
        inner = [b"\0\0".join(pieces), *(each for piece in (data, *pieces) for each in decompress(piece))]
        levels += [unfold(each, depth - 1) for each in inner if each]
    return b"\0\0".join(levels)


def decode_runs(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield where something long may be Base64, hexadecimal digits or numbers of bytes, and what it says."""
    for pattern, decode in ((_BASE64, decode_base64), (_HEX, _decode_hex), (_NUMBERS, _decode_numbers)):
        for run in pattern.finditer(data):
            for piece in decode(run[0]):
                yield *run.span(), piece


def decode_base64(run: bytes) -> Iterator[bytes]:
    """Yield what a run says in Base64 if it begins at its first character, or at one of the next three."""
    text = run.translate(_URL_SAFE, b"\r\n=")
    for by in range(4):
        part = text[by:]
        part = part[:-1] if len(part) % 4 == 1 else part
        yield binascii.a2b_base64(part + b"=" * (-len(part) % 4))


def decode_base32(run: bytes) -> Iterator[bytes]:
    """Yield what a run says in Base32 if it begins at its first character, or at one of the next seven."""
    for part in _BASE32.findall(run.upper()):
        for by in range(8):
            text = part[by:]
            whole, rest = divmod(len(text), 8)
            text = text[: whole * 8 + (0, 0, 2, 2, 4, 5, 5, 7)[rest]]  # of how many characters whole bytes are made
            yield base64.b32decode(text + b"=" * (-len(text) % 8))


def _decode_hex(run: bytes) -> Iterator[bytes]:
    for by in range(2):
        part = run[by:]
        yield bytes.fromhex(part[: len(part) - len(part) % 2].decode())


def _decode_numbers(run: bytes) -> Iterator[bytes]:
    yield bytes(int(number) for number in _NUMBER.findall(run))


@lru_cache(20_000)
def encodings(form: bytes) -> tuple[bytes, ...]:
    """Return what is certain of a form in Base64 and Base32, at any offset and in each alphabet, and its digits."""
    made = {form.hex().encode(), form.hex().upper().encode()}
    for by in range(5):
        first = -(-by * 8 // 5)
        text = base64.b32encode(b"\0" * by + form)[first : (by + len(form)) * 8 // 5]
        made |= {text, text.lower()}
    for by in range(3):
        text = base64.b64encode(b"\0" * by + form)[(0, 2, 3)[by] :]
        certain = text[: (len(form) * 8 - (0, 4, 2)[by]) // 6]
        made |= {certain, certain.translate(bytes.maketrans(b"+/", b"-_"))}
    return tuple(each for each in made if len(each) >= SHORTEST)


def decompress(data: bytes) -> Iterator[bytes]:
    """Yield what gzip or zlib made smaller. Raises UnreadableDataError when it unfolds to too much."""
    if not data.startswith((b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")):
        return
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        made = unpacking.decompress(data, _UNFOLDED)
    except zlib.error:  # it only begins like one
        return
    if unpacking.unconsumed_tail:
        raise UnreadableDataError(f"a file unfolds to more than {_UNFOLDED // 1_000_000} MB")
    yield made


def find_written(data: bytes, forms: Mapping[bytes, bool]) -> Iterator[tuple[Span, bytes]]:
    """Yield where a form is written in the data, with the form; one that is True counts as a whole word only."""
    level = Mapped(data, range(len(data)), range(1, len(data) + 1))
    for _ in range(_PASSES + 1):
        yield from _find_at(level, forms)
        if (unquoted := level.unquoted()).data != level.data:
            yield from _find_at(unquoted, forms)
        plainer = level.unescaped()
        if plainer.data == level.data:
            return
        level = plainer


def _find_at(level: Mapped, forms: Mapping[bytes, bool]) -> Iterator[tuple[Span, bytes]]:
    """Yield where a form is written, as it is or encoded, without any escape."""
    data = level.data
    for form in (form for form in forms if form in data):
        yield from ((level.span(*found), form) for found in _occurrences(data, form, forms[form]))
    for form, encoded in [(each, some) for each in forms for some in encodings(each) if some in data]:
        yield from ((level.span(*run), form) for run in _runs_with(data, encoded, form, forms[form]))
    for place, form in find_certain(data, (form for form in forms if not forms[form])):
        yield level.span(*place), form
    for place, said in _unfolded_runs(data):
        yield from ((level.span(*place), form) for form in forms if form in said and _is_in(said, form, forms[form]))


def with_encodings(forms: Iterable[bytes]) -> set[bytes]:
    """Return forms, and each of them encoded."""
    given = set(forms)
    certain = {text for form in given for text, _, _ in encode_certain(form)}
    return given | certain | {each for form in given for each in encodings(form)}


def _runs_with(data: bytes, encoded: bytes, form: bytes, word: bool) -> Iterator[Span]:
    """Yield the runs of Base64 and hexadecimal digits with what is certain of a form, if they say it."""
    end = 0
    for at, _ in _occurrences(data, encoded, word=False):
        if at < end:
            continue
        begin, end = at, at + len(encoded)
        while begin and data[begin - 1] in _ENCODED:
            begin -= 1
        while end < len(data) and data[end] in _ENCODED:
            end += 1
        digits = (piece for part in _DIGITS.findall(data[begin:end]) for piece in _decode_hex(part))
        said = (*decode_base64(data[begin:end]), *decode_base32(data[begin:end]), *digits)
        if any(_is_in(piece, form, word) for piece in said):
            yield begin, end


def _unfolded_runs(data: bytes) -> Iterator[tuple[Span, bytes]]:
    """Yield where something long is encoded, and all that it says."""
    found: dict[Span, list[bytes]] = {}
    for first, last, piece in decode_runs(data):
        found.setdefault((first, last), []).append(piece)
    for place, pieces in found.items():
        inner = [b"\0\0".join(pieces), *(each for piece in pieces for each in decompress(piece))]
        yield place, b"\0\0".join(unfold(each, _DEPTH - 1) for each in inner)


def _is_in(data: bytes, form: bytes, word: bool) -> bool:
    return next(_occurrences(data, form, word), None) is not None


def _occurrences(data: bytes, form: bytes, word: bool) -> Iterator[Span]:
    at = data.find(form)
    while at >= 0:
        end = at + len(form)
        if not word or not (data[max(0, at - 1) : at].isalnum() or data[end : end + 1].isalnum()):
            yield at, end
        at = data.find(form, at + 1)
