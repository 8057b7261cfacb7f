"""Fields of protobuf messages, encoded by hand: faster than its library, which need not be loaded for it."""

from __future__ import annotations


def encode_field(number: int, content: bytes | str | int) -> bytes:
    """Encode one field by hand: bytes and text with their length, a number as it is."""
    if isinstance(content, int):
        return _encode_varint(number << 3) + _encode_varint(content)
    data = content.encode() if isinstance(content, str) else content
    return _encode_varint(number << 3 | 2) + _encode_varint(len(data)) + data


def _encode_varint(value: int) -> bytes:
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
