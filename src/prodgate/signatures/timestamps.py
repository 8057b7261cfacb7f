"""Time stamps of RFC 3161: an authority's word that some bytes were there at a time, which nobody can date back.

The only module that imports rfc3161_client. A response is kept as it was sent, so that ``openssl ts -verify`` reads it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509

from ..processes.web import open_connection

#: Seconds that an authority may take.
LIMIT: Final = 20.0
#: Most bytes of a response; public authorities send 2 to 7 thousand.
MOST: Final = 65_536
_EXAMPLE: Final = "write e.g. http://timestamp.digicert.com"
_INSTALL: Final = "is not installed; pip install 'prod-gate[timestamps]'"


class TimestampError(Exception):
    """There is no time stamp, or it does not hold; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """The content of an authority's time stamp."""

    at: datetime
    by: str
    """The subject of the certificate of whoever signed it."""


def request_timestamp(url: str, data: bytes) -> bytes:
    """Let an authority stamp some bytes, of which it receives only the SHA-256; return its response.

    Raises TimestampError when there is none, or it is of something else.
    """
    client = _load_client()
    builder = client.TimestampRequestBuilder().data(data).hash_algorithm(client.HashAlgorithm.SHA256)
    request = builder.cert_request(cert_request=True).build()
    response = _post(url, request.as_bytes())
    try:
        parsed = _parse(response)
    except TimestampError as error:
        raise TimestampError(f"{url}: what it answered {error}") from None
    if not is_about(response, data) or parsed.tst_info.nonce != request.nonce:
        raise TimestampError(f"{url}: stamped something else than was asked for")
    return response


def is_about(response: bytes, data: bytes) -> bool:
    """Whether a response may be of some bytes: their SHA-256 is in it. Says nothing of who made it."""
    return len(response) <= MOST and hashlib.sha256(data).digest() in response


def verify_timestamp(response: bytes, data: bytes, authorities: Sequence[bytes]) -> Timestamp:
    """Return the time stamp of ``data``; its certificates must lead to one of ``authorities``, in PEM.

    Raises TimestampError.
    """
    client, parsed = _load_client(), _parse(response)
    builder = client.VerifierBuilder()
    for certificate in _load_certificates(authorities):
        builder = builder.add_root_certificate(certificate)
    try:
        builder.build().verify_message(parsed, data)
    except (client.VerificationError, ValueError) as error:
        raise TimestampError(str(error)) from None
    return Timestamp(at=parsed.tst_info.gen_time.astimezone(UTC), by=_name_signer(parsed))


def read_certificates(pem: bytes) -> int:
    """Return how many certificates a PEM holds. Raises TimestampError for none."""
    return len(_load_certificates([pem]))


def _name_signer(parsed: Any) -> str:
    (signer,) = parsed.signed_data.signer_infos
    held = map(x509.load_der_x509_certificate, parsed.signed_data.certificates)
    own = (each for each in held if (each.issuer, each.serial_number) == (signer.issuer, signer.serial_number))
    return next((each.subject.rfc4514_string() for each in own), signer.issuer.rfc4514_string())


def _load_certificates(pems: Sequence[bytes]) -> list[x509.Certificate]:
    try:
        found = [certificate for pem in pems for certificate in x509.load_pem_x509_certificates(pem)]
    except ValueError:
        raise TimestampError("is no certificate in PEM") from None
    return list(dict.fromkeys(found))


def _parse(response: bytes) -> Any:
    try:
        parsed = _load_client().decode_timestamp_response(response)
        # a refusal has no token, and so no time: reading the time raises
        _ = parsed.tst_info.gen_time
    except (ValueError, AttributeError) as error:
        raise TimestampError(f"is no time stamp, or one that was refused: {error}") from None
    return parsed


def _post(url: str, body: bytes) -> bytes:
    """Return the answer of an authority. Raises TimestampError."""
    try:
        connection = open_connection(parts := urlsplit(url), LIMIT)
    except ValueError:
        raise TimestampError(f"{url}: is no address of an authority; {_EXAMPLE}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise TimestampError(f"{url}: is no address of an authority; {_EXAMPLE}")
    # it may be without TLS, as most are: what it says is signed
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection.request("POST", path, body, {"Content-Type": "application/timestamp-query"})
        answer = connection.getresponse()
        status, response = answer.status, answer.read(MOST + 1)
    except UnicodeError:  # neither a host nor a path of HTTP
        raise TimestampError(f"{url}: is no address of an authority; {_EXAMPLE}") from None
    except (OSError, HTTPException) as error:
        raise TimestampError(f"{url}: gave no answer: {type(error).__name__}") from None
    finally:
        connection.close()
    if status != 200 or len(response) > MOST:
        raise TimestampError(f"{url}: answered HTTP {status} with {len(response):,} bytes, and no time stamp")
    return response


def _load_client() -> Any:
    try:
        import rfc3161_client  # noqa: PLC0415  an extra
    except ImportError:
        raise TimestampError(f"rfc3161_client {_INSTALL}") from None
    return rfc3161_client
