"""The schemas that the stand-in serves: read a type at a time, and encoded for the wire."""

import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

# Fields of protobuf messages, encoded by hand: faster than its library, which need not be loaded for it.


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


#: A block as in `terraform providers schema -json`: {"attributes": …, "block_types": …}.
Block = Mapping[str, Any]
AWS: Final = Path(__file__).parent / "schema" / "aws.json.gz"
#: What a ``provider_meta`` block may hold: modules name themselves there, for the provider's requests to AWS.
META: Final = {"attributes": {"user_agent": {"type": ["list", "string"], "optional": True}}, "block_types": {}}
NESTING: Final = {"single": 1, "list": 2, "set": 3}
_FLAGS: Final = {"required": 4, "optional": 5, "computed": 6, "sensitive": 7, "write_only": 11}
_KIND_FIELDS: Final = {"resource": 2, "data": 3, "ephemeral": 8}


@dataclass(frozen=True, slots=True)
class UsedTypes:
    """The names that may be types (none: no file was found, so serve all), and how deep WAF statements may go."""

    names: frozenset[str] = frozenset()
    statement_levels: int = 3


class Schemas:
    """The types of one provider. A type is decoded when it is first asked for: a tree uses few of many."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._text: dict[str, dict[str, str]] = {"resource": {}, "data": {}, "ephemeral": {}, "definitions": {}}
        for line in lines:
            kind, name, content = line.rstrip("\n").split("\t")
            self._text.setdefault(kind, {})[name] = content
        self._decoded: dict[tuple[str, str], Block] = {}

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the types of a kind: "resource", "data" or "ephemeral"."""
        return tuple(self._text[kind])

    def block(self, kind: str, name: str) -> Block:
        """Return the block of a type, or of the provider with ("provider", "")."""
        key = kind, name
        if key not in self._decoded:
            found = json.loads(self._text[kind][name], object_hook=self._resolve_reference)
            self._decoded[key] = found.get("block", found)
        return self._decoded[key]

    def _resolve_reference(self, found: dict[str, Any]) -> Any:
        return self.block("definitions", found["$ref"]) if "$ref" in found else found

    @property
    def version(self) -> str:
        """The version of the real provider that the schemas are of."""
        return str(json.loads(self._text["header"][""])["version"])


@cache
def aws_schemas() -> Schemas:
    """Return the schemas of the AWS provider."""
    return Schemas(gzip.decompress(AWS.read_bytes()).decode().splitlines())


@lru_cache(maxsize=16)  # core asks again for every provider block, and in every step
def encode_schemas(schemas: Schemas, used: UsedTypes) -> bytes:
    """Return the answer to GetProviderSchema: all types by name, but only the used ones with their content.

    So core still says which type was meant by a misspelt one, and need not read two thousand that nobody uses.
    """
    encoded = _encode_shallower(schemas, used.statement_levels)
    parts = [encode_field(1, encode_field(2, _encode_block(schemas.block("provider", ""), encoded)))]
    parts.append(encode_field(5, encode_field(2, _encode_block(META, {}))))
    parts.append(encode_field(6, encode_field(2, 1)))  # one answer will do for every provider block and command
    for kind, number in _KIND_FIELDS.items():
        for name in schemas.names(kind):
            block = _encode_block(schemas.block(kind, name), encoded) if not used.names or name in used.names else b""
            parts.append(encode_field(number, encode_field(1, name) + encode_field(2, encode_field(2, block))))
    return b"".join(parts)


def _encode_shallower(schemas: Schemas, levels: int) -> dict[int, bytes]:
    """Return the encoding of the WAF statements below `levels` as that of the last one: core is slow with all three."""
    encoded: dict[int, bytes] = {}
    names = [name for name in schemas.names("definitions") if name.startswith("wafv2_statement_")]
    for deeper in names[levels:]:
        last = _encode_block(schemas.block("definitions", names[levels - 1]), encoded)
        encoded[id(schemas.block("definitions", deeper))] = last
    return encoded


def _encode_block(block: Block, encoded: dict[int, bytes]) -> bytes:
    """Encode a block; one that several places share is encoded once."""
    if id(block) not in encoded:
        attributes = (encode_field(2, _encode_attribute(name, each)) for name, each in block["attributes"].items())
        nested = (encode_field(3, _encode_nested(name, each, encoded)) for name, each in block["block_types"].items())
        encoded[id(block)] = b"".join((*attributes, *nested))
    return encoded[id(block)]


def _encode_attribute(name: str, attribute: Mapping[str, Any]) -> bytes:
    kind = json.dumps(attribute["type"], separators=(",", ":"))
    flags = (encode_field(number, 1) for flag, number in _FLAGS.items() if attribute.get(flag))
    return b"".join((encode_field(1, name), encode_field(2, kind), *flags))


def _encode_nested(name: str, nested: Mapping[str, Any], encoded: dict[int, bytes]) -> bytes:
    limits = (
        encode_field(number, nested[key]) for key, number in (("min_items", 4), ("max_items", 5)) if nested.get(key)
    )
    block = _encode_block(nested["block"], encoded)
    return b"".join(
        (encode_field(1, name), encode_field(2, block), encode_field(3, NESTING[nested["nesting_mode"]]), *limits)
    )
