"""DSSE, the envelope of signed statements: a signature covers the payload's type and raw bytes.

So it can be checked without parsing the payload. Source: https://github.com/secure-systems-lab/dsse, version 1.0.2.
An envelope of ours has one signature or none, and exactly one spelling, so any changed byte is noticed.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Final

#: The type of a payload that is an in-toto statement.
IN_TOTO: Final = "application/vnd.in-toto+json"


class EnvelopeError(ValueError):
    """A file is no envelope, or not in the gate's spelling; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload with its type, and its signature if it has one."""

    payload: bytes
    kind: str = IN_TOTO
    keyid: str = ""
    """Which key signed it, by SHA-256 of the key; a hint that proves nothing."""
    signature: bytes = b""
    """Empty if the envelope is unsigned."""

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that are signed."""
        return encode(self.kind, self.payload)

    def to_bytes(self) -> bytes:
        """Return the file that holds the envelope, on one line."""
        signatures = [{"keyid": self.keyid, "sig": _to_text(self.signature)}] if self.signature else []
        document = {"payload": _to_text(self.payload), "payloadType": self.kind, "signatures": signatures}
        return write_json(document) + b"\n"


def encode(kind: str, payload: bytes) -> bytes:
    r"""Return the bytes to sign: DSSE's pre-authentication encoding of a type and a payload.

    >>> encode("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    named = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(named), named, len(payload), payload)


def write_json(document: Any) -> bytes:
    """Return a value as JSON in its one spelling: keys in order, no white space."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse_envelope(data: bytes) -> Envelope:
    """Read an envelope whose type says that it holds an in-toto statement. Raises EnvelopeError."""
    try:
        found = _parse(json.loads(data))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise EnvelopeError("it is no envelope") from None
    if found.kind != IN_TOTO:
        raise EnvelopeError(f"it holds {found.kind[:80]!r}, and no in-toto statement")
    if found.to_bytes() != data:
        raise EnvelopeError("it is not written as the gate writes it")
    return found


def _parse(document: Any) -> Envelope:
    payload, kind = base64.b64decode(document["payload"], validate=True), document["payloadType"]
    match document["signatures"]:
        case []:
            return Envelope(payload=payload, kind=kind)
        case [{"keyid": str(keyid), "sig": str(text)}]:
            return Envelope(payload=payload, kind=kind, keyid=keyid, signature=base64.b64decode(text, validate=True))
    raise ValueError


def _to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()
