"""Finds a text that is written in Ascii85 or Base85, at any offset, whatever stands before and after it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

Span = tuple[int, int]
#: The 85 digits of Ascii85, of Base85 as Git and RFC 1924 have it, and of ZeroMQ's.
_ALPHABETS: Final = (
    bytes(range(33, 118)),
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
)
#: Bytes of a group, and the digits that they make.
_BYTES, _DIGITS = 4, 5


@lru_cache(20_000)
def encode_certain(form: bytes) -> tuple[tuple[bytes, int, bytes], ...]:
    """Return what is certain of a form for each offset and alphabet, with the bytes before it and the alphabet.

    Nothing is certain but whole groups: a form that fills none at an offset is not found there.
    """
    made = []
    for before in range(_BYTES):
        whole = form[before : before + (len(form) - before) // _BYTES * _BYTES]
        made += [(_encode(whole, digits), before, digits) for digits in _ALPHABETS if whole]
    return tuple(made)


def find_certain(data: bytes, forms: Iterable[bytes]) -> Iterator[tuple[Span, bytes]]:
    """Yield where a form is written so, from its first group to its last, with the form."""
    for form in forms:
        for certain, before, digits in encode_certain(form):
            at = data.find(certain)
            while at >= 0:
                first, last = max(at - _DIGITS * bool(before), 0), at + len(certain)
                rest = (len(form) - before) % _BYTES
                # a last group of fewer digits is one byte shorter; what stands behind it may look like a digit
                ends = sorted({min(last + more, len(data)) for more in (_DIGITS, rest + 1)} if rest else {last})
                said = (end for end in ends if form in _decode(data[first:end], digits))
                yield from (((first, end), form) for end in said)
                at = data.find(certain, at + 1)


def _encode(data: bytes, digits: bytes) -> bytes:
    return base64.b85encode(data).translate(bytes.maketrans(_ALPHABETS[1], digits))


def _decode(text: bytes, digits: bytes) -> bytes:
    """Return what digits say, up to where they are none; the last group may be a part of one."""
    end = next((at for at, each in enumerate(text) if each not in digits), len(text))
    said = b""
    for at in range(0, end, _DIGITS):
        group = text[at : min(at + _DIGITS, end)]
        number = 0
        for digit in group.ljust(_DIGITS, digits[-1:]):
            number = number * 85 + digits.index(digit)
        if len(group) > 1 and number < 2**32:
            said += number.to_bytes(_BYTES)[: len(group) - 1]
    return said
